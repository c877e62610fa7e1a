package dev.mlops.runtime.serving;

import dev.mlops.rollout.Gate;
import dev.mlops.rollout.VersionRefusedException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * The one thread that does by itself what a person would do by {@code refresh}: looks at the
 * aliases now and then, loads what is new, and tries again where a route began without a version.
 *
 * <p>Looks are spread over a tenth of the interval, so that many processes do not ask a store at
 * once; while looks fail they come ever more rarely, so that a store that comes back is not run
 * over.
 */
final class Follower {
  /** The first time a route that serves nothing is tried again. */
  private static final Duration SOON = Duration.ofSeconds(1);

  private static final Duration RARELY = Duration.ofMinutes(5);

  private final Duration every;
  private final CallbackGuard guard;
  private final RandomGenerator random;
  private final ScheduledThreadPoolExecutor thread;

  /**
   * A follower without routes; its thread begins with the first.
   *
   * @param every how often; zero to look only where a route serves nothing
   */
  Follower(Duration every, CallbackGuard guard, RandomGenerator random) {
    this.every = every;
    this.guard = guard;
    this.random = random;
    thread = new ScheduledThreadPoolExecutor(1, new DaemonThreads("mlops-loader"));
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Looks after a route from now on. */
  void follow(Route route) {
    next(route, 0);
  }

  /** Looks no more; a load that goes on is not interrupted, and publishes nothing any more. */
  void close() {
    thread.shutdown();
  }

  private void next(Route route, int failures) {
    if (route.serves() && (every.isZero() || !route.follows())) {
      return;
    }
    Duration delay = pause(route.serves() ? every : SOON, failures, random.nextDouble());
    try {
      var unused =
          thread.schedule(new Look(route, failures), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (java.util.concurrent.RejectedExecutionException e) {
      log().log(Level.DEBUG, "the runtime is closed; {0} is looked after no more", route.name());
    }
  }

  /**
   * How long to wait before a look.
   *
   * @param failures how many looks have failed in a row: the pause doubles with each, up to five
   *     minutes or the usual pause
   * @param chance from 0 to 1, where in the spread of a tenth to both sides
   */
  static Duration pause(Duration usual, int failures, double chance) {
    Duration longest = usual.compareTo(RARELY) > 0 ? usual : RARELY;
    Duration grown = usual.multipliedBy(1L << Math.min(failures, 20));
    Duration pause = grown.compareTo(longest) > 0 ? longest : grown;
    return Duration.ofNanos((long) (pause.toNanos() * (0.9 + 0.2 * chance)));
  }

  /** A look at a route, after so many that failed in a row. */
  private final class Look implements Runnable {
    private final Route route;
    private final int failures;

    Look(Route route, int failures) {
      this.route = route;
      this.failures = failures;
    }

    @Override
    public void run() {
      if (route.closed()) {
        return;
      }
      int failed = failures + 1;
      boolean[] inside = guard.enter("a look at the alias"); // gates in here must not swap
      try {
        route.changes.refresh();
        failed = 0;
      } catch (VersionRefusedException e) {
        // what a gate failed is told again without a load, so the next look costs nothing; but a
        // route that serves nothing loads and checks all there is at each look
        boolean dear = !route.serves() || e.results().stream().anyMatch(Follower::undecided);
        failed = dear ? failed : 0;
      } catch (RuntimeException | StackOverflowError | LinkageError e) {
        log() // its problem was told once
            .log(Level.DEBUG, "a look at " + route.name() + " failed", e);
      } finally {
        inside[0] = false;
        next(route, failed);
      }
    }
  }

  private static boolean undecided(Gate.Result result) {
    return result.outcome() == Gate.Outcome.UNDECIDED;
  }

  private static System.Logger log() {
    return System.getLogger(Follower.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
