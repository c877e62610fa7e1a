package dev.mlops.runtime.serving;

import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.VersionState;
import dev.mlops.runtime.memory.ProcessMemory;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that ends versions: waits until nothing holds one, then until no call runs, then
 * closes its session if no other route has it. No caller's thread ever does.
 */
final class Lifecycle {
  /** How long one look at a version that does not end may hold up the others. */
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** From one look to the next where nothing wakes the thread. */
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private static final long PARKED_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long OVER = -1;

  private static final Duration TRIM_LATER = Duration.ofSeconds(61);

  /** What a run that was told to stop has for it; an engine looks between two operators. */
  static final Duration GRACE = Duration.ofSeconds(1);

  private final Sessions sessions;
  private final CallbackGuard guard;
  private final Events events;
  private final ProcessMemory memory;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();

  /** What was given to {@link #end} and is not closed; guarded by the lock. */
  private final List<Ending> endings = new ArrayList<>();

  /** Begins anew for what is given back after it has ended; guarded by the lock. */
  private ScheduledThreadPoolExecutor thread = newThread();

  private boolean trimPending; // of the thread

  /** Whether the thread is to end with the last of them; written under the lock. */
  private volatile boolean finishing;

  Lifecycle(
      Sessions sessions,
      CallbackGuard guard,
      Events events,
      ProcessMemory memory,
      InstantSource clock) {
    this.sessions = sessions;
    this.guard = guard;
    this.events = events;
    this.memory = memory;
    this.clock = clock;
  }

  private static ScheduledThreadPoolExecutor newThread() {
    ScheduledThreadPoolExecutor thread =
        new ScheduledThreadPoolExecutor(1, new DaemonThreads("mlops-lifecycle"));
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    thread.setRemoveOnCancelPolicy(true);
    return thread;
  }

  private enum Stage {
    HOLDS,
    CALLS,
    TERMINATED,
    PARKED
  }

  /** A version on its way out; of the thread, but for the state. */
  private static final class Ending {
    final String route;
    final @Nullable ServedVersion served; // null for one that never served
    final LoadedVersion loaded;
    final long began = System.nanoTime();
    final long deadline;
    Stage stage = Stage.HOLDS;
    boolean shared;
    boolean terminated;
    long drained; // when no call was left
    @Nullable Thread observers; // that closes them
    boolean done;
    boolean toldParked; // guarded by the lock
    long @Nullable [] runs; // of a session that stays: what ran when the route left it
    volatile VersionState state = VersionState.DRAINING;
    volatile boolean gone;

    Ending(String route, @Nullable ServedVersion served, LoadedVersion loaded, Duration drain) {
      this.route = route;
      this.served = served;
      this.loaded = loaded;
      this.deadline = began + drain.toNanos();
    }

    boolean late() {
      return System.nanoTime() - deadline >= 0; // or > 0: no test can meet the nanosecond
    }
  }

  /** Runs a task on the thread after a time, unless the thread has ended by then. */
  Future<?> after(Duration delay, Runnable task) {
    lock.lock();
    try {
      return thread.isShutdown()
          ? new CompletableFuture<>() // never
          : thread.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    } finally {
      lock.unlock();
    }
  }

  /** Ends a version that left its route: in order, and never under a call. */
  void end(String route, ServedVersion served, Duration drain) {
    served.retire();
    begin(new Ending(route, served, served.loaded, drain));
  }

  /** Gives a version back that never served. */
  void discard(String route, LoadedVersion loaded) {
    begin(new Ending(route, null, loaded, Duration.ZERO));
  }

  private void begin(Ending ending) {
    lock.lock();
    try {
      endings.add(ending);
      if (thread.isShutdown()) {
        thread = newThread(); // a load outlasted the end of the runtime
      }
      again(ending, 0);
    } finally {
      lock.unlock();
    }
  }

