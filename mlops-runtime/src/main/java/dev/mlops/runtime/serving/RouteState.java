package dev.mlops.runtime.serving;

import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What this process decided about a route, and what it must not forget.
 *
 * @param decided the revision whose version was accepted last; 0 for none
 * @param highest the highest revision ever seen
 * @param override the number this process serves instead of what the alias says
 * @param reason why
 * @param banned the id a rollback turned away
 * @param passed the ids that passed every gate
 */
record RouteState(
    long decided,
    long highest,
    Optional<String> override,
    Optional<String> reason,
    Optional<String> banned,
    Set<String> passed) {
  static final RouteState NEW =
      new RouteState(0, 0, Optional.empty(), Optional.empty(), Optional.empty(), Set.of());

  RouteState {
    passed = Set.copyOf(passed);
  }

  /** The alias's own version serves: override and ban are over. */
  RouteState following(long revision, String id) {
    Set<String> more = new LinkedHashSet<>(passed);
    more.add(id);
    return new RouteState(
        revision,
        Math.max(highest, revision),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        more);
  }

  /** An earlier revision serves at a start in place of what was decided; a ban stays. */
  RouteState fallingBack(long revision, String id) {
    Set<String> more = new LinkedHashSet<>(passed);
    more.add(id);
    return new RouteState(
        Math.max(decided, revision), highest, Optional.empty(), Optional.empty(), banned, more);
  }

  RouteState rolledBack(String number, String why, String bannedId) {
    return new RouteState(
        decided, highest, Optional.of(number), Optional.of(why), Optional.of(bannedId), passed);
  }

  /** A person chose a version; if it was banned, it is no longer. */
  RouteState overridden(String number, String why, String id) {
    return new RouteState(
        decided,
        highest,
        Optional.of(number),
        Optional.of(why),
        banned.filter(ban -> !ban.equals(id)),
        passed);
  }

  /** Override and ban are over, and nothing serves. */
  RouteState cleared() {
    return new RouteState(
        decided, highest, Optional.empty(), Optional.empty(), Optional.empty(), passed);
  }

  RouteState seen(long revision) {
    return new RouteState(decided, Math.max(highest, revision), override, reason, banned, passed);
  }

  // Written out, as what the compiler makes of a record costs a fresh JVM 20 ms at its first use.

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RouteState state
        && decided == state.decided
        && highest == state.highest
        && override.equals(state.override)
        && reason.equals(state.reason)
        && banned.equals(state.banned)
        && passed.equals(state.passed);
  }

  @Override
  public int hashCode() {
    return Objects.hash(decided, highest, override, reason, banned, passed);
  }
}
