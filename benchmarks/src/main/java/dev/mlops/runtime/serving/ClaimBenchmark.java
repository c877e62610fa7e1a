package dev.mlops.runtime.serving;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to guard a call: claim and release of a slot, beside a bare compare-and-set and
 * volatile write on a word that no other thread touches, which nothing safe can undercut.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 20, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class ClaimBenchmark {
  private static final int STRIDE = 16; // two cache lines

  private final Slots slots = new Slots(2);
  private final AtomicLongArray words = new AtomicLongArray(4 * STRIDE);
  private final AtomicInteger threads = new AtomicInteger();

  /** A word for each thread. */
  @State(Scope.Thread)
  public static class Word {
    private int index;

    @Setup
    public void choose(ClaimBenchmark benchmark) {
      index = STRIDE * (1 + benchmark.threads.getAndIncrement() % 2);
    }
  }

  @Benchmark
  @Threads(1)
  public int claimAndRelease1Thread() {
    return claimAndRelease();
  }

  @Benchmark
  @Threads(2)
  public int claimAndRelease2Threads() {
    return claimAndRelease();
  }

  @Benchmark
  @Threads(1)
  public boolean bare1Thread(Word word) {
    return bare(word);
  }

  @Benchmark
  @Threads(2)
  public boolean bare2Threads(Word word) {
    return bare(word);
  }

  private int claimAndRelease() {
    int slot = slots.claim(1_000_000);
    slots.release(slot);
    return slot;
  }

  private boolean bare(Word word) {
    boolean taken = words.compareAndSet(word.index, 0, 1);
    words.set(word.index, 0);
    return taken;
  }
}
