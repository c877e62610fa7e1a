package dev.mlops.runtime.serving;

import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelLease;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.model.Version;
import dev.mlops.observe.LifecycleEvent;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A hold on a version for several calls of one handle, until it is closed or its time is over. */
final class RouteLease<I, O> implements ModelLease<I, O> {
  private enum State {
    OPEN,
    CLOSED,
    EXPIRED
  }

  private final RouteHandle<I, O> handle;
  private final Table table;
  private final Duration atMost;
  private final long end;
  private final String thread = Thread.currentThread().getName();
  private final @Nullable Throwable acquired;
  private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
  private volatile @Nullable Future<?> expiry;

  /** A lease that owns one hold of the table's version. */
  RouteLease(RouteHandle<I, O> handle, Table table, Duration atMost, boolean stack) {
    this.handle = handle;
    this.table = table;
    this.atMost = atMost;
    this.end = System.nanoTime() + atMost.toNanos();
    this.acquired = stack ? new Throwable("the lease was taken here") : null;
  }

  void expiresBy(Future<?> timer) {
    expiry = timer;
  }

  @Override
  public Version version() {
    return table.served.version;
  }

  @Override
  public Prediction<O> predict(I input, Call call) {
    try {
      requireOpen();
    } catch (DeadlineException late) {
      table.served.failed(late);
      throw late;
    }
    try {
      return handle.predict(table, input, call);
    } catch (OverloadedException e) { // which is counted
      requireOpen(); // it may have ended while the call waited for a slot
      throw e;
    }
  }

  private void requireOpen() {
    // The timer does the same; no test holds its thread up to see who was first.
    if (state.get() == State.OPEN && System.nanoTime() - end >= 0) {
      expire();
    }
    State now = state.get();
    if (now == State.CLOSED) {
      throw new IllegalStateException("the lease of " + version() + " was closed; take another");
    }
    if (now == State.EXPIRED) {
      throw new DeadlineException(
          "the lease of "
              + version()
              + " was for "
              + atMost
              + ", which is over; take another one, or a longer one");
    }
  }

  @Override
  public void close() {
    if (state.compareAndSet(State.OPEN, State.CLOSED)) {
      table.served.holds.release();
      Future<?> timer = expiry;
      if (timer != null) {
        timer.cancel(false);
      }
    }
  }

  /** Its time is over. */
  void expire() {
    if (state.compareAndSet(State.OPEN, State.EXPIRED)) {
      table.served.holds.release();
      log()
          .log(
              Level.WARNING,
              "a lease of "
                  + version()
                  + " taken by "
                  + thread
                  + " was not closed within "
                  + atMost
                  + "; it holds the version no longer",
              acquired);
      handle.tell(
          time ->
              new LifecycleEvent.LeaseExpired(
                  time, handle.route(), version(), thread, Optional.ofNullable(acquired)));
    }
  }

  private static System.Logger log() {
    return System.getLogger(RouteLease.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
