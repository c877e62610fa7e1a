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
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What brings a route another version: the start, what the alias names, a person's wish. One at a
 * time, each on its caller's thread.
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
              this::progress);
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
      first = route.open(loaded);
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
      return swap(
          new RouteSwap.Wanted(
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
      return route.decided(
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

  private SwapReport bring(Decision.Try trial, Cause cause) {
    Revision head = trial.revision();
    List<Gate> gates =
        trial.passed()
            ? settings.comparisons(route.ref().model())
            : settings.gates(route.ref().model());
    return swap(
        new RouteSwap.Wanted(
            head.version(),
            Optional.of(head.revision()),
            gates,
            (now, results) -> now.following(head.revision(), head.version().id()),
            cause));
  }

  private SwapReport swap(RouteSwap.Wanted wanted) {
    try {
      return new RouteSwap(route, shared, wanted, this::progress).run();
    } finally {
      underWay = null;
    }
  }

  private void progress(Version version, VersionState state) {
    underWay = new UnderWay(version, state);
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
