package dev.mlops.runtime.serving;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.observe.Health;
import dev.mlops.observe.VersionObserver;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.codec.BoundCodec;
import dev.mlops.runtime.rollout.Gates;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One route: what it serves, what it keeps warm, and what was decided about it.
 *
 * <p>Calls read {@link #table()} and nothing else. All that changes a route runs on its caller's
 * thread under the route's lock; the one write of the table publishes a version, and a version that
 * leaves the table is ended by the lifecycle thread.
 */
final class Route {
  private static final System.Logger LOG = System.getLogger(Route.class.getName());

  /** Kubernetes kills after 30 s; a version that drains longer would be cut off in the middle. */
  static final Duration DRAIN = Duration.ofSeconds(10);

  private static final Duration EXPIRY_RETRY = Duration.ofMillis(100);

  private final ModelRef ref;
  private final Settings settings;
  private final Loader loader;
  private final Lifecycle lifecycle;
  private final StateFolder folder;
  private final CallbackGuard guard;
  private final ReentrantLock lock = new ReentrantLock();

  private volatile @Nullable Table table;
  private volatile boolean closed;
  private volatile boolean dead;
  private volatile int largestBatch = 1;
  private volatile @Nullable String problem;
  private volatile RouteState state = RouteState.NEW;

  /* Guarded by the lock. */
  private final Map<Object, RouteHandle<?, ?>> handles = new HashMap<>();
  private final List<RouteHandle<?, ?>> byIndex = new ArrayList<>();
  private final Map<String, Refusal> refused = new HashMap<>(); // by id
  private @Nullable LoadedVersion warm;
  private long warmUntil; // by System.nanoTime
  private boolean expiryPending;

  Route(
      ModelRef ref,
      Settings settings,
      Loader loader,
      Lifecycle lifecycle,
      StateFolder folder,
      CallbackGuard guard) {
    this.ref = ref;
    this.settings = settings;
    this.loader = loader;
    this.lifecycle = lifecycle;
    this.folder = folder;
    this.guard = guard;
  }

  String name() {
    return ref.toString();
  }

  /**
   * A failure that is told again without loading: for the same revision, beside the same version in
   * force. What it failed by may be a comparison, and a new revision is a person's wish.
   */
  private record Refusal(long revision, String beside, List<Gate.Result> results) {}

  Table table() {
    Table now = table;
    if (now == null) {
      throw new IllegalStateException(ref + " serves nothing yet");
    }
    return now;
  }

  boolean closed() {
    return closed;
  }

  long millis() {
    return settings.clock().millis();
  }

  void batchOf(int rows) {
    if (rows > largestBatch) {
      largestBatch = rows; // a race loses a hint at most
    }
  }

  Health.Route health() {
    Table now = table;
    return new Health.Route(
        name(),
        Optional.ofNullable(now).map(t -> t.version.version),
        state.override().isPresent(),
        Optional.ofNullable(problem),
        List.of());
  }

  /**
   * The handle for a key, the same each time; the first one loads the version.
   *
   * @return null if the route could not start for another caller: ask a new one
   */
  <I, O> @Nullable ModelHandle<I, O> handle(
      Object key, Function<ModelSchema, BoundCodec<I, O>> binder) {
    lock.lock();
    try {
      requireOpen();
      if (dead) {
        return null;
      }
      if (table == null) {
        dead = true; // until it has started
        start();
        dead = false;
      }
      @SuppressWarnings("unchecked") // the key names both types, or is the codec itself
      RouteHandle<I, O> there = (RouteHandle<I, O>) handles.get(key);
      if (there != null) {
        return there;
      }
      RouteHandle<I, O> handle =
          new RouteHandle<>(this, byIndex.size(), binder, guard, settings.within());
      table = table().with(handle.bind(table().version.schema));
      byIndex.add(handle);
      handles.put(key, handle);
      return handle;
    } finally {
      lock.unlock();
    }
  }

  /** Whether it never started. */
  boolean dead() {
    return dead;
  }

  /** Serves what the alias names now. */
  SwapReport refresh() {
    lock.lock();
    try {
      requireOpen();
      if (ref.kind() != ModelRef.Kind.ALIAS) {
        return unchanged();
      }
      Optional<Revision> head = head();
      if (head.isEmpty() || head.get().revision() <= state.decided()) {
        return unchanged();
      }
      Revision news = head.get();
      if (news.revision() > state.highest()) {
        keep(state.seen(news.revision())); // also if it is refused: the store must not go back
      }
      Refusal before = refused.get(news.version().id());
      if (before != null
          && before.revision() == news.revision()
          && before.beside().equals(table().version.version.id())) {
        VersionRefusedException again = refuse(news.version(), before.results());
        problem = again.getMessage();
        throw again;
      }
      return serve(news, gates(news.version(), false));
    } finally {
      lock.unlock();
    }
  }

  /** Serves the version kept warm, at once, and turns away the one that served. */
  SwapReport rollback(String reason) {
    lock.lock();
    try {
      requireOpen();
      requireAlias("rollback");
      Phases phases = new Phases();
      LoadedVersion back = warm;
      LoadedVersion bad = table().version;
      if (back == null) {
        throw new IllegalStateException(
            "nothing is kept warm on "
                + ref
                + " to roll back to: "
                + bad.version
                + " serves alone. Move the alias to the version that should serve and refresh");
      }
      if (state.banned().equals(Optional.of(back.version.id()))) {
        throw new IllegalStateException(
            ref
                + " was rolled back before: what is warm is "
                + back.version
                + ", which that rollback turned away. Move the alias to the version that should serve, or clear the override");
      }
      Table bound = bind(back);
      publish(bound);
      phases.end("publish");
      state = state.rolledBack(back.version.number(), reason, bad.version.id());
      problem = standing();
      try {
        folder.write(ref, state);
      } catch (StoreUnavailableException e) {
        problem = problem + "; a restart will not know of it: " + e.getMessage();
        LOG.log(Level.WARNING, problem, e);
      }
      phases.end("state");
      return new SwapReport(
          name(), Optional.of(bad.version), back.version, List.of(), phases.took());
    } finally {
      lock.unlock();
    }
  }

  /** Ends an override and its ban, and serves what the alias names now. */
  SwapReport clearOverride() {
    lock.lock();
    try {
      requireOpen();
      requireAlias("clearOverride");
      Optional<Revision> head = head();
      if (head.isEmpty() || state.override().isEmpty()) {
        return unchanged();
      }
      refused.remove(head.get().version().id());
      return serve(head.get(), allGates());
    } finally {
      lock.unlock();
    }
  }

  /** Answers no more; what it holds is ended by the lifecycle thread. */
  void close(Duration drain) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      endWarm();
      Table now = table;
      if (now != null) {
        lifecycle.end(now.version, drain);
      }
    } finally {
      lock.unlock();
    }
  }

  private SwapReport unchanged() {
    Version now = table().version.version;
    return new SwapReport(name(), Optional.of(now), now, List.of(), Map.of());
  }

  /** The revision in force; empty, with the problem told, where it cannot be followed. */
  private Optional<Revision> head() {
    Optional<Revision> head;
    try {
      head = settings.store().alias(ref.model(), ref.selector()).head();
    } catch (StoreUnavailableException | PackageCorruptException e) {
      problem = e.getMessage();
      throw e;
    }
    if (head.isEmpty()) {
      problem =
          ref
              + " has no revision any more, after revision "
              + state.highest()
              + "; "
              + serving()
              + " goes on serving";
      return head;
    }
    if (head.get().revision() < state.highest()) {
      problem = wentBack(head.get().revision(), state.highest());
      return Optional.empty();
    }
    if (head.get().revision() <= state.decided()) {
      problem = standing();
    }
    return head;
  }

  private String wentBack(long revision, long highest) {
    return ref
        + " stands at revision "
        + revision
        + ", but revision "
        + highest
        + " was seen before: the store went back in time. "
        + serving()
        + " goes on serving";
  }

  /** Takes the version of a revision through loading and gates, and publishes it. */
  private SwapReport serve(Revision head, List<Gate> gates) {
    Phases phases = new Phases();
    LoadedVersion active = table().version;
    Version version = head.version();
    RouteState next = state.seen(head.revision()).following(head.revision(), version.id());
    if (version.equals(active.version)) {
      decide(next);
      return unchanged();
    }
    LoadedVersion candidate = null;
    try {
      candidate = loaded(version, phases);
      List<Gate.Result> results = check(candidate, active, gates, head.revision());
      Table bound = bind(candidate);
      phases.end("gates");
      decide(next);
      publish(bound);
      phases.end("publish");
      return new SwapReport(name(), Optional.of(active.version), version, results, phases.took());
    } catch (RuntimeException | Error e) {
      if (candidate != null && candidate != warm && candidate != table().version) {
        lifecycle.end(candidate, Duration.ZERO);
      }
      problem = e instanceof MlopsException ? e.getMessage() : e.toString();
      throw e;
    }
  }

  private LoadedVersion loaded(Version version, Phases phases) {
    LoadedVersion there = warm;
    return there != null && there.version.equals(version)
        ? there
        : loader.load(version, largestBatch, phases);
  }

  /**
   * The gates a version must pass: what its id has passed it need not pass again, unless it is a
   * comparison.
   */
  private List<Gate> gates(Version version, boolean starting) {
    if (!state.passed().contains(version.id())) {
      return allGates();
    }
    return settings.gatesOf(ref.model()).stream()
        .filter(gate -> gate.compares() && !starting)
        .toList();
  }

  private List<Gate> allGates() {
    List<Gate> gates = new ArrayList<>(Gates.standard());
    gates.addAll(settings.gatesOf(ref.model()));
    return gates;
  }

  /** Puts a candidate through gates; a failure is remembered with the revision that named it. */
  private List<Gate.Result> check(
      LoadedVersion candidate, @Nullable LoadedVersion against, List<Gate> gates, long revision) {
    List<Gate.Result> results = Gates.check(gates, new Trial(candidate, against));
    if (!results.stream().allMatch(Gate.Result::lets)) {
      remember(candidate, results, revision);
      throw refuse(candidate.version, results);
    }
    return results;
  }

  private void remember(LoadedVersion candidate, List<Gate.Result> results, long revision) {
    Table now = table;
    if (now != null && results.stream().anyMatch(r -> r.outcome() == Gate.Outcome.FAIL)) {
      refused.put(candidate.version.id(), new Refusal(revision, now.version.version.id(), results));
    }
  }

  private VersionRefusedException refuse(Version version, List<Gate.Result> results) {
    Table now = table;
    return new VersionRefusedException(
        version,
        results,
        now == null ? "An earlier revision is tried" : now.version.version + " goes on serving",
        null);
  }

  private String serving() {
    Table now = table;
    return now == null ? "Nothing" : now.version.version.toString();
  }

  /** The table with a codec for each handle, or a refusal: a version joins only if it fits all. */
  private Table bind(LoadedVersion version) {
    Table now = table;
    if (now != null && now.version.schema.equals(version.schema)) {
      return now.of(version);
    }
    Table bound = new Table(version, new BoundCodec<?, ?>[0]);
    for (RouteHandle<?, ?> handle : byIndex) {
      try {
        bound = bound.with(handle.bind(version.schema));
      } catch (InvalidSettingsException e) {
        Gate.Result result =
            new Gate.Result(
                "schema",
                Gate.Outcome.FAIL,
                "it does not fit a handle of this route: " + e.getMessage());
        throw refuse(version.version, List.of(result));
      }
    }
    return bound;
  }

  private void decide(RouteState next) {
    keep(next);
    problem = standing();
  }

  private void keep(RouteState next) {
    if (ref.kind() == ModelRef.Kind.ALIAS) { // a pinned route decides nothing
      folder.write(ref, next);
    }
    state = next;
  }

  /** What is true of a route as long as it is overridden. */
  private @Nullable String standing() {
    RouteState now = state;
    return now.override()
        .map(n -> "rolled back to " + ref.model() + ":" + n + ": " + now.reason().orElse(""))
        .orElse(null);
  }

  private void publish(Table next) {
    Table before = table;
    if (next.version == warm) {
      warm = null;
    } else {
      next.version.observers(openObservers(next.version));
    }
    table = next; // from here on every call sees the new version
    if (before != null) {
      retain(before.version);
    }
  }

  private List<VersionObserver> openObservers(LoadedVersion version) {
    List<VersionObserver> opened = new ArrayList<>();
    for (VersionObserver.Factory factory : settings.observers()) {
      try {
        factory.open(name(), version.stored, version.slots.size()).ifPresent(opened::add);
      } catch (RuntimeException e) {
        LOG.log(
            Level.WARNING,
            "an observer could not be opened for " + version.version + "; it is told nothing",
            e);
      }
    }
    return opened;
  }

  private void retain(LoadedVersion old) {
    endWarm();
    if (settings.keepWarm().isZero()) {
      lifecycle.end(old, DRAIN);
      return;
    }
    warm = old;
    warmUntil = System.nanoTime() + settings.keepWarm().toNanos();
    if (!expiryPending) { // one look is enough, and a rollback need not wake the thread
      expiryPending = true;
      lifecycle.after(settings.keepWarm(), this::expire);
    }
  }

  /* On the lifecycle thread, which must not wait while a load holds the lock: versions that end wait behind it. */
  private void expire() {
    if (!lock.tryLock()) {
      lifecycle.after(EXPIRY_RETRY, this::expire);
      return;
    }
    try {
      long left = warmUntil - System.nanoTime();
      if (warm != null && left > 0) {
        lifecycle.after(Duration.ofNanos(left), this::expire);
        return;
      }
      expiryPending = false;
      endWarm();
    } finally {
      lock.unlock();
    }
  }

  private void endWarm() {
    LoadedVersion old = warm;
    warm = null;
    if (old != null) {
      lifecycle.end(old, DRAIN);
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
   * Loads the first version: what this process last decided on, else the newest revision that may
   * serve.
   */
  private void start() {
    state = folder.read(ref);
    if (ref.kind() != ModelRef.Kind.ALIAS) {
      Version pinned = settings.store().resolve(ref);
      open(new Attempt(pinned, 0, state, true, false), List.of());
      return;
    }
    List<Revision> history = settings.store().alias(ref.model(), ref.selector()).history();
    if (history.isEmpty()) {
      settings.store().resolve(ref); // says what is there instead
    }
    long highest = state.highest();
    Revision head = history.get(history.size() - 1);
    List<Attempt> attempts = attempts(history, head);
    RuntimeException first = null;
    for (int i = 0; i < attempts.size(); i++) {
      try {
        open(attempts.get(i), attempts.subList(i + 1, attempts.size()));
        if (head.revision() < highest) {
          problem = wentBack(head.revision(), highest);
        } else if (first != null) {
          problem = first.getMessage();
        }
        return;
      } catch (StoreUnavailableException e) {
        throw e; // says nothing about any version
      } catch (RuntimeException e) {
        LOG.log(
            Level.WARNING,
            "{0} does not serve on {1} at this start: {2}",
            attempts.get(i).version(),
            ref,
            e.getMessage());
        if (first == null) {
          first = e;
        }
      }
    }
    throw first == null ? new ModelNotFoundException(ref, List.of()) : first;
  }

  /**
   * A version to try at a start.
   *
   * @param then what is decided if it serves
   * @param known whether this process accepted it before, so that it need not pass again
   * @param fallback whether it stands in for a newer one: then an open question does not bar it
   */
  private record Attempt(
      Version version, long revision, RouteState then, boolean known, boolean fallback) {}

  /**
   * The head if it is news; what this process decided on last, be it a rollback or the head; then
   * older revisions, newest first, without what a rollback turned away.
   */
  private List<Attempt> attempts(List<Revision> history, Revision head) {
    List<Attempt> attempts = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    RouteState seen = state.seen(head.revision());
    boolean news = head.revision() > state.decided();
    if (news) {
      String id = head.version().id();
      ids.add(id);
      attempts.add(
          new Attempt(
              head.version(), head.revision(), seen.following(head.revision(), id), false, false));
    }
    state.banned().ifPresent(ids::add);
    state
        .override()
        .flatMap(this::present)
        .filter(version -> ids.add(version.id()))
        .ifPresent(version -> attempts.add(new Attempt(version, 0, seen, true, true)));
    for (int i = history.size() - 1; i >= 0; i--) {
      Revision revision = history.get(i);
      String id = revision.version().id();
      if (ids.add(id)) {
        boolean known = revision.revision() <= state.decided() && state.passed().contains(id);
        attempts.add(
            new Attempt(
                revision.version(),
                revision.revision(),
                seen.fallingBack(revision.revision(), id),
                known,
                i < history.size() - 1));
      }
    }
    return attempts;
  }

  private Optional<Version> present(String number) {
    try {
      return Optional.of(
          settings.store().resolve(new ModelRef(ref.model(), ModelRef.Kind.NUMBER, number)));
    } catch (ModelNotFoundException e) {
      LOG.log(Level.WARNING, "{0} was rolled back to {1}, which is gone", ref, number);
      return Optional.empty();
    }
  }

  private void open(Attempt attempt, List<Attempt> earlier) {
    Phases phases = new Phases();
    boolean pinned = ref.kind() != ModelRef.Kind.ALIAS;
    List<Gate> gates = attempt.known() && !pinned ? List.of() : allGates();
    LoadedVersion candidate = loader.load(attempt.version(), largestBatch, phases);
    LoadedVersion against = null;
    try {
      if (gates.stream().anyMatch(Gate::compares)) {
        against = firstThatLoads(earlier, phases);
      }
      List<Gate.Result> results = Gates.check(gates, new Trial(candidate, against));
      if (!results.stream().allMatch(r -> mayServe(r, attempt))) {
        throw refuse(candidate.version, results);
      }
      Table bound = bind(candidate);
      decide(attempt.then());
      publish(bound);
    } catch (RuntimeException | Error e) {
      lifecycle.end(candidate, Duration.ZERO);
      throw e;
    } finally {
      if (against != null) {
        lifecycle.end(against, Duration.ZERO);
      }
    }
  }

  /* Evidence that is missing must not turn a restart into a way back through all releases. */
  private static boolean mayServe(Gate.Result result, Attempt attempt) {
    return result.lets() || (attempt.fallback() && result.outcome() == Gate.Outcome.UNDECIDED);
  }

  private @Nullable LoadedVersion firstThatLoads(List<Attempt> earlier, Phases phases) {
    for (Attempt attempt : earlier) {
      try {
        return loader.load(attempt.version(), largestBatch, phases);
      } catch (PackageCorruptException | ModelFailedException | ModelNotFoundException e) {
        LOG.log(
            Level.WARNING,
            "{0} cannot be compared with at this start: {1}",
            attempt.version(),
            e.getMessage());
      }
    }
    return null;
  }
}
