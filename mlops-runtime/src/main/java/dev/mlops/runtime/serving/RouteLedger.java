package dev.mlops.runtime.serving;

import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What was decided about a route, what it must not forget, and what a person should know of it.
 * Written under the route's lock; {@link #state()} and {@link #problem()} may be read at any time.
 */
final class RouteLedger {
  private static final System.Logger LOG = System.getLogger(RouteLedger.class.getName());

  private static final int REFUSALS_KEPT = 20;

  private final ModelRef ref;
  private final Object writing = new Object(); // one at a time, and the newest state last
  private final StateFolder folder;
  private final Consumer<Function<Instant, LifecycleEvent>> events;
  private final Map<Version, Decision.Refusal> refused = new LinkedHashMap<>();
  private final Map<Optional<Version>, String> told = new HashMap<>(); // since it last went well
  private @Nullable Version banned;
  private volatile @Nullable String unwritten; // why a rollback is not in the folder
  private volatile RouteState state = RouteState.NEW;
  private volatile @Nullable String problem;

  RouteLedger(
      ModelRef ref, StateFolder folder, Consumer<Function<Instant, LifecycleEvent>> events) {
    this.ref = ref;
    this.folder = folder;
    this.events = events;
  }

  RouteState state() {
    return state;
  }

  Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  void problem(@Nullable String now) {
    problem = now;
  }

  Collection<Decision.Refusal> refusals() {
    return refused.values();
  }

  Optional<Version> banned() {
    return Optional.ofNullable(banned);
  }

  /** What an earlier process left. */
  RouteState read() {
    return folder.read(ref);
  }

  /**
   * What a look at the alias asks for; a revision that is to be tried is remembered as seen.
   *
   * @throws StoreUnavailableException if that cannot be kept
   */
  Decision look(Optional<Revision> head, Version serving, Function<Decision.Known, Decision> rule) {
    Decision decision =
        rule.apply(
            new Decision.Known(
                ref.toString(), state, head, serving, List.copyOf(refused.values())));
    if (unwritten != null) {
      writeBehind();
    }
    if (decision instanceof Decision.Stay stay) {
      told.clear();
      problem = stay.problem().orElseGet(this::standing);
    } else if (!(decision instanceof Decision.Accept)
        && head.isPresent()
        && head.get().revision() > state.highest()) {
      keep(state.seen(head.get().revision())); // also if it is refused: the store must not go back
    }
    return decision;
  }

  /**
   * Something was decided, and is about to be so.
   *
   * @throws StoreUnavailableException if it cannot be kept: then nothing was decided
   */
  void decide(RouteState next) {
    keep(next);
    told.clear();
    problem = standing();
    if (state.banned().isEmpty()) {
      banned = null;
    }
  }

  /** The route begins to serve. */
  void begin(RouteStart.Started started) {
    keep(started.then());
    told.clear();
    banned = started.banned().orElse(null);
    problem = started.problem().orElseGet(this::standing);
  }

  /** Override and ban end, while nothing serves. */
  void clear() {
    keep(folder.read(ref).cleared());
    banned = null;
  }

  /** A rollback has been made; {@link #writeBehind} keeps it. */
  void rolledBack(Version back, String reason, Version bad) {
    state = state.rolledBack(back.number(), reason, bad.id());
    banned = bad;
    unwritten = "it is being written";
    problem = standing();
  }

  /**
   * Keeps what was decided by a rollback, after it was made: that it cannot be kept does not undo
   * it, and each later look tries again. Without the route's lock, since a disk may be slow.
   */
  void writeBehind() {
    synchronized (writing) {
      try {
        folder.write(ref, state);
        unwritten = null;
        problem = standing();
      } catch (StoreUnavailableException e) {
        boolean news = !String.valueOf(e.getMessage()).equals(unwritten);
        unwritten = String.valueOf(e.getMessage());
        problem = standing();
        if (news) {
          LOG.log(Level.WARNING, problem, e);
        }
      }
    }
  }

  void refuse(Decision.Refusal refusal) {
    refused.put(refusal.version(), refusal);
    if (refused.size() > REFUSALS_KEPT) {
      refused.remove(refused.keySet().iterator().next()); // it would be loaded to be refused
    }
  }

  /** A version serves, whatever was held against it. */
  void serves(Version version) {
    refused.remove(version);
  }

  /** A change failed; told once, however often it is tried. */
  void failed(Optional<Version> version, Throwable e) {
    String message = String.valueOf(e instanceof MlopsException ? e.getMessage() : e);
    problem = message;
    if (message.equals(told.put(version, message))) {
      return;
    }
    String route = ref.toString();
    if (e instanceof VersionRefusedException refusal && version.isPresent()) {
      events.accept(
          time -> new LifecycleEvent.Refused(time, route, version.get(), refusal.results()));
    } else {
      String code = e instanceof MlopsException ours ? ours.code() : "other";
      events.accept(time -> new LifecycleEvent.Failed(time, route, version, code, message));
    }
  }

  private void keep(RouteState next) {
    synchronized (writing) {
      if (ref.kind() == ModelRef.Kind.ALIAS) { // a pinned route decides nothing
        folder.write(ref, next);
      }
      state = next;
      unwritten = null;
    }
  }

  /** What is true of a route as long as it is overridden. */
  private @Nullable String standing() {
    RouteState now = state;
    return now.override()
        .map(
            number ->
                (now.banned().isPresent() ? "rolled back to " : "overridden with ")
                    + ref.model()
                    + ":"
                    + number
                    + ": "
                    + now.reason().orElse("")
                    + (unwritten == null ? "" : "; a restart will not know of it: " + unwritten))
        .orElse(null);
  }
}
