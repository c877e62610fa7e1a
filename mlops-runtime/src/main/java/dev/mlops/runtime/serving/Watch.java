package dev.mlops.runtime.serving;

import dev.mlops.runtime.serving.SlotState.Why;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Ends runs whose time is over or whose thread was interrupted, where the engine can be stopped.
 *
 * <p>A timer a call would cost more than many a prediction. So callers only number their runs, and
 * one thread looks at the numbers: a run seen at two looks further apart than its limit is late. It
 * ends at most {@link #period} after its time. The thread looks often while there are calls, and
 * once a second while there are none.
 */
final class Watch implements Runnable {
  private static final long MILLI = 1_000_000;
  private static final long SHORTEST = MILLI;
  private static final long LONGEST = 50 * MILLI;
  private static final long ASLEEP = 1_000 * MILLI;

  /** Looks within the shortest limit; a run of it is ended at most this part of it late. */
  private static final int LOOKS = 8;

  private final LongSupplier nanoTime;
  private final Runnable eachLook;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Watched> watched = new ArrayList<>(); // guarded by the lock
  private @Nullable Thread thread; // guarded by the lock
  private volatile boolean closed;
  private volatile boolean trialsEnded;
  private volatile boolean awake;

  /* It has fallen asleep, and looks once more at its usual time: for a run that found it awake. */
  private boolean drowsy; // of the watching thread
  private volatile long tightest = LONGEST * LOOKS;
  private long lastChange; // of the watching thread, as what follows

  /** The tightest limit of a run that was seen since {@link #tightest} was last made of it. */
  private long tightestSeen = LONGEST * LOOKS;

  private long relaxed;

  /**
   * A watch over nothing yet.
   *
   * @param eachLook what else is to be done as often
   */
  Watch(Runnable eachLook) {
    this(new NanoClock(), eachLook);
  }

  Watch(LongSupplier nanoTime, Runnable eachLook) {
    this.nanoTime = nanoTime;
    this.eachLook = eachLook;
    this.lastChange = nanoTime.getAsLong();
    this.relaxed = lastChange;
  }

  /** One version's slots: which run was seen first when. */
  private static final class Watched {
    final LoadedVersion version;
    final long[] run;
    final long[] since;

    Watched(LoadedVersion version) {
      this.version = version;
      this.run = new long[version.slots.size()];
      this.since = new long[version.slots.size()];
    }
  }

  /** A run begins; on the caller's thread, before it is numbered. */
  void expect(long limitNanos) {
    if (limitNanos < tightest) { // or <=, at the cost of a write
      tightest = limitNanos; // a race loses a hint at most
      LockSupport.unpark(thread); // or it would look when the limit before wanted it
    }
    if (!awake) {
      wake();
    }
  }

  /** Looks at a version's slots from now on; no more often if asked twice. */
  void add(LoadedVersion version) {
    lock.lock();
    try {
      if (!watches(version)) {
        watched.add(new Watched(version));
      }
      if (thread == null && !closed) {
        thread = new Thread(this, "mlops-watch");
        thread.setDaemon(true);
        thread.start();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. */
  private boolean watches(LoadedVersion version) {
    for (Watched each : watched) {
      if (each.version == version) {
        return true;
      }
    }
    return false;
  }

  /** Looks at them no more; when this returns none of their runs will be cancelled. */
  void remove(LoadedVersion version) {
    lock.lock();
    try {
      watched.removeIf(w -> w.version == version);
    } finally {
      lock.unlock();
    }
  }

  /** Ends the runs of warm-ups and gates, and lets none begin: what they are for will not serve. */
  void endTrials() {
    trialsEnded = true;
    wake();
  }

  boolean trialsEnded() {
    return trialsEnded;
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      LockSupport.unpark(thread);
    } finally {
      lock.unlock();
    }
  }

  private void wake() {
    awake = true;
    LockSupport.unpark(thread); // a stale null only delays the first look by a second
  }

  /**
   * Looks until it is closed; on a thread of its own, which begins with the first version.
   *
   * <p>How long it parks, and who wakes it, decides when it looks: no test measures that.
   */
  @Override
  public void run() {
    while (!closed) {
      try {
        LockSupport.parkNanos(this, period());
        scan();
        eachLook.run();
      } catch (RuntimeException | Error e) {
        log().log(Level.ERROR, "the watch over calls met a failure and goes on", e);
      }
    }
  }

  /** Nanoseconds between two looks. */
  long period() {
    return awake
        ? Math.max(SHORTEST, Math.min(LONGEST, tightest / LOOKS))
        : drowsy ? LONGEST : ASLEEP;
  }

  /** One look at every slot. */
  void scan() {
    long now = nanoTime.getAsLong();
    drowsy = false;
    lock.lock();
    try {
      for (Watched each : watched) {
        for (int slot = 0; slot < each.run.length; slot++) {
          scan(each, slot, now);
        }
      }
    } finally {
      lock.unlock();
    }
    if (now - relaxed > ASLEEP) { // a run that begins just now tightens it again, or is seen soon
      tightest = tightestSeen;
      tightestSeen = LONGEST * LOOKS;
      relaxed = now;
    }
    if (now - lastChange > ASLEEP && awake) {
      awake = false;
      drowsy = true;
      tightest = LONGEST * LOOKS;
      forgetOwners();
    }
  }

  private void scan(Watched each, int slot, long now) {
    SlotState state = each.version.state(slot);
    long run = state.running();
    if (run != each.run[slot]) {
      each.run[slot] = run;
      each.since[slot] = now;
      lastChange = now;
    }
    if ((run & 1) == 0) {
      return;
    }
    lastChange = now;
    long limit = state.limit();
    tightestSeen = Math.min(tightestSeen, limit);
    if (!awake) { // it began as this thread fell asleep
      tightest = Math.min(tightest, limit);
      awake = true;
    }
    Why why = null;
    if (now - each.since[slot] >= limit) {
      why = Why.DEADLINE;
    } else if (state.interrupted()) {
      why = Why.INTERRUPT;
    } else if (trialsEnded && state.whose(run) == each.version) {
      why = Why.CLOSE;
    }
    if (why != null && state.running() == run) { // else what was read is of two runs
      each.version.cancel(
          slot, run, why); // at each look: the engine may not have begun at the last
    }
  }

  private void forgetOwners() {
    lock.lock();
    try {
      for (Watched each : watched) {
        for (int slot = 0; slot < each.run.length; slot++) {
          SlotState state = each.version.state(slot);
          if ((state.running() & 1) == 0) {
            state.forgetOwner();
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private static System.Logger log() {
    return System.getLogger(Watch.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
