package dev.mlops.runtime.serving;

import dev.mlops.model.Version;
import dev.mlops.rollout.Gate;
import dev.mlops.store.Revision;
import java.util.List;
import java.util.Optional;

/**
 * What a look at an alias asks of its route. A pure function of what is known: nothing is loaded,
 * written or remembered by it.
 */
sealed interface Decision {
  /**
   * Nothing is to be done.
   *
   * @param problem what a person should know of the alias
   */
  record Stay(Optional<String> problem) implements Decision {}

  /**
   * The version that serves is the one the alias names: it is accepted as it is, and override and
   * ban end.
   */
  record Accept(Revision revision) implements Decision {}

  /** The version was refused before, for the same revision beside the same version. */
  record Refuse(Revision revision, List<Gate.Result> results) implements Decision {}

  /**
   * The version is to be loaded and to pass gates.
   *
   * @param passed whether its id has passed all gates before, so that only comparisons are made
   */
  record Try(Revision revision, boolean passed) implements Decision {}

  /**
   * A failure that is told again without loading: for the same revision, beside the same version in
   * force. What it failed by may be a comparison, and a new revision is a person's wish.
   */
  record Refusal(Version version, long revision, Version beside, List<Gate.Result> results) {}

  /**
   * What is known when a route looks at its alias.
   *
   * @param route for messages
   * @param head the newest revision; empty if there is none
   * @param serving the version in force
   * @param refused what was refused before, of any version
   */
  record Known(
      String route,
      RouteState state,
      Optional<Revision> head,
      Version serving,
      List<Refusal> refused) {}

  /** Follow the alias: what is newer than what was decided last is tried. */
  static Decision follow(Known known) {
    Optional<Decision> stay = unlessFollowable(known);
    if (stay.isPresent()) {
      return stay.get();
    }
    Revision head = known.head().orElseThrow();
    if (head.revision() <= known.state().decided()) {
      boolean same = known.state().passed().contains(head.version().id());
      return new Stay(same ? Optional.empty() : Optional.of(another(known, head)));
    }
    if (head.version().equals(known.serving())) {
      return new Accept(head);
    }
    return known.refused().stream()
        .filter(refusal -> refusal.version().equals(head.version()))
        .filter(refusal -> refusal.revision() == head.revision())
        .filter(refusal -> refusal.beside().equals(known.serving()))
        .<Decision>map(refusal -> new Refuse(head, refusal.results()))
        .findFirst()
        .orElseGet(() -> new Try(head, known.state().passed().contains(head.version().id())));
  }

  /**
   * End an override and a ban, by a person's wish: what the alias names is tried whatever it met
   * before. A ban may be there alone, where a restart no longer found what was rolled back to.
   */
  static Decision clear(Known known) {
    Optional<Decision> stay = unlessFollowable(known);
    if (stay.isPresent()) {
      return stay.get();
    }
    Revision head = known.head().orElseThrow();
    if (known.state().override().isEmpty() && known.state().banned().isEmpty()) {
      return new Stay(Optional.empty());
    }
    return head.version().equals(known.serving()) ? new Accept(head) : new Try(head, false);
  }

  private static Optional<Decision> unlessFollowable(Known known) {
    long highest = known.state().highest();
    if (known.head().isEmpty()) {
      return Optional.of(
          new Stay(
              Optional.of(
                  known.route()
                      + " has no revision any more, after revision "
                      + highest
                      + "; "
                      + known.serving()
                      + " goes on serving")));
    }
    long revision = known.head().get().revision();
    return revision < highest
        ? Optional.of(new Stay(Optional.of(wentBack(known, revision, highest))))
        : Optional.empty();
  }

  private static String another(Known known, Revision head) {
    return known.route()
        + " has "
        + head.version()
        + " at revision "
        + head.revision()
        + ", which named another version when it was decided on: the store went back in time, and on."
        + " Move the alias once more; "
        + known.serving()
        + " goes on serving";
  }

  private static String wentBack(Known known, long revision, long highest) {
    return known.route()
        + " stands at revision "
        + revision
        + ", but revision "
        + highest
        + " was seen before: the store went back in time. "
        + known.serving()
        + " goes on serving";
  }
}
