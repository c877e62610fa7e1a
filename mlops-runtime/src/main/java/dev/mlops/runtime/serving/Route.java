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
import dev.mlops.store.StoreUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One route: what it serves, what it keeps warm, and what was decided about it.
 *
 * <p>Calls read {@link #table()} and nothing else. All that changes a route runs on its caller's
 * thread; the one write of the table publishes a version, and a version that leaves the table is
 * ended by the lifecycle thread.
 */
final class Route implements StateFolder.Open {
  /*
   * The lock is held for moments: when a version is published, by a rollback, a new handle, a look
   * at the health. Never while a version is loaded or checked: see RouteChanges.
   */
  private final ModelRef ref;
  private final Shared shared;
  private final Settings settings;
  final RouteChanges changes;
  final ReentrantLock lock = new ReentrantLock();
  final RouteLedger ledger; // guarded by the lock, but for what it says itself
  final Retention retention; // guarded by the lock
  private final RouteHandles handles = new RouteHandles(); // guarded by the lock

  private volatile @Nullable Table table;
  private volatile boolean closed;
  private final RowCounts rowCounts = new RowCounts();

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
      Routes routes) {}

  /** A decision as it is made: see {@link #decided}. */
  interface Deed<T> {
    /** What is to be done last before it is made, without the lock. */
    default void ready() {}

    /** Under the lock: makes it, and answers what was done; empty if that cannot be any more. */
    Optional<T> done();
  }

  Route(ModelRef ref, Shared shared) {
    this.ref = ref;
    this.shared = shared;
    this.settings = shared.settings();
    this.ledger = new RouteLedger(this, shared.folder());
    this.retention = new Retention(name(), settings.limits(), shared.lifecycle(), lock);
    this.changes = new RouteChanges(this, shared);
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
      if (closed) {
        throw new OverloadedException(
            "the runtime is closed; " + name() + " answers no more calls");
      }
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

  Instant now() {
    return settings.clock().instant();
  }

  void tell(Function<Instant, LifecycleEvent> event) {
    shared.events().post(event.apply(now()));
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
    changes
        .underWay()
        .ifPresent(coming -> all.add(new Health.Loaded(coming.version(), coming.state(), 0)));
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

  RowCounts rowCounts() {
    return rowCounts;
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
    if (table == null && !changes.begin()) {
      return null;
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

  // --- changes ---

  /** Serves the version kept warm, at once, and turns away the one that served. */
  SwapReport rollback(String reason) {
    Instant time = now();
    Phases phases = new Phases();
    ServedVersion back;
    ServedVersion bad;
    lock.lock();
    try {
      requireOpen();
      requireAlias("rollback");
      back = retention.kept().orElse(null);
      bad = table().served;
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
      told(time, Cause.ROLLBACK, rolledBack(bad, back, phases), ends);
    } finally {
      lock.unlock();
    }
    ledger.kept.catchUp();
    phases.end("state");
    return rolledBack(bad, back, phases);
  }

  private SwapReport rolledBack(ServedVersion bad, ServedVersion back, Phases phases) {
    return new SwapReport(
        name(),
        Optional.of(bad.version),
        back.version,
        back.loaded.engine,
        List.of(),
        phases.took());
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

  /** Bytes beyond the Java heap that the end of what is kept warm would free, about. */
  long retained() {
    lock.lock();
    try {
      return keptAlone().map(kept -> kept.loaded.memory).orElse(0L);
    } finally {
      lock.unlock();
    }
  }

  /** Ends what is kept warm, as memory is short; whether there was anything that frees some. */
  boolean endRetention() {
    lock.lock();
    try {
      boolean any = keptAlone().isPresent();
      if (any) {
        retention.end(settings.limits().drain());
      }
      return any;
    } finally {
      lock.unlock();
    }
  }

  /** What is kept warm, if its session goes with it: another route may serve it. */
  private Optional<ServedVersion> keptAlone() {
    return retention.kept().filter(kept -> shared.sessions().alone(kept.loaded));
  }

  SwapReport unchanged() {
    LoadedVersion now = table().served.loaded;
    return new SwapReport(
        name(), Optional.of(now.version), now.version, now.engine, List.of(), Map.of());
  }

  VersionRefusedException refusal(Version version, List<Gate.Result> results) {
    Table now = table;
    return new VersionRefusedException(
        version,
        results,
        now == null ? "An earlier revision is tried" : now.served.version + " goes on serving",
        null);
  }

  /** A codec for each handle, or a refusal: a version joins only if it fits all. */
  List<BoundCodec<?, ?>> bind(LoadedVersion version) {
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

  void fails(Optional<Version> version, Throwable e) {
    if (!closed) {
      ledger.failed(version, e);
    }
  }

  /** Under the lock: every call from here on sees the new version. What is to end is answered. */
  Optional<ServedVersion> publish(Table next) {
    Table before = table;
    retention.giveUp(next.served);
    table = next;
    ledger.serves(next.served.version);
    shared.routes().signalChange();
    return before == null ? Optional.empty() : retention.keep(before.served);
  }

  /**
   * Under the lock, so that listeners are told of publishings in their order; and of one before the
   * end of what it replaced.
   *
   * @param time from before the lock was taken: the clock is the user's
   */
  void told(Instant time, Cause cause, SwapReport report, Optional<ServedVersion> ends) {
    shared.events().post(new LifecycleEvent.Swapped(time, name(), cause, report));
    if (ends.isPresent()) {
      shared.lifecycle().end(name(), ends.get(), settings.limits().drain());
    }
  }

  ServedVersion open(LoadedVersion loaded) {
    return ServedVersion.open(name(), loaded, settings, shared.recorder(), shared.failures());
  }

  /**
   * Makes a decision so: it is written, and then done under the lock. For the one change under way.
   *
   * @return what was done; empty if the state that the decision follows from is another by now
   * @throws StoreUnavailableException if it cannot be written; then nothing is done
   */
  <T> Optional<T> decided(RouteState from, RouteState next, Deed<T> deed) {
    Optional<T> result = Optional.empty();
    try {
      if (!ledger.kept.prepare(from, next, this)) {
        return result;
      }
      deed.ready();
      lock.lock();
      try {
        requireOpen();
        result = deed.done();
        return result;
      } finally {
        lock.unlock();
      }
    } finally {
      if (result.isEmpty()) {
        ledger.kept.forgo(next);
      }
    }
  }

  @Override
  public void requireOpen() {
    if (closed) {
      throw new OverloadedException("the runtime is closed; build another one");
    }
  }

  void requireAlias(String what) {
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
}
