package dev.mlops.runtime.serving;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The one thread that ends versions: waits until nothing holds one, then until no call runs, then
 * closes its session. No caller's thread ever does.
 */
final class Lifecycle {
  private static final System.Logger LOG = System.getLogger(Lifecycle.class.getName());

  /** How long one look at a version that does not end may hold up the others. */
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final CallbackGuard guard;
  private final ScheduledThreadPoolExecutor thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();

  /** How many versions were given to {@link #end} and are not closed; guarded by the lock. */
  private int ending;

  /** Whether the thread is to end with the last of them; guarded by the lock. */
  private boolean finishing;

  Lifecycle(CallbackGuard guard) {
    this.guard = guard;
    thread =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread created = new Thread(task, "mlops-lifecycle");
              created.setDaemon(true);
              return created;
            });
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Runs a task on the thread after a time, unless the thread has ended by then. */
  void after(Duration delay, Runnable task) {
    var unused = thread.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Ends a version that left the routing table: in order, and never under a call. */
  void end(LoadedVersion version, Duration drain) {
    lock.lock();
    try {
      ending++;
    } finally {
      lock.unlock();
    }
    long deadline = System.nanoTime() + drain.toNanos();
    thread.execute(guarded(() -> step(version, deadline, Stage.HOLDS)));
  }

  /**
   * Waits until every version given to {@link #end} is closed, and then ends the thread. If they
   * are not, the thread stays for them: a session is never closed under a call, not even now.
   *
   * @return whether they are
   */
  boolean finish(Duration atMost) {
    long left = atMost.toNanos();
    lock.lock();
    try {
      finishing = true;
      while (ending > 0 && left > 0) {
        left = ended.awaitNanos(left);
      }
      if (ending == 0) {
        thread.shutdownNow();
        return true;
      }
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  private enum Stage {
    HOLDS,
    CALLS,
    CANCELLED
  }

  /* Each step waits a little and comes again, so that one version that does not end delays no other for long. */
  private void step(LoadedVersion version, long deadline, Stage stage) {
    boolean late = System.nanoTime() - deadline >= 0;
    Stage next = stage;
    if (stage == Stage.HOLDS) {
      if (version.slots.awaitHolds(LOOK_NANOS) || late) {
        next = Stage.CALLS;
      }
    } else if (version.slots.close(LOOK_NANOS)) {
      closed(version);
      return;
    } else if (late) {
      if (stage == Stage.CALLS) {
        LOG.log(
            Level.WARNING,
            "{0} still runs a call after its drain time; it is told to stop",
            version.version);
      }
      version.cancelRunning();
      next = Stage.CANCELLED;
    }
    Stage then = next;
    thread.execute(guarded(() -> step(version, deadline, then)));
  }

  private void closed(LoadedVersion version) {
    boolean[] inside = guard.enter("close"); // observers are closed in here, and must not swap
    try {
      version.closeSession();
    } finally {
      inside[0] = false;
      lock.lock();
      try {
        ending--;
        ended.signalAll();
        if (finishing && ending == 0) {
          thread.shutdown();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        LOG.log(Level.ERROR, "the lifecycle thread met a failure and goes on", e);
      }
    };
  }
}
