package dev.mlops.runtime.serving;

import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.store.Revision;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What was decided about a route, what it must not forget, and what a person should know of it.
 * What is refused and banned is guarded by the route's lock, what was told by the one change under
 * way; {@link #state()} and {@link #problem()} may be read at any time.
 */
final class RouteLedger {
  private static final int REFUSALS_KEPT = 20;

  private final ModelRef ref;
  private final Route route;
  private final Map<Version, Decision.Refusal> refused = new LinkedHashMap<>();
  private final Map<Optional<Version>, String> told = new HashMap<>(); // since it last went well
  private @Nullable Version banned;
  private volatile @Nullable String failure; // of the last change; null if it went well

  final KeptState kept;

  /**
   * What a look at the alias asks for.
   *
   * @param from what it was decided from
   * @param next to be so before that is done; null if all stays as it was
   */
  record Looked(Decision decision, RouteState from, @Nullable RouteState next) {}

  RouteLedger(Route route, StateFolder folder) {
    this.route = route;
    this.ref = route.ref();
    this.kept = new KeptState(ref, folder);
  }

  RouteState state() {
    return kept.now();
  }

  /** The last failure, or what is true of the route as long as it is overridden. */
  Optional<String> problem() {
    String failed = failure;
    Optional<String> unwritten =
        kept.unwritten().map(why -> "a restart will not know of it: " + why);
    Optional<String> problem = failed == null ? standing() : Optional.of(failed);
    return problem
        .map(what -> what + unwritten.map(why -> "; " + why).orElse(""))
        .or(() -> unwritten.map(why -> "what was decided is not in the state folder; " + why));
  }

  private Optional<String> standing() {
    RouteState now = state();
    return now.override()
        .map(
            number ->
                (now.banned().isPresent() ? "rolled back to " : "overridden with ")
                    + ref.model()
                    + ":"
                    + number
                    + ": "
                    + now.reason().orElse(""));
  }

  /** A change failed, of which listeners know already. */
  void failing(@Nullable String why) {
    failure = why;
  }

  Collection<Decision.Refusal> refusals() {
    return refused.values();
  }

  Optional<Version> banned() {
    return Optional.ofNullable(banned);
  }

  /** What a look at the alias asks for; a revision that is to be tried is remembered as seen. */
  Looked look(Optional<Revision> head, Version serving, Function<Decision.Known, Decision> rule) {
    RouteState from = state();
    Decision decision =
        rule.apply(
            new Decision.Known(ref.toString(), from, head, serving, List.copyOf(refused.values())));
    RouteState next = null;
    if (decision instanceof Decision.Stay stay) {
      told.clear();
      failure = stay.problem().orElse(null);
    } else if (decision instanceof Decision.Accept accept) {
      next = from.following(accept.revision().revision(), serving.id());
    } else if (head.isPresent() && head.get().revision() > from.highest()) {
      next = from.seen(head.get().revision()); // also if it is refused: the store must not go back
    }
    return new Looked(decision, from, next);
  }

  /**
   * What was prepared is so.
   *
   * @return false if the state is another by now
   */
  boolean decide(RouteState from, RouteState next) {
    if (!kept.become(from, next)) {
      return false;
    }
    told.clear();
    failure = null;
    if (next.banned().isEmpty()) {
      banned = null;
    }
    return true;
  }

  /** The route begins to serve with what was prepared; false as for {@link #decide}. */
  boolean begin(RouteState from, RouteStart.Started started) {
    if (!decide(from, started.then())) {
      return false;
    }
    banned = started.banned().orElse(null);
    failure = started.problem().orElse(null);
    return true;
  }

  /** A rollback has been made; {@link KeptState#catchUp} keeps it. */
  void rolledBack(Version back, String reason, Version bad) {
    kept.change(state().rolledBack(back.number(), reason, bad.id()));
    banned = bad;
    failure = null;
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
    failure = message;
    if (message.equals(told.put(version, message))) {
      return;
    }
    String name = ref.toString();
    if (e instanceof VersionRefusedException refusal && version.isPresent()) {
      route.tell(time -> new LifecycleEvent.Refused(time, name, version.get(), refusal.results()));
    } else {
      String code = e instanceof MlopsException ours ? ours.code() : "other";
      route.tell(time -> new LifecycleEvent.Failed(time, name, version, code, message));
    }
  }
}
