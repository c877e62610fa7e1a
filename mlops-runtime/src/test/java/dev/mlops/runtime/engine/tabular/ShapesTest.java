package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.Check.floats;
import static dev.mlops.runtime.engine.tabular.Check.graph;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shapes, what is made of them, and operators that move elements. */
final class ShapesTest {
  private static final float[] SIX = {1, 2, 3, 4, 5, 6};

  @TempDir private Path folder;
  private Check check;

  @BeforeEach
  void open() {
    check = new Check(folder);
  }

  private static OnnxGraph reshaped(List<Integer> out, long... shape) {
    return graph(15, OnnxGraph.FLOAT, List.of(2), OnnxGraph.FLOAT, out)
        .initializer(OnnxGraph.longs("shape", new long[] {shape.length}, shape))
        .node("Reshape", List.of("x", "shape"), List.of("y"));
  }

  @Test
  void reshape_thatKeepsTheRows_movesNothing() {
    check.gives(reshaped(List.of(2, 1), -1, 2, 1), 3, SIX, (Object) SIX);
    check.gives(reshaped(List.of(1, 2), 0, 1, -1), 3, SIX, (Object) SIX);
  }

  @Test
  void reshape_thatWouldMixRows_isDeclined() {
    assertThat(check.reason(reshaped(List.of(1), -1, 1))).contains("without the rows as the first");
    assertThat(check.reason(reshaped(List.of(2), 3, 2))).contains("without the rows as the first");
    assertThat(check.reason(reshaped(List.of(), -1))).contains("without the rows as the first");
  }

  @Test
  void rows_outOfTheShape_areTakenForTheRows() {
    OnnxGraph graph =
        graph(15, OnnxGraph.FLOAT, List.of(2), OnnxGraph.FLOAT, List.of(2, 1))
            .initializer(OnnxGraph.longs("zero", new long[] {1}, 0))
            .initializer(OnnxGraph.longs("rest", new long[] {2}, 2, 1))
            .node("Shape", List.of("x"), List.of("all"))
            .node("Gather", List.of("all", "zero"), List.of("rows"), OnnxGraph.attribute("axis", 0))
            .node("Concat", List.of("rows", "rest"), List.of("s"), OnnxGraph.attribute("axis", 0))
            .node("Reshape", List.of("x", "s"), List.of("y"));
    check.gives(graph, 3, SIX, (Object) SIX);
  }

  @Test
  void constantOfShape_ofTheRows_isOneForEach() {
    OnnxGraph graph =
        floats(15, 2, 2)
            .node("Shape", List.of("x"), List.of("s"))
            .node(
                "ConstantOfShape",
                List.of("s"),
                List.of("y"),
                OnnxGraph.attribute("value", OnnxGraph.floats("", new long[] {1}, 4)));
    check.gives(graph, 3, new float[] {4, 4, 4, 4, 4, 4}, (Object) SIX);
  }

  @Test
  void numberOfRows_usedAsANumber_isDeclined() {
    OnnxGraph cast =
        floats(15, 2, 2)
            .node("Shape", List.of("x"), List.of("s"))
            .node("Cast", List.of("s"), List.of("f"), OnnxGraph.attribute("to", 1))
            .node("Div", List.of("x", "f"), List.of("y"));
    assertThat(check.reason(cast)).contains("(Cast)", "the number of rows is used as a number");
    OnnxGraph sum =
        floats(15, 2, 2)
            .initializer(OnnxGraph.longs("one", new long[] {1}, 1))
            .node("Shape", List.of("x"), List.of("s"))
            .node("Add", List.of("s", "one"), List.of("t"))
            .node("Expand", List.of("x", "t"), List.of("y"));
    assertThat(check.reason(sum)).contains("(Add)", "the number of rows is used as a number");
  }

  @Test
  void constants_thatAreComputed_areComputedOnce() {
    OnnxGraph graph =
        floats(15, 2, 2)
            .node("Constant", List.of(), List.of("c"), OnnxGraph.floats("value_floats", 3, 4))
            .node("Constant", List.of(), List.of("d"), OnnxGraph.attribute("value_float", 2f))
            .node("Mul", List.of("c", "d"), List.of("e"))
            .node("Neg", List.of("e"), List.of("f"))
            .node("Add", List.of("x", "f"), List.of("y"));
    check.gives(graph, 1, new float[] {-5, -6}, (Object) new float[] {1, 2});
  }

  @Test
  void constants_thatCannotBeComputed_areDeclined() {
    OnnxGraph fails =
        floats(15, 1, 1)
            .initializer(OnnxGraph.floats("c", new long[] {1}, Float.NaN))
            .node("ai.onnx.ml", "Binarizer", List.of("c"), List.of("b"))
            .node("Add", List.of("x", "b"), List.of("y"));
    assertThat(check.reason(fails)).contains("(ai.onnx.ml.Binarizer)", "is NaN");
    OnnxGraph large =
        floats(15, 1, 1)
            .initializer(OnnxGraph.longs("n", new long[] {2}, 1, 1 << 30))
            .node("Expand", List.of("x", "n"), List.of("t"))
            .node("ReduceMax", List.of("t"), List.of("y"), OnnxGraph.ints("axes", 1));
    assertThat(check.reason(large)).contains("(Expand)", "too large");
  }

