package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.ModelFailedException;
import java.lang.reflect.Array;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random trees here and on ONNX Runtime with one thread. */
final class TreeFuzzTest {
  private static final int[] BATCHES = {1, 2, 8, 64, 200};

  @TempDir private Path folder;

  private final Map<String, Integer> declined = new TreeMap<>();
  private long models;
  private long values;
  private long lastBits;

  /** The last bit of a number below one, which exp may have the other way. */
  private static final double LAST_BIT = 0x1p-24;

  @Test
  void run_randomTrees_asOnnxRuntime() {
    fuzz(1, Long.MAX_VALUE, 250);
  }

  @Test
  @Tag("proof")
  void run_randomTreesForAMinute_asOnnxRuntime() {
    fuzz(10_000_000, Duration.ofMinutes(1).toNanos(), Long.MAX_VALUE);
  }

  @Test
  @Tag("soak")
  void run_randomTreesForTenMinutes_asOnnxRuntime() {
    fuzz(System.nanoTime(), Duration.ofMinutes(10).toNanos(), Long.MAX_VALUE);
  }

  /** Float compares with a moved threshold and the like look right, and are not. */
  @Test
  void compare_floatsInsteadOfKeys_isCaught() {
    Map<String, TreeList.Comparison> ways =
        Map.of(
            "exact",
            TreeFuzzTest::holds,
            "at most t as less than the next",
            (mode, value, t, nan) ->
                Float.isNaN(value)
                    ? nan
                    : mode.equals("BRANCH_LEQ")
                        ? value < Math.nextUp(t)
                        : mode.equals("BRANCH_GT")
                            ? value >= Math.nextUp(t)
                            : holds(mode, value, t, nan),
            "infinity standing in for NaN",
            (mode, value, t, nan) ->
                holds(
                    mode,
                    Float.isNaN(value) ? nan == mode.contains("L") ? -INFINITY : INFINITY : value,
                    t,
                    nan),
            "the sign of the difference",
            (mode, value, t, nan) ->
                Float.isNaN(value)
                    ? nan
                    : switch (mode) {
                      case "BRANCH_LT" -> isNegative(value - t);
                      case "BRANCH_GTE" -> !isNegative(value - t);
                      case "BRANCH_LEQ" -> !isNegative(t - value);
                      default -> isNegative(t - value);
                    });
    Map<String, Integer> off = new TreeMap<>();
    ways.keySet().forEach(way -> off.put(way, 0));
    for (long seed = 1; seed <= 40; seed++) {
      RandomTrees trees = new RandomTrees(seed, true);
      try (BothEngines both = BothEngines.of(folder, trees.model)) {
        float[] rows = (float[]) trees.rows(200);
        both.run(200, rows);
        float[] theirs = (float[]) both.theirs(0);
        for (int row = 0; row < 200; row++) {
          float[] one = Arrays.copyOfRange(rows, row * trees.columns, (row + 1) * trees.columns);
          for (Map.Entry<String, TreeList.Comparison> way : ways.entrySet()) {
            if (Float.compare(trees.trees.sum(one, way.getValue()), theirs[row]) != 0) {
              off.merge(way.getKey(), 1, Integer::sum);
            }
          }
        }
      }
    }
    System.out.println("values off of 8,000, by way to compare: " + off);
    assertThat(off.remove("exact")).isZero();
    assertThat(off.values()).hasSize(3).allMatch(values -> values > 0);
  }

  private static final float INFINITY = Float.POSITIVE_INFINITY;

  private static boolean isNegative(float difference) {
    return Float.floatToRawIntBits(difference) < 0;
  }

  private static boolean holds(String mode, float value, float threshold, boolean nanToYes) {
    if (Float.isNaN(value)) {
      return nanToYes;
    }
    return switch (mode) {
      case "BRANCH_LT" -> value < threshold;
      case "BRANCH_GTE" -> value >= threshold;
      case "BRANCH_LEQ" -> value <= threshold;
      default -> value > threshold;
    };
  }

  private void fuzz(long firstSeed, long nanos, long most) {
    long start = System.nanoTime();
    long seed = firstSeed;
    while (models < most && System.nanoTime() - start < nanos) {
      compare(seed++);
    }
    System.out.printf(
        "%d models of random trees from seed %d on: %d of %d values off by a last bit; declined"
            + " %s%n",
        models, firstSeed, lastBits, values, declined);
    assertThat(lastBits).isLessThanOrEqualTo(values / 10_000);
    assertThat(declined.values().stream().mapToInt(i -> i).sum()).isLessThan((int) models / 5);
  }

  private void compare(long seed) {
    models++;
    RandomTrees trees = new RandomTrees(seed);
    BothEngines both;
    try {
      both = BothEngines.of(folder, trees.model);
    } catch (ModelFailedException e) {
      String why = String.valueOf(e.getMessage());
      if (!why.contains("plain Java")) {
        throw new AssertionError("seed " + seed + ": ONNX Runtime refused the model", e);
      }
      declined.merge(why.substring(why.indexOf("): ") + 3), 1, Integer::sum);
      return;
    }
    try (both) {
      for (int rows : BATCHES) {
        both.run(rows, trees.rows(rows));
        for (int output = 0; output < both.schema().outputs().size(); output++) {
          String where =
              "seed " + seed + ", " + trees + ": output " + output + " of " + rows + " rows, ";
          compare(where, trees.exact(), both.ours(output), both.theirs(output));
        }
      }
    }
  }

  private void compare(String where, boolean exact, Object ours, Object theirs) {
    int length = Array.getLength(theirs);
    assertThat(Array.getLength(ours)).isEqualTo(length);
    for (int i = 0; i < length; i++) {
      Object own = Array.get(ours, i);
      Object other = Array.get(theirs, i);
      values++;
      if (!own.equals(other)) {
        if (!exact
            && own instanceof Float a
            && other instanceof Float b
            && Math.abs(a - b) <= Math.max(LAST_BIT, Math.ulp(a))) {
          lastBits++;
        } else {
          throw new AssertionError(
              where + "value " + i + " is " + own + " but ONNX Runtime has " + other);
        }
      }
    }
  }
}
