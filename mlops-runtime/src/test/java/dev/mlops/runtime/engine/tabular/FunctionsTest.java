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

final class FunctionsTest {
  private static final float NAN = Float.NaN;
  private static final float INF = Float.POSITIVE_INFINITY;

  @TempDir private Path folder;
  private Check check;

  @BeforeEach
  void open() {
    check = new Check(folder);
  }

  private void gives(String op, float[] in, float... wanted) {
    OnnxGraph graph = floats(15, in.length, in.length).node(op, List.of("x"), List.of("y"));
    check.gives(graph, 1, wanted, in);
  }

  private void givesNearly(String op, float[] in, float... wanted) {
    OnnxGraph graph = floats(15, in.length, in.length).node(op, List.of("x"), List.of("y"));
    check.givesNearly(graph, 1, wanted, in);
  }

  @Test
  void functions_ofOddNumbers_areExact() {
    float[] in = {-0f, NAN, -INF, 2.5f, -1.5f};
    gives("Neg", in, 0, NAN, INF, -2.5f, 1.5f);
    gives("Abs", in, 0, NAN, INF, 2.5f, 1.5f);
    gives("Sqrt", in, -0f, NAN, NAN, (float) Math.sqrt(2.5), NAN);
    gives("Reciprocal", in, -INF, NAN, -0f, 0.4f, 1 / -1.5f);
    gives("Floor", in, -0f, NAN, -INF, 2, -2);
    gives("Ceil", in, -0f, NAN, -INF, 3, -1);
    gives("Round", in, -0f, NAN, -INF, 2, -2);
    gives("Sign", in, 0, NAN, -1, 1, -1);
    gives("Relu", new float[] {NAN, -INF, 3, INF, -1}, NAN, 0, 3, INF, 0);
  }

  @Test
  void curves_ofKnownPoints_areNear() {
    givesNearly("Exp", new float[] {0, 1, -100}, 1, 2.7182817f, 0);
    givesNearly("Log", new float[] {1, 2.7182817f}, 0, 1);
    givesNearly("Sigmoid", new float[] {0, 2, -2, 100}, 0.5f, 0.8807971f, 0.11920292f, 1);
    givesNearly("Tanh", new float[] {0, 1, -20}, 0, 0.7615942f, -1);
    givesNearly("Softplus", new float[] {0, 100, -100}, 0.6931472f, 100, 0);
    givesNearly("Erf", new float[] {0, 0.5f, -1, 4}, 0, 0.5204999f, -0.8427008f, 1);
    givesNearly("Elu", new float[] {2, -1}, 2, -0.63212055f);
    givesNearly("Selu", new float[] {1, -1}, 1.050701f, -1.1113307f);
    givesNearly("LeakyRelu", new float[] {2, -2}, 2, -0.02f);
  }

  @Test
  void curves_ofNaN_areNaN() {
    for (String op : List.of("Exp", "Log", "Sigmoid", "Tanh", "Softplus", "Erf", "Elu", "Selu")) {
      OnnxGraph graph = floats(15, 1, 1).node(op, List.of("x"), List.of("y"));
      check.gives(graph, 1, new float[] {NAN}, (Object) new float[] {NAN});
    }
  }

  @Test
  void clip_withoutABound_hasTheLargestNumber() {
    OnnxGraph graph =
        floats(15, 4, 4)
            .initializer(OnnxGraph.floats("low", new long[0], -1))
            .node("Clip", List.of("x", "low"), List.of("y"));
    check.gives(
        graph,
        1,
        new float[] {-1, NAN, Float.MAX_VALUE, 5},
        (Object) new float[] {-INF, NAN, INF, 5});
  }

  @Test
  void clip_ofAnOldVersion_hasItsBoundsAsAttributes() {
    OnnxGraph graph =
        floats(9, 2, 2).node("Clip", List.of("x"), List.of("y"), OnnxGraph.attribute("max", 1f));
    check.gives(graph, 1, new float[] {1, -3}, (Object) new float[] {2, -3});
  }

  @Test
  void clip_ofABoundThatIsComputed_isDeclined() {
    OnnxGraph graph =
        floats(15, 1, 1)
            .input("low", OnnxGraph.FLOAT, "rows")
            .node("Clip", List.of("x", "low"), List.of("y"));
    assertThat(check.reason(graph)).contains("its input 1 is not a constant");
  }

  @Test
  void isNaN_ofOddNumbers_tellsThem() {
    float[] in = {NAN, INF, -INF, 0};
    OnnxGraph nan =
        graph(15, OnnxGraph.FLOAT, List.of(4), OnnxGraph.BOOL, List.of(4))
            .node("IsNaN", List.of("x"), List.of("y"));
    check.gives(nan, 1, new byte[] {1, 0, 0, 0}, in);
  }

  @Test
  void not_ofTruths_turnsThem() {
    OnnxGraph graph =
        graph(15, OnnxGraph.BOOL, List.of(2), OnnxGraph.BOOL, List.of(2))
            .node("Not", List.of("x"), List.of("y"));
    check.gives(graph, 1, new byte[] {0, 1}, (Object) new byte[] {1, 0});
  }
}
