package dev.mlops.runtime.serving;

import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.runtime.jfr.JfrListener;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Tells listeners what happened, each on a thread of its own: whoever swaps or predicts never waits
 * for one, and none for another. Keeps the last events for who asks later.
 */
final class Events {
  private static final int KEPT = 50;

  private final List<Delivery> deliveries; // told under the lock, so that all have one order
  private final JfrListener recorder;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<LifecycleEvent> last = new ArrayDeque<>(); // guarded by the lock
  private boolean closed; // guarded by the lock

  /**
   * Tells these listeners.
   *
   * @param recorder is told at once: it only writes the event down
   */
  Events(List<RuntimeListener> listeners, JfrListener recorder, CallbackGuard guard) {
    this.deliveries = new ArrayList<>(listeners.size());
    for (RuntimeListener listener : listeners) {
      deliveries.add(new Delivery(listener, guard));
    }
    this.recorder = recorder;
  }

  void started(Supplier<Health> health) {
    for (Delivery each : deliveries) {
      each.started(health);
    }
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
      if (!closed) {
        for (Delivery each : deliveries) {
          each.add(event);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** How many events were dropped, of all listeners together. */
  long dropped() {
    return deliveries.stream().mapToLong(Delivery::dropped).sum();
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

  /**
   * Tells what is waiting and ends; whoever is still blocked after a while is left behind. All have
   * the same while, so none takes it from another.
   */
  void close(Duration patience) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true; // nothing is added from here on, so what is below needs no lock
      deliveries.forEach(Delivery::end);
    } finally {
      lock.unlock();
    }
    long until = System.nanoTime() + patience.toNanos();
    try {
      for (Delivery each : deliveries) {
        each.await(until - System.nanoTime());
      }
      deliveries.forEach(Delivery::giveUp);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
