package dev.mlops.drift.count;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mlops.model.ElementType;
import dev.mlops.observe.Observation;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two threads that record without a pause, each in a slot of its own, under a third that drains all
 * the time. Every count must arrive once: the exchange of the cells sees to that, and a mark beside
 * them does not, as the same loop shows.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RecorderRaceTest {
  private static final int THREADS = 2;
  private static final List<Watched> COLUMNS =
      List.of(
          new Watched(0, new NumberCells(0, 1, 2), ElementType.FLOAT),
          new Watched(1, new NumberCells(0, 1, 2), ElementType.FLOAT));

  /** The rows of a thread, in turn; each thread has its own. */
  private static final double[][] ROWS = {{0, 1}, {1, 2}, {2, 0}, {1.5, Double.NaN}};

  @Test
  void record_underMillionDrains_losesNoCount() {
    assertExact(1_000_000);
  }

  @Tag("proof")
  @Test
  void record_underTenMillionDrains_losesNoCount() {
    assertExact(10_000_000);
  }

  private static void assertExact(int drains) {
    Recorder recorder = new Recorder(COLUMNS, THREADS, Long.MAX_VALUE, () -> {});
    Loop loop = new Loop(recorder::record, recorder::drain);
    loop.run(drains, drains, Long.MAX_VALUE);
    assertThat(loop.failures).isEmpty();
    assertThat(loop.drained.rows()).isEqualTo(loop.recorded()).isPositive();
    assertThat(loop.drained.lost()).isZero();
    assertThat(loop.drained.column(0)).isEqualTo(loop.expected(0));
    assertThat(loop.drained.column(1)).isEqualTo(loop.expected(1));
  }

  /** The control: the loop sees a loss where there is one. Half the tries do. */
  @Test
  void mark_releasedAndAcquired_losesCounts() {
    assumeThat(Runtime.getRuntime().availableProcessors())
        .as("processors: threads that take turns on one do not meet")
        .isGreaterThan(1);
    long wrong = 0;
    long begin = System.nanoTime();
    while (wrong == 0 && System.nanoTime() - begin < SECONDS.toNanos(60)) {
      Marked marked = new Marked();
      Loop loop = new Loop(marked::record, marked::drain);
      loop.run(Integer.MAX_VALUE, 0, MILLISECONDS.toNanos(300));
      assertThat(loop.failures).isEmpty();
      for (int column = 0; column < COLUMNS.size(); column++) {
        long[] expected = loop.expected(column);
        long[] drained = loop.drained.column(column);
        for (int cell = 0; cell < expected.length; cell++) {
          wrong += Math.abs(expected[cell] - drained[cell]);
        }
      }
    }
    assertThat(wrong).as("counts that a mark lost or doubled").isPositive();
  }

  /**
   * The best that a mark can do. A caller sets its mark, then takes the cells that are in place;
   * the drainer puts others in place, then waits until the mark is off. If all saw all writes in
   * one order that would do. But released writes may wait while later reads go ahead: the caller
   * may take the old cells, and the drainer see no mark yet.
   */
  private static final class Marked {
    private static final int STEP = 32;
    private final AtomicIntegerArray marks = new AtomicIntegerArray((THREADS + 1) * STEP);
    private final AtomicReferenceArray<long[]> cells =
        new AtomicReferenceArray<>((THREADS + 1) * STEP);
    private final int[] starts = Counts.starts(COLUMNS);
    private long[] spare = empty();

    Marked() {
      for (int slot = 0; slot < THREADS; slot++) {
        cells.set((slot + 1) * STEP, empty());
      }
    }

    private long[] empty() {
      return new long[STEP + starts[COLUMNS.size()] + STEP];
    }

    void record(Observation seen) {
      int at = (seen.slot() + 1) * STEP;
      marks.setRelease(at, 1);
      long[] own = cells.getAcquire(at);
      for (int column = 0; column < COLUMNS.size(); column++) {
        NumberCells numbers = (NumberCells) COLUMNS.get(column).cells();
        own[STEP + starts[column] + numbers.cell(seen.number(0, column))]++;
      }
      own[STEP - 1]++;
      marks.setRelease(at, 0);
    }

    void drain(Counts into) {
      for (int slot = 0; slot < THREADS; slot++) {
        int at = (slot + 1) * STEP;
        long[] full = cells.getAcquire(at);
        cells.setRelease(at, spare);
        for (int spins = 0; marks.getAcquire(at) != 0; spins++) {
          if (spins < 100) {
            Thread.onSpinWait();
          } else {
            LockSupport.parkNanos(this, 20_000);
          }
        }
        into.add(full, STEP, full[STEP - 1]);
        Arrays.fill(full, 0);
        spare = full;
      }
    }
  }

  private interface Recording {
    void record(Observation seen);
  }

  private interface Draining {
    void drain(Counts into);
  }

  private static final class Loop {
    final Counts drained = new Counts(COLUMNS);
    final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Recording recording;
    private final Draining draining;

    /** How often each thread recorded; written as it ends. */
    private final long[] recorded = new long[THREADS];

    private volatile boolean over;
    int drains;

    Loop(Recording recording, Draining draining) {
      this.recording = recording;
      this.draining = draining;
    }

    /** Until it has drained so often and found so many rows, or for so long. */
    void run(int times, long rows, long nanos) {
      Thread[] threads = new Thread[THREADS];
      for (int i = 0; i < THREADS; i++) {
        int slot = i;
        threads[i] = new Thread(() -> record(slot), "caller " + slot);
        threads[i].setDaemon(true);
        threads[i].start();
      }
      try {
        long begin = System.nanoTime();
        while ((drains < times || drained.rows() < rows)
            && System.nanoTime() - begin < nanos
            && failures.isEmpty()) {
          draining.drain(drained);
          drains++;
        }
        over = true;
        for (Thread thread : threads) {
          thread.join();
        }
      } catch (InterruptedException e) {
        throw new AssertionError("took too long, at drain " + drains, e);
      } finally {
        over = true;
      }
      draining.drain(drained);
      draining.drain(drained); // what the control counted into its spare cells
    }

    private void record(int slot) {
      Seen[] rows = new Seen[ROWS.length];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = new Seen(slot, Seen.row(ROWS[i][0], ROWS[i][1], 0.0));
      }
      long[] far = new long[1 << 21]; // writes that miss the cache: those behind them wait longer
      SplittableRandom random = new SplittableRandom(slot);
      long times = 0;
      try {
        while (!over) {
          for (int i = 0; i < 8; i++) {
            far[random.nextInt(far.length)]++;
          }
          recording.record(rows[(int) (times % rows.length)]);
          times++;
        }
      } catch (RuntimeException | Error e) {
        failures.add(e);
      }
      recorded[slot] = times;
    }

    long recorded() {
      return Arrays.stream(recorded).sum();
    }

    long[] expected(int column) {
      NumberCells cells = (NumberCells) COLUMNS.get(column).cells();
      long[] expected = new long[cells.size()];
      for (long times : recorded) {
        for (int row = 0; row < ROWS.length; row++) {
          expected[cells.cell(ROWS[row][column])] += (times + ROWS.length - 1 - row) / ROWS.length;
        }
      }
      return expected;
    }
  }
}
