package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.Check.floats;
import static dev.mlops.runtime.engine.tabular.Check.graph;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReductionsTest {
  private static final float NAN = Float.NaN;

  @TempDir private Path folder;
  private Check check;

  @BeforeEach
  void open() {
    check = new Check(folder);
  }

  private static OnnxGraph reduced(String op, Attribute... attributes) {
    return floats(12, 3, 1).node(op, List.of("x"), List.of("y"), attributes);
  }

  @Test
  void reductions_ofAxisOne_areOfEachRow() {
    Attribute axes = OnnxGraph.ints("axes", 1);
    float[] in = {1, -2, 3, 4, 5, NAN};
    check.gives(reduced("ReduceSum", axes), 2, new float[] {2, NAN}, in);
    check.givesNearly(
        reduced("ReduceMean", axes), 1, new float[] {0.6666667f}, new float[] {1, -2, 3});
    check.gives(reduced("ReduceMax", axes), 1, new float[] {3}, (Object) new float[] {1, -2, 3});
    check.gives(reduced("ReduceMin", axes), 1, new float[] {-2}, (Object) new float[] {1, -2, 3});
    check.gives(reduced("ReduceProd", axes), 2, new float[] {-6, NAN}, in);
    check.gives(reduced("ReduceL2", axes), 1, new float[] {5}, (Object) new float[] {3, 0, -4});
    check.gives(reduced("ReduceSumSquare", axes), 2, new float[] {14, NAN}, in);
  }

  @Test
  void reductions_ofAllAxes_areDeclined() {
    assertThat(check.reason(reduced("ReduceSum"))).contains("it works across the rows");
    assertThat(check.reason(reduced("ReduceMax", OnnxGraph.ints("axes", 0))))
        .contains("it works across the rows");
  }

  @Test
  void reductions_ofAMiddleAxis_goAcross() {
    OnnxGraph graph =
        graph(12, OnnxGraph.FLOAT, List.of(2, 2), OnnxGraph.FLOAT, List.of(2))
            .node(
                "ReduceSum",
                List.of("x"),
                List.of("y"),
                OnnxGraph.ints("axes", -2),
                OnnxGraph.attribute("keepdims", 0));
    check.gives(graph, 1, new float[] {11, 22}, (Object) new float[] {1, 2, 10, 20});
  }

  private static OnnxGraph arg(String op, Attribute... attributes) {
    return graph(13, OnnxGraph.FLOAT, List.of(3), OnnxGraph.INT64, List.of(1))
        .node(op, List.of("x"), List.of("y"), attributes);
  }

  @Test
  void argMax_ofTies_isTheFirstOrTheLast() {
    Attribute axis = OnnxGraph.attribute("axis", 1);
    Attribute last = OnnxGraph.attribute("select_last_index", 1);
    float[] in = {2, 1, 2, -1, -1, 5};
    check.gives(arg("ArgMax", axis), 2, new long[] {0, 2}, in);
    check.gives(arg("ArgMax", axis, last), 2, new long[] {2, 2}, in);
    check.gives(arg("ArgMin", axis), 2, new long[] {1, 0}, in);
    check.gives(arg("ArgMin", axis, last), 2, new long[] {1, 1}, in);
    assertThat(check.reason(arg("ArgMax"))).contains("it works across the rows");
  }

  @Test
  void softmax_ofLargeNumbers_doesNotOverflow() {
    OnnxGraph graph = floats(13, 3, 3).node("Softmax", List.of("x"), List.of("y"));
    check.givesNearly(
        graph,
        2,
        new float[] {0.09003057f, 0.24472848f, 0.66524094f, 0, 0, 1},
        (Object) new float[] {1001, 1002, 1003, 0, -1000, 1000});
    OnnxGraph log = floats(13, 2, 2).node("LogSoftmax", List.of("x"), List.of("y"));
    check.givesNearly(log, 1, new float[] {-0.6931472f, -0.6931472f}, (Object) new float[] {5, 5});
  }

  @Test
  void softmax_beforeVersion13_joinsTheAxesBehind() {
    float[] four = {0, 0, 0, 0};
    List<Integer> dims = List.of(2, 2);
    OnnxGraph old =
        graph(12, OnnxGraph.FLOAT, dims, OnnxGraph.FLOAT, dims)
            .node("Softmax", List.of("x"), List.of("y"), OnnxGraph.attribute("axis", 1));
    check.gives(old, 1, new float[] {0.25f, 0.25f, 0.25f, 0.25f}, (Object) four);
    OnnxGraph young =
        graph(13, OnnxGraph.FLOAT, dims, OnnxGraph.FLOAT, dims)
            .node("Softmax", List.of("x"), List.of("y"), OnnxGraph.attribute("axis", 1));
    check.gives(young, 1, new float[] {0.5f, 0.5f, 0.5f, 0.5f}, (Object) four);
  }

  @Test
  void reductions_ofNothing_areDeclined() {
    OnnxGraph graph =
        floats(18, 2, 2)
            .node(
                "ReduceSum",
                List.of("x"),
                List.of("y"),
                OnnxGraph.attribute("noop_with_empty_axes", 1));
    assertThat(check.reason(graph)).contains("it is told to reduce nothing");
  }
}
