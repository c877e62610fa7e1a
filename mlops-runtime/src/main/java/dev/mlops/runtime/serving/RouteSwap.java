package dev.mlops.runtime.serving;

import dev.mlops.model.Version;
import dev.mlops.observe.LifecycleEvent.Cause;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.codec.BoundCodec;
import dev.mlops.runtime.rollout.Gates;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/**
 * One version on its way to a route that serves another: it is loaded, put through gates and
 * published. For the one change under way.
 */
final class RouteSwap {
  /**
   * What is wanted.
   *
   * @param revision that names it; empty for an override, which obeys no comparison
   * @param gates that it has to pass
   * @param then what is decided when it serves
   * @param cause what it is told with
   */
  record Wanted(
      Version version,
      Optional<Long> revision,
      List<Gate> gates,
      BiFunction<RouteState, Collection<Gate.Result>, RouteState> then,
      Cause cause) {
    /** Whether a person goes back to what served here before, which no schema in force may bar. */
    boolean back(RouteState now) {
      return (cause == Cause.OVERRIDE || cause == Cause.CLEARED)
          && now.passed().contains(version.id());
    }
  }

  /**
   * What a candidate would serve as.
   *
   * @param warm whether it is kept warm and has its observers already
   */
  private record ToServe(ServedVersion served, boolean warm) {}

  private final Route route;
  private final Route.Shared shared;
  private final Wanted wanted;
  private final BiConsumer<Version, VersionState> progress;
  private final Phases phases = new Phases();
  private final Map<String, Gate.Result> results = new LinkedHashMap<>();

  /**
   * A swap.
   *
   * @param progress is told that the version is being loaded, and checked
   */
  RouteSwap(
      Route route, Route.Shared shared, Wanted wanted, BiConsumer<Version, VersionState> progress) {
    this.route = route;
    this.shared = shared;
    this.wanted = wanted;
    this.progress = progress;
  }

  /** Takes a version through loading and gates, and publishes it. */
  SwapReport run() {
    Version version = wanted.version();
    ServedVersion before = route.table().served;
    before.watchSlowest();
    progress.accept(version, VersionState.LOADING);
    LoadedVersion candidate = null;
    try {
      int[] rowCounts = route.rowCounts().all();
      candidate = shared.sessions().acquire(version, rowCounts, phases);
      Loader.warmFor(candidate, rowCounts, Trial.WAIT_NANOS);
      progress.accept(version, VersionState.CHECKING);
      SwapReport report = publishIfGood(candidate);
      candidate = null; // the route's own now, or given back
      return report;
    } catch (RuntimeException | Error e) {
      route.fails(Optional.of(version), e);
      throw e;
    } finally {
      if (candidate != null) {
        shared.lifecycle().discard(route.name(), candidate);
      }
      if (route.serves() && route.table().served == before) {
        before.stopWatching();
      }
    }
  }

  private SwapReport publishIfGood(LoadedVersion candidate) {
    candidate.admission().ifPresent(result -> results.put(result.gate(), result));
    List<Gate> due = wanted.gates();
    while (true) {
      ServedVersion against = route.table().served;
      if (wanted.revision().isEmpty() || against.loaded != candidate) {
        check(candidate, against, due);
      } // else a rollback or an override brought it meanwhile: what serves is accepted as it is
      phases.end("gates");
      Optional<SwapReport> published = publish(candidate, against);
      if (published.isPresent()) {
        return published.get();
      }
      due = due.stream().filter(Gate::compares).toList(); // with the one that serves by now
    }
  }

