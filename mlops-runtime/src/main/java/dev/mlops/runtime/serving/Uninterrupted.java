package dev.mlops.runtime.serving;

import java.time.Duration;

/** Waits that an interrupt does not end. */
final class Uninterrupted {
  private Uninterrupted() {}

  /** A wait that an interrupt ends. */
  interface Wait {
    /** Waits for so many nanoseconds at most; not at all for zero or less. */
    boolean forNanos(long atMost) throws InterruptedException;
  }

  /** Waits to the end or for the whole time; an interrupt stays set. */
  static boolean await(Duration atMost, Wait wait) {
    long end = System.nanoTime() + atMost.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return wait.forNanos(end - System.nanoTime());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
