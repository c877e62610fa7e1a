package dev.mlops.observe;

import dev.mlops.model.Version;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What happened to a version on a route; see {@link RuntimeListener}. */
public sealed interface LifecycleEvent {
  /** When, by the runtime's clock. */
  Instant time();

  /** Where, such as {@code storms@champion}. */
  String route();

  /** Why another version serves. */
  enum Cause {
    /** The route began to serve. */
    START,
    /** The alias names it. */
    ALIAS,
    /** A person chose it for this process. */
    OVERRIDE,
    /** A person went back to the version that served before. */
    ROLLBACK,
    /** A person ended an override. */
    CLEARED
  }

  /**
   * Another version serves.
   *
   * @param report the same that the one who asked was given
   */
  record Swapped(Instant time, String route, Cause cause, SwapReport report)
      implements LifecycleEvent {}

  /**
   * A gate did not let a version pass. What served goes on serving.
   *
   * @param results of each gate, in the order they ran
   */
  record Refused(Instant time, String route, Version version, List<Gate.Result> results)
      implements LifecycleEvent {
    /** Copies the list. */
    public Refused {
      results = List.copyOf(results);
    }
  }

  /**
   * A change could not be made: the store is down, a package is corrupt, a version does not load.
   * What served goes on serving. A failure that repeats itself is told once.
   *
   * @param version empty if it is not known which
   * @param code that of the exception, such as {@code store-unavailable}
   * @param reason its message
   */
  record Failed(Instant time, String route, Optional<Version> version, String code, String reason)
      implements LifecycleEvent {}

  /**
   * A version that left the route has ended.
   *
   * @param drain from the moment it was to end until no call ran
   * @param predictions how many rows it answered on this route, from first to last
   * @param slowest the longest call on the route between the beginning of the load that replaced it
   *     and the end of its drain; empty if none ended in that time
   * @param residentBefore bytes of memory the process had before the version was closed, as the
   *     operating system counts them; empty where it does not say
   * @param residentAfter the same afterwards, when freed memory was given back
   * @param terminated whether a call had to be ended by force
   * @param shared whether its session stays open for another route
   */
  record Closed(
      Instant time,
      String route,
      Version version,
      Duration drain,
      long predictions,
      Optional<Duration> slowest,
      OptionalLong residentBefore,
      OptionalLong residentAfter,
      boolean terminated,
      boolean shared)
      implements LifecycleEvent {}

  /**
   * A version cannot be closed, as a call runs on in it that its engine cannot stop. It is closed
   * when the call ends, and never before.
   *
   * @param reason what runs, and since when
   */
  record Parked(Instant time, String route, Version version, String reason)
      implements LifecycleEvent {}

  /**
   * A lease was not closed within its time. It holds the version no longer, and its next call
   * throws.
   *
   * @param thread the name of the one that took it
   * @param acquired where it was taken; empty unless the runtime was told to keep stacks
   */
  record LeaseExpired(
      Instant time, String route, Version version, String thread, Optional<Throwable> acquired)
      implements LifecycleEvent {}
}
