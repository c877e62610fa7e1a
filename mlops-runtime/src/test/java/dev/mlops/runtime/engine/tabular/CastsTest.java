package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.Check.graph;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CastsTest {
  @TempDir private Path folder;
  private Check check;

  @BeforeEach
  void open() {
    check = new Check(folder);
  }

  private static OnnxGraph cast(int from, int to, int width) {
    return graph(15, from, List.of(width), to, List.of(width))
        .node("Cast", List.of("x"), List.of("y"), OnnxGraph.attribute("to", to));
  }

  @Test
  void floats_toWholeNumbers_areCutAndTheLeastWhereTheyDoNotFit() {
    float[] in = {1.9f, -1.9f, Float.NaN, 1e20f, Float.NEGATIVE_INFINITY, -0f};
    long least = Long.MIN_VALUE;
    check.gives(
        cast(OnnxGraph.FLOAT, OnnxGraph.INT64, 6),
        1,
        new long[] {1, -1, least, least, least, 0},
        in);
    int most = Integer.MIN_VALUE;
    check.gives(
        cast(OnnxGraph.FLOAT, OnnxGraph.INT32, 6), 1, new int[] {1, -1, most, most, most, 0}, in);
    check.gives(cast(OnnxGraph.FLOAT, OnnxGraph.BOOL, 6), 1, new byte[] {1, 1, 1, 1, 1, 0}, in);
  }

  @Test
  void doubles_toFloats_areRounded() {
    check.gives(
        cast(OnnxGraph.DOUBLE, OnnxGraph.FLOAT, 3),
        1,
        new float[] {0.1f, Float.POSITIVE_INFINITY, 0},
        (Object) new double[] {0.1, 1e300, 1e-300});
  }

  @Test
  void longs_toNarrowerTypes_wrapOrAreRounded() {
    long[] in = {(1L << 32) + 5, 16777217, -1};
    check.gives(cast(OnnxGraph.INT64, OnnxGraph.INT32, 3), 1, new int[] {5, 16777217, -1}, in);
    check.gives(
        cast(OnnxGraph.INT64, OnnxGraph.FLOAT, 3), 1, new float[] {0x1p32f, 16777216f, -1}, in);
    check.gives(cast(OnnxGraph.INT64, OnnxGraph.BOOL, 3), 1, new byte[] {1, 1, 1}, in);
  }

  @Test
  void truths_toNumbers_areZeroAndOne() {
    check.gives(
        cast(OnnxGraph.BOOL, OnnxGraph.FLOAT, 2),
        1,
        new float[] {0, 1},
        (Object) new byte[] {0, 1});
  }

  @Test
  void texts_toNumbers_areDeclined() {
    assertThat(check.reason(cast(OnnxGraph.STRING, OnnxGraph.FLOAT, 1)))
        .contains("text and numbers are not made of each other");
    assertThat(check.reason(cast(OnnxGraph.FLOAT, OnnxGraph.STRING, 1)))
        .contains("text and numbers are not made of each other");
  }

  @Test
  void numbers_toNarrowOnesByExample_areDeclined() {
    for (int narrow : new int[] {OnnxGraph.INT8, OnnxGraph.UINT8, OnnxGraph.INT16}) {
      OnnxGraph graph =
          Check.graph(15, OnnxGraph.FLOAT, List.of(3), narrow, List.of(3))
              .input("z", narrow, "rows", 3)
              .node("CastLike", List.of("x", "z"), List.of("y"));
      assertThat(check.reason(graph)).contains("it casts to ");
    }
  }
}
