package dev.mlops.runtime.serving;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * A claim and its release, beside a bare compare-and-set, a read lock and a counter that all
 * threads share. In the package of {@link Slots}, which nobody else can see.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class ClaimBenchmark {
  private final Slots slots = new Slots(2);
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final AtomicInteger users = new AtomicInteger();

  /** A word that no other thread touches. */
  @State(Scope.Thread)
  public static class Word {
    private final AtomicLongArray padded = new AtomicLongArray(48);
  }

  /** The floor: nothing that guards a call does less. */
  @Benchmark
  public boolean compareAndSet(Word word) {
    boolean taken = word.padded.compareAndSet(24, 0, 1);
    word.padded.set(24, 0);
    return taken;
  }

  /** What guards each call. */
  @Benchmark
  public int claim() {
    int slot = slots.claim(1_000_000_000L);
    slots.release(slot);
    return slot;
  }

  /** What many would take for it. */
  @Benchmark
  public int readLock() {
    lock.readLock().lock();
    try {
      return 0;
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The least that counts users: one counter, up and down. */
  @Benchmark
  public int counter() {
    users.incrementAndGet();
    return users.decrementAndGet();
  }
}
