package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SlotStateTest {
  private final AtomicLong ids = new AtomicLong(7);

  private SlotState state(int slot) {
    return new SlotState(slot, null, ids);
  }

  @Test
  void nextId_ofTwoSlotsByTurns_isNeverGivenTwice() {
    SlotState one = state(0);
    SlotState two = state(1);
    Set<Long> given = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      assertThat(given.add(one.nextId())).isTrue();
      assertThat(given.add(two.nextId())).isTrue();
    }
    assertThat(given).contains(7L).hasSize(20_000);
    assertThat(ids.get()).as("taken by the block").isEqualTo(7 + 6 * 4096);
  }

  @Test
  void runs_areNumberedOddAndNeverTheSame() {
    SlotState state = state(3);
    assertThat(state.slot()).isEqualTo(3);
    assertThat(state.runs(10, this)).isEqualTo(1);
    assertThat(state.running()).isEqualTo(1);
    state.ran(1);
    assertThat(state.running()).isEqualTo(2);
    assertThat(state.runs(20, this)).isEqualTo(3);
    assertThat(state.limit()).isEqualTo(20);
  }

  @Test
  void forgetOwner_endsItsSayInInterrupts() {
    SlotState state = state(0);
    assertThat(state.interrupted()).isFalse();
    state.runs(1, this);
    Thread.currentThread().interrupt();
    assertThat(state.interrupted()).isTrue();
    assertThat(state.whose(1)).isSameAs(this);
    assertThat(state.whose(3)).as("of another run").isNull();
    state.forgetOwner();
    assertThat(state.interrupted()).isFalse();
    assertThat(state.whose(1)).isNull();
    assertThat(Thread.interrupted()).isTrue();
  }
}
