package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.ModelFailedException;
import java.lang.reflect.Array;
import java.nio.file.Path;
import java.time.Duration;
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
    fuzz(1, Long.MAX_VALUE, 150);
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
