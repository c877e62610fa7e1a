package dev.mlops.runtime;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Each step that the parts below a runtime take comes by here, so that a test can make any of them
 * fail. The threads that predict are left alone: they use the version in force, which must not be
 * touched.
 */
final class Steps {
  /** What happens at a step; it may throw whatever it likes. */
  interface Fault {
    /**
     * Before a step, or behind one that gives something back.
     *
     * @param what such as {@code engine.load}
     * @param number counted from 1 since the fault was armed
     */
    void at(String what, int number);
  }

  private final AtomicInteger number = new AtomicInteger();
  private volatile @Nullable Fault fault;

  /** A thread whose steps never fail. */
  static final class Caller extends Thread {
    Caller(Runnable work) {
      super(work, "caller");
    }
  }

  void arm(Fault next) {
    number.set(0);
    fault = next;
  }

  void disarm() {
    fault = null;
  }

  void step(String what) {
    Fault now = fault;
    if (now != null && !(Thread.currentThread() instanceof Caller)) {
      now.at(what, number.incrementAndGet());
    }
  }
}
