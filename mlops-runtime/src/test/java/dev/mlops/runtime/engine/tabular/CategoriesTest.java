package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.Check.graph;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CategoriesTest {
  @TempDir private Path folder;
  private Check check;

  @BeforeEach
  void open() {
    check = new Check(folder);
  }

  private static OnnxGraph oneHot(int type, Attribute... attributes) {
    return graph(15, type, List.of(1), OnnxGraph.FLOAT, List.of(1, 3))
        .node("ai.onnx.ml", "OneHotEncoder", List.of("x"), List.of("y"), attributes);
  }

  @Test
  void oneHot_ofTexts_marksTheirPlace() {
    OnnxGraph graph = oneHot(OnnxGraph.STRING, OnnxGraph.texts("cats_strings", "a", "b", "c"));
    check.gives(
        graph,
        3,
        new float[] {0, 1, 0, 0, 0, 0, 1, 0, 0},
        (Object) new String[] {new String("b".toCharArray()), "none", "a"});
  }

  @Test
  void oneHot_ofOtherRowsThanBefore_forgetsThoseBefore() {
    OnnxGraph graph = oneHot(OnnxGraph.STRING, OnnxGraph.texts("cats_strings", "a", "b", "c"));
    try (BothEngines both = BothEngines.of(folder, graph.toBytes())) {
      both.run(1, (Object) new String[] {"c"});
      both.run(1, (Object) new String[] {"a"});
      assertThat((float[]) both.ours(0)).containsExactly(1, 0, 0);
    }
  }

  @Test
  void oneHot_ofTheSameCategoryTwice_marksTheLast() {
    OnnxGraph graph = oneHot(OnnxGraph.STRING, OnnxGraph.texts("cats_strings", "a", "a", "b"));
    check.gives(graph, 1, new float[] {0, 1, 0}, (Object) new String[] {"a"});
  }

  @Test
  void oneHot_ofNumbers_cutsThemToWholeOnes() {
    OnnxGraph whole = oneHot(OnnxGraph.INT64, OnnxGraph.ints("cats_int64s", 4, -1, 0));
    check.gives(whole, 2, new float[] {0, 1, 0, 0, 0, 0}, (Object) new long[] {-1, 9});
    OnnxGraph cut = oneHot(OnnxGraph.FLOAT, OnnxGraph.ints("cats_int64s", 4, -1, 0));
    check.gives(
        cut,
        3,
        new float[] {1, 0, 0, 0, 0, 1, 0, 0, 0},
        (Object) new float[] {4.9f, -0.5f, Float.NaN});
  }

  @Test
  void oneHot_ofAnUnknownCategoryThatIsRefused_failsTheRun() {
    OnnxGraph graph =
        oneHot(
            OnnxGraph.STRING,
            OnnxGraph.texts("cats_strings", "a", "b", "c"),
            OnnxGraph.attribute("zeros", 0));
    try (BothEngines both = BothEngines.of(folder, graph.toBytes())) {
      both.run(1, (Object) new String[] {"c"});
      assertThat((float[]) both.ours(0)).containsExactly(0, 0, 1);
      assertThatThrownBy(() -> both.run(1, (Object) new String[] {"d"}))
          .isInstanceOf(ModelFailedException.class)
          .hasMessageContaining("does not know the category 'd'");
    }
  }

  @Test
  void oneHot_ofCategoriesOfAnotherType_isDeclined() {
    OnnxGraph graph = oneHot(OnnxGraph.STRING, OnnxGraph.ints("cats_int64s", 1, 2, 3));
    assertThat(check.reason(graph)).contains("it has no categories for TEXT");
  }

  private static OnnxGraph labels(int version, int from, int to, Attribute... attributes) {
    return OnnxGraph.named("labels")
        .opset("", 15)
        .opset("ai.onnx.ml", version)
        .input("x", from, "rows", 1)
        .output("y", to, "rows", 1)
        .node("ai.onnx.ml", "LabelEncoder", List.of("x"), List.of("y"), attributes);
  }

  @Test
  void labelEncoder_ofTexts_givesTheirNumber() {
    OnnxGraph graph =
        labels(
            2,
            OnnxGraph.STRING,
            OnnxGraph.FLOAT,
            OnnxGraph.texts("keys_strings", "a", "b", "a"),
            OnnxGraph.floats("values_floats", 0.5f, 1.5f, 9));
    check.gives(graph, 3, new float[] {1.5f, 0.5f, -0f}, (Object) new String[] {"b", "a", "z"});
  }

  @Test
  void labelEncoder_ofVersion1_isDeclined() {
    OnnxGraph old =
        labels(1, OnnxGraph.STRING, OnnxGraph.INT64, OnnxGraph.texts("classes_strings", "a", "b"));
    assertThat(check.reason(old)).contains("before version 2 of ai.onnx.ml");
  }

  @Test
  void labelEncoder_ofNumbers_givesTheirText() {
    OnnxGraph graph =
        labels(
            2,
            OnnxGraph.INT64,
            OnnxGraph.STRING,
            OnnxGraph.ints("keys_int64s", 3, -3),
            OnnxGraph.texts("values_strings", "three", "less"));
    check.gives(
        graph, 3, new String[] {"less", "three", "_Unused"}, (Object) new long[] {-3, 3, 0});
  }

  @Test
  void labelEncoder_ofNaN_findsItFromVersion4On() {
    Attribute keys = OnnxGraph.floats("keys_floats", Float.NaN, 0f);
    Attribute values = OnnxGraph.ints("values_int64s", 1, 2);
    float[] in = {Float.NaN, -0f, 3};
    check.gives(
        labels(2, OnnxGraph.FLOAT, OnnxGraph.INT64, keys, values), 3, new long[] {-1, 2, -1}, in);
    check.gives(
        labels(4, OnnxGraph.FLOAT, OnnxGraph.INT64, keys, values), 3, new long[] {1, 2, -1}, in);
  }
}
