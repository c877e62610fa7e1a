package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.Call;
import dev.mlops.runtime.Swapping.Input;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * That the first call of a new version is no news to it, whatever number of rows it has. A swap has
 * one first call, so each number of rows has swaps of its own, and half of them are judged: what
 * else the machine does makes single ones late.
 */
@Tag("proof")
final class FirstCallTest {
  private static final double MOST = 3;
  private static final int SWAPS = 15;
  private static final int WARMED = 50;

  /** The last is the largest this route has used. */
  private static final List<Integer> ROWS = List.of(1, 8, 64, 300);

  private static final Call CALL = Call.with().within(Duration.ofSeconds(20));

  @TempDir private Path folder;

  @Test
  void predict_firstAfterASwap_takesAtMostThreeTimesAWarmedCall() throws Exception {
    Swapping.publish(folder, 4, 512);
    Map<Integer, Double> ratios = new TreeMap<>();
    try (Swapping swapping = new Swapping(folder, OnnxRuntimeEngine.create())) {
      for (int rows : ROWS) {
        for (int i = 0; i < WARMED; i++) {
          took(swapping, rows);
        }
      }
      for (int rows : ROWS) {
        double[] ratio = new double[SWAPS];
        double[] first = new double[SWAPS];
        for (int swap = 0; swap < SWAPS; swap++) {
          swapping.swap();
          first[swap] = took(swapping, rows);
          double[] warmed = new double[WARMED];
          for (int i = 0; i < WARMED; i++) {
            warmed[i] = took(swapping, rows);
          }
          ratio[swap] = first[swap] / median(warmed);
        }
        ratios.put(rows, median(ratio));
        Arrays.sort(ratio);
        System.out.printf(
            Locale.ROOT,
            "first call of %d rows: %.3f ms, %.2f times a warmed one; of %d swaps the largest %.2f"
                + " times%n",
            rows,
            median(first) / 1e6,
            median(ratio),
            SWAPS,
            ratio[SWAPS - 1]);
      }
    }
    assertThat(ratios.values()).as("by rows: " + ratios).allMatch(ratio -> ratio <= MOST);
  }

  private static double took(Swapping swapping, int rows) {
    List<Input> batch = Collections.nCopies(rows, swapping.input);
    long start = System.nanoTime();
    if (rows == 1) {
      swapping.model.predict(swapping.input, CALL);
    } else {
      swapping.model.predictAll(batch, CALL);
    }
    return System.nanoTime() - start;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
