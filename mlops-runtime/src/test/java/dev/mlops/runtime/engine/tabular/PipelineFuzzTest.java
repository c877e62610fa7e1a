package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.ModelFailedException;
import java.lang.reflect.Array;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random graphs of the operators run here give what ONNX Runtime gives. */
final class PipelineFuzzTest {
  @TempDir private Path folder;

  @Test
  void pipelines_ofFixedSeeds_areWhatOnnxRuntimeGives() {
    Tally tally = new Tally();
    for (long seed = 1; seed <= 300; seed++) {
      tally.add(seed, folder);
    }
    tally.check();
  }

  @Test
  @Tag("proof")
  void pipelines_forAMinute_areWhatOnnxRuntimeGives() {
    run(Duration.ofMinutes(1));
  }

  @Test
  @Tag("soak")
  void pipelines_forTenMinutes_areWhatOnnxRuntimeGives() {
    run(Duration.ofMinutes(10));
  }

  private void run(Duration length) {
    long seed = System.nanoTime() >>> 8;
    System.out.println("seeds of pipelines from " + seed + " on");
    Tally tally = new Tally();
    long end = System.nanoTime() + length.toNanos();
    while (System.nanoTime() < end) {
      tally.add(seed++, folder);
    }
    System.out.println(tally);
    tally.check();
  }

  /** What came of the graphs so far. */
  static final class Tally {
    private final List<String> wrong = new ArrayList<>();
    private final Map<String, Integer> declined = new TreeMap<>();
    private int graphs;
    private long values;

    void add(long seed, Path folder) {
      RandomPipeline pipeline = new RandomPipeline(seed);
      graphs++;
      try (BothEngines both = BothEngines.of(folder, pipeline.model())) {
        for (int rows : new int[] {1, 3, 70}) {
          both.run(rows, pipeline.rows(rows));
          for (int i = 0; i < pipeline.outputs().size(); i++) {
            compare(seed, pipeline, rows, i, both.ours(i), both.theirs(i));
          }
        }
      } catch (ModelFailedException e) {
        if (!String.valueOf(e.getMessage()).contains("cannot be run in plain Java")) {
          throw new AssertionError("seed " + seed + ": " + pipeline, e);
        }
        declined.merge(
            e.getMessage().replaceAll(".*plain Java: (node '[^']*' )?", ""), 1, Integer::sum);
      }
    }

    private void compare(
        long seed, RandomPipeline pipeline, int rows, int output, Object ours, Object theirs) {
      Variable var = pipeline.outputs().get(output);
      assertThat(Array.getLength(ours)).isEqualTo(Array.getLength(theirs));
      for (int i = 0; i < Array.getLength(ours); i++) {
        Object a = Array.get(ours, i);
        Object b = Array.get(theirs, i);
        values++;
        if (!agree(var, a, b)) {
          wrong.add(
              "seed "
                  + seed
                  + ", "
                  + rows
                  + " rows, "
                  + var
                  + "["
                  + i
                  + "] is "
                  + a
                  + " here and "
                  + b
                  + " there: "
                  + pipeline);
          return;
        }
      }
    }

    static boolean agree(Variable var, Object a, Object b) {
      if (!var.exact()) {
        return near((Number) a, (Number) b, var.scale());
      }
      return a.equals(b)
          || (!var.signed()
              && a instanceof Number x
              && x.doubleValue() == 0
              && ((Number) b).doubleValue() == 0);
    }

    private static boolean near(Number a, Number b, double scale) {
      double x = a.doubleValue();
      double y = b.doubleValue();
      return Double.compare(x, y) == 0
          || Math.abs(x - y) <= 1e-6 * (Math.max(1, scale) + Math.abs(y));
    }

    void check() {
      assertThat(wrong).as(toString()).isEmpty();
      assertThat(declined.values().stream().mapToInt(Integer::intValue).sum())
          .as(toString())
          .isLessThan(1 + graphs / 20);
    }

    @Override
    public String toString() {
      return graphs + " graphs, " + values + " values, declined " + declined;
    }
  }
}
