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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What brings a route another version: the start, what the alias names, a person's wish. One at a
 * time, each on its caller's thread.
 */
final class RouteChanges implements RouteStart.Starting {
  /*
   * `change` is held for as long as a load and its gates take; the route's own lock, which is taken
   * after it, only for moments, never while a disk is written. So a rollback does not wait for a
   * load under way. When that load is done it finds another version in force than the one it was
   * compared with: it makes its comparisons again with that one, and publishes or not as if it had
   * begun after the rollback.
   */
  private final Route route;
  private final Route.Shared shared;
  private final Settings settings;
  private final ReentrantLock change = new ReentrantLock();
  private final AtomicInteger attempts = new AtomicInteger(); // to start, that are over
  private volatile @Nullable Throwable death; // why the route never started, and never will
  private volatile boolean ofOneCaller; // whether that was of the caller alone
  private volatile @Nullable UnderWay underWay;
  private boolean told; // whether a start told of a version that may not serve; guarded by change

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
    int before = attempts.get();
    change.lock();
    try {
      route.requireOpen();
      Throwable why = death;
      if (why == null) {
        if (!route.serves() && attempts.get() == before) { // those who ask at once load once
          startOrDie();
        }
        return true;
      }
      if (!ofOneCaller && why instanceof MlopsException failed) {
        throw failed;
      }
      if (!ofOneCaller && why instanceof LinkageError failed) {
        throw failed;
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
        log().log(Level.WARNING, "{0} begins without a version: {1}", route.name(), e.getMessage());
        return;
      }
      if (!route.serves()) { // what fails behind the publishing leaves it serving
        ofOneCaller =
            Thread.currentThread().isInterrupted()
                || e instanceof DeadlineException
                || e instanceof OverloadedException;
        death = e;
      }
      throw e;
    } finally {
      attempts.incrementAndGet(); // whoever came before this need not try again
    }
  }

  /** Begins to serve: what this process last decided on, else the newest revision that may. */
  private SwapReport start() {
    told = false;
    try {
      return publishFirst(Cause.START, search().run(route.ledger.kept.load()));
    } catch (RuntimeException | Error e) {
      notStarted(e);
      throw e;
    } finally {
      underWay = null;
    }
  }

  /** Begins to serve with a version of a person's choice. */
  private SwapReport startWith(Version version, RouteState then) {
    told = false;
    try {
      return publishFirst(Cause.OVERRIDE, search().only(version, then));
    } catch (RuntimeException | Error e) {
      notStarted(e);
      throw e;
    } finally {
      underWay = null;
    }
  }

  private RouteStart search() {
    return new RouteStart(
        route.ref(),
        settings,
        shared.sessions(),
        shared.lifecycle(),
        route.rowCounts().all(),
        this);
  }

  private void notStarted(Throwable e) {
    if (told) {
      route.ledger.failing(e.getMessage());
    } else {
      route.fails(Optional.empty(), e);
    }
  }

  @Override
  public void progress(Version version, VersionState state) {
    underWay = new UnderWay(version, state);
  }

  @Override
  public void failed(Version version, Throwable why) {
    told = true;
    route.fails(Optional.of(version), why);
  }

  @Override
  public void requireFits(LoadedVersion version) {
    route.lock.lock();
    try {
      var unused = route.bind(version);
    } finally {
      route.lock.unlock();
    }
  }

  private SwapReport publishFirst(Cause cause, RouteStart.Started started) {
    LoadedVersion loaded = started.loaded();
    RouteState from = route.ledger.state();
    boolean[] published = new boolean[1];
    ServedVersion first = null;
    try {
      Instant time = route.now();
      ServedVersion opened = route.open(loaded);
      first = opened;
      return route
          .decided(
              from,
              started.then(),
              new Route.Deed<SwapReport>() {
                @Override
                public Optional<SwapReport> done() {
                  List<BoundCodec<?, ?>> bound = route.bind(loaded);
                  if (!route.ledger.begin(from, started)) {
                    return Optional.empty();
                  }
                  published[0] = true;
                  Optional<ServedVersion> none = route.publish(new Table(opened, bound));
                  SwapReport report =
                      new SwapReport(
                          route.name(),
                          Optional.empty(),
                          loaded.version,
                          loaded.engine,
                          started.results(),
                          started.phases());
                  route.told(time, cause, report, none);
                  return Optional.of(report);
                }
              })
          .orElseThrow(); // only a rollback could come between, and nothing serves yet
    } finally {
      if (!published[0]) {
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
        clear();
        return start();
      }
      return decide(head(), Decision::clear, Cause.CLEARED);
    } finally {
      change.unlock();
    }
  }

  /** Override and ban end, while nothing serves. */
  private void clear() {
    RouteState left = route.ledger.kept.load();
    var unused =
        route.decided(
            left, left.cleared(), () -> Optional.of(route.ledger.decide(left, left.cleared())));
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
        RouteState then = route.ledger.kept.load().overridden(number, reason, version.id());
        return startWith(version, then);
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
    route.ledger.kept.catchUp();
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
              (accept
                      ? route.ledger.decide(looked.from(), next)
                      : route.ledger.kept.become(looked.from(), next))
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
      route.ledger.failing(again.getMessage());
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

  private static System.Logger log() {
    return System.getLogger(RouteChanges.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