  private void again(Ending ending, long nanos) {
    Runnable step =
        () -> {
          try {
            step(ending);
          } catch (RuntimeException | Error e) { // it must not be forgotten for that
            log()
                .log(
                    Level.ERROR,
                    "ending " + ending.loaded.version + " failed and is tried again",
                    e);
            again(ending, PARKED_AGAIN_NANOS); // no test has one fail before it was done
          }
        };
    lock.lock();
    try {
      if (!thread.isShutdown()) { // else nothing is left to end, this one neither
        var unused = thread.schedule(step, nanos, TimeUnit.NANOSECONDS);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The versions of a route that are on their way out. */
  List<Health.Loaded> endingOf(String route) {
    lock.lock();
    try {
      return endings.stream()
          .filter(ending -> ending.route.equals(route) && ending.served != null && !ending.gone)
          .map(
              ending ->
                  new Health.Loaded(
                      ending.loaded.version,
                      ending.state,
                      ending.served == null ? 0 : ending.served.rows()))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until every version given to {@link #end} is closed, or told to be parked. The thread
   * ends with the last: a session is never closed under a call, not even now. An interrupt does not
   * end the wait and stays set.
   *
   * @return whether every one is closed
   */
  boolean finish(Duration atMost) {
    lock.lock();
    try {
      finishing = true;
      endWithTheLast();
    } finally {
      lock.unlock();
    }
    return Uninterrupted.await(atMost, nanos -> ended(nanos, true));
  }

  /** Under the lock. */
  private void endWithTheLast() {
    if (finishing && endings.isEmpty()) {
      thread.shutdown();
    }
  }

  /** Waits until nothing is on its way out; an interrupt ends the wait and stays set. */
  boolean settle(Duration atMost) {
    try {
      return ended(atMost.toNanos(), false);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Waits until nothing is on its way out.
   *
   * @param orParked whether what was told to be parked ends the wait too
   */
  boolean ended(long nanos, boolean orParked) throws InterruptedException {
    long left = nanos;
    lock.lock();
    try {
      while (endings.stream().anyMatch(ending -> !(orParked && ending.toldParked)) && left > 0) {
        left = ended.awaitNanos(left); // a wait of 0 would end at once: no test can tell
      }
      return endings.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /* Each step waits a little and comes again, so that one version that does not end delays no other for long. */
  private void step(Ending ending) {
    if (ending.done) {
      return;
    }
    ServedVersion served = ending.served;
    if (ending.stage == Stage.HOLDS) {
      if (served != null && served.holds.any() && !ending.late()) {
        again(ending, AGAIN_NANOS);
        return;
      }
      if (served != null) {
        served.endHolds(); // also for a lease whose time was over while its call waits for a slot
      }
      ending.shared = !sessions.leave(ending.loaded);
      ending.stage = Stage.CALLS;
    }
    if (ending.shared) {
      leaveTheSession(ending);
    } else {
      closeTheSession(ending);
    }
  }

  /*
   * Another route goes on with the session, and its calls keep the slots busy. A call that had its
   * slot when this route left runs the model once at most from then on: when a slot was seen free,
   * or with a call of another route, or has begun a second run, it is over.
   */
  private void leaveTheSession(Ending ending) {
    ServedVersion served = ending.served;
    long[] runs = ending.runs;
    if (runs == null) {
      runs = new long[ending.loaded.slots.size()];
      for (int slot = 0; slot < runs.length; slot++) {
        runs[slot] = ending.loaded.state(slot).running();
      }
      ending.runs = runs;
    }
    boolean over = true;
    for (int slot = 0; served != null && slot < runs.length; slot++) {
      if (runs[slot] != OVER) {
        if (mayHold(served, slot, runs[slot])) {
          over = false;
        } else {
          runs[slot] = OVER;
        }
      }
    }
    if (over) {
      closed(ending);
      return;
    }
    if (ending.late()) {
      stop(ending);
    }
    again(ending, ending.stage == Stage.PARKED ? PARKED_AGAIN_NANOS : AGAIN_NANOS);
  }

  private static boolean mayHold(ServedVersion served, int slot, long runThen) {
    SlotState state = served.loaded.state(slot);
    long run = state.running();
    Object whose = (run & 1) == 1 ? state.whose(run) : null;
    return served.slots.busy(slot) && run - runThen < 3 && (whose == null || whose == served);
  }

  private void closeTheSession(Ending ending) {
    LoadedVersion loaded = ending.loaded;
    // What is parked is looked at seldom and shortly, for the others' sake: a test sees the same
    // end.
    if (loaded.slots.close(ending.stage == Stage.PARKED ? 0 : LOOK_NANOS)) {
      closed(ending);
      return;
    }
    if (ending.late()) {
      stop(ending);
    }
    again(ending, ending.stage == Stage.PARKED ? PARKED_AGAIN_NANOS : 0);
  }

  /* Again and again: a call may have been between two runs. */
  private void stop(Ending ending) {
    if (ending.stage == Stage.CALLS) {
      log()
          .log(
              Level.WARNING,
              "{0} still runs a call after its drain time; it is told to stop",
              ending.loaded.version);
      ending.stage = Stage.TERMINATED;
    }
    ending.terminated |= ending.loaded.cancelRunning(ending.shared ? ending.served : null);
    if (ending.stage == Stage.TERMINATED && System.nanoTime() - ending.deadline > GRACE.toNanos()) {
      park(ending);
    }
  }

  private void park(Ending ending) {
    ending.stage = Stage.PARKED;
    ending.state = VersionState.PARKED;
    String reason =
        "a call runs in "
            + ending.loaded.version
            + " that its engine does not stop, "
            + Duration.ofNanos(System.nanoTime() - ending.began).toSeconds()
            + " s after the version was to end; its "
            + (ending.shared ? "observers stay open" : "memory stays taken")
            + " until the call ends";
    log().log(Level.WARNING, reason);
    try {
      if (ending.served != null) {
        events.post(
            new LifecycleEvent.Parked(
                clock.instant(), ending.route, ending.loaded.version, reason));
      }
    } finally { // the clock is the user's, and may fail
      lock.lock();
      try {
        ending.toldParked = true;
        ended.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private void closed(Ending ending) {
    if (!observersClosed(ending)) {
      again(ending, AGAIN_NANOS);
      return;
    }
    ending.done = true; // whatever comes now, never twice
    Duration drain = Duration.ofNanos(ending.drained - ending.began);
    OptionalLong before = ending.shared ? OptionalLong.empty() : memory.resident();
    OptionalLong after = before;
    boolean[] inside = guard.enter("close");
    try {
      if (!ending.shared) {
        ending.loaded.closeSession();
        trim(ending.loaded.memory);
        after = memory.resident();
      }
    } finally {
      inside[0] = false;
      ending.gone = true; // before it is told
      try {
        tell(ending, drain, before, after);
      } finally { // the clock is the user's, and may fail
        forget(ending);
      }
    }
  }

  /* On a thread of their own, for one that does not return must not delay what else is to end. */
  private boolean observersClosed(Ending ending) {
    ServedVersion served = ending.served;
    Thread closing = ending.observers;
    if (closing == null) {
      ending.drained = System.nanoTime();
      if (served == null) {
        return true;
      }
      closing =
          new Thread(
              () -> {
                guard.enter("close"); // they must not swap
                served.closeObservers();
              },
              "mlops-observers");
      closing.setDaemon(true);
      closing.start();
      ending.observers = closing;
      return false;
    }
    if (closing.isAlive() && System.nanoTime() - ending.drained < GRACE.toNanos()) {
      return false;
    }
    if (closing.isAlive()) {
      log()
          .log(
              Level.WARNING,
              "an observer or a listener of {0} does not return from close; it is not waited for",
              ending.loaded.version);
    }
    return true;
  }

  private void tell(Ending ending, Duration drain, OptionalLong before, OptionalLong after) {
    ServedVersion served = ending.served;
    if (served != null) {
      events.post(
          new LifecycleEvent.Closed(
              clock.instant(),
              ending.route,
              ending.loaded.version,
              drain,
              served.rows(),
              served.slowest(),
              before,
              after,
              ending.terminated,
              ending.shared));
    }
  }

  private void forget(Ending ending) {
    lock.lock();
    try {
      endings.remove(ending);
      ended.signalAll();
      endWithTheLast();
    } finally {
      lock.unlock();
    }
  }

  /*
   * What came too soon after the last trim, or is too little for one, is made up for later. No test
   * waits for that minute: that it is asked for once, and not at the end, has none.
   */
  private void trim(long freed) {
    if (!memory.trim(freed) && !trimPending && !finishing) {
      trimPending = true;
      var unused =
          after(
              TRIM_LATER,
              () -> {
                trimPending = false;
                memory.trim(0);
              });
    }
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        log().log(Level.ERROR, "the lifecycle thread met a failure and goes on", e);
      }
    };
  }

  private static System.Logger log() {
    return System.getLogger(Lifecycle.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
