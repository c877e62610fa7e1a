package dev.mlops.runtime.metrics;

import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.VersionState;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

/**
 * What is counted of a route. Every cause and state is there from the beginning, so that the first
 * rollback is a rise from zero and not a series that appears. Told by one thread at a time.
 */
final class RouteMeters {
  final MeterGroup group;
  private final Map<String, LongAdder> swaps = new HashMap<>();
  private final LongAdder refusals;
  private final LongAdder expired;
  private final Map<String, LongAdder> failures = new HashMap<>();

  /** Counts, and asks how many versions are in a state. */
  RouteMeters(MeterGroup group, Function<VersionState, Number> versions) {
    this.group = group;
    for (VersionState state : VersionState.values()) {
      group.gauge(
          "mlops.versions",
          "versions",
          "Versions in this state.",
          () -> versions.apply(state),
          "state",
          tag(state));
    }
    for (LifecycleEvent.Cause cause : LifecycleEvent.Cause.values()) {
      swaps(cause);
    }
    refusals =
        group.counter(
            "mlops.swap.refusals",
            "refusals",
            "Times a gate did not let a version pass; one that is refused again with the same words counts once.");
    expired =
        group.counter("mlops.leases.expired", "leases", "Leases not closed within their time.");
  }

  void happened(LifecycleEvent event) {
    if (event instanceof LifecycleEvent.Swapped swapped) {
      swaps(swapped.cause()).increment();
    } else if (event instanceof LifecycleEvent.Refused) {
      refusals.increment();
    } else if (event instanceof LifecycleEvent.LeaseExpired) {
      expired.increment();
    } else if (event instanceof LifecycleEvent.Failed failed) {
      failures.computeIfAbsent(failed.code(), this::failures).increment();
    }
  }

  private LongAdder swaps(LifecycleEvent.Cause cause) {
    return swaps.computeIfAbsent(
        tag(cause),
        name ->
            group.counter(
                "mlops.swaps",
                "swaps",
                "Times another version began to serve; cause rollback counts the rollbacks.",
                "cause",
                name));
  }

  private LongAdder failures(String code) {
    return group.counter(
        "mlops.swap.failures",
        "failures",
        "Changes that could not be made; one that fails again for the same reason counts once.",
        "code",
        code);
  }

  static String tag(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