  /** Empty if another version serves by now than the one the candidate was compared with. */
  private Optional<SwapReport> publish(LoadedVersion candidate, ServedVersion against) {
    ToServe next = toServe(candidate);
    boolean[] published = new boolean[1];
    try {
      Instant time = route.now();
      RouteState from = route.ledger.state();
      RouteState then = wanted.then().apply(from, results.values());
      return route.decided(
          from,
          then,
          new Route.Deed<SwapReport>() {
            @Override
            public void ready() {
              touch(candidate);
            }

            @Override
            public Optional<SwapReport> done() {
              if (route.table().served != against
                  || (next.warm() && !route.retention.keeps(next.served()))) {
                return Optional.empty();
              }
              if (against.loaded == candidate) { // a rollback or an override brought it meanwhile
                if (!route.ledger.decide(from, then)) {
                  return Optional.empty();
                }
                shared.lifecycle().discard(route.name(), candidate); // one share is enough
                return Optional.of(report(candidate, against, Map.of()));
              }
              List<BoundCodec<?, ?>> bound = bindOrRemember(candidate, against);
              if (!route.ledger.decide(from, then)) {
                return Optional.empty();
              }
              published[0] = true;
              Optional<ServedVersion> ends = route.publish(new Table(next.served(), bound));
              phases.end("publish");
              SwapReport report = report(candidate, against, phases.took());
              route.told(time, wanted.cause(), report, ends);
              if (next.warm()) {
                shared.lifecycle().discard(route.name(), candidate);
              }
              return Optional.of(report);
            }
          });
    } finally {
      if (!published[0] && !next.warm()) {
        next.served().closeObservers();
      }
    }
  }

  private void touch(LoadedVersion candidate) {
    if (shared.sessions().alone(candidate)) { // else its slots are other routes' callers'
      candidate.touch();
    }
  }

  private SwapReport report(LoadedVersion to, ServedVersion from, Map<String, Duration> took) {
    return new SwapReport(
        route.name(),
        Optional.of(from.version),
        to.version,
        to.engine,
        List.copyOf(results.values()),
        took);
  }

  private ToServe toServe(LoadedVersion candidate) {
    route.lock.lock();
    try {
      Optional<ServedVersion> kept = route.retention.kept();
      if (kept.isPresent() && kept.get().loaded == candidate) {
        return new ToServe(kept.get(), true);
      }
    } finally {
      route.lock.unlock();
    }
    return new ToServe(route.open(candidate), false);
  }

  /** Puts a candidate through gates; a failure is remembered with the revision that named it. */
  private void check(LoadedVersion candidate, ServedVersion against, List<Gate> gates) {
    List<String> reportedOnly =
        wanted.revision().isPresent()
            ? List.of()
            : gates.stream().filter(Gate::compares).map(Gate::name).toList();
    Predicate<Gate.Result> lets = result -> result.lets() || reportedOnly.contains(result.gate());
    for (Gate.Result result :
        Gates.check(
            gates, new Trial(candidate, against.loaded, wanted.back(route.ledger.state())), lets)) {
      results.put(result.gate(), result);
    }
    if (results.values().stream().allMatch(lets)) {
      return;
    }
    List<Gate.Result> found = List.copyOf(results.values());
    if (found.stream().anyMatch(result -> result.outcome() == Gate.Outcome.FAIL)) {
      remember(candidate, against, found);
    }
    throw route.refusal(candidate.version, found);
  }

  private void remember(LoadedVersion candidate, ServedVersion against, List<Gate.Result> found) {
    if (wanted.revision().isEmpty()) {
      return; // an override is a person's wish, each time anew
    }
    Decision.Refusal refusal =
        new Decision.Refusal(candidate.version, wanted.revision().get(), against.version, found);
    route.lock.lock();
    try {
      if (route.table().served.loaded != candidate) { // else a rollback brought it meanwhile
        route.ledger.refuse(refusal);
      }
    } finally {
      route.lock.unlock();
    }
  }

  /* Handles only become more: what does not fit them is not worth another load. */
  private List<BoundCodec<?, ?>> bindOrRemember(LoadedVersion candidate, ServedVersion against) {
    try {
      return route.bind(candidate);
    } catch (VersionRefusedException e) {
      remember(candidate, against, e.results());
      throw e;
    }
  }
}
