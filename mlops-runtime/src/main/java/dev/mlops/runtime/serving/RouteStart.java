package dev.mlops.runtime.serving;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.observe.VersionState;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.rollout.Gates;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds the version a route begins with: what this process last decided on, else the newest
 * revision that may serve. {@code docs/decisions/start.md} says why.
 */
final class RouteStart {
  private final ModelRef ref;
  private final Settings settings;
  private final Sessions sessions;
  private final Lifecycle lifecycle;
  private final int[] rowCounts;
  private final Starting starting;

  /** The route that starts. */
  interface Starting {
    /** A version is being loaded or checked. */
    void progress(Version version, VersionState state);

    /** Throws if a version does not fit the handles there are. */
    void requireFits(LoadedVersion version);

    /** A version may not serve; the one before is tried. */
    void failed(Version version, Throwable why);
  }

  /** A search. */
  RouteStart(
      ModelRef ref,
      Settings settings,
      Sessions sessions,
      Lifecycle lifecycle,
      int[] rowCounts,
      Starting starting) {
    this.ref = ref;
    this.settings = settings;
    this.sessions = sessions;
    this.lifecycle = lifecycle;
    this.rowCounts = rowCounts;
    this.starting = starting;
  }

  /**
   * What was found.
   *
   * @param loaded the caller's to publish or to discard
   * @param then what is decided when it serves
   * @param banned the version a rollback turned away, where the history still names it
   * @param problem why it is not the head, if it is not
   */
  record Started(
      LoadedVersion loaded,
      RouteState then,
      Optional<Version> banned,
      Optional<String> problem,
      List<Gate.Result> results,
      Map<String, Duration> phases) {}

  /**
   * A version to try.
   *
   * @param then what is decided if it serves
   * @param known whether this process accepted it before, so that it need not pass again
   * @param fallback whether it stands in for a newer one: then an open question does not bar it
   */
  private record Attempt(Version version, RouteState then, boolean known, boolean fallback)
      implements Predicate<Gate.Result> {
    /** Evidence that is missing must not turn a restart into a way back through all releases. */
    @Override
    public boolean test(Gate.Result result) {
      return result.lets() || (fallback && result.outcome() == Gate.Outcome.UNDECIDED);
    }
  }

  /**
   * Loads and checks one version after the other until one may serve.
   *
   * @throws StoreUnavailableException if the store cannot be read, which says nothing of a version
   */
  Started run(RouteState state) {
    if (ref.kind() != ModelRef.Kind.ALIAS) {
      Attempt pinned = new Attempt(settings.store().resolve(ref), state, true, false);
      return open(pinned, settings.gates(ref.model()), List.of(), Optional.empty());
    }
    List<Revision> history = history();
    Revision head = history.get(history.size() - 1);
    List<Attempt> attempts = attempts(state, history, head);
    Optional<Version> banned = banned(state, history);
    RuntimeException first = null;
    for (int i = 0; i < attempts.size(); i++) {
      Attempt attempt = attempts.get(i);
      try {
        List<Attempt> earlier = attempts.subList(i + 1, attempts.size());
        List<Gate> gates = attempt.known() ? List.of() : settings.gates(ref.model());
        Started started = open(attempt, gates, earlier, banned);
        return new Started(
            started.loaded(),
            started.then(),
            started.then().banned().isPresent() ? banned : Optional.empty(),
            problem(state, started.then(), head, first),
            started.results(),
            started.phases());
      } catch (StoreUnavailableException e) {
        throw e;
      } catch (RuntimeException e) {
        log()
            .log(
                Level.WARNING,
                "{0} does not serve on {1} at this start: {2}",
                attempt.version(),
                ref,
                e.getMessage());
        starting.failed(attempt.version(), e);
        if (first == null) {
          first = e;
        }
      }
    }
    throw first == null ? new ModelNotFoundException(ref, List.of()) : first;
  }

  /** A version of a person's choice; no gate that compares is asked, as nothing serves. */
  Started only(Version version, RouteState then) {
    Attempt chosen = new Attempt(version, then, false, false);
    return open(chosen, settings.gates(ref.model()), List.of(), Optional.empty());
  }

  private Optional<String> problem(
      RouteState state, RouteState then, Revision head, @Nullable RuntimeException first) {
    if (head.revision() < state.highest()) {
      return Optional.of(
          ref
              + " stands at revision "
              + head.revision()
              + ", but revision "
              + state.highest()
              + " was seen before: the store went back in time");
    }
    if (first != null) {
      return Optional.ofNullable(first.getMessage());
    }
    boolean news = head.revision() > state.decided();
    return state.override().isPresent() && !news && then.override().isEmpty()
        ? Optional.of(overrideGone(state.override().get()))
        : Optional.empty();
  }

  private List<Revision> history() {
    List<Revision> history = settings.store().alias(ref.model(), ref.selector()).history();
    if (history.isEmpty()) {
      settings.store().resolve(ref); // says what is there instead
      history = settings.store().alias(ref.model(), ref.selector()).history(); // just now, then
    }
    if (history.isEmpty()) {
      throw new ModelNotFoundException(ref, List.of());
    }
    return history;
  }

