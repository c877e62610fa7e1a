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
 * Changed under the route's lock; {@link #state()} and {@link #problem()} may be read at any time.
 */
final class RouteLedger {
  /*
   * A disk may hang, and then no rollback, no look at the health and no close may wait for it. So
   * nothing is written under the route's lock. What a change decides is written before it is so:
   * prepare writes what follows from the state there is, and then, under the lock, decide makes it
   * the state; unless that is another by then, for only a rollback does not wait for the change:
   * then forgo. A rollback is so at once and is written behind; that steps back where what is in the
   * folder already follows from it.
   */
  private static final System.Logger LOG = System.getLogger(RouteLedger.class.getName());

  private static final int REFUSALS_KEPT = 20;

  private final ModelRef ref;
  private final Object writing = new Object(); // one at a time, and the newest state last
  private final StateFolder folder;
  private final Consumer<Function<Instant, LifecycleEvent>> events;
  private final Map<Version, Decision.Refusal> refused = new LinkedHashMap<>();
  private final Map<Optional<Version>, String> told = new HashMap<>(); // since it last went well
  private @Nullable Version banned;
  private volatile @Nullable Prepared prepared;
  private volatile @Nullable String unwritten; // why a rollback is not in the folder
  private volatile RouteState state = RouteState.NEW;
  private volatile @Nullable String problem;

  /** What is in the folder, and what it follows from. */
  private record Prepared(RouteState from, RouteState next) {}

  /**
   * What a look at the alias asks for.
   *
   * @param from what it was decided from
   * @param next to be prepared and decided before that is done; null if all stays as it was
   */
  record Looked(Decision decision, RouteState from, @Nullable RouteState next) {}

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

  /** What a look at the alias asks for; a revision that is to be tried is remembered as seen. */
  Looked look(Optional<Revision> head, Version serving, Function<Decision.Known, Decision> rule) {
    RouteState from = state;
    Decision decision =
        rule.apply(
            new Decision.Known(ref.toString(), from, head, serving, List.copyOf(refused.values())));
    RouteState next = null;
    if (decision instanceof Decision.Stay stay) {
      told.clear();
      problem = stay.problem().orElseGet(this::standing);
    } else if (decision instanceof Decision.Accept accept) {
      next = from.following(accept.revision().revision(), serving.id());
    } else if (head.isPresent() && head.get().revision() > from.highest()) {
      next = from.seen(head.get().revision()); // also if it is refused: the store must not go back
    }
    return new Looked(decision, from, next);
  }

  /**
   * Writes what is about to be decided; without the route's lock.
   *
   * @param from what it follows from
   * @return whether that still is the state
   * @throws StoreUnavailableException if it cannot be kept: then nothing is to be decided
   */
  boolean prepare(RouteState from, RouteState next) {
    synchronized (writing) {
      if (!state.equals(from)) {
        return false;
      }
      write(next);
      prepared = new Prepared(from, next);
      return true;
    }
  }

  /**
   * What was prepared is so.
   *
   * @return false if the state is another by now: forgo it
   */
  boolean decide(RouteState next) {
    if (!become(next)) {
      return false;
    }
    told.clear();
    problem = standing();
    if (next.banned().isEmpty()) {
      banned = null;
    }
    return true;
  }

  /** A revision was seen, which was prepared; false as for {@link #decide}. */
  boolean seen(RouteState next) {
    return become(next);
  }

  private boolean become(RouteState next) {
    Prepared ready = prepared;
    if (ready == null || !ready.next().equals(next) || !ready.from().equals(state)) {
      return false;
    }
    state = next;
    unwritten = null;
    prepared = null;
    return true;
  }

  /** What was prepared will not be decided: what is so is written again, without the lock. */
  void forgo() {
    synchronized (writing) {
      prepared = null;
      writeBehind();
    }
  }

  /** The route begins to serve, with what was prepared. */
  void begin(RouteStart.Started started) {
    state = started.then();
    unwritten = null;
    prepared = null;
    told.clear();
    banned = started.banned().orElse(null);
    problem = started.problem().orElseGet(this::standing);
  }

  /** Override and ban end, while nothing serves. */
  void clear() {
    RouteState cleared = folder.read(ref).cleared();
    write(cleared);
    state = cleared;
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
      Prepared ready = prepared;
      if (ready != null && ready.from().equals(state)) {
        return;
      }
      try {
        write(state);
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

  /** Tries again to write a rollback that could not be. */
  void catchUp() {
    if (unwritten != null) {
      writeBehind();
    }
  }

  private void write(RouteState next) {
    if (ref.kind() == ModelRef.Kind.ALIAS) { // a pinned route decides nothing
      folder.write(ref, next);
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
