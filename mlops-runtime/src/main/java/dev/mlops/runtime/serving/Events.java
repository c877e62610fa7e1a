package dev.mlops.runtime.serving;

import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.runtime.jfr.JfrListener;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells listeners what happened, on a thread of their own that starts with the first event: whoever
 * swaps or predicts never waits for one. Keeps the last events for who asks later.
 */
final class Events {
  private static final System.Logger LOG = System.getLogger(Events.class.getName());

  /** How many may wait for a slow listener; more are dropped, and counted. */
  private static final int WAITING = 1_000;

  private static final int KEPT = 50;

  private final List<RuntimeListener> listeners;
  private final JfrListener recorder;
  private final CallbackGuard guard;
  private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>(WAITING);
  private final AtomicLong dropped = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<LifecycleEvent> last = new ArrayDeque<>(); // guarded by the lock
  private @Nullable Thread thread; // guarded by the lock
  private boolean closed; // guarded by the lock

  /**
   * Tells these listeners.
   *
   * @param recorder is told at once: it only writes the event down
   */
  Events(List<RuntimeListener> listeners, JfrListener recorder, CallbackGuard guard) {
    this.listeners = listeners;
    this.recorder = recorder;
    this.guard = guard;
  }

  void started(Supplier<Health> health) {
    each(listener -> listener.started(health));
  }

  /** Something happened; from any thread, which does not wait. */
  void post(LifecycleEvent event) {
    recorder.happened(event);
    lock.lock();
    try {
      last.addLast(event);
      if (last.size() > KEPT) {
        last.removeFirst();
      }
      if (closed || listeners.isEmpty()) {
        return;
      }
      if (!queue.offer(() -> each(listener -> listener.happened(event)))) {
        dropped.incrementAndGet();
      }
      if (thread == null) {
        thread = new Thread(this::deliver, "mlops-events");
        thread.setDaemon(true);
        thread.start();
      }
    } finally {
      lock.unlock();
    }
  }

  long dropped() {
    return dropped.get();
  }

  /** The last ones, oldest first. */
  List<LifecycleEvent> last() {
    lock.lock();
    try {
      return List.copyOf(last);
    } finally {
      lock.unlock();
    }
  }

  /** Tells what is waiting and ends; whoever is still blocked after a while is left behind. */
  void close(Duration patience) {
    Thread running;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      running = thread;
    } finally {
      lock.unlock();
    }
    if (running == null) {
      each(RuntimeListener::closed);
      return;
    }
    try {
      boolean told =
          queue.offer(this::end, Math.max(1, patience.toMillis()), TimeUnit.MILLISECONDS);
      running.join(Math.max(1, patience.toMillis()));
      if (!told || running.isAlive()) {
        LOG.log(Level.WARNING, "a listener of events does not return; it is not waited for");
        running.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean ended; // of the delivering thread

  private void end() {
    each(RuntimeListener::closed);
    ended = true;
  }

  private void deliver() {
    guard.enter(
        "an event"); // a listener must not swap or predict here: close waits for this thread
    while (!ended) {
      try {
        queue.take().run();
      } catch (InterruptedException e) {
        return; // close gave up on a listener that did not return
      }
    }
  }

  private void each(Consumer<RuntimeListener> told) {
    for (RuntimeListener listener : listeners) {
      try {
        told.accept(listener);
      } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
        LOG.log(Level.WARNING, "a listener of events failed and is told the next ones", e);
      }
    }
  }
}
