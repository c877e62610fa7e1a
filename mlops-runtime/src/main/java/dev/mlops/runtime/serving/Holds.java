package dev.mlops.runtime.serving;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many leases and batches keep a version from ending. A hold is no claim: each call and each
 * chunk needs a slot besides. Safe for all threads.
 */
final class Holds {
  /** The sign bit: no more are given. */
  private static final int REFUSED = Integer.MIN_VALUE;

  private final AtomicInteger holds = new AtomicInteger();

  /**
   * Takes one, until {@link #release} or the end of the closer's patience.
   *
   * @return false if the version is to end: read the routing table again
   */
  boolean take() {
    int held = holds.get();
    while (held >= 0) {
      int seen = holds.compareAndExchange(held, held + 1);
      if (seen == held) {
        return true;
      }
      held = seen;
    }
    return false;
  }

  /**
   * Gives one up; any thread may.
   *
   * @throws IllegalStateException if there is none
   */
  void release() {
    int held = holds.getAndUpdate(h -> (h & ~REFUSED) == 0 ? h : h - 1);
    if ((held & ~REFUSED) == 0) {
      throw new IllegalStateException(
          "release without a hold; call it once for each take() that gave true");
    }
  }

  /** Gives no more from now on. */
  void refuse() {
    holds.getAndUpdate(h -> h | REFUSED);
  }

  /** Whether any is held. */
  boolean any() {
    return (holds.get() & ~REFUSED) != 0;
  }
}
