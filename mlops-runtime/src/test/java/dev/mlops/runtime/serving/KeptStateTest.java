package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.model.ModelRef;
import dev.mlops.store.StoreUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The steps between memory and folder one by one; {@link HungStateFolderTest} has them race. */
class KeptStateTest {
  private static final ModelRef REF = ModelRef.parse("m@champion");
  private static final RouteState ONE = RouteState.NEW.following(1, "one");
  private static final RouteState TWO = ONE.following(2, "two");
  private static final RouteState BACK = ONE.rolledBack("0", "fell", "one");

  private final Folder folder = new Folder();
  private final KeptState kept = new KeptState(REF, folder);

  private static final class Folder extends StateFolder {
    final List<RouteState> writes = new ArrayList<>();
    RouteState holds = RouteState.NEW;
    boolean broken;

    Folder() {
      super(Optional.empty());
    }

    @Override
    RouteState read(ModelRef route) {
      requireWhole();
      return holds;
    }

    @Override
    void write(ModelRef route, RouteState state, Open last) {
      requireWhole();
      last.requireOpen();
      writes.add(state);
      holds = state;
    }

    private void requireWhole() {
      if (broken) {
        throw new StoreUnavailableException("broken", null);
      }
    }
  }

  private static void isOpen() {}

  private void decide(RouteState next) {
    RouteState from = kept.now();
    assertThat(kept.prepare(from, next, KeptStateTest::isOpen)).isTrue();
    assertThat(kept.now()).as("not yet so").isEqualTo(from);
    assertThat(folder.holds).isEqualTo(next);
    assertThat(kept.become(from, next)).isTrue();
    assertThat(kept.now()).isEqualTo(next);
    assertThat(kept.unwritten()).isEmpty();
  }

  @Test
  void decided_isWrittenBeforeItIsSoAndOnce() {
    decide(ONE);
    decide(TWO);
    kept.catchUp();
    assertThat(folder.writes).containsExactly(ONE, TWO);
  }

  @Test
  void load_isSoAndNotWritten() {
    folder.holds = ONE;
    assertThat(kept.load()).isEqualTo(ONE);
    assertThat(kept.now()).isEqualTo(ONE);
    kept.catchUp();
    assertThat(folder.writes).isEmpty();
    decide(TWO);
  }

  @Test
  void prepare_fromWhatIsNoMore_writesNothing() {
    decide(ONE);
    assertThat(kept.prepare(RouteState.NEW, TWO, KeptStateTest::isOpen)).isFalse();
    assertThat(folder.holds).isEqualTo(ONE);
  }

  @Test
  void become_whatWasNotPrepared_isNotSo() {
    decide(ONE);
    assertThat(kept.become(ONE, TWO)).isFalse();
    assertThat(kept.now()).isEqualTo(ONE);
  }

  @Test
  void become_behindARollback_isNotSoAndForgoWritesTheRollback() {
    decide(ONE);
    assertThat(kept.prepare(ONE, TWO, KeptStateTest::isOpen)).isTrue();
    kept.change(BACK);
    assertThat(kept.unwritten()).contains("it is being written");
    assertThat(kept.become(ONE, TWO)).isFalse();
    assertThat(kept.now()).isEqualTo(BACK);
    kept.forgo(TWO);
    assertThat(folder.holds).isEqualTo(BACK);
    assertThat(kept.unwritten()).isEmpty();
    kept.forgo(TWO);
    kept.catchUp();
    assertThat(folder.writes).as("once").containsExactly(ONE, TWO, BACK);
  }

  /** A write that failed may have come through all the same. */
  @Test
  void become_behindAWriteThatFailed_isNotSo() {
    decide(ONE);
    folder.broken = true;
    assertThatThrownBy(() -> kept.prepare(ONE, TWO, KeptStateTest::isOpen))
        .isInstanceOf(StoreUnavailableException.class);
    assertThat(kept.become(ONE, TWO)).isFalse();
    assertThat(kept.become(ONE, ONE)).as("nobody knows what the folder holds").isFalse();
    folder.broken = false;
    kept.forgo(TWO);
    assertThat(folder.writes).as("it held what is so").containsExactly(ONE);
    decide(TWO);
  }

  @Test
  void prepare_closedBeforeItIsInPlace_leavesTheFolderAsItWas() {
    decide(ONE);
    assertThatThrownBy(
            () ->
                kept.prepare(
                    ONE,
                    TWO,
                    () -> {
                      throw new IllegalStateException("closed");
                    }))
        .hasMessage("closed");
    kept.forgo(TWO);
    assertThat(folder.writes).containsExactly(ONE);
  }

  @Test
  void forgo_anotherProcessWroteMeanwhile_leavesThat() {
    decide(ONE);
    assertThat(kept.prepare(ONE, TWO, KeptStateTest::isOpen)).isTrue();
    RouteState theirs = TWO.following(3, "three");
    folder.holds = theirs;
    kept.forgo(TWO);
    assertThat(folder.holds).isEqualTo(theirs);
    kept.change(BACK); // but a rollback here is written
    kept.forgo(TWO);
    assertThat(folder.holds).isEqualTo(BACK);
  }

  @Test
  void catchUp_folderBroken_saysWhyUntilItIsWritten() {
    decide(ONE);
    kept.change(BACK);
    folder.broken = true;
    kept.catchUp();
    assertThat(kept.unwritten()).contains("broken");
    folder.broken = false;
    kept.catchUp();
    assertThat(kept.unwritten()).isEmpty();
    assertThat(folder.holds).isEqualTo(BACK);
  }

  @Test
  void forgo_folderBroken_saysWhyUntilItIsWritten() {
    decide(ONE);
    assertThat(kept.prepare(ONE, TWO, KeptStateTest::isOpen)).isTrue();
    folder.broken = true;
    kept.forgo(TWO);
    assertThat(kept.unwritten()).contains("broken");
    folder.broken = false;
    kept.catchUp();
    assertThat(kept.unwritten()).isEmpty();
    assertThat(folder.holds).isEqualTo(ONE);
  }

  @Test
  void pinnedRoute_writesNothing() {
    KeptState pinned = new KeptState(ModelRef.parse("m:1"), folder);
    assertThat(pinned.prepare(RouteState.NEW, ONE, KeptStateTest::isOpen)).isTrue();
    assertThat(pinned.become(RouteState.NEW, ONE)).isTrue();
    assertThat(folder.writes).isEmpty();
  }
}
