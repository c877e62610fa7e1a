package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LinearTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "NONE, 0.5 0.5, -1 2",
    "LOGISTIC, 0.37754068 0.62245935, 0.11920297 0.880797",
    "SOFTMAX, 0.5 0.5, -1 2"
  })
  void classifier_ofOneScore_givesTwo(String transform, String first, String second) {
    byte[] model =
        classifier(
            OnnxGraph.FLOAT,
            OnnxGraph.STRING,
            2,
            2,
            new float[] {1, 2},
            new float[] {0.5f},
            OnnxGraph.attribute("post_transform", transform),
            OnnxGraph.texts("classlabels_strings", "no", "yes"));
    try (BothEngines both = BothEngines.of(folder, model)) {
      both.run(3, new float[] {2, -1, 1.5f, 0, -4, 1.5f});
      assertThat((String[]) both.ours(0)).containsExactly("yes", "yes", "no");
      assertThat((String[]) both.theirs(0)).containsExactly("yes", "yes", "no");
      assertThat(Arrays.copyOf((float[]) both.ours(1), 4))
          .containsExactly(floats(first + " " + second), within(1e-6f));
      assertThat((float[]) both.ours(1)).containsExactly((float[]) both.theirs(1), within(1e-6f));
    }
  }

  @Test
  void classifier_ofThree_givesTheFirstOfTheGreatest() {
    byte[] model =
        classifier(
            OnnxGraph.FLOAT,
            OnnxGraph.INT64,
            1,
            3,
            new float[] {1, -1, -1},
            new float[] {0, 0, 0},
            OnnxGraph.ints("classlabels_ints", 5, 6, 7));
    try (BothEngines both = BothEngines.of(folder, model)) {
      both.run(3, new float[] {1, -1, 0});
      assertThat((long[]) both.ours(0)).containsExactly(5, 6, 5);
      assertThat((long[]) both.theirs(0)).containsExactly(5, 6, 5);
      assertThat((float[]) both.ours(1)).containsExactly(1, -1, -1, -1, 1, 1, 0, 0, 0);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void run_randomModels_asOnnxRuntime(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 40; i++) {
      int columns = 1 + random.nextInt(40);
      int targets = 1 + random.nextInt(5);
      float[] coefficients = numbers(random, columns * targets);
      float[] intercepts = numbers(random, targets);
      List<Attribute> more = new ArrayList<>();
      String transform = List.of("NONE", "LOGISTIC", "SOFTMAX").get(random.nextInt(3));
      more.add(OnnxGraph.attribute("post_transform", transform));
      boolean classifier = random.nextBoolean();
      boolean wide = classifier && random.nextBoolean();
      byte[] model;
      if (classifier) {
        long[] labels = new long[Math.max(2, targets)];
        Arrays.setAll(labels, label -> 3L * label - 1);
        more.add(OnnxGraph.ints("classlabels_ints", labels));
        model =
            classifier(
                wide ? OnnxGraph.DOUBLE : OnnxGraph.FLOAT,
                OnnxGraph.INT64,
                columns,
                labels.length,
                coefficients,
                intercepts,
                more.toArray(Attribute[]::new));
      } else {
        more.add(OnnxGraph.floats("intercepts", intercepts));
        model = regressor(columns, targets, coefficients, more.toArray(Attribute[]::new));
      }
      try (BothEngines both = BothEngines.of(folder, model)) {
        for (int rows : new int[] {1, 2, 64}) {
          float[] values = numbers(random, rows * columns);
          double[] doubles = new double[values.length];
          Arrays.setAll(doubles, at -> values[at]);
          both.run(rows, wide ? doubles : values);
          int scores = classifier ? 1 : 0;
          // half of the tolerance is for the sums' own size: up to 40 products of up to 1
          assertThat((float[]) both.ours(scores))
              .containsExactly((float[]) both.theirs(scores), within(4e-6f));
          if (classifier) {
            assertThat((long[]) both.ours(0)).containsExactly((long[]) both.theirs(0));
          }
        }
      }
    }
  }

  @Test
  void load_whatIsNotRunHere_isDeclinedWithTheReason() {
    byte[] few = regressor(3, 2, new float[5]);
    assertDeclined(few, "it has 5 coefficients for 3 columns and 2 targets");
    byte[] jumps =
        regressor(1, 2, new float[2], OnnxGraph.attribute("post_transform", "SOFTMAX_ZERO"));
    assertDeclined(jumps, "SOFTMAX_ZERO");
  }

  private void assertDeclined(byte[] model, String why) {
    assertThatThrownBy(() -> BothEngines.of(folder, model).close())
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining(why);
  }

  private static float[] numbers(SplittableRandom random, int length) {
    float[] numbers = new float[length];
    for (int i = 0; i < length; i++) {
      numbers[i] = (float) random.nextDouble(-1, 1);
    }
    return numbers;
  }

  private static float[] floats(String numbers) {
    return TreeList.floats(
        Arrays.stream(numbers.split(" ")).mapToDouble(Double::parseDouble).toArray());
  }

  private static byte[] classifier(
      int inputType,
      int labelType,
      int columns,
      int scores,
      float[] coefficients,
      float[] intercepts,
      Attribute... more) {
    List<Attribute> all = new ArrayList<>(List.of(more));
    all.add(OnnxGraph.floats("coefficients", coefficients));
    all.add(OnnxGraph.floats("intercepts", intercepts));
    return OnnxGraph.named("linear")
        .input("x", inputType, "batch", columns)
        .output("label", labelType, "batch")
        .output("y", OnnxGraph.FLOAT, "batch", scores)
        .node(
            "ai.onnx.ml",
            "LinearClassifier",
            List.of("x"),
            List.of("label", "y"),
            all.toArray(Attribute[]::new))
        .toBytes();
  }

  private static byte[] regressor(
      int columns, int targets, float[] coefficients, Attribute... more) {
    List<Attribute> all = new ArrayList<>(List.of(more));
    all.add(OnnxGraph.floats("coefficients", coefficients));
    all.add(OnnxGraph.attribute("targets", (long) targets));
    return OnnxGraph.named("linear")
        .input("x", OnnxGraph.FLOAT, "batch", columns)
        .output("y", OnnxGraph.FLOAT, "batch", targets)
        .node(
            "ai.onnx.ml",
            "LinearRegressor",
            List.of("x"),
            List.of("y"),
            all.toArray(Attribute[]::new))
        .toBytes();
  }
}
