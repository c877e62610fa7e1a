package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.TestVersion;
import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;

/** What graphs of one input and one output, or a few, give in both engines. */
final class Check {
  private final Path folder;

  Check(Path folder) {
    this.folder = folder;
  }

  /** A graph of an input {@code x} and an output {@code y} with the given axes behind the rows. */
  static OnnxGraph graph(int opset, int from, List<Integer> in, int to, List<Integer> out) {
    return OnnxGraph.named("check")
        .opset("", opset)
        .opset("ai.onnx.ml", 3)
        .input("x", from, axes(in))
        .output("y", to, axes(out));
  }

  static OnnxGraph floats(int opset, int in, int out) {
    return graph(opset, OnnxGraph.FLOAT, List.of(in), OnnxGraph.FLOAT, List.of(out));
  }

  private static Object[] axes(List<Integer> dims) {
    Object[] axes = new Object[dims.size() + 1];
    axes[0] = "rows";
    for (int i = 0; i < dims.size(); i++) {
      axes[i + 1] = dims.get(i);
    }
    return axes;
  }

  /** Both give this, to the last bit. */
  void gives(OnnxGraph graph, int rows, Object wanted, Object... inputs) {
    try (BothEngines both = BothEngines.of(folder, graph.toBytes())) {
      both.run(rows, inputs);
      assertThat(both.ours(0)).as("here").isEqualTo(wanted);
      assertThat(both.theirs(0)).as("in ONNX Runtime").isEqualTo(wanted);
    }
  }

  /** Both give this, but for rounding. */
  void givesNearly(OnnxGraph graph, int rows, float[] wanted, Object... inputs) {
    try (BothEngines both = BothEngines.of(folder, graph.toBytes())) {
      both.run(rows, inputs);
      for (Object given : List.of(both.ours(0), both.theirs(0))) {
        float[] values = (float[]) given;
        assertThat(values).hasSameSizeAs(wanted);
        for (int i = 0; i < wanted.length; i++) {
          assertThat((double) values[i]).isCloseTo(wanted[i], near(wanted[i]));
        }
      }
    }
  }

  private static Offset<Double> near(float wanted) {
    return Offset.offset(1e-6 * (1 + Math.abs(wanted)));
  }

  /** Why ours does not take a graph; empty if it does. */
  String reason(OnnxGraph graph) {
    TestVersion version = TestVersion.of(folder, graph.toBytes());
    return TabularEngine.create().declines(version).orElse("");
  }
}
