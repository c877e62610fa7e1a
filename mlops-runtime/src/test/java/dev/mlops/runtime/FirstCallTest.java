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
 * That the first call of a new version is no news to it, whatever number of rows it has.
 *
 * <p>It is held against warmed calls in a row, and against a warmed call that comes right after
 * another runtime swapped the same model: that one meets as cold a cache and the same closing of
 * what was replaced, and on a busy machine is as late by it. The larger of the two is what a warmed
 * call takes; where nothing else runs they are the same.
 */
@Tag("proof")
final class FirstCallTest {
  private static final double MOST = 3;
  private static final int SWAPS = 11;
  private static final int WARMED = 21;

  /** The last is the largest this route has used. */
  private static final List<Integer> ROWS = List.of(1, 8, 64, 300);

  private static final Call CALL = Call.with().within(Duration.ofSeconds(20));

  @TempDir private Path folder;

  @Test
  void predict_firstAfterASwap_takesAtMostThreeTimesAWarmedCall() throws Exception {
    Swapping.publish(folder, 4, 512);
    Map<Integer, Double> ratios = new TreeMap<>();
    try (Swapping swapping = new Swapping(folder, OnnxRuntimeEngine.create());
        Swapping other = new Swapping(folder, OnnxRuntimeEngine.create())) {
      for (int rows : ROWS) {
        row(swapping, rows);
        row(other, rows); // it warms as many rows
      }
      for (int rows : ROWS) {
        double[] first = new double[SWAPS];
        double[] beside = new double[SWAPS];
        double[] warmed = new double[SWAPS];
        for (int swap = 0; swap < SWAPS; swap++) {
          swapping.swap();
          first[swap] = took(swapping, rows);
          warmed[swap] = row(swapping, rows);
          other.swap();
          beside[swap] = took(swapping, rows);
        }
        double mark = Math.max(median(warmed), median(beside));
        ratios.put(rows, median(first) / mark);
        System.out.printf(
            Locale.ROOT,
            "first call of %d rows: %.3f ms, %.2f times a warmed one in a row of %.3f ms, %.2f times"
                + " one beside a swap%n",
            rows,
            median(first) / 1e6,
            median(first) / median(warmed),
            median(warmed) / 1e6,
            median(first) / median(beside));
      }
    }
    assertThat(ratios.values()).as("by rows: " + ratios).allMatch(ratio -> ratio <= MOST);
  }

  /** The median of calls in a row. */
  private static double row(Swapping swapping, int rows) {
    double[] warmed = new double[WARMED];
    for (int i = 0; i < WARMED; i++) {
      warmed[i] = took(swapping, rows);
    }
    return median(warmed);
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