  private static Optional<Version> banned(RouteState state, List<Revision> history) {
    for (Revision revision : history) {
      if (state.banned().equals(Optional.of(revision.version().id()))) {
        return Optional.of(revision.version());
      }
    }
    return Optional.empty();
  }

  /**
   * The head if it is news; what this process decided on last, be it an override or a revision;
   * older revisions, newest first; then those it never decided on. None that a rollback turned
   * away.
   */
  private List<Attempt> attempts(RouteState state, List<Revision> history, Revision head) {
    List<Attempt> attempts = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    RouteState seen = state.seen(head.revision());
    Optional<Version> override =
        state.override().isPresent() ? present(state.override().get()) : Optional.empty();
    if (head.revision() > state.decided()) {
      String id = head.version().id();
      ids.add(id);
      boolean known = servedLast(state, override, history).equals(Optional.of(id));
      attempts.add(new Attempt(head.version(), seen.following(head.revision(), id), known, false));
    }
    if (state.banned().isPresent()) {
      ids.add(state.banned().get());
    }
    if (override.isPresent() && ids.add(override.get().id())) {
      attempts.add(new Attempt(override.get(), seen, true, true));
    }
    for (boolean decided : new boolean[] {true, false}) { // what never served comes last
      for (int i = history.size() - 1; i >= 0; i--) {
        Revision revision = history.get(i);
        String id = revision.version().id();
        if (revision.revision() <= state.decided() == decided && ids.add(id)) {
          boolean known = decided && state.passed().contains(id);
          attempts.add(
              new Attempt(
                  revision.version(),
                  seen.fallingBack(revision.revision(), id),
                  known,
                  i < history.size() - 1));
        }
      }
    }
    return attempts;
  }

  /*
   * While it runs, a route takes what serves as it is when a newer revision names it. A start must
   * do the same: to compare it again could bar it, and bring in its place what was refused.
   */
  private static Optional<String> servedLast(
      RouteState state, Optional<Version> override, List<Revision> history) {
    if (state.override().isPresent()) {
      return override.map(Version::id);
    }
    for (Revision revision : history) {
      String id = revision.version().id();
      if (revision.revision() == state.decided() && state.passed().contains(id)) {
        return Optional.of(id);
      }
    }
    return Optional.empty();
  }

  private Optional<Version> present(String number) {
    try {
      return Optional.of(
          settings.store().resolve(new ModelRef(ref.model(), ModelRef.Kind.NUMBER, number)));
    } catch (ModelNotFoundException e) {
      log().log(Level.WARNING, overrideGone(number));
      return Optional.empty();
    }
  }

  private String overrideGone(String number) {
    return ref
        + " was overridden with "
        + ref.model()
        + ":"
        + number
        + ", which the store no longer holds";
  }

  private Started open(
      Attempt attempt, List<Gate> gates, List<Attempt> earlier, Optional<Version> banned) {
    Phases phases = new Phases();
    starting.progress(attempt.version(), VersionState.LOADING);
    LoadedVersion candidate = sessions.acquire(attempt.version(), rowCounts, phases);
    starting.progress(attempt.version(), VersionState.CHECKING);
    LoadedVersion against = null;
    boolean good = false;
    try {
      if (anyCompares(gates)) {
        against = firstThatLoads(earlier, phases);
      }
      List<Gate.Result> results = new ArrayList<>();
      if (candidate.admission().isPresent()) {
        results.add(candidate.admission().get());
      }
      results.addAll(Gates.check(gates, new Trial(candidate, against, false), attempt));
      if (!mayServe(attempt, results)) {
        throw new VersionRefusedException(
            candidate.version, results, "An earlier revision is tried", null);
      }
      starting.requireFits(candidate);
      phases.end("gates");
      good = true;
      return new Started(
          candidate, attempt.then(), banned, Optional.empty(), results, phases.took());
    } finally {
      if (!good) {
        lifecycle.discard(ref.toString(), candidate);
      }
      if (against != null) {
        lifecycle.discard(ref.toString(), against);
      }
    }
  }

  private static boolean anyCompares(List<Gate> gates) {
    for (Gate gate : gates) {
      if (gate.compares()) {
        return true;
      }
    }
    return false;
  }

  private static boolean mayServe(Attempt attempt, List<Gate.Result> results) {
    for (Gate.Result result : results) {
      if (!attempt.test(result)) {
        return false;
      }
    }
    return true;
  }

  private @Nullable LoadedVersion firstThatLoads(List<Attempt> earlier, Phases phases) {
    for (Attempt attempt : earlier) {
      try {
        return sessions.acquire(attempt.version(), rowCounts, phases);
      } catch (PackageCorruptException
          | ModelFailedException
          | ModelNotFoundException
          | VersionRefusedException e) {
        log()
            .log(
                Level.WARNING,
                "{0} cannot be compared with at this start: {1}",
                attempt.version(),
                e.getMessage());
      }
    }
    return null;
  }

  private static System.Logger log() {
    return System.getLogger(RouteStart.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
