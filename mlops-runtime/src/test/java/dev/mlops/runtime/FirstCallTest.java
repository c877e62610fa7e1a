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
 * <p>It is held against warmed calls in a row. Where the machine is so busy that it takes more than
 * three times as long, it must at least be clearly quicker than a warmed call that comes right
 * after another runtime swapped the same model, whose caches nobody filled again: as long as that
 * it takes where the last rows before the swap are left out, and longer without a warm-up.
 */
@Tag("proof")
final class FirstCallTest {
  private static final double MOST = 3;
  private static final double CLEARLY = 0.75;
  private static final int SWAPS = 11;
  private static final int SMALL_SWAPS = 31;
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
        double mark = Math.max(median(warmed), CLEARLY / MOST * median(beside));
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

  /**
   * A model so small that what is done once in a session is many times a call: without the warm-up
   * this fails. A call after a swap finds its caches cold, which costs such a model more than the
   * run. So its first call is held against one that comes after the same, a swap of another runtime
   * and calls to it, and only is not the first. Both wait until what was replaced is closed.
   */
  @Test
  void predict_firstOfASmallModel_takesAtMostThreeTimesOneThatComesAsCold() throws Exception {
    Swapping.publish(folder, 4, 96);
    Map<Integer, Double> ratios = new TreeMap<>();
    try (Swapping swapping = new Swapping(folder, OnnxRuntimeEngine.create());
        Swapping other = new Swapping(folder, OnnxRuntimeEngine.create())) {
      for (int rows : ROWS) {
        row(swapping, rows);
        row(other, rows);
      }
      for (int rows : ROWS) {
        double[] first = new double[SMALL_SWAPS];
        double[] cold = new double[SMALL_SWAPS];
        double[] warmed = new double[SMALL_SWAPS];
        for (int swap = 0; swap < SMALL_SWAPS; swap++) {
          first[swap] = tookAfter(swapping, swapping, other, rows);
          warmed[swap] = row(swapping, rows);
          cold[swap] = tookAfter(other, swapping, other, rows);
        }
        ratios.put(rows, undisturbed(first) / undisturbed(cold));
        System.out.printf(
            Locale.ROOT,
            "first call of %d rows of a small model: %.3f ms, %.2f times one that comes as cold, of"
                + " %.3f ms, %.2f times a warmed one in a row of %.3f ms%n",
            rows,
            undisturbed(first) / 1e6,
            ratios.get(rows),
            undisturbed(cold) / 1e6,
            undisturbed(first) / median(warmed),
            median(warmed) / 1e6);
      }
    }
    assertThat(ratios.values()).as("by rows: " + ratios).allMatch(ratio -> ratio <= MOST);
  }

  /** Swaps one of two, has the other run, and then times a call. */
  private static double tookAfter(Swapping swapped, Swapping timed, Swapping other, int rows) {
    swapped.swap();
    assertThat(swapped.engine.awaitLive(1)).as("closed what was replaced").isTrue();
    row(other, rows);
    return took(timed, rows);
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
    return quantile(values, 2);
  }

  /**
   * The first quartile: what a warm-up spares is there each time, other work on the machine not.
   */
  private static double undisturbed(double[] values) {
    return quantile(values, 4);
  }

  private static double quantile(double[] values, int part) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / part];
  }
}
