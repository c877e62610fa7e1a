package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.Slots.CLOSED;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The races of the claim protocol, each outcome that is allowed with its reason; {@link
 * SlotsRacesTest} runs them.
 *
 * <p>In the outcomes a number from 0 is a slot, -2 says closed, -3 timed out, -4 interrupted. Who
 * waits {@link #LONG} is only refused in time if it slept beside a free slot.
 */
final class SlotsRaces {
  private static final long LONG = 3_000_000_000L;
  private static final int YES = 1;

  private SlotsRaces() {}

  /** What a call does with its slot: long enough for the others to come meanwhile. */
  private static void use() {
    for (int i = 0; i < 20; i++) {
      Thread.onSpinWait();
    }
  }

  /** A single call; says what it got. */
  private static int call(Slots slots, long waitNanos) {
    int slot = slots.claim(waitNanos);
    if (slot >= 0) {
      use();
      slots.release(slot);
    }
    return slot;
  }

  /** Two chunks with a hand-over between them; says how the second began. */
  private static int batch(Slots slots) {
    int slot = slots.claim(LONG);
    if (slot >= 0) {
      use();
      slot = slots.handOver(slot, LONG);
    }
    if (slot >= 0) {
      use();
      slots.release(slot);
    }
    return slot;
  }

  /** How many slots can be claimed when all is over. */
  private static int free(Slots slots) {
    int free = 0;
    while (slots.claim(0) >= 0) {
      free++;
    }
    return free;
  }

  private static void lose(Slots slots, int slot) {
    slots.lost[slot] = true;
    slots.anyLost = true;
  }

  private static int close(Slots slots) {
    return slots.close(LONG) ? YES : 0;
  }

  /** One slot, two callers: whoever comes second waits for the release of the first. */
  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "one after the other")
  @Outcome(expect = FORBIDDEN, desc = "slept beside a free slot")
  @State
  public static class ReleaseAgainstAppend {
    private final Slots slots = new Slots(1);

    @Actor
    public void one(II_Result r) {
      r.r1 = call(slots, LONG);
    }

    @Actor
    public void other(II_Result r) {
      r.r2 = call(slots, LONG);
    }
  }

  /** One slot, nobody waits, nobody gives back: one gets it. */
  @JCStressTest
  @Outcome(
      id = {"0, -1", "-1, 0"},
      expect = ACCEPTABLE,
      desc = "one has it, the other is told")
  @Outcome(expect = FORBIDDEN, desc = "held twice, or by nobody")
  @State
  public static class ClaimAgainstClaim {
    private final Slots slots = new Slots(1);

    @Actor
    public void one(II_Result r) {
      r.r1 = slots.claim(0);
    }

    @Actor
    public void other(II_Result r) {
      r.r2 = slots.claim(0);
    }
  }

  /** One slot, which its owner lost at the end of its stack: one gets it. */
  @JCStressTest
  @Outcome(
      id = {"0, -1", "-1, 0"},
      expect = ACCEPTABLE,
      desc = "one has it, the other is told")
  @Outcome(expect = FORBIDDEN, desc = "held twice, or by nobody")
  @State
  public static class ClaimAgainstClaimOfWhatWasLost {
    private final Slots slots = new Slots(1);

    public ClaimAgainstClaimOfWhatWasLost() {
      lose(slots, slots.claim(0));
    }

    @Actor
    public void one(II_Result r) {
      r.r1 = slots.claim(0);
    }

    @Actor
    public void other(II_Result r) {
      r.r2 = slots.claim(0);
    }
  }

  /** A waiter's time is up as it is signalled; another waits behind it. */
  @JCStressTest
  @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "all had the slot in turn")
  @Outcome(id = "0, -3, 0", expect = ACCEPTABLE, desc = "one gave up, and its signal went on")
  @Outcome(expect = FORBIDDEN, desc = "slept beside a free slot")
  @State
  public static class SignalAgainstTimeout {
    private final Slots slots = new Slots(1);

    @Actor
    public void one(III_Result r) {
      r.r1 = call(slots, LONG);
    }

    @Actor
    public void hasNoTime(III_Result r) {
      r.r2 = call(slots, 1);
    }

    @Actor
    public void other(III_Result r) {
      r.r3 = call(slots, LONG);
    }
  }

  /** A waiter is interrupted as it is signalled; another waits behind it. */
  @JCStressTest
  @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "all had the slot in turn")
  @Outcome(id = "0, -4, 0", expect = ACCEPTABLE, desc = "one was interrupted, its signal went on")
  @Outcome(expect = FORBIDDEN, desc = "slept beside a free slot, or lost the interrupt")
  @State
  public static class SignalAgainstInterrupt {
    private final Slots slots = new Slots(1);

    @Actor
    public void one(III_Result r) {
      r.r1 = call(slots, LONG);
    }

    @Actor
    public void interrupted(III_Result r) {
      Thread.currentThread().interrupt();
      int got = call(slots, LONG);
      r.r2 = Thread.interrupted() ? got : Integer.MIN_VALUE;
    }

    @Actor
    public void other(III_Result r) {
      r.r3 = call(slots, LONG);
    }
  }

  /**
   * A waiter finds a slot in its look after the append and is signalled about the other one before
   * it has left: whoever waits behind it must get that, for the waiter keeps what it found.
   */
  @JCStressTest
  @Outcome(
      id = "[01], [01], [01], [01]",
      expect = ACCEPTABLE,
      desc = "all got a slot, whatever the order")
  @Outcome(expect = FORBIDDEN, desc = "slept beside a free slot")
  @State
  public static class SignalAgainstAnotherSlot {
    private final Slots slots = new Slots(2);

    @Actor
    public void one(IIII_Result r) {
      r.r1 = call(slots, LONG);
    }

    @Actor
    public void keepsIt(IIII_Result r) {
      r.r2 = slots.claim(LONG);
    }

    @Actor
    public void callsTwice(IIII_Result r) {
      r.r3 = call(slots, LONG);
      r.r4 = call(slots, LONG);
    }
  }

  /** A batch hands its slot to one that leaves at that moment. */
  @JCStressTest
  @Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "handed over and back, or one by one")
  @Outcome(id = "0, -3, 1", expect = ACCEPTABLE, desc = "the batch kept the slot")
  @Outcome(expect = FORBIDDEN, desc = "the slot is lost or doubled, or the batch sleeps beside it")
  @State
  public static class HandOverAgainstTimeout {
    private final Slots slots = new Slots(1);

    @Actor
    public void batch(III_Result r) {
      r.r1 = SlotsRaces.batch(slots);
    }

    @Actor
    public void hasNoTime(III_Result r) {
      r.r2 = call(slots, 1);
    }

    @Arbiter
    public void end(III_Result r) {
      r.r3 = free(slots);
    }
  }

  /** A batch hands its slot to one that takes the other slot at that moment. */
  @JCStressTest
  @Outcome(id = "[01], [01], [01], 2", expect = ACCEPTABLE, desc = "all had a slot, both are back")
  @Outcome(expect = FORBIDDEN, desc = "a slot is lost or doubled, or someone sleeps beside it")
  @State
  public static class HandOverAgainstRelease {
    private final Slots slots = new Slots(2);

    @Actor
    public void batch(IIII_Result r) {
      r.r1 = SlotsRaces.batch(slots);
    }

    @Actor
    public void one(IIII_Result r) {
      r.r2 = call(slots, LONG);
    }

    @Actor
    public void other(IIII_Result r) {
      r.r3 = call(slots, LONG);
    }

    @Arbiter
    public void end(IIII_Result r) {
      r.r4 = free(slots);
    }
  }

  /** Two batches hand over to each other. */
  @JCStressTest
  @Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "each ended")
  @Outcome(expect = FORBIDDEN, desc = "the slot is lost, or a batch sleeps beside it")
  @State
  public static class HandOverAgainstHandOver {
    private final Slots slots = new Slots(1);

    @Actor
    public void one(III_Result r) {
      r.r1 = SlotsRaces.batch(slots);
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = SlotsRaces.batch(slots);
    }

    @Arbiter
    public void end(III_Result r) {
      r.r3 = free(slots);
    }
  }

  /**
   * A batch without a hold, or one that the closer waits for no longer, hands over as it closes.
   */
  @JCStressTest
  @Outcome(
      id = {"0, 0, 1, -2", "0, -2, 1, -2", "-2, 0, 1, -2", "-2, -2, 1, -2"},
      expect = ACCEPTABLE,
      desc = "each had the slot before it closed or was told; it closed when nobody had it")
  @Outcome(expect = FORBIDDEN, desc = "someone or the closer waits in vain, or it is not closed")
  @State
  public static class HandOverAgainstClose {
    private final Slots slots = new Slots(1);

    @Actor
    public void batch(IIII_Result r) {
      r.r1 = SlotsRaces.batch(slots);
    }

    @Actor
    public void one(IIII_Result r) {
      r.r2 = call(slots, LONG);
    }

    @Actor
    public void closer(IIII_Result r) {
      r.r3 = close(slots);
    }

    @Arbiter
    public void end(IIII_Result r) {
      r.r4 = slots.claim(0);
    }
  }

  /** A claim that does not wait, beside a slot in use, against the closing of both. */
  @JCStressTest
  @Outcome(
      id = {"0, 1", "1, 1", "-2, 1"},
      expect = ACCEPTABLE,
      desc = "had the other slot before it closed or was told")
  @Outcome(expect = FORBIDDEN, desc = "told that both are in use, or the closer waits in vain")
  @State
  public static class SecondClaimAgainstClose {
    private final Slots slots = new Slots(2);

    @Actor
    public void claims(II_Result r) {
      int used = slots.claim(0);
      r.r1 = call(slots, 0);
      if (used >= 0) {
        slots.release(used);
      }
    }

    @Actor
    public void closer(II_Result r) {
      r.r2 = close(slots);
    }
  }

  /** Closing with waiters. */
  @JCStressTest
  @Outcome(
      id = {"0, 0, 1", "0, -2, 1", "-2, 0, 1", "-2, -2, 1"},
      expect = ACCEPTABLE,
      desc = "each had the slot before it closed or was told")
  @Outcome(expect = FORBIDDEN, desc = "someone or the closer waits in vain")
  @State
  public static class WaitersAgainstClose {
    private final Slots slots = new Slots(1);

    @Actor
    public void one(III_Result r) {
      r.r1 = call(slots, LONG);
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = call(slots, LONG);
    }

    @Actor
    public void closer(III_Result r) {
      r.r3 = close(slots);
    }
  }

  /** A call against the closing of what it uses. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "claimed first, closed after its release")
  @Outcome(id = "-2, 1", expect = ACCEPTABLE, desc = "closed first, read the routing table again")
  @Outcome(expect = FORBIDDEN, desc = "closed under a call, or never")
  @State
  public static class CallAgainstClose {
    private final Slots slots = new Slots(1);
    private boolean sessionOpen = true; // plain

    @Actor
    public void call(II_Result r) {
      int slot = slots.claim(0);
      if (slot >= 0) {
        use();
        r.r1 = sessionOpen ? YES : 0;
        slots.release(slot);
      } else {
        r.r1 = slot;
      }
    }

    @Actor
    public void closer(II_Result r) {
      r.r2 = close(slots);
      sessionOpen = false;
    }
  }

  /** A hold against the closer, which waits for it without end. */
  @JCStressTest
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "held first, closed after its last chunk")
  @Outcome(id = "-2, 1", expect = ACCEPTABLE, desc = "closed first, no hold was given")
  @Outcome(expect = FORBIDDEN, desc = "cut in spite of the hold, or never closed")
  @State
  public static class HoldAgainstClose {
    private final Slots slots = new Slots(1);
    private final Holds holds = new Holds();

    @Actor
    public void holder(II_Result r) {
      if (!holds.take()) {
        r.r1 = CLOSED;
        return;
      }
      int first = call(slots, LONG);
      int second = call(slots, LONG);
      holds.release();
      r.r1 = Math.min(first, second);
    }

    @Actor
    public void closer(II_Result r) {
      holds.refuse();
      while (holds.any()) {
        Thread.onSpinWait();
      }
      r.r2 = close(slots);
    }
  }

  /**
   * A call against a route that leaves a session which others go on with: its observers are closed
   * once each slot was seen free, and a call that claims later sees that the route has left.
   */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "claimed first, observers closed afterwards")
  @Outcome(id = "-2, 1", expect = ACCEPTABLE, desc = "left first, read the routing table again")
  @Outcome(expect = FORBIDDEN, desc = "told an observer that was closed")
  @State
  public static class CallAgainstLeaving {
    private final Slots slots = new Slots(1);
    private volatile boolean retired;
    private boolean observersOpen = true; // plain

    @Actor
    public void call(II_Result r) {
      int slot = slots.claim(LONG);
      if (retired) {
        r.r1 = CLOSED;
      } else {
        use();
        r.r1 = observersOpen ? YES : 0;
      }
      slots.release(slot);
    }

    @Actor
    public void leaver(II_Result r) {
      retired = true;
      while (slots.busy(0)) {
        Thread.onSpinWait();
      }
      observersOpen = false;
      r.r2 = YES;
    }
  }
}
