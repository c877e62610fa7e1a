package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.runtime.engine.onnx.TestVersion;
import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small files that ask for much, or that do not fit together: each is declined, with a reason. */
final class OddModelsTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir private Path folder;
  private Check check;

  @BeforeEach
  void open() {
    check = new Check(folder);
  }

  private String reason(OnnxGraph graph) {
    return Assertions.assertTimeoutPreemptively(SOON, () -> check.reason(graph));
  }

  @Test
  void names_ofTwoValues_areDeclined() {
    OnnxGraph outputs =
        Check.floats(15, 2, 2)
            .node("Abs", List.of("x"), List.of("y"))
            .node("Neg", List.of("x"), List.of("y"));
    assertThat(reason(outputs)).contains("its output has the name of another value");
    OnnxGraph constant =
        Check.floats(15, 2, 2)
            .initializer(OnnxGraph.floats("y", new long[] {1}, 1))
            .node("Abs", List.of("x"), List.of("y"));
    assertThat(reason(constant)).contains("its output has the name of another value");
    OnnxGraph input = Check.floats(15, 2, 2).node("Abs", List.of("y"), List.of("x"));
    assertThat(reason(input)).contains("its output has the name of another value");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Max", "Add", "Concat", "Cast", "MatMul", "ConstantOfShape", "Reshape"})
  void node_ofNoInputs_isDeclined(String operator) {
    assertThat(reason(Check.floats(15, 2, 2).node(operator, List.of(), List.of("y"))))
        .contains("(" + operator + "): ");
  }

  @Test
  void nodes_notInOrder_areDeclined() {
    OnnxGraph graph =
        Check.floats(15, 2, 2)
            .node("Abs", List.of("t"), List.of("y"))
            .node("Neg", List.of("x"), List.of("t"));
    assertThat(reason(graph)).contains("nothing computes its input 't'");
  }

  @Test
  void output_leftOut_isNotTakenForAnInputLeftOut() {
    OnnxGraph graph =
        Check.floats(15, 2, 2)
            .initializer(OnnxGraph.floats("one", new long[0], 1))
            .node("Dropout", List.of("x"), List.of("t", ""))
            .node("Clip", List.of("t", "", "one"), List.of("y"));
    check.gives(graph, 1, new float[] {-3, 1}, (Object) new float[] {-3, 3});
  }

  @Test
  void constants_manyAndLarge_areDeclined() {
    OnnxGraph graph =
        Check.floats(15, 1, 1).initializer(OnnxGraph.longs("s", new long[] {2}, 1, 1_000_000));
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) { // 8 GB in a file of some 100 KB
      graph.node("ConstantOfShape", List.of("s"), List.of("c" + i));
      parts.add("c" + i);
    }
    graph.node("Sum", parts, List.of("y"));
    assertThat(reason(graph)).contains("a row of all its values has more than");
  }

  @Test
  void chain_ofConstants_isDeclinedSoon() {
    OnnxGraph graph =
        Check.floats(15, 1, 1).initializer(OnnxGraph.floats("c0", new long[] {1, 1}, 1));
    for (int i = 0; i < 100_000; i++) {
      graph.node("Neg", List.of("c" + i), List.of("c" + (i + 1)));
    }
    graph.node("Add", List.of("x", "c100000"), List.of("y"));
    assertThat(reason(graph)).contains("it has more than 20000 values");
  }

  @Test
  void chain_ofProducts_isReadInTheTimeOfItsLength() {
    OnnxGraph graph = Check.floats(15, 1, 1);
    for (int i = 0; i < 30_000; i++) { // looked through for each node, it takes minutes
      graph.initializer(OnnxGraph.floats("w" + i, new long[] {1, 1}, 1));
      String in = i == 0 ? "x" : "c" + i;
      graph.node("MatMul", List.of(in, "w" + i), List.of(i == 29_999 ? "y" : "c" + (i + 1)));
    }
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> assertThat(reason(graph)).contains("it has more than 20000 values"));
  }

  @Test
  void rows_tooWide_areDeclined() {
    OnnxGraph wide =
        Check.floats(15, 1 << 30, 1 << 30).node("Identity", List.of("x"), List.of("y"));
    assertThat(reason(wide)).contains("a row of all its values has more than");
    OnnxGraph categories =
        Check.graph(15, OnnxGraph.INT64, List.of(100_000), OnnxGraph.FLOAT, List.of(100_000, 1_000))
            .node(
                "ai.onnx.ml",
                "OneHotEncoder",
                List.of("x"),
                List.of("y"),
                OnnxGraph.ints("cats_int64s", new long[1_000]));
    assertThat(reason(categories)).contains("a row of all its values has more than");
  }

  @Test
  void axes_tooMany_areDeclined() {
    long[] ones = new long[100_000];
    Arrays.fill(ones, 1);
    OnnxGraph graph =
        Check.floats(15, 1, 1)
            .initializer(OnnxGraph.longs("s", new long[] {ones.length}, ones))
            .node("ConstantOfShape", List.of("s"), List.of("c"))
            .node("Transpose", List.of("c"), List.of("t"))
            .node("Add", List.of("x", "t"), List.of("y"));
    assertThat(reason(graph)).contains("it has 100000 axes");
  }

  @Test
  void targets_moreThanThereAreWeights_areDeclined() {
    OnnxGraph linear =
        Check.floats(15, 1 << 16, 1 << 16)
            .node(
                "ai.onnx.ml",
                "LinearRegressor",
                List.of("x"),
                List.of("y"),
                OnnxGraph.attribute("targets", 1L << 16),
                OnnxGraph.floats("coefficients"));
    assertThat(reason(linear)).contains("it has 0 coefficients for 65536 columns");
    byte[] trees = new TreeList().stump("BRANCH_LT", 0, 0, false, 1, 2).regressor(1, 1, 1 << 30);
    assertThat(TabularEngine.create().declines(TestVersion.of(folder, trees)).orElse(""))
        .contains("a row of all its values has more than");
  }

  @Test
  void trees_ofFewNodesWithLargeNumbers_areDeclined() {
    int count = 20_000;
    long[] trees = new long[count];
    long[] nodes = new long[count];
    String[] modes = new String[count];
    Arrays.setAll(trees, i -> i);
    Arrays.fill(nodes, 1_000);
    Arrays.fill(modes, "LEAF");
    long[] zeros = new long[count];
    OnnxGraph graph =
        Check.floats(15, 1, 1)
            .node(
                "ai.onnx.ml",
                "TreeEnsembleRegressor",
                List.of("x"),
                List.of("y"),
                OnnxGraph.attribute("n_targets", 1L),
                OnnxGraph.ints("nodes_treeids", trees),
                OnnxGraph.ints("nodes_nodeids", nodes),
                OnnxGraph.texts("nodes_modes", modes),
                OnnxGraph.ints("nodes_featureids", zeros),
                OnnxGraph.ints("nodes_truenodeids", zeros),
                OnnxGraph.ints("nodes_falsenodeids", zeros),
                OnnxGraph.floats("nodes_values", new float[count]));
    assertThat(reason(graph)).contains("far greater than how many they are");
  }

  @Test
  void chain_ofManyEqualities_takesMemoryByItsLength() {
    TreeList trees = new TreeList().tree();
    int[] nodes = new int[20_000];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = trees.split("BRANCH_EQ", 0, 100 + i, false);
    }
    int last = trees.leaf(0);
    for (int i = 0; i < nodes.length; i++) {
      trees.children(nodes[i], trees.leaf(1), i + 1 < nodes.length ? nodes[i + 1] : last);
    }
    TestVersion version = TestVersion.of(folder, trees.regressor(OnnxGraph.FLOAT, 1, 1));
    EngineSession session = TabularEngine.create().load(version, 1);
    Slot slot = session.slot(0);
    slot.input(0, 3).floats().put(0, new float[] {99, 100, 20_099});
    slot.run(3);
    float[] given = new float[3];
    slot.output(0).floats().get(0, given);
    assertThat(given).containsExactly(0, 1, 1);
    session.close();
  }

  @Test
  void label_ofAConstantPlace_isDeclined() {
    OnnxGraph graph =
        Check.graph(15, OnnxGraph.FLOAT, List.of(2), OnnxGraph.INT64, List.of())
            .initializer(OnnxGraph.longs("one", new long[] {1}, 1))
            .initializer(OnnxGraph.longs("zero", new long[] {1}, 0))
            .initializer(OnnxGraph.longs("labels", new long[] {2}, 5, 7))
            .initializer(OnnxGraph.longs("flat", new long[] {1}, -1))
            .node("Shape", List.of("x"), List.of("shape"))
            .node("Gather", List.of("shape", "zero"), List.of("rows"))
            .node("Expand", List.of("one", "rows"), List.of("places"))
            .node("ai.onnx.ml", "ArrayFeatureExtractor", List.of("labels", "places"), List.of("l"))
            .node("Reshape", List.of("l", "flat"), List.of("y"));
    assertThat(reason(graph)).contains("it takes elements by");
  }

  @Test
  void tensor_thatDoesNotHoldWhatItSays_isDeclined() {
    OnnxGraph graph =
        Check.floats(15, 3, 3)
            .initializer(OnnxGraph.floats("c", new long[] {3}, 1))
            .node("Add", List.of("x", "c"), List.of("y"));
    assertThat(reason(graph)).contains("has the axes [3] but 1 values");
  }

  @Test
  void rows_moreThanAnArrayHolds_areRefusedAndFewerStillRun() {
    OnnxGraph graph = Check.floats(15, 100_000, 100_000).node("Abs", List.of("x"), List.of("y"));
    EngineSession session = TabularEngine.create().load(TestVersion.of(folder, graph.toBytes()), 1);
    Slot slot = session.slot(0);
    for (int rows : new int[] {50_000, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> slot.input(0, rows))
          .isInstanceOf(ModelFailedException.class)
          .hasMessageContaining(rows + " rows are more than an array holds");
    }
    assertThatThrownBy(() -> slot.input(0, 0)).isInstanceOf(IllegalArgumentException.class);
    slot.input(0, 2).floats().put(0, -1f);
    slot.run(2);
    assertThat(slot.output(0).floats().get(0)).isEqualTo(1f);
    session.close();
  }

  @Test
  void answer_ofFewRows_isNotThatOfManyWhoseRunFailed() {
    OnnxGraph graph = Check.floats(15, 1, 1).node("Abs", List.of("x"), List.of("y"));
    TestVersion version = TestVersion.of(folder, graph.toBytes());
    EngineSession session = TabularEngine.create().load(version, 2);
    Slot failing = new FailingSlot(session.slot(1));
    SplitSlot slot = new SplitSlot(session.slot(0), failing, 1);
    slot.input(0, 1);
    slot.run(1);
    slot.input(0, 2);
    assertThatThrownBy(() -> slot.run(2)).isInstanceOf(ModelFailedException.class);
    assertThatThrownBy(() -> slot.output(0)).isInstanceOf(IllegalStateException.class);
    session.close();
  }

  private record FailingSlot(Slot of) implements Slot {
    @Override
    public Tensor input(int tensor, int rows) {
      return of.input(tensor, rows);
    }

    @Override
    public Tensor input(int tensor, long[] shape) {
      return of.input(tensor, shape);
    }

    @Override
    public void run(int rows) {
      throw new ModelFailedException("it fails", null);
    }

    @Override
    public Tensor output(int tensor) {
      return of.output(tensor);
    }

    @Override
    public boolean cancel() {
      return false;
    }
  }
}
