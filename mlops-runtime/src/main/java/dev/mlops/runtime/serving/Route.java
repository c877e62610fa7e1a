package dev.mlops.runtime.serving;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelUnavailableException;
import dev.mlops.inference.OverloadedException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.LifecycleEvent.Cause;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.codec.BoundCodec;
import dev.mlops.runtime.rollout.Gates;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One route: what it serves, what it keeps warm, and what was decided about it.
 *
 * <p>Calls read {@link #table()} and nothing else. All that changes a route runs on its caller's
 * thread; the one write of the table publishes a version, and a version that leaves the table is
 * ended by the lifecycle thread.
 */
final class Route {
  /*
   * Two locks. `change` is held by whoever loads and checks a version, for as long as that takes:
   * one change of a route at a time. `lock` guards the fields below and is held for moments: by a
   * change when it publishes, by a rollback, a new handle, a look at the health. `change` is taken
   * before `lock`.
   *
   * So a rollback does not wait for a load under way. When that load is done it finds another
   * version in force than the one it was compared with: it makes its comparisons again with that
   * one, and publishes or not as if it had begun after the rollback.
   */
  private static final System.Logger LOG = System.getLogger(Route.class.getName());

  private final ModelRef ref;
  private final Shared shared;
  private final Settings settings;
  private final ReentrantLock change = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();
  private final RouteLedger ledger;
  private final Retention retention;
  private final RouteHandles handles = new RouteHandles(); // guarded by the lock

  private volatile @Nullable Table table;
  private volatile boolean closed;
  private volatile boolean dead;
  private volatile int largestBatch = 1;
  private volatile @Nullable UnderWay underWay;

  private boolean seen; // guarded by the lock

  /** What the routes of a runtime share. */
  record Shared(
      Settings settings,
      Sessions sessions,
      Lifecycle lifecycle,
      StateFolder folder,
      CallbackGuard guard,
      Events events,
      Recorder recorder,
      FailureLog failures,
      Runnable changed) {}

  /** A version that is being loaded or checked. */
  private record UnderWay(Version version, VersionState state) {}

  Route(ModelRef ref, Shared shared) {
    this.ref = ref;
    this.shared = shared;
    this.settings = shared.settings();
    this.ledger = new RouteLedger(ref, shared.folder(), this::tell);
    this.retention = new Retention(name(), settings.limits(), shared.lifecycle(), lock);
  }

  String name() {
    return ref.toString();
  }

  ModelRef ref() {
    return ref;
  }

  Table table() {
    Table now = table;
    if (now == null) {
      throw new ModelUnavailableException(
          name() + " serves no version yet" + problem().map(why -> ": " + why).orElse(""), null);
    }
    return now;
  }

  boolean serves() {
    return table != null;
  }

  boolean closed() {
    return closed;
  }

  /** Whether it has an alias to follow. */
  boolean follows() {
    return ref.kind() == ModelRef.Kind.ALIAS;
  }

  Optional<String> problem() {
    return ledger.problem();
  }

  long millis() {
    return settings.clock().millis();
  }

  void batchOf(int rows) {
    if (rows > largestBatch) {
      largestBatch = rows; // a race loses a hint at most
    }
  }

  void tell(Function<Instant, LifecycleEvent> event) {
    shared.events().post(event.apply(settings.clock().instant()));
  }

  void failed(Throwable e) {
    Table now = table;
    if (now != null) {
      now.served.failed(e);
    }
  }

  // --- how it is ---

  Health.Route health() {
    lock.lock();
    try {
      Table now = table;
      return new Health.Route(
          name(),
          Optional.ofNullable(closed ? null : now).map(t -> t.served.version),
          ledger.state().override().isPresent(),
          ledger.problem(),
          versions());
    } finally {
      lock.unlock();
    }
  }

  private List<Health.Loaded> versions() {
    List<Health.Loaded> all = new ArrayList<>();
    Table now = table;
    if (now != null && !closed) {
      all.add(loaded(now.served, VersionState.ACTIVE));
    }
    retention.kept().ifPresent(kept -> all.add(loaded(kept, VersionState.RETAINED)));
    UnderWay coming = underWay;
    if (coming != null) {
      all.add(new Health.Loaded(coming.version(), coming.state(), 0));
    }
    all.addAll(shared.lifecycle().endingOf(name()));
    for (Decision.Refusal refusal : ledger.refusals()) {
      all.add(new Health.Loaded(refusal.version(), VersionState.REFUSED, 0));
    }
    ledger
        .banned()
        .ifPresent(version -> all.add(new Health.Loaded(version, VersionState.BANNED, 0)));
    return all;
  }

  private static Health.Loaded loaded(ServedVersion served, VersionState state) {
    return new Health.Loaded(served.version, state, served.rows());
  }

  RouteState state() {
    return ledger.state();
  }

  int largestBatch() {
    return largestBatch;
  }

  int handles() {
    lock.lock();
    try {
      return handles.size();
    } finally {
      lock.unlock();
    }
  }

  /** The engine that runs what serves. */
  Optional<String> engine() {
    return Optional.ofNullable(table).map(now -> now.served.loaded.engine);
  }

  List<Decision.Refusal> refusals() {
    lock.lock();
    try {
      return List.copyOf(ledger.refusals());
    } finally {
      lock.unlock();
    }
  }

  // --- handles ---

  /**
   * The handle for a key, the same each time; the first one loads the version.
   *
   * @return null if the route could not start for another caller: ask a new one
   */
  <I, O> @Nullable ModelHandle<I, O> handle(
      Object key, Function<ModelSchema, BoundCodec<I, O>> binder) {
    if (table == null) {
      change.lock();
      try {
        requireOpen();
        if (dead) {
          return null;
        }
        if (table == null) {
          startOrDie();
        }
      } finally {
        change.unlock();
      }
    }
    lock.lock();
    try {
      requireOpen();
      ModelHandle<I, O> there = handles.get(key);
      if (there != null) {
        return there;
      }
      RouteHandle<I, O> handle = new RouteHandle<>(this, handles.size(), binder, shared);
      Table now = table;
      if (now != null) {
        List<BoundCodec<?, ?>> codecs = new ArrayList<>(now.codecs());
        codecs.add(handle.bind(now.served.loaded.schema));
        table = new Table(now.served, codecs);
      }
      handles.add(key, handle);
      return handle;
    } finally {
      lock.unlock();
    }
  }

  /* Dead only once it has failed: others have handles of a route from the moment it serves. */
  private void startOrDie() {
    boolean began = false;
    try {
      start();
      began = true;
    } catch (RuntimeException e) {
      if (!settings.upkeep().startDegraded()) {
        throw e;
      }
      began = true;
      LOG.log(Level.WARNING, "{0} begins without a version: {1}", name(), e.getMessage());
    } finally {
      dead = !began;
    }
  }

  /** True once. */
  boolean firstSeen() {
    lock.lock();
    try {
      boolean first = !seen;
      seen = true;
      return first;
    } finally {
      lock.unlock();
    }
  }

  /** Whether it never started. */
  boolean dead() {
    return dead;
  }

  // --- changes ---

  /** Serves what the alias names now; or begins to serve, where it began without a version. */
  SwapReport refresh() {
    change.lock();
    try {
      requireOpen();
      if (table == null) {
        return start();
      }
      if (ref.kind() != ModelRef.Kind.ALIAS) {
        return unchanged();
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
      requireOpen();
      requireAlias("clearOverride");
      table();
      return decide(head(), Decision::clear, Cause.CLEARED);
    } finally {
      change.unlock();
    }
  }

  /** Serves a version of a person's choice, in this process alone. */
  SwapReport override(String number, String reason) {
    change.lock();
    try {
      requireOpen();
      requireAlias("override");
      table();
      Version version =
          settings.store().resolve(new ModelRef(ref.model(), ModelRef.Kind.NUMBER, number));
      return serve(
          version,
          Optional.empty(),
          settings.gates(ref.model()),
          (now, results) -> now.overridden(number, reason + forced(results), version.id()),
          Cause.OVERRIDE);
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

  /** Serves the version kept warm, at once, and turns away the one that served. */
  SwapReport rollback(String reason) {
    Published published;
    lock.lock();
    try {
      requireOpen();
      requireAlias("rollback");
      Phases phases = new Phases();
      ServedVersion back = retention.kept().orElse(null);
      ServedVersion bad = table().served;
      if (back == null) {
        throw new IllegalStateException(
            "nothing is kept warm on "
                + ref
                + " to roll back to: "
                + bad.version
                + " serves alone. Override the route with the version that should serve");
      }
      if (ledger.state().banned().equals(Optional.of(back.version.id()))) {
        throw new IllegalStateException(
            ref
                + " was rolled back before: what is warm is "
                + back.version
                + ", which that rollback turned away. Override the route with the version that should serve, move the"
                + " alias to it and refresh, or clear the override");
      }
      Optional<ServedVersion> ends = publish(new Table(back, bind(back.loaded)));
      phases.end("publish");
      ledger.rolledBack(back.version, reason, bad.version);
      phases.end("state");
      published =
          new Published(
              new SwapReport(
                  name(), Optional.of(bad.version), back.version, List.of(), phases.took()),
              ends);
    } finally {
      lock.unlock();
    }
    return tell(Cause.ROLLBACK, published);
  }

  /** Answers no more; what it holds is ended by the lifecycle thread. */
  void close(Duration drain) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true; // a change under way sees it before it publishes
      retention.end(drain);
      Table now = table;
      if (now != null) {
        shared.lifecycle().end(name(), now.served, drain);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the change under way, which cannot be stopped in the middle of a load. */
  boolean settle(Duration atMost) {
    try {
      if (!change.tryLock(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
        return false;
      }
      change.unlock();
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Ends what is kept warm, as memory is short; whether there was anything. */
  boolean endRetention() {
    lock.lock();
    try {
      boolean any = retention.kept().isPresent();
      retention.end(settings.limits().drain());
      return any;
    } finally {
      lock.unlock();
    }
  }

  private SwapReport unchanged() {
    Version now = table().served.version;
    return new SwapReport(name(), Optional.of(now), now, List.of(), Map.of());
  }

  /** The newest revision, from the store. */
  private Optional<Revision> head() {
    try {
      return settings.store().alias(ref.model(), ref.selector()).head();
    } catch (StoreUnavailableException | PackageCorruptException e) {
      fails(Optional.empty(), e);
      throw e;
    }
  }

  /* All but a load is done under one lock: a rollback comes before it or after it. */
  private SwapReport decide(
      Optional<Revision> head, Function<Decision.Known, Decision> rule, Cause cause) {
    Decision decision;
    lock.lock();
    try {
      requireOpen();
      Version serving = table().served.version;
      decision = ledger.look(head, serving, rule);
      if (decision instanceof Decision.Stay) {
        return unchanged();
      }
      if (decision instanceof Decision.Accept accept) {
        ledger.decide(ledger.state().following(accept.revision().revision(), serving.id()));
        return unchanged();
      }
      if (decision instanceof Decision.Refuse before) {
        VersionRefusedException again = refusal(before.revision().version(), before.results());
        ledger.problem(again.getMessage());
        throw again;
      }
    } finally {
      lock.unlock();
    }
    return bring((Decision.Try) decision, cause);
  }

  private SwapReport bring(Decision.Try trial, Cause cause) {
    Revision head = trial.revision();
    List<Gate> gates =
        trial.passed() ? settings.comparisons(ref.model()) : settings.gates(ref.model());
    return serve(
        head.version(),
        Optional.of(head.revision()),
        gates,
        (now, results) -> now.following(head.revision(), head.version().id()),
        cause);
  }

  /**
   * Takes a version through loading and gates, and publishes it.
   *
   * @param revision that names it; empty for an override, which obeys no comparison
   * @param then what is decided when it serves
   */
  private SwapReport serve(
      Version version,
      Optional<Long> revision,
      List<Gate> gates,
      BiFunction<RouteState, Collection<Gate.Result>, RouteState> then,
      Cause cause) {
    Phases phases = new Phases();
    ServedVersion before = table().served;
    before.watchSlowest();
    underWay = new UnderWay(version, VersionState.LOADING);
    LoadedVersion candidate = null;
    try {
      candidate = shared.sessions().acquire(version, largestBatch, phases);
      underWay = new UnderWay(version, VersionState.CHECKING);
      Published published = publishIfGood(candidate, revision, gates, then, phases);
      candidate = null; // the route's own now, or given back
      return tell(cause, published);
    } catch (RuntimeException | Error e) {
      fails(Optional.of(version), e);
      throw e;
    } finally {
      underWay = null;
      if (candidate != null) {
        shared.lifecycle().discard(name(), candidate);
      }
      Table now = table;
      if (now != null && now.served == before) {
        before.stopWatching();
      }
    }
  }

  private Published publishIfGood(
      LoadedVersion candidate,
      Optional<Long> revision,
      List<Gate> gates,
      BiFunction<RouteState, Collection<Gate.Result>, RouteState> then,
      Phases phases) {
    Map<String, Gate.Result> results = new LinkedHashMap<>();
    candidate.admission().ifPresent(result -> results.put(result.gate(), result));
    List<Gate> due = gates;
    while (true) {
      ServedVersion against = table().served;
      if (revision.isEmpty() || against.loaded != candidate) {
        check(candidate, against, due, revision, results);
      } // else a rollback or an override brought it meanwhile: what serves is accepted as it is
      phases.end("gates");
      ToServe next = toServe(candidate);
      boolean published = false;
      lock.lock();
      try {
        requireOpen();
        Version from = table().served.version;
        if (table().served == against && (!next.warm() || retention.keeps(next.served()))) {
          List<Gate.Result> found = List.copyOf(results.values());
          Optional<ServedVersion> ends = Optional.empty();
          if (against.loaded == candidate) { // a rollback or an override brought it meanwhile
            ledger.decide(then.apply(ledger.state(), found));
          } else {
            List<BoundCodec<?, ?>> bound = bindOrRemember(candidate, revision, against);
            ledger.decide(then.apply(ledger.state(), found));
            published = true;
            ends = publish(new Table(next.served(), bound));
            phases.end("publish");
          }
          if (!published || next.warm()) {
            shared.lifecycle().discard(name(), candidate); // one share of the session is enough
          }
          return new Published(
              new SwapReport(
                  name(),
                  Optional.of(from),
                  candidate.version,
                  found,
                  published ? phases.took() : Map.of()),
              ends);
        }
      } finally {
        lock.unlock();
        if (!published && !next.warm()) {
          next.served().closeObservers();
        }
      }
      due = due.stream().filter(Gate::compares).toList(); // with the one that serves by now
    }
  }

  /**
   * What a candidate would serve as.
   *
   * @param warm whether it is kept warm and has its observers already
   */
  private record ToServe(ServedVersion served, boolean warm) {}

  private ToServe toServe(LoadedVersion candidate) {
    lock.lock();
    try {
      Optional<ServedVersion> kept = retention.kept();
      if (kept.isPresent() && kept.get().loaded == candidate) {
        return new ToServe(kept.get(), true);
      }
    } finally {
      lock.unlock();
    }
    return new ToServe(
        ServedVersion.open(name(), candidate, settings, shared.recorder(), shared.failures()),
        false);
  }

  /** Puts a candidate through gates; a failure is remembered with the revision that named it. */
  private void check(
      LoadedVersion candidate,
      ServedVersion against,
      List<Gate> gates,
      Optional<Long> revision,
      Map<String, Gate.Result> results) {
    List<String> reportedOnly =
        revision.isPresent()
            ? List.of()
            : gates.stream().filter(Gate::compares).map(Gate::name).toList();
    Predicate<Gate.Result> lets = result -> result.lets() || reportedOnly.contains(result.gate());
    for (Gate.Result result : Gates.check(gates, new Trial(candidate, against.loaded), lets)) {
      results.put(result.gate(), result);
    }
    if (results.values().stream().allMatch(lets)) {
      return;
    }
    List<Gate.Result> found = List.copyOf(results.values());
    if (revision.isPresent()
        && found.stream().anyMatch(result -> result.outcome() == Gate.Outcome.FAIL)) {
      remember(candidate, revision.get(), against, found);
    }
    throw refusal(candidate.version, found);
  }

  private void remember(
      LoadedVersion candidate, long revision, ServedVersion against, List<Gate.Result> found) {
    lock.lock();
    try {
      if (table().served.loaded != candidate) { // else a rollback brought it meanwhile
        ledger.refuse(new Decision.Refusal(candidate.version, revision, against.version, found));
      }
    } finally {
      lock.unlock();
    }
  }

  /* Handles only become more: what does not fit them is not worth another load. */
  private List<BoundCodec<?, ?>> bindOrRemember(
      LoadedVersion candidate, Optional<Long> revision, ServedVersion against) {
    try {
      return bind(candidate);
    } catch (VersionRefusedException e) {
      revision.ifPresent(number -> remember(candidate, number, against, e.results()));
      throw e;
    }
  }

  private VersionRefusedException refusal(Version version, List<Gate.Result> results) {
    Table now = table;
    return new VersionRefusedException(
        version,
        results,
        now == null ? "An earlier revision is tried" : now.served.version + " goes on serving",
        null);
  }

  /** A codec for each handle, or a refusal: a version joins only if it fits all. */
  private List<BoundCodec<?, ?>> bind(LoadedVersion version) {
    Table now = table;
    if (now != null && now.served.loaded.schema.equals(version.schema)) {
      return now.codecs();
    }
    List<BoundCodec<?, ?>> bound = new ArrayList<>();
    Optional<Gate.Result> misfit = handles.bind(version.schema, bound);
    if (misfit.isPresent()) {
      throw refusal(version.version, List.of(misfit.get()));
    }
    return bound;
  }

  private void fails(Optional<Version> version, Throwable e) {
    if (!closed) {
      ledger.failed(version, e);
    }
  }

  /** What serves now, and what is to end for it when that was told. */
  private record Published(SwapReport report, Optional<ServedVersion> ends) {}

  private Optional<ServedVersion> publish(Table next) {
    Table before = table;
    retention.giveUp(next.served);
    table = next; // from here on every call sees the new version
    ledger.serves(next.served.version);
    shared.changed().run();
    return Optional.ofNullable(before).flatMap(old -> retention.keep(old.served));
  }

  /* Without the lock, as the clock is the user's; and before the end of the old version is told. */
  private SwapReport tell(Cause cause, Published published) {
    SwapReport report = published.report();
    try {
      if (report.swapped()) {
        tell(time -> new LifecycleEvent.Swapped(time, name(), cause, report));
      }
      return report;
    } finally {
      published
          .ends()
          .ifPresent(old -> shared.lifecycle().end(name(), old, settings.limits().drain()));
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new OverloadedException("the runtime is closed; build another one");
    }
  }

  private void requireAlias(String what) {
    if (ref.kind() != ModelRef.Kind.ALIAS) {
      throw new IllegalStateException(
          what
              + " needs a route that follows an alias, such as "
              + ref.model()
              + "@champion; "
              + ref
              + " is pinned");
    }
  }

  // --- the start ---

  /**
   * Begins to serve: what this process last decided on, else the newest revision that may; under
   * the lock of changes.
   */
  private SwapReport start() {
    boolean[] told = new boolean[1];
    try {
      RouteStart start =
          new RouteStart(ref, settings, shared.sessions(), shared.lifecycle(), largestBatch);
      RouteStart.Started started =
          start.run(
              ledger.read(),
              this::requireFits,
              (version, e) -> {
                told[0] = true;
                fails(Optional.of(version), e);
              });
      return publishFirst(started);
    } catch (RuntimeException | Error e) {
      if (told[0]) {
        ledger.problem(e.getMessage());
      } else {
        fails(Optional.empty(), e);
      }
      throw e;
    }
  }

  private void requireFits(LoadedVersion version) {
    lock.lock();
    try {
      var unused = bind(version);
    } finally {
      lock.unlock();
    }
  }

  private SwapReport publishFirst(RouteStart.Started started) {
    LoadedVersion loaded = started.loaded();
    ServedVersion first =
        ServedVersion.open(name(), loaded, settings, shared.recorder(), shared.failures());
    Optional<ServedVersion> ends;
    boolean published = false;
    lock.lock();
    try {
      requireOpen();
      List<BoundCodec<?, ?>> bound = bind(loaded);
      ledger.begin(started);
      published = true;
      ends = publish(new Table(first, bound));
    } finally {
      lock.unlock();
      if (!published) {
        first.closeObservers();
        shared.lifecycle().discard(name(), loaded);
      }
    }
    return tell(
        Cause.START,
        new Published(
            new SwapReport(
                name(), Optional.empty(), loaded.version, started.results(), started.phases()),
            ends));
  }
}