  @Test
  void axes_putInAndTakenOut_moveNothing() {
    OnnxGraph graph =
        floats(15, 2, 2)
            .initializer(OnnxGraph.longs("axes", new long[] {2}, 1, -1))
            .node("Unsqueeze", List.of("x", "axes"), List.of("u"))
            .node("Squeeze", List.of("u", "axes"), List.of("s"))
            .node("Flatten", List.of("s"), List.of("f"))
            .node("Identity", List.of("f"), List.of("i"))
            .node("Dropout", List.of("i"), List.of("y"));
    check.gives(graph, 3, SIX, (Object) SIX);
  }

  @Test
  void squeeze_withoutAxes_isDeclined() {
    OnnxGraph graph = floats(15, 1, 1).node("Squeeze", List.of("x"), List.of("y"));
    assertThat(check.reason(graph)).contains("depends on the number of rows");
  }

  // --- moves ---

  @Test
  void concat_ofColumns_standsBesideEachOther() {
    OnnxGraph graph =
        floats(15, 2, 3)
            .input("z", OnnxGraph.FLOAT, "rows", 1)
            .node("Concat", List.of("z", "x"), List.of("y"), OnnxGraph.attribute("axis", -1));
    check.gives(
        graph, 2, new float[] {9, 1, 2, 8, 3, 4}, new float[] {1, 2, 3, 4}, new float[] {9, 8});
  }

  @Test
  void gather_fromTheEnd_countsBack() {
    OnnxGraph graph =
        floats(15, 3, 2)
            .initializer(OnnxGraph.longs("i", new long[] {2}, -1, 0))
            .node("Gather", List.of("x", "i"), List.of("y"), OnnxGraph.attribute("axis", 1));
    check.gives(graph, 2, new float[] {3, 1, 6, 4}, (Object) SIX);
  }

  @Test
  void gather_acrossRows_isDeclined() {
    OnnxGraph graph =
        floats(15, 3, 3)
            .initializer(OnnxGraph.longs("i", new long[] {1}, 0))
            .node("Gather", List.of("x", "i"), List.of("y"), OnnxGraph.attribute("axis", 0));
    assertThat(check.reason(graph)).contains("(Gather)", "it works across the rows");
  }

  private static OnnxGraph sliced(int out, long start, long end, long step) {
    return floats(15, 3, out)
        .initializer(OnnxGraph.longs("start", new long[] {2}, 0, start))
        .initializer(OnnxGraph.longs("end", new long[] {2}, Integer.MAX_VALUE, end))
        .initializer(OnnxGraph.longs("axes", new long[] {2}, 0, 1))
        .initializer(OnnxGraph.longs("steps", new long[] {2}, 1, step))
        .node("Slice", List.of("x", "start", "end", "axes", "steps"), List.of("y"));
  }

  @Test
  void slice_ofColumns_goesEitherWay() {
    check.gives(sliced(2, 1, 100, 1), 2, new float[] {2, 3, 5, 6}, (Object) SIX);
    check.gives(sliced(2, -1, Long.MIN_VALUE, -2), 2, new float[] {3, 1, 6, 4}, (Object) SIX);
    check.gives(sliced(1, -2, -1, 1), 2, new float[] {2, 5}, (Object) SIX);
  }

  @Test
  void split_ofColumns_givesEachItsPart() {
    OnnxGraph graph =
        floats(15, 3, 3)
            .initializer(OnnxGraph.longs("sizes", new long[] {2}, 1, 2))
            .node("Split", List.of("x", "sizes"), List.of("a", "b"), OnnxGraph.attribute("axis", 1))
            .node("Concat", List.of("b", "a"), List.of("y"), OnnxGraph.attribute("axis", 1));
    check.gives(graph, 2, new float[] {2, 3, 1, 5, 6, 4}, (Object) SIX);
  }

  @Test
  void transpose_behindTheRows_turns() {
    OnnxGraph graph =
        graph(15, OnnxGraph.FLOAT, List.of(2, 3), OnnxGraph.FLOAT, List.of(3, 2))
            .node("Transpose", List.of("x"), List.of("y"), OnnxGraph.ints("perm", 0, 2, 1));
    check.gives(graph, 1, new float[] {1, 4, 2, 5, 3, 6}, (Object) SIX);
    OnnxGraph across = floats(15, 2, 2).node("Transpose", List.of("x"), List.of("y"));
    assertThat(check.reason(across)).contains("moves the rows to another axis");
  }

  @Test
  void expand_ofAColumn_repeatsIt() {
    OnnxGraph expand =
        floats(15, 1, 3)
            .initializer(OnnxGraph.longs("n", new long[] {2}, 1, 3))
            .node("Expand", List.of("x", "n"), List.of("y"));
    check.gives(expand, 2, new float[] {1, 1, 1, 2, 2, 2}, (Object) new float[] {1, 2});
  }
}
