package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.Version;
import dev.mlops.rollout.Gate;
import dev.mlops.store.Revision;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Each rule of a look at the alias by itself: what is known, and what is to be done. */
class DecisionTest {
  private static final Version ONE = MemoryStore.version("1");
  private static final Version TWO = MemoryStore.version("2");
  private static final List<Gate.Result> FAILED =
      List.of(new Gate.Result("quality", Gate.Outcome.FAIL, "worse"));

  /** Version 1 serves, revision 1 was decided on. */
  private static final RouteState FIRST = RouteState.NEW.following(1, ONE.id());

  private static final RouteState OVERRIDDEN = FIRST.overridden("1", "why", ONE.id());

  private static final RouteState ROLLED_BACK =
      FIRST.following(2, TWO.id()).rolledBack("1", "why", TWO.id());

  private static Optional<Revision> at(long revision, Version version) {
    return Optional.of(new Revision(revision, version, "test", "because", Instant.EPOCH));
  }

  /** What is known where version 1 serves and nothing was refused. */
  private static Decision.Known known(RouteState state, Optional<Revision> head) {
    return known(state, head, List.of());
  }

  private static Decision.Known known(
      RouteState state, Optional<Revision> head, List<Decision.Refusal> refused) {
    return new Decision.Known("m@champion", state, head, ONE, refused);
  }

  private static Decision.Refusal refusal(Version version, long revision, Version beside) {
    return new Decision.Refusal(version, revision, beside, FAILED);
  }

  private static void assertStaysWithoutAWord(Decision decision) {
    assertThat(decision).isEqualTo(new Decision.Stay(Optional.empty()));
  }

  private static void assertStaysAndSays(Decision decision, String problem) {
    assertThat(decision).isEqualTo(new Decision.Stay(Optional.of(problem)));
  }

  // --- both ---

  @Test
  void look_aliasGone_staysAndSaysSo() {
    Decision.Known known = known(OVERRIDDEN, Optional.empty());
    String problem =
        "m@champion has no revision any more, after revision 1; " + ONE + " goes on serving";
    assertStaysAndSays(Decision.follow(known), problem);
    assertStaysAndSays(Decision.clear(known), problem);
  }

  @Test
  void look_revisionLowerThanSeen_staysAndSaysSo() {
    Decision.Known known = known(OVERRIDDEN.seen(3), at(2, TWO));
    String problem =
        "m@champion stands at revision 2, but revision 3 was seen before: the store went back in"
            + " time. "
            + ONE
            + " goes on serving";
    assertStaysAndSays(Decision.follow(known), problem);
    assertStaysAndSays(Decision.clear(known), problem);
  }

  // --- follow ---

  @Test
  void follow_revisionDecidedOn_stays() {
    assertStaysWithoutAWord(Decision.follow(known(FIRST, at(1, ONE))));
  }

  @Test
  void follow_revisionDecidedOnNamesAnother_staysAndSaysSo() {
    assertStaysAndSays(
        Decision.follow(known(FIRST, at(1, TWO))),
        "m@champion has "
            + TWO
            + " at revision 1, which named another version when it was decided on: the store went"
            + " back in time, and on. Move the alias once more; "
            + ONE
            + " goes on serving");
  }

  @Test
  void follow_rolledBackAndNothingNewer_stays() {
    assertStaysWithoutAWord(Decision.follow(known(ROLLED_BACK, at(2, TWO))));
  }

  @Test
  void follow_newerRevision_triesItThroughAllGates() {
    assertThat(Decision.follow(known(FIRST, at(2, TWO))))
        .isEqualTo(new Decision.Try(at(2, TWO).orElseThrow(), false));
  }

  @Test
  void follow_highestSeenButNeverServed_triesItAgain() {
    assertThat(Decision.follow(known(FIRST.seen(2), at(2, TWO)))).isInstanceOf(Decision.Try.class);
  }

  @Test
  void follow_newerRevisionOfAVersionThatPassed_onlyComparesIt() {
    RouteState state = FIRST.following(2, TWO.id()).following(3, ONE.id());
    assertThat(Decision.follow(known(state, at(4, TWO))))
        .isEqualTo(new Decision.Try(at(4, TWO).orElseThrow(), true));
  }

  @Test
  void follow_newerRevisionNamesWhatServes_acceptsIt() {
    assertThat(Decision.follow(known(OVERRIDDEN, at(2, ONE))))
        .isEqualTo(new Decision.Accept(at(2, ONE).orElseThrow()));
  }

  @Test
  void follow_newerRevisionNamesTheBannedVersion_triesIt() {
    assertThat(Decision.follow(known(ROLLED_BACK, at(3, TWO))))
        .isEqualTo(new Decision.Try(at(3, TWO).orElseThrow(), true));
  }

  @Test
  void follow_refusedForThisRevisionBesideThisVersion_isToldAgain() {
    assertThat(Decision.follow(known(FIRST, at(2, TWO), List.of(refusal(TWO, 2, ONE)))))
        .isEqualTo(new Decision.Refuse(at(2, TWO).orElseThrow(), FAILED));
  }

  @Test
  void follow_refusedForAnotherRevision_triesItAgain() {
    assertThat(Decision.follow(known(FIRST, at(3, TWO), List.of(refusal(TWO, 2, ONE)))))
        .isInstanceOf(Decision.Try.class);
  }

  @Test
  void follow_refusedBesideAnotherVersion_triesItAgain() {
    Version other = MemoryStore.version("3");
    assertThat(Decision.follow(known(FIRST, at(2, TWO), List.of(refusal(TWO, 2, other)))))
        .isInstanceOf(Decision.Try.class);
  }

  @Test
  void follow_anotherVersionRefused_isNoNews() {
    Version other = MemoryStore.version("3");
    assertThat(Decision.follow(known(FIRST, at(2, TWO), List.of(refusal(other, 2, ONE)))))
        .isInstanceOf(Decision.Try.class);
  }

  // --- clear ---

  @Test
  void clear_nothingToClear_stays() {
    assertStaysWithoutAWord(Decision.clear(known(FIRST, at(2, TWO))));
  }

  @Test
  void clear_rolledBack_triesTheHeadThroughAllGates() {
    assertThat(Decision.clear(known(ROLLED_BACK, at(2, TWO))))
        .isEqualTo(new Decision.Try(at(2, TWO).orElseThrow(), false));
  }

  @Test
  void clear_headRefusedBefore_triesItAllTheSame() {
    assertThat(Decision.clear(known(ROLLED_BACK, at(2, TWO), List.of(refusal(TWO, 2, ONE)))))
        .isInstanceOf(Decision.Try.class);
  }

  @Test
  void clear_overriddenWithWhatTheAliasNames_acceptsIt() {
    assertThat(Decision.clear(known(OVERRIDDEN, at(1, ONE))))
        .isEqualTo(new Decision.Accept(at(1, ONE).orElseThrow()));
  }

  @Test
  void clear_banWithoutAnOverride_triesTheHead() {
    RouteState banned =
        new RouteState(
            2, 2, Optional.empty(), Optional.empty(), Optional.of(TWO.id()), Set.of(ONE.id()));
    assertThat(Decision.clear(known(banned, at(2, TWO)))).isInstanceOf(Decision.Try.class);
  }
}
