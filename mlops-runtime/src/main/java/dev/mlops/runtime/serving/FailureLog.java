package dev.mlops.runtime.serving;

import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What failed beside a call whose answer was right, until the {@link Watch} writes it to the log.
 *
 * <p>A caller's thread writes no log itself: a logger takes locks, and where the stack ends in the
 * middle of that, a lock is held for ever by a call that never knew it had it. So callers only add
 * to a queue that has none.
 */
final class FailureLog {
  private final ConcurrentLinkedQueue<Failure> waiting = new ConcurrentLinkedQueue<>();

  private record Failure(String what, Throwable cause) {}

  /** From any thread; the caller sees to it that the same is not told again and again. */
  void add(String what, Throwable cause) {
    waiting.add(new Failure(what, cause));
  }

  void write() {
    for (Failure each = waiting.poll(); each != null; each = waiting.poll()) {
      log()
          .log(
              Level.WARNING,
              each.what() + " failed; later failures of it are not logged",
              each.cause());
    }
  }

  private static System.Logger log() {
    return System.getLogger(FailureLog.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
