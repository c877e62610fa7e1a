package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.Caller.resultOf;
import static dev.mlops.runtime.serving.Slots.BUSY;
import static dev.mlops.runtime.serving.Slots.CLOSED;
import static dev.mlops.runtime.serving.Slots.INTERRUPTED;
import static dev.mlops.runtime.serving.Slots.TIMED_OUT;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.PrimitiveIterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The protocol of {@link Slots}: a test for each step, and for each way a wait may end.
 *
 * <p>Where a test says "as it is signalled", the clock makes it so: see {@link Caller#clock}. A
 * wait in vain ends as {@code TIMED_OUT} after {@link #LONG}, where the test wants a slot. Each of
 * the three lines below was taken out of {@code Slots} once, and these tests went red:
 *
 * <ul>
 *   <li>the look after the append: {@code wait_releasedBetweenLookAndAppend_isSeen};
 *   <li>a signalled waiter that leaves signals the next: {@code
 *       leave_timedOutAsSignalled_signalsTheNext} and {@code
 *       leave_interruptedAsSignalled_signalsTheNext};
 *   <li>a waiter that was handed a slot and has another releases it: {@code
 *       leave_handedASlotWhileItTookAnother_releasesTheOne}.
 * </ul>
 *
 * <p>The first two also turn {@link SlotsLoopTest} red within seconds. One step has no test that
 * needs it: that a signalled waiter signals the next even when it got a slot. The clock is not read
 * in the few instructions where it matters; the comment in {@code Slots} says why it is there.
 */
class SlotsTest {
  private static final long LONG = SECONDS.toNanos(15); // less than a test has patience
  private static final long EVER = Long.MAX_VALUE;

  private final List<Caller> callers = new ArrayList<>();
  private final Caller owner = caller();
  private final Caller first = caller();
  private final Caller second = caller();

  private Caller caller() {
    Caller caller = new Caller();
    callers.add(caller);
    return caller;
  }

  @AfterEach
  void endCallers() {
    callers.forEach(Caller::close);
  }

  private static Slots slots(int size) {
    return new Slots(size, Caller::clock);
  }

  /** The caller holds this slot of two, and no other. */
  private static void hold(Caller caller, Slots slots, int slot) {
    caller.runs(
        () -> {
          if (slots.claim(0) != slot) {
            assertThat(slots.claim(0)).isEqualTo(slot);
            slots.release(1 - slot);
          }
        });
  }

  // claim

  @Test
  void slots_none_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Slots(0))
        .withMessage("slots were 0 but must be at least 1");
  }

  @Test
  void claim_untilAllAreHeld_givesEachSlotOnce() {
    Slots slots = slots(3);
    assertThat(new int[] {slots.claim(0), slots.claim(0), slots.claim(0)})
        .containsExactlyInAnyOrder(0, 1, 2);
    assertThat(slots.claim(0)).isEqualTo(BUSY);
    assertThat(slots.size()).isEqualTo(3);
  }

  @Test
  void claim_ofASlotThatWasLost_findsItOnce() {
    Slots slots = slots(2);
    owner.runs(() -> lose(slots, slots.claim(0)));
    assertThat(List.of(slots.claim(0), slots.claim(0))).containsExactlyInAnyOrder(0, 1);
    assertThat(slots.claim(0)).isEqualTo(BUSY);
  }

  @Test
  void close_aSlotWasLost_closesAll() {
    Slots slots = slots(2);
    owner.runs(() -> lose(slots, slots.claim(0)));
    assertThat(slots.close(0)).isTrue();
  }

  /** As the owner does where it cannot call {@code release} any more. */
  private static void lose(Slots slots, int slot) {
    slots.lost[slot] = true;
    slots.anyLost = true;
  }

  @Test
  void claim_limitZeroOrLess_neverReadsTheClockNorWaits() {
    Slots slots =
        new Slots(
            1,
            () -> {
              throw new AssertionError("the clock was read");
            });
    int slot = slots.claim(EVER);
    assertThat(slots.claim(0)).isEqualTo(BUSY);
    assertThat(slots.claim(-1)).isEqualTo(BUSY);
    slots.release(slot);
    assertThat(slots.claim(0)).isEqualTo(slot);
  }

  @Test
  void claim_firstOfAThread_looksWhereItsNumberSays() {
    for (Caller caller : List.of(owner, first, second)) { // so they need not meet to part
      int number = caller.does(() -> (int) (Thread.currentThread().getId() % 64));
      assertThat(caller.<Integer>does(() -> slots(64).claim(0))).isEqualTo(number);
    }
  }

  @Test
  void claim_afterMeetingAnotherThread_triesTheSlotItFoundThen() {
    Slots slots = slots(2);
    int met = owner.does(() -> slots.claim(0));
    for (Caller caller : List.of(first, second)) { // one of them looks at that slot first
      assertThat(caller.<Integer>does(() -> slots.claim(0))).isEqualTo(1 - met);
      caller.runs(() -> slots.release(1 - met));
    }
    owner.runs(() -> slots.release(met));
    for (Caller caller : List.of(first, second)) {
      assertThat(caller.<Integer>does(() -> slots.claim(0))).isEqualTo(1 - met);
      caller.runs(() -> slots.release(1 - met));
    }
    assertThat(owner.<Integer>does(() -> slots.claim(0))).isEqualTo(met);
  }

  // release

  @Test
  void release_slotNotHeld_throwsAndChangesNothing() {
    Slots slots = slots(2);
    int slot = slots.claim(0);
    assertThatIllegalStateException()
        .isThrownBy(() -> slots.release(1 - slot))
        .withMessage(
            "slot %d is not held by %s; release what claim or handOver gave, once, on the same"
                + " thread",
            1 - slot, Thread.currentThread().getName());
    assertThatIllegalStateException().isThrownBy(() -> slots.release(TIMED_OUT));
    assertThatIllegalStateException().isThrownBy(() -> slots.release(2));
    assertThat(slots.busy(slot)).isTrue();
    assertThat(slots.busy(1 - slot)).isFalse();
  }

  @Test
  void release_twice_cannotFreeTheSlotOfWhoeverHasItNow() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    owner.runs(() -> slots.release(slot));
    assertThat(first.<Integer>does(() -> slots.claim(0))).isEqualTo(slot);
    owner.runs(
        () -> {
          assertThatIllegalStateException().isThrownBy(() -> slots.release(slot));
          assertThatIllegalStateException().isThrownBy(() -> slots.handOver(slot, EVER));
        });
    assertThat(slots.busy(slot)).isTrue();
  }

  // wait

  @Test
  void wait_slotReleased_getsIt() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> waiting = first.waits(slots, EVER);
    owner.runs(() -> slots.release(slot));
    assertThat(resultOf(waiting)).isEqualTo(slot);
  }

  @Test
  void wait_releasedBetweenLookAndAppend_isSeen() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    first.atNextRead(
        now -> {
          owner.runs(() -> slots.release(slot)); // sees nobody to signal
          return now;
        });
    assertThat(first.<Integer>does(() -> slots.claim(LONG))).isEqualTo(slot);
  }

  @Test
  void wait_wokenForNothing_waitsOn() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> waiting = first.waits(slots, EVER);
    first.wakeForNothing();
    owner.runs(() -> slots.release(slot));
    assertThat(resultOf(waiting)).isEqualTo(slot);
  }

  @Test
  void wait_nothingReleased_timesOut() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    assertThat(first.<Integer>does(() -> slots.claim(1))).isEqualTo(TIMED_OUT);
    owner.runs(() -> slots.release(slot));
    assertThat(slots.claim(0)).isEqualTo(slot);
  }

  @Test
  void wait_clockAtTheLimit_timesOut() {
    PrimitiveIterator.OfLong clock = LongStream.of(0, 0, 4, 10).iterator();
    Slots slots = new Slots(1, clock::nextLong);
    slots.claim(0);
    assertThat(slots.claim(10)).isEqualTo(TIMED_OUT);
    assertThat(clock).isExhausted();
  }

  @Test
  void wait_timedOutAndNothingEverReleased_isForgotten() throws InterruptedException {
    Slots slots = slots(1);
    owner.runs(() -> slots.claim(0));
    Thread thread = new Thread(() -> slots.claim(1));
    thread.start();
    thread.join();
    WeakReference<Thread> waiter = new WeakReference<>(thread);
    thread = null;
    for (int i = 0; i < 1_000 && !waiter.refersTo(null); i++) {
      System.gc();
    }
    assertThat(waiter.refersTo(null)).isTrue();
  }

  @Test
  void wait_interrupted_endsAndKeepsTheFlag() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<String> waiting =
        first.begins(() -> slots.claim(EVER) + ", " + Thread.currentThread().isInterrupted());
    first.awaitParked(slots);
    first.interrupt();
    assertThat(resultOf(waiting)).isEqualTo(INTERRUPTED + ", true");
    owner.runs(() -> slots.release(slot));
  }

  @Test
  void claim_interruptedButSlotFree_getsItAndKeepsTheFlag() {
    Slots slots = slots(1);
    Thread.currentThread().interrupt();
    assertThat(slots.claim(EVER)).isEqualTo(0);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void wait_severalWait_longestFirst() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    List<Future<Integer>> waiting = new ArrayList<>();
    List<Caller> waiters = List.of(first, second, caller(), caller());
    for (Caller waiter : waiters) {
      waiting.add(waiter.waits(slots, EVER));
    }
    Caller holder = owner;
    for (int i = 0; i < waiters.size(); i++) {
      holder.runs(() -> slots.release(slot));
      assertThat(resultOf(waiting.get(i))).isEqualTo(slot);
      assertThat(waiting.subList(i + 1, waiting.size())).noneMatch(Future::isDone);
      holder = waiters.get(i);
    }
  }

  @Test
  void wait_signalledButBeatenToTheSlot_staysFirst() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> beaten = first.waits(slots, LONG);
    Future<Integer> behind = second.waits(slots, LONG);
    CountDownLatch waitsAgain = new CountDownLatch(1);
    first.atNextRead(
        now -> {
          owner.runs(() -> slots.release(slot)); // signals the first
          owner.runs(() -> assertThat(slots.claim(0)).isEqualTo(slot));
          return now;
        });
    first.atNextRead(now -> now); // sees that it is signalled, claims, is beaten, appends
    first.atNextRead(
        now -> {
          waitsAgain.countDown();
          return now;
        });
    first.wakeForNothing();
    awaited(waitsAgain, 0);
    owner.runs(() -> slots.release(slot));
    assertThat(resultOf(beaten)).isEqualTo(slot);
    assertThat(behind).isNotDone();
  }

  @Test
  void wait_beatenButNotOverdue_isOnlySignalled() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    CountDownLatch waitsAgain = new CountDownLatch(1);
    CountDownLatch tried = new CountDownLatch(1);
    long began = System.nanoTime();
    first.atNextRead(now -> began);
    first.atNextRead(
        now -> { // after the append
          owner.runs(() -> slots.release(slot)); // signals the first
          owner.runs(() -> assertThat(slots.claim(0)).isEqualTo(slot));
          return began;
        });
    first.atNextRead(now -> began + 1_000_000); // claims, is beaten after a millisecond
    first.atNextRead(
        now -> {
          waitsAgain.countDown();
          return awaited(tried, now);
        });
    Future<Integer> beaten = first.begins(() -> slots.claim(LONG));
    awaited(waitsAgain, 0);
    int taken =
        owner.does(
            () -> {
              slots.release(slot);
              return slots.claim(0);
            });
    assertThat(taken).isEqualTo(slot);
    tried.countDown();
    owner.runs(() -> slots.release(slot));
    assertThat(resultOf(beaten)).isEqualTo(slot);
  }

  @Test
  void wait_beatenWhenOverdue_isHandedTheNextSlotBeforeAnyoneCanTakeIt() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> beaten = first.waits(slots, LONG);
    CountDownLatch waitsAgain = new CountDownLatch(1);
    CountDownLatch tried = new CountDownLatch(1);
    first.atNextRead(
        now -> {
          owner.runs(() -> slots.release(slot)); // signals the first
          owner.runs(() -> assertThat(slots.claim(0)).isEqualTo(slot));
          return now;
        });
    first.atNextRead(now -> now + LONG / 2); // claims, is beaten, and has waited for long
    first.atNextRead(
        now -> {
          waitsAgain.countDown();
          return awaited(tried, now); // so that it cannot be in time for a signal
        });
    first.wakeForNothing();
    awaited(waitsAgain, 0);
    int taken =
        owner.does(
            () -> {
              slots.release(slot);
              return slots.claim(0);
            });
    assertThat(taken).isEqualTo(BUSY);
    owner.runs(() -> assertThatIllegalStateException().isThrownBy(() -> slots.release(slot)));
    tried.countDown();
    assertThat(resultOf(beaten)).isEqualTo(slot);
    first.runs(() -> slots.release(slot));
    assertThat(slots.claim(0)).isEqualTo(slot);
  }

  // leave

  @Test
  void leave_timedOutAsSignalled_signalsTheNext() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> leaving = first.waits(slots, LONG);
    Future<Integer> next = second.waits(slots, LONG);
    first.atNextRead(
        now -> {
          owner.runs(() -> slots.release(slot)); // signals the first
          return now + 2 * LONG; // whose time is up
        });
    first.wakeForNothing();
    assertThat(resultOf(leaving)).isEqualTo(TIMED_OUT);
    assertThat(resultOf(next)).isEqualTo(slot);
  }

  @Test
  void leave_interruptedAsSignalled_signalsTheNext() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> leaving = first.waits(slots, LONG);
    Future<Integer> next = second.waits(slots, LONG);
    first.atNextRead(
        now -> {
          owner.runs(() -> slots.release(slot)); // signals the first
          Thread.currentThread().interrupt();
          return now;
        });
    first.wakeForNothing();
    assertThat(resultOf(leaving)).isEqualTo(INTERRUPTED);
    assertThat(resultOf(next)).isEqualTo(slot);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void leave_timedOutAsHandedASlot_takesIt(int slot) {
    Slots slots = slots(2);
    hold(owner, slots, slot);
    hold(second, slots, 1 - slot);
    Future<Integer> leaving = first.waits(slots, LONG);
    List<Future<Integer>> batch = new ArrayList<>();
    first.atNextRead(
        now -> {
          batch.add(owner.begins(() -> slots.handOver(slot, LONG)));
          owner.awaitParked(slots);
          return now + 2 * LONG;
        });
    first.wakeForNothing();
    assertThat(resultOf(leaving)).isEqualTo(slot);
    first.runs(() -> slots.release(slot));
    assertThat(resultOf(batch.get(0))).isEqualTo(slot);
  }

  @Test
  void leave_interruptedAsHandedASlot_takesItAndKeepsTheFlag() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<String> leaving =
        first.begins(() -> slots.claim(LONG) + ", " + Thread.currentThread().isInterrupted());
    first.awaitParked(slots);
    List<Future<Integer>> batch = new ArrayList<>();
    first.atNextRead(
        now -> {
          batch.add(owner.begins(() -> slots.handOver(slot, LONG)));
          owner.awaitParked(slots);
          Thread.currentThread().interrupt();
          return now;
        });
    first.wakeForNothing();
    assertThat(resultOf(leaving)).isEqualTo(slot + ", true");
    first.runs(() -> slots.release(slot));
    assertThat(resultOf(batch.get(0))).isEqualTo(slot);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void leave_handedASlotWhileItTookAnother_releasesTheOne(int handed) {
    Slots slots = slots(2);
    int other = 1 - handed;
    hold(owner, slots, handed);
    hold(second, slots, other);
    FutureTask<Integer> taking = new FutureTask<>(() -> slots.claim(LONG));
    List<Future<Integer>> batch = new ArrayList<>();
    CountDownLatch handedOver = new CountDownLatch(1);
    owner.atNextRead(
        now -> { // the batch, after its hand-over and before its append
          handedOver.countDown();
          assertThat(resultOf(taking)).isEqualTo(other);
          return now;
        });
    first.atNextRead(
        now -> { // before the append: this signals nobody
          second.runs(() -> slots.release(other));
          return now;
        });
    first.atNextRead(
        now -> { // after the append, before the look
          batch.add(owner.begins(() -> slots.handOver(handed, LONG)));
          return awaited(handedOver, now);
        });
    first.runs(taking);
    assertThat(resultOf(taking)).isEqualTo(other);
    assertThat(resultOf(batch.get(0))).isEqualTo(handed);
  }

  // handOver

  @Test
  void handOver_nobodyWaits_keepsTheSlot() {
    Slots slots = slots(2);
    int slot = slots.claim(0);
    assertThat(slots.handOver(slot, EVER)).isEqualTo(slot);
    assertThat(slots.busy(slot)).isTrue();
  }

  @Test
  void handOver_limitZero_keepsTheSlot() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> waiting = first.waits(slots, EVER);
    assertThat(owner.<Integer>does(() -> slots.handOver(slot, 0))).isEqualTo(slot);
    assertThat(waiting).isNotDone();
    owner.runs(() -> slots.release(slot));
    assertThat(resultOf(waiting)).isEqualTo(slot);
  }

  @Test
  void handOver_someWait_goesBehindThem() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> one = first.waits(slots, EVER);
    Future<Integer> two = second.waits(slots, EVER);
    Future<Integer> batch = owner.begins(() -> slots.handOver(slot, EVER));
    assertThat(resultOf(one)).isEqualTo(slot);
    owner.awaitParked(slots);
    first.runs(() -> slots.release(slot));
    assertThat(resultOf(two)).isEqualTo(slot);
    assertThat(batch).isNotDone();
    second.runs(() -> slots.release(slot));
    assertThat(resultOf(batch)).isEqualTo(slot);
  }

  @Test
  void handOver_theOnlyWaiterIsSignalledAlready_keepsTheSlot() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> waiting = first.waits(slots, LONG);
    CountDownLatch keptSlot = new CountDownLatch(1);
    first.atNextRead(now -> awaited(keptSlot, now));
    owner.runs(
        () -> {
          slots.release(slot); // signals the waiter, which reads the clock first
          assertThat(slots.claim(0)).isEqualTo(slot);
          assertThat(slots.handOver(slot, EVER)).isEqualTo(slot);
          keptSlot.countDown();
          slots.release(slot);
        });
    assertThat(resultOf(waiting)).isEqualTo(slot);
  }

  @Test
  void handOver_slotReleasedBeforeItsOwnAppend_isSeen() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> waiting = first.waits(slots, EVER);
    owner.atNextRead(
        now -> {
          assertThat(resultOf(waiting)).isEqualTo(slot);
          first.runs(() -> slots.release(slot)); // sees nobody to signal
          return now;
        });
    assertThat(owner.<Integer>does(() -> slots.handOver(slot, LONG))).isEqualTo(slot);
  }

  @Test
  void handOver_notGivenASlotInTime_holdsNone() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> waiting = first.waits(slots, EVER);
    assertThat(owner.<Integer>does(() -> slots.handOver(slot, 1))).isEqualTo(TIMED_OUT);
    assertThat(resultOf(waiting)).isEqualTo(slot);
    owner.runs(() -> assertThatIllegalStateException().isThrownBy(() -> slots.release(slot)));
    first.runs(() -> slots.release(slot));
    assertThat(slots.claim(0)).isEqualTo(slot);
  }

  // close

  @Test
  void close_allFree_closesAtOnce() {
    Slots slots = slots(3);
    assertThat(slots.close(0)).isTrue();
    assertThat(slots.claim(EVER)).isEqualTo(CLOSED);
    assertThat(slots.claim(0)).isEqualTo(CLOSED);
    assertThat(slots.close(0)).isTrue();
  }

  @Test
  void close_begunButSlotStillFree_letsNobodyIn() {
    Slots slots = slots(1);
    List<Integer> claims = new ArrayList<>();
    owner.atNextRead(
        now -> { // the closer, before it looks at the slots
          claims.add(first.does(() -> slots.claim(EVER)));
          return now;
        });
    assertThat(owner.<Boolean>does(() -> slots.close(EVER))).isTrue();
    assertThat(claims).containsExactly(CLOSED);
  }

  @Test
  void close_callRuns_waitsForItsRelease() {
    Slots slots = slots(2);
    int slot = first.does(() -> slots.claim(0));
    Future<Boolean> closer = owner.begins(() -> slots.close(EVER));
    owner.awaitParked(slots);
    assertThat(slots.busy(slot)).isTrue();
    assertThat(slots.busy(1 - slot)).isFalse();
    assertThat(slots.claim(EVER)).isEqualTo(CLOSED);
    first.runs(() -> slots.release(slot));
    assertThat(resultOf(closer)).isTrue();
  }

  @Test
  void close_limitPassed_saysSoAndMayBeCalledAgain() {
    Slots slots = slots(1);
    int slot = first.does(() -> slots.claim(0));
    assertThat(slots.close(1)).isFalse();
    assertThat(slots.close(0)).isFalse();
    first.runs(() -> slots.release(slot));
    assertThat(slots.claim(0)).isEqualTo(CLOSED);
    assertThat(slots.close(0)).isTrue();
  }

  @Test
  void close_clockAtTheLimit_givesUp() {
    PrimitiveIterator.OfLong clock = LongStream.of(0, 4, 10).iterator();
    Slots slots = new Slots(1, clock::nextLong);
    slots.claim(0);
    assertThat(slots.close(10)).isFalse();
    assertThat(clock).isExhausted();
  }

  @Test
  void close_someWait_allAreAnsweredClosedBeforeTheCallEnds() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> one = first.waits(slots, EVER);
    Future<Integer> two = second.waits(slots, EVER);
    Caller lifecycle = caller();
    Future<Boolean> closer = lifecycle.begins(() -> slots.close(EVER));
    assertThat(resultOf(one)).isEqualTo(CLOSED);
    assertThat(resultOf(two)).isEqualTo(CLOSED);
    assertThat(closer).isNotDone();
    owner.runs(() -> slots.release(slot));
    assertThat(resultOf(closer)).isTrue();
  }

  @Test
  void close_beginsBetweenLookAndAppend_isSeenByTheWaiter() {
    Slots slots = slots(1);
    owner.runs(() -> slots.claim(0));
    first.atNextRead(
        now -> {
          assertThat(slots.close(0)).isFalse(); // signals all; nobody is there yet
          return now;
        });
    assertThat(first.<Integer>does(() -> slots.claim(LONG))).isEqualTo(CLOSED);
  }

  @Test
  void handOver_closing_releasesTheSlot() {
    Slots slots = slots(1);
    int slot = first.does(() -> slots.claim(0));
    Future<Boolean> closer = owner.begins(() -> slots.close(EVER));
    owner.awaitParked(slots);
    assertThat(first.<Integer>does(() -> slots.handOver(slot, EVER))).isEqualTo(CLOSED);
    assertThat(resultOf(closer)).isTrue();
  }

  @Test
  void handOver_closeBeginsBeforeItsOwnAppend_isSeenByTheBatch() {
    Slots slots = slots(1);
    int slot = owner.does(() -> slots.claim(0));
    Future<Integer> waiting = first.waits(slots, EVER);
    owner.atNextRead(
        now -> {
          assertThat(slots.close(0)).isFalse();
          return now;
        });
    assertThat(owner.<Integer>does(() -> slots.handOver(slot, LONG))).isEqualTo(CLOSED);
    assertThat(resultOf(waiting)).as("handed before closing").isEqualTo(slot);
    first.runs(() -> slots.release(slot));
    assertThat(slots.close(0)).isTrue();
  }

  @Test
  void close_interrupted_finishesAndKeepsTheFlag() {
    Slots slots = slots(1);
    int slot = first.does(() -> slots.claim(0));
    Future<String> closer =
        owner.begins(() -> slots.close(EVER) + ", " + Thread.currentThread().isInterrupted());
    owner.awaitParked(slots);
    owner.interrupt();
    first.runs(() -> slots.release(slot));
    assertThat(resultOf(closer)).isEqualTo("true, true");
  }

  @Test
  void close_byTwoThreads_theSecondIsRefused() {
    Slots slots = slots(1);
    int slot = first.does(() -> slots.claim(0));
    Future<Boolean> closer = owner.begins(() -> slots.close(EVER));
    owner.awaitParked(slots);
    assertThatIllegalStateException()
        .isThrownBy(() -> slots.close(0))
        .withMessage("slots are being closed by caller; one thread closes a version");
    first.runs(() -> slots.release(slot));
    assertThat(resultOf(closer)).isTrue();
  }

  private static long awaited(CountDownLatch latch, long now) {
    try {
      assertThat(latch.await(20, SECONDS)).isTrue();
      return now;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
