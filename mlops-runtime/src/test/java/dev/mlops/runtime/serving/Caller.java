package dev.mlops.runtime.serving;

import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongUnaryOperator;

/**
 * A thread that does what a test tells it, one thing after the other.
 *
 * <p>{@link #clock} gives the test control inside a wait: a waiter reads the clock after it has
 * looked at its state and before it acts on what it saw, so what a test does inside that read
 * happens exactly then.
 */
final class Caller implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 20;

  private final LinkedBlockingQueue<FutureTask<?>> tasks = new LinkedBlockingQueue<>();
  private final Queue<LongUnaryOperator> reads = new ConcurrentLinkedQueue<>();
  private final CallerThread thread = new CallerThread();

  Caller() {
    thread.start();
  }

  /** The time for whoever asks: {@link System#nanoTime}, or what {@link #atNextRead} made of it. */
  static long clock() {
    long now = System.nanoTime();
    if (Thread.currentThread() instanceof CallerThread caller) {
      LongUnaryOperator read = caller.reads().poll();
      return read == null ? now : read.applyAsLong(now);
    }
    return now;
  }

  /** When this thread reads the clock next, the action runs and its result is the time read. */
  void atNextRead(LongUnaryOperator action) {
    reads.add(action);
  }

  /** Begins an action and returns at once. */
  <T> Future<T> begins(Callable<T> action) {
    FutureTask<T> task = new FutureTask<>(action);
    tasks.add(task);
    return task;
  }

  /** Does an action and returns its result. */
  <T> T does(Callable<T> action) {
    return resultOf(begins(action));
  }

  /** Does an action without a result. */
  void runs(Runnable action) {
    does(
        () -> {
          action.run();
          return true;
        });
  }

  /** Begins a claim and returns when it is parked. */
  Future<Integer> waits(Slots slots, long waitNanos) {
    Future<Integer> claim = begins(() -> slots.claim(waitNanos));
    awaitParked(slots);
    return claim;
  }

  /** Returns when this thread is parked on these slots. */
  void awaitParked(Slots slots) {
    long begin = System.nanoTime();
    while (LockSupport.getBlocker(thread) != slots
        || thread.getState() != Thread.State.TIMED_WAITING) {
      if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
        throw new AssertionError("not parked on the slots but " + thread.getState());
      }
      Thread.onSpinWait();
    }
  }

  /** Interrupts what it does. */
  void interrupt() {
    thread.interrupt();
  }

  /** Ends its park without a reason, which the contract of parking allows at any time. */
  void wakeForNothing() {
    LockSupport.unpark(thread);
  }

  static <T> T resultOf(Future<T> future) {
    try {
      return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("it has not ended", e);
    }
  }

  @Override
  public void close() {
    tasks.add(new FutureTask<>(thread::end));
    thread.interrupt();
  }

  private final class CallerThread extends Thread {
    private boolean ended;

    CallerThread() {
      super("caller");
      setDaemon(true);
    }

    Queue<LongUnaryOperator> reads() {
      return reads;
    }

    Object end() {
      ended = true;
      return this;
    }

    @Override
    public void run() {
      while (!ended) {
        try {
          tasks.take().run();
        } catch (InterruptedException e) {
          // An action left its flag set, or close() ends a wait: go on with the next.
        }
      }
    }
  }
}
