package dev.mlops.samples.operations;

import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import java.util.Locale;
import java.util.stream.Collectors;

/** Events in words, as an alert or a log would tell them. */
final class Words {
  private Words() {}

  static String of(LifecycleEvent event) {
    if (event instanceof LifecycleEvent.Swapped swapped) {
      return swap(swapped.cause(), swapped.report());
    }
    if (event instanceof LifecycleEvent.Refused refused) {
      return "refuses " + refused.version().number() + ": " + reasons(refused);
    }
    if (event instanceof LifecycleEvent.Failed failed) {
      return failed.code() + ": " + failed.reason();
    }
    if (event instanceof LifecycleEvent.Closed closed) {
      return "has closed %s: %,d predictions, drained in %d ms%s"
          .formatted(
              closed.version().number(),
              closed.predictions(),
              closed.drain().toMillis(),
              closed.terminated() ? " by force" : "");
    }
    return event.toString(); // parked, or a lease that was not closed: not in this story
  }

  private static String swap(LifecycleEvent.Cause cause, SwapReport report) {
    return "serves %s%s, in %d ms (%s)"
        .formatted(
            report.to().number(),
            report.from().map(from -> " instead of " + from.number()).orElse(""),
            report.took().toMillis(),
            cause.name().toLowerCase(Locale.ROOT));
  }

  private static String reasons(LifecycleEvent.Refused refused) {
    return refused.results().stream()
        .filter(result -> !result.lets())
        .map(Gate.Result::toString)
        .collect(Collectors.joining("; "));
  }
}
