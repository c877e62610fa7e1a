package dev.mlops.runtime.serving;

import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.RuntimeListener;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells one listener what happened, in order, on a thread of its own that starts with the first
 * event: one that blocks loses its own events and nobody else's.
 */
final class Delivery implements Runnable {
  /*
   * Events adds, one thread at a time, and so the bound is looked at before it adds: the end fits
   * in any case. The thread ends by nothing but the end, whatever the listener throws or leaves
   * interrupted.
   */
  /** How many may wait for a slow listener; more are dropped, and counted. */
  private static final int WAITING = 1_000;

  private final RuntimeListener listener;
  private final CallbackGuard guard;
  private final LinkedBlockingQueue<Optional<LifecycleEvent>> queue =
      new LinkedBlockingQueue<>(); // empty is the end
  private final AtomicLong dropped = new AtomicLong();
  private @Nullable Thread thread; // of whoever adds
  private boolean failed; // of the thread that tells; before it starts, of the one that builds

  Delivery(RuntimeListener listener, CallbackGuard guard) {
    this.listener = listener;
    this.guard = guard;
  }

  /** Tells at once, on the caller's thread: it comes before the first event. */
  void started(Supplier<Health> health) {
    try {
      listener.started(health);
    } catch (Throwable e) { // whatever it is, the runtime goes on and the next event is told
      failed(e);
    }
  }

  void add(LifecycleEvent event) {
    if (queue.size() < WAITING) {
      queue.add(Optional.of(event));
    } else {
      dropped.incrementAndGet();
    }
    start();
  }

  /** Nothing comes after what waits, but that the runtime is closed. */
  void end() {
    queue.add(Optional.empty());
    start();
  }

  private void start() {
    if (thread == null) {
      Thread starting = new Thread(this, "mlops-events");
      starting.setDaemon(true);
      starting.start();
      thread = starting;
    }
  }

  long dropped() {
    return dropped.get();
  }

  /** Waits until the listener was told all, or for so long; after {@link #end}. */
  void await(long nanos) throws InterruptedException {
    if (thread != null) {
      TimeUnit.NANOSECONDS.timedJoin(thread, nanos);
    }
  }

  /** Leaves a listener behind that was not told all: what waits is dropped, but for the end. */
  void giveUp() {
    if (thread == null || !thread.isAlive()) {
      return;
    }
    log()
        .log(
            Level.WARNING,
            "{0} listens to events and does not return; it is not waited for",
            listener.getClass().getName());
    for (var next = queue.poll(); next != null; next = queue.poll()) {
      next.ifPresent(event -> dropped.incrementAndGet());
    }
    end(); // for one that comes back
    thread.interrupt();
  }

  /** Tells what was added, until the end; on a thread of its own. */
  @Override
  public void run() {
    guard.enter(
        "an event"); // a listener must not swap or predict here: close waits for this thread
    boolean ended = false;
    while (!ended) {
      try {
        Optional<LifecycleEvent> next = queue.take();
        ended = next.isEmpty();
        if (next.isPresent()) {
          listener.happened(next.get());
        } else {
          listener.closed();
        }
      } catch (InterruptedException e) {
        // by close, or by the listener itself: the end comes all the same
      } catch (Throwable e) { // an OutOfMemoryError too: the next event is told
        failed(e);
      }
    }
  }

  private void failed(Throwable e) {
    Level level = failed ? Level.DEBUG : Level.WARNING;
    failed = true;
    try {
      log()
          .log(
              level,
              listener.getClass().getName()
                  + " listens to events and failed; it is told the next ones, and later failures of it"
                  + " are logged at debug",
              e);
    } catch (Throwable again) {
      // memory is short, or the log fails: neither may end this thread
    }
  }

  private static System.Logger log() {
    return System.getLogger(Delivery.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
