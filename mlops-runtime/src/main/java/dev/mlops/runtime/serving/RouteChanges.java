package dev.mlops.runtime.serving;

import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.OverloadedException;
import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.observe.LifecycleEvent.Cause;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.codec.BoundCodec;
import dev.mlops.runtime.rollout.Gates;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What brings a route another version: it is loaded, checked and published. One at a time, each on
 * its caller's thread.
 */
final class RouteChanges {
  /*
   * `change` is held for as long as a load and its gates take; the route's own lock, which is taken
   * after it, only for moments, never while a disk is written. So a rollback does not wait for a
   * load under way. When that load is done it finds another version in force than the one it was
   * compared with: it makes its comparisons again with that one, and publishes or not as if it had
   * begun after the rollback.
   */
  private static final System.Logger LOG = System.getLogger(RouteChanges.class.getName());

  private final Route route;
  private final Route.Shared shared;
  private final Settings settings;
  private final ReentrantLock change = new ReentrantLock();
  private volatile @Nullable Throwable death; // why the route never started, and never will
  private volatile @Nullable UnderWay underWay;

  /** A version that is being loaded or checked. */
  record UnderWay(Version version, VersionState state) {}

  /**
   * A version on its way to a route.
   *
   * @param revision that names it; empty for an override, which obeys no comparison
   * @param gates that it has to pass
   * @param then what is decided when it serves
   * @param cause what it is told with
   */
  private record Wanted(
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

  RouteChanges(Route route, Route.Shared shared) {
    this.route = route;
    this.shared = shared;
    this.settings = shared.settings();
  }

  Optional<UnderWay> underWay() {
    return Optional.ofNullable(underWay);
  }

  /** Whether the route never started, and never will. */
  boolean dead() {
    return death != null;
  }

  /**
   * Starts the route if it has not begun yet.
   *
   * @return false if it could not start for another caller, who alone was to blame: ask for a new
   *     one
   */
  boolean begin() {
    change.lock();
    try {
      route.requireOpen();
      Throwable before = death;
      if (before == null) {
        if (!route.serves()) {
          startOrDie();
        }
        return true;
      }
      if (before instanceof MlopsException ours
          && !(ours instanceof DeadlineException || ours instanceof OverloadedException)) {
        throw ours; // those who ask at once load once
      }
      return false;
    } finally {
      change.unlock();
    }
  }

  /* Dead only once it has failed: others have handles of a route from the moment it serves. */
  private void startOrDie() {
    try {
      start();
    } catch (RuntimeException | Error e) {
      if (settings.upkeep().startDegraded()
          && (e instanceof RuntimeException || e instanceof LinkageError)) {
        LOG.log(Level.WARNING, "{0} begins without a version: {1}", route.name(), e.getMessage());
        return;
      }
      if (!route.serves()) { // what fails behind the publishing leaves it serving
        death = e;
      }
      throw e;
    }
  }

  /** Begins to serve: what this process last decided on, else the newest revision that may. */
  private SwapReport start() {
    return start(
        Cause.START, (start, failed) -> start.run(route.ledger.read(), this::requireFits, failed));
  }

  /** How a route finds its first version; it tells of each that may not serve. */
  private interface Search {
    RouteStart.Started run(RouteStart start, BiConsumer<Version, Throwable> failed);
  }

  private SwapReport start(Cause cause, Search search) {
    boolean[] told = new boolean[1];
    try {
      RouteStart start =
          new RouteStart(
              route.ref(),
              settings,
              shared.sessions(),
              shared.lifecycle(),
              route.rowCounts().all(),
              (version, state) -> underWay = new UnderWay(version, state));
      RouteStart.Started started =
          search.run(
              start,
              (version, e) -> {
                told[0] = true;
                route.fails(Optional.of(version), e);
              });
      return publishFirst(cause, started);
    } catch (RuntimeException | Error e) {
      if (told[0]) {
        route.ledger.problem(e.getMessage());
      } else {
        route.fails(Optional.empty(), e);
      }
      throw e;
    } finally {
      underWay = null;
    }
  }

  private void requireFits(LoadedVersion version) {
    route.lock.lock();
    try {
      var unused = route.bind(version);
    } finally {
      route.lock.unlock();
    }
  }

  private SwapReport publishFirst(Cause cause, RouteStart.Started started) {
    LoadedVersion loaded = started.loaded();
    ServedVersion first = null;
    boolean published = false;
    try {
      Instant time = route.now();
      first = open(loaded);
      route.requireOpen();
      // true: only a rollback would change the state meanwhile, and nothing serves yet
      var unused = route.ledger.prepare(route.ledger.state(), started.then());
      route.lock.lock();
      try {
        route.requireOpen();
        List<BoundCodec<?, ?>> bound = route.bind(loaded);
        route.ledger.begin(started);
        published = true;
        Optional<ServedVersion> none = route.publish(new Table(first, bound));
        SwapReport report =
            new SwapReport(
                route.name(),
                Optional.empty(),
                loaded.version,
                started.results(),
                started.phases());
        route.told(time, cause, report, none);
        return report;
      } finally {
        route.lock.unlock();
      }
    } finally {
      if (!published) {
        if (first != null) {
          first.closeObservers();
        }
        shared.lifecycle().discard(route.name(), loaded);
      }
    }
  }

  private ServedVersion open(LoadedVersion loaded) {
    return ServedVersion.open(route.name(), loaded, settings, shared.recorder(), shared.failures());
  }

  /** Serves what the alias names now; or begins to serve, where it began without a version. */
  SwapReport refresh() {
    change.lock();
    try {
      route.requireOpen();
      if (!route.serves()) {
        return start();
      }
      if (!route.follows()) {
        return route.unchanged();
      }
      return decide(head(), Decision::follow, Cause.ALIAS);
    } finally {
      change.unlock();
    }
  }

  /** Ends an override and its ban, and serves what the alias names now. */
  SwapReport clearOverride() {
    change.lock();
    try {
      route.requireOpen();
      route.requireAlias("clearOverride");
      if (!route.serves()) {
        route.ledger.clear();
        return start();
      }
      return decide(head(), Decision::clear, Cause.CLEARED);
    } finally {
      change.unlock();
    }
  }

  /** Serves a version of a person's choice, in this process alone. */
  SwapReport override(String number, String reason) {
    change.lock();
    try {
      route.requireOpen();
      route.requireAlias("override");
      Version version =
          settings.store().resolve(new ModelRef(route.ref().model(), ModelRef.Kind.NUMBER, number));
      if (!route.serves()) {
        RouteState then = route.ledger.read().overridden(number, reason, version.id());
        return start(
            Cause.OVERRIDE, (start, failed) -> start.only(version, then, this::requireFits));
      }
      return serve(
          new Wanted(
              version,
              Optional.empty(),
              settings.gates(route.ref().model()),
              (now, results) -> now.overridden(number, reason + forced(results), version.id()),
              Cause.OVERRIDE));
    } finally {
      change.unlock();
    }
  }

  private static String forced(Collection<Gate.Result> results) {
    String against =
        results.stream()
            .filter(result -> !result.lets())
            .map(Gate.Result::toString)
            .collect(Collectors.joining("; "));
    return against.isEmpty() ? "" : " (forced against " + against + ")";
  }

  /** The newest revision, from the store. */
  private Optional<Revision> head() {
    try {
      return settings.store().alias(route.ref().model(), route.ref().selector()).head();
    } catch (RuntimeException | Error e) {
      route.fails(Optional.empty(), e);
      throw e;
    }
  }

  private SwapReport decide(
      Optional<Revision> head, Function<Decision.Known, Decision> rule, Cause cause) {
    route.ledger.catchUp();
    while (true) {
      RouteLedger.Looked looked;
      Optional<SwapReport> unchanged;
      route.lock.lock();
      try {
        route.requireOpen();
        looked = route.ledger.look(head, route.table().served.version, rule);
        unchanged = Optional.of(route.unchanged());
      } finally {
        route.lock.unlock();
      }
      RouteState next = looked.next();
      if (next != null) {
        unchanged = keep(looked, next);
      }
      if (unchanged.isPresent()) { // else a rollback came meanwhile
        return follow(looked.decision(), unchanged.get(), cause);
      }
    }
  }

  /** What a look decided is so; answers what serves then. */
  private Optional<SwapReport> keep(RouteLedger.Looked looked, RouteState next) {
    boolean accept = looked.decision() instanceof Decision.Accept;
    try {
      return decided(
          looked.from(),
          next,
          () ->
              (accept ? route.ledger.decide(next) : route.ledger.seen(next))
                  ? Optional.of(route.unchanged())
                  : Optional.empty());
    } catch (StoreUnavailableException e) { // the state folder
      route.fails(Optional.empty(), e);
      throw e;
    }
  }

  private SwapReport follow(Decision decision, SwapReport unchanged, Cause cause) {
    if (decision instanceof Decision.Try trial) {
      return bring(trial, cause);
    }
    if (decision instanceof Decision.Refuse before) {
      VersionRefusedException again = route.refusal(before.revision().version(), before.results());
      route.ledger.problem(again.getMessage());
      throw again;
    }
    return unchanged;
  }

  /**
   * Makes a decision so: it is written, and then done under the route's lock.
   *
   * @param done what is to be done; empty if that cannot be any more
   * @return what was done; empty if the state that the decision follows from is another by now
   * @throws StoreUnavailableException if it cannot be written; then nothing is done
   */
  private <T> Optional<T> decided(RouteState from, RouteState next, Supplier<Optional<T>> done) {
    route.requireOpen();
    if (!route.ledger.prepare(from, next)) {
      return Optional.empty();
    }
    Optional<T> result = Optional.empty();
    try {
      route.lock.lock();
      try {
        route.requireOpen();
        result = done.get();
        return result;
      } finally {
        route.lock.unlock();
      }
    } finally {
      if (result.isEmpty()) {
        route.ledger.forgo();
      }
    }
  }

  private SwapReport bring(Decision.Try trial, Cause cause) {
    Revision head = trial.revision();
    List<Gate> gates =
        trial.passed()
            ? settings.comparisons(route.ref().model())
            : settings.gates(route.ref().model());
    return serve(
        new Wanted(
            head.version(),
            Optional.of(head.revision()),
            gates,
            (now, results) -> now.following(head.revision(), head.version().id()),
            cause));
  }

  /** Takes a version through loading and gates, and publishes it. */
  private SwapReport serve(Wanted wanted) {
    Version version = wanted.version();
    Phases phases = new Phases();
    ServedVersion before = route.table().served;
    before.watchSlowest();
    underWay = new UnderWay(version, VersionState.LOADING);
    LoadedVersion candidate = null;
    try {
      candidate = shared.sessions().acquire(version, route.rowCounts().all(), phases);
      underWay = new UnderWay(version, VersionState.CHECKING);
      SwapReport report = publishIfGood(candidate, wanted, phases);
      candidate = null; // the route's own now, or given back
      return report;
    } catch (RuntimeException | Error e) {
      route.fails(Optional.of(version), e);
      throw e;
    } finally {
      underWay = null;
      if (candidate != null) {
        shared.lifecycle().discard(route.name(), candidate);
      }
      if (route.serves() && route.table().served == before) {
        before.stopWatching();
      }
    }
  }

  private SwapReport publishIfGood(LoadedVersion candidate, Wanted wanted, Phases phases) {
    Map<String, Gate.Result> results = new LinkedHashMap<>();
    candidate.admission().ifPresent(result -> results.put(result.gate(), result));
    List<Gate> due = wanted.gates();
    while (true) {
      ServedVersion against = route.table().served;
      if (wanted.revision().isEmpty() || against.loaded != candidate) {
        check(candidate, against, due, wanted, results);
      } // else a rollback or an override brought it meanwhile: what serves is accepted as it is
      phases.end("gates");
      Optional<SwapReport> published =
          publish(candidate, against, wanted, List.copyOf(results.values()), phases);
      if (published.isPresent()) {
        return published.get();
      }
      due = due.stream().filter(Gate::compares).toList(); // with the one that serves by now
    }
  }

  /** Empty if another version serves by now than the one the candidate was compared with. */
  private Optional<SwapReport> publish(
      LoadedVersion candidate,
      ServedVersion against,
      Wanted wanted,
      List<Gate.Result> results,
      Phases phases) {
    ToServe next = toServe(candidate);
    boolean[] published = new boolean[1];
    try {
      if (shared.sessions().alone(candidate)) { // else its slots are other routes' callers'
        candidate.touch();
        phases.end("warm");
      }
      Instant time = route.now();
      RouteState from = route.ledger.state();
      RouteState then = wanted.then().apply(from, results);
      return decided(
          from,
          then,
          () -> {
            if (route.table().served != against
                || (next.warm() && !route.retention.keeps(next.served()))) {
              return Optional.empty();
            }
            if (against.loaded == candidate) { // a rollback or an override brought it meanwhile
              if (!route.ledger.decide(then)) {
                return Optional.empty();
              }
              shared.lifecycle().discard(route.name(), candidate); // one share is enough
              return Optional.of(report(candidate, against, results, Map.of()));
            }
            List<BoundCodec<?, ?>> bound = bindOrRemember(candidate, wanted, against);
            if (!route.ledger.decide(then)) {
              return Optional.empty();
            }
            published[0] = true;
            Optional<ServedVersion> ends = route.publish(new Table(next.served(), bound));
            phases.end("publish");
            SwapReport report = report(candidate, against, results, phases.took());
            route.told(time, wanted.cause(), report, ends);
            if (next.warm()) {
              shared.lifecycle().discard(route.name(), candidate);
            }
            return Optional.of(report);
          });
    } finally {
      if (!published[0] && !next.warm()) {
        next.served().closeObservers();
      }
    }
  }

  private SwapReport report(
      LoadedVersion to, ServedVersion from, List<Gate.Result> results, Map<String, Duration> took) {
    return new SwapReport(route.name(), Optional.of(from.version), to.version, results, took);
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
    return new ToServe(open(candidate), false);
  }

  /** Puts a candidate through gates; a failure is remembered with the revision that named it. */
  private void check(
      LoadedVersion candidate,
      ServedVersion against,
      List<Gate> gates,
      Wanted wanted,
      Map<String, Gate.Result> results) {
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
      remember(candidate, wanted, against, found);
    }
    throw route.refusal(candidate.version, found);
  }

  private void remember(
      LoadedVersion candidate, Wanted wanted, ServedVersion against, List<Gate.Result> found) {
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
  private List<BoundCodec<?, ?>> bindOrRemember(
      LoadedVersion candidate, Wanted wanted, ServedVersion against) {
    try {
      return route.bind(candidate);
    } catch (VersionRefusedException e) {
      remember(candidate, wanted, against, e.results());
      throw e;
    }
  }

  /**
   * Waits for the change under way, which cannot be stopped in the middle of a load. An interrupt
   * does not end the wait and stays set.
   *
   * @return whether none is under way
   */
  boolean settle(Duration atMost) {
    boolean settled =
        Uninterrupted.await(atMost, nanos -> change.tryLock(nanos, TimeUnit.NANOSECONDS));
    if (settled) {
      change.unlock();
    }
    return settled;
  }
}
