package dev.mlops.runtime.serving;

import org.jspecify.annotations.Nullable;

/**
 * Marks threads that are inside a call or a gate. A call made from there would wait for its own
 * slot, a swap for its own thread, so both are refused.
 */
final class CallbackGuard {
  /* The value is a class of the JDK's: a thread that outlives us keeps no class of ours alive. */
  @SuppressWarnings("ThreadLocalUsage") // each runtime has its own: a gate may call another one
  private final ThreadLocal<boolean @Nullable []> inside = new ThreadLocal<>();

  /**
   * Enters, and tells what to leave with.
   *
   * @throws IllegalStateException if this thread is inside already
   */
  boolean[] enter(String what) {
    boolean[] mark = inside.get();
    if (mark == null) {
      mark = new boolean[1];
      inside.set(mark);
    }
    if (mark[0]) {
      throw new IllegalStateException(
          what
              + " was called from within an observer, a codec or a gate of the same runtime, where it would wait for"
              + " itself; do it after the call has returned, on a thread of your own");
    }
    mark[0] = true;
    return mark;
  }
}
