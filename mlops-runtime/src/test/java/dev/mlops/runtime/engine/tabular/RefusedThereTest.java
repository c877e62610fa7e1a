package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.TestVersion;
import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is no valid model is not served because an engine that reads less of it finds no fault. */
final class RefusedThereTest {
  @TempDir private Path folder;

  private static OnnxGraph floats() {
    return floats(15);
  }

  private static OnnxGraph floats(int opset) {
    return OnnxGraph.named("broken")
        .opset("", opset)
        .opset("ai.onnx.ml", 3)
        .input("x", OnnxGraph.FLOAT, "rows", 2)
        .output("y", OnnxGraph.FLOAT, "rows", 2);
  }

  private static OnnxGraph truths(int opset) {
    return OnnxGraph.named("broken")
        .opset("", opset)
        .input("x", OnnxGraph.FLOAT, "rows", 2)
        .output("y", OnnxGraph.BOOL, "rows", 2);
  }

  private static final List<String> X = List.of("x");
  private static final List<String> Y = List.of("y");

  private static final Map<String, OnnxGraph> BROKEN = new LinkedHashMap<>();

  static {
    BROKEN.put("an IR version of the future", floats().ir(99).node("Relu", X, Y));
    BROKEN.put("the next IR version", floats().ir(14).node("Relu", X, Y));
    BROKEN.put("an operator before its time: IsNaN in 7", truths(7).node("IsNaN", X, Y));
    BROKEN.put(
        "an operator before its time: GreaterOrEqual in 11",
        truths(11).node("GreaterOrEqual", List.of("x", "x"), Y));
    BROKEN.put("a value made twice", floats().node("Relu", X, Y).node("Abs", X, Y));
    BROKEN.put("an input that is made", floats().node("Abs", X, X).node("Relu", X, Y));
  }

  static List<String> broken() {
    return List.copyOf(BROKEN.keySet());
  }

  @ParameterizedTest
  @MethodSource("broken")
  void declines_whatOnnxRuntimeRefuses_leavesTheRefusalToIt(String kind) {
    TestVersion version = TestVersion.of(folder, BROKEN.get(kind).toBytes());
    assertThat(TabularEngine.create().declines(version)).isPresent();
  }
}
