package dev.mlops.runtime.serving;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The version a route served before, kept loaded for a while so that a rollback needs no load. Each
 * method is called under the route's lock.
 */
final class Retention {
  private final String route;
  private final Settings.Limits limits;
  private final Lifecycle lifecycle;
  private final ReentrantLock lock;
  private @Nullable ServedVersion kept;
  private long until; // by System.nanoTime
  private boolean expiryPending;

  /**
   * Nothing is kept yet.
   *
   * @param lock the route's
   */
  Retention(String route, Settings.Limits limits, Lifecycle lifecycle, ReentrantLock lock) {
    this.route = route;
    this.limits = limits;
    this.lifecycle = lifecycle;
    this.lock = lock;
  }

  Optional<ServedVersion> kept() {
    return Optional.ofNullable(kept);
  }

  boolean keeps(ServedVersion served) {
    return served == kept;
  }

  /** The route serves it again. */
  void giveUp(ServedVersion served) {
    if (keeps(served)) {
      kept = null;
      served.stopWatching();
    }
  }

  /**
   * Keeps what the route served until now, in place of what was kept.
   *
   * @return what is to end now, which is the caller's to end: what was kept, or what may not be
   */
  Optional<ServedVersion> keep(ServedVersion old) {
    Duration keepWarm = limits.keepWarm();
    if (keepWarm.isZero()) {
      return Optional.of(old);
    }
    Optional<ServedVersion> before = kept();
    kept = old;
    until = System.nanoTime() + keepWarm.toNanos();
    if (!expiryPending) { // one look is enough, and a rollback need not wake the thread
      expiryPending = true;
      var unused = lifecycle.after(keepWarm, this::expire);
    }
    return before;
  }

  /** Ends what is kept, if anything is. */
  void end(Duration drain) {
    ServedVersion old = kept;
    kept = null;
    if (old != null) {
      lifecycle.end(route, old, drain);
    }
  }

  private void expire() {
    lock.lock();
    try {
      long left = until - System.nanoTime();
      if (kept != null && left > 0) {
        var unused = lifecycle.after(Duration.ofNanos(left), this::expire);
        return;
      }
      expiryPending = false;
      end(limits.drain());
    } finally {
      lock.unlock();
    }
  }
}
