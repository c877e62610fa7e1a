package dev.mlops.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/** Threads that call without a pause until one fails or all are to end. */
final class Callers {
  /** Calls between two looks at whether to hold still. */
  private static final int CALLS = 20;

  private final List<Thread> threads = new ArrayList<>();
  private final AtomicLong calls = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  /* Held for writing while they are to hold still; fair, or they would never let it go. */
  private final ReentrantReadWriteLock still = new ReentrantReadWriteLock(true);
  private volatile boolean done;

  /** Adds threads that do this. */
  Callers add(int more, Runnable call) {
    for (int i = 0; i < more; i++) {
      Thread thread = new Thread(() -> run(call), "caller-" + threads.size());
      threads.add(thread);
      thread.start();
    }
    return this;
  }

  private void run(Runnable call) {
    try {
      while (!done) {
        still.readLock().lock();
        try {
          for (int i = 0; i < CALLS && !done; i++) {
            call.run();
            calls.incrementAndGet();
          }
        } finally {
          still.readLock().unlock();
        }
      }
    } catch (Throwable e) { // told by stop()
      failure.compareAndSet(null, e);
    }
  }

  /** Does something while no call runs. */
  <T> T still(Callable<T> task) throws Exception {
    still.writeLock().lock();
    try {
      return task.call();
    } finally {
      still.writeLock().unlock();
    }
  }

  /** How many calls came back. */
  long calls() {
    return calls.get();
  }

  /** Ends them; throws what one of them failed by. */
  void stop() throws InterruptedException {
    done = true;
    for (Thread thread : threads) {
      thread.join();
    }
    Throwable failed = failure.get();
    if (failed != null) {
      throw new AssertionError("a call failed: " + failed, failed);
    }
  }
}
