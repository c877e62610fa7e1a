package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
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
  void runs_sayWhoseTheyAreAndWhetherTheirThreadIsInterrupted() {
    SlotState state = state(0);
    assertThat(state.interrupted()).isFalse();
    state.runs(1, this);
    Thread.currentThread().interrupt();
    assertThat(state.interrupted()).isTrue();
    assertThat(state.whose(1)).isSameAs(this);
    assertThat(state.whose(3)).as("of another run").isNull();
    assertThat(Thread.interrupted()).isTrue();
  }

  /** So that the compiler has seen it happen before a swap makes it happen. */
  @Test
  void runs_ofOneThread_areWrittenDownAnewNowAndThen() {
    SlotState state = state(0);
    Thread.currentThread().interrupt();
    List<Long> forgotten = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      long number = state.runs(1, this);
      assertThat(state.interrupted()).isTrue();
      assertThat(state.whose(number)).isSameAs(this);
      state.ran(number);
      if (!state.interrupted()) {
        forgotten.add(number);
      }
    }
    assertThat(Thread.interrupted()).isTrue();
    assertThat(forgotten).containsExactly(1L, 1025L, 2049L, 3073L);
  }

  /**
   * As it is where the thread of a run found itself written there, and was forgotten behind that.
   */
  @Test
  void forgetOwner_asARunBegins_isUndone() {
    SlotState state = state(0);
    long run = state.runs(1, this);
    state.forgetOwner();
    Thread.currentThread().interrupt();
    assertThat(state.interrupted()).isTrue();
    assertThat(state.whose(run)).isSameAs(this);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void forgetOwner_keepsNeitherThreadNorVersionAlive() throws InterruptedException {
    SlotState state = state(0);
    List<WeakReference<Object>> gone = new ArrayList<>();
    Thread other =
        new Thread(
            () -> {
              Object whose = new Object();
              gone.add(new WeakReference<>(whose));
              gone.add(new WeakReference<>(Thread.currentThread()));
              state.ran(state.runs(1, whose));
            });
    other.start();
    other.join();
    other = null;
    state.forgetOwner();
    long begin = System.nanoTime();
    while (gone.stream().anyMatch(each -> each.get() != null)) {
      assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(20));
      System.gc();
    }
  }
}
