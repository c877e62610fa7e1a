package dev.mlops.runtime.serving;

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The slots of one loaded version, and who may use them: a call claims one, has it for itself and
 * releases it; the lifecycle thread closes them all before it closes the session.
 *
 * <p>Safe for any number of threads, virtual ones included: a wait parks and never pins its
 * carrier. A claim belongs to the thread that made it, and that thread releases it. A claim that
 * finds a slot free, and its release, allocate nothing and take one compare-and-set and one
 * volatile write.
 *
 * <p>The negative codes answer instead of exceptions because refusals are frequent under load and
 * each caller words its own error.
 */
final class Slots {
  /*
   * The protocol. A slot is FREE, CLOSED, or busy: then it holds the mark of the thread that uses
   * it. A waiter is WAITING, SIGNALLED, LEFT, or handed a slot: then it holds that slot's number.
   *
   * claim: compare-and-set FREE -> mine, first at the slot this thread had last, then at each. If
   * closing, before or after, the answer is CLOSED: the version has left the routing table.
   *
   * wait: waiters++, append, and only then look once more, for a release that came before the
   * append saw nobody to signal. Then park. SIGNALLED: claim; beaten to it: back to the head of the
   * queue, and look once more. Handed a slot: it is mine.
   *
   * leave, whatever the reason: waiters--, swap the state to LEFT. It was SIGNALLED: if a slot is
   * free, signal the next, even when I got one, for the signal may have been about another. It was
   * handed a slot: that one is mine, unless I have another: then release it.
   *
   * release: FREE; unpark the closer if closing; if there are waiters, take them off the queue
   * until one goes WAITING -> SIGNALLED, and unpark it. But if the head of the queue was beaten to
   * a slot when it had waited for long, hand the slot over instead: who runs can claim again before
   * a signalled waiter has woken, and so again and again.
   *
   * hand over: take waiters off the queue until one goes WAITING -> handed(my slot), which stays
   * busy throughout. Then wait, but do not claim in the look after the append, which would overtake
   * those who wait already: if a slot is free, signal the head of the queue, which may be me.
   * (Without any look, one that was handed the slot and released it before my append would leave me
   * asleep beside it.)
   *
   * close, one thread: closing; signal all; each slot FREE -> CLOSED, parking while one is busy.
   *
   * Invariants.
   *
   * A busy slot has one owner: only a compare-and-set leaves FREE, only the owner leaves busy or
   * passes it on, nothing leaves CLOSED. So when each slot is CLOSED no call runs, and none will.
   *
   * Nobody sleeps beside a free slot. Take a slot that stays free from a release on, and a waiter
   * that stays WAITING. If its append came after that release, its look saw the slot, and it took
   * it or signalled. If before, the release saw it counted and signalled. Whoever is signalled
   * takes the slot or, on leaving, sees it free and signals the next. The queue is finite.
   *
   * All waits end when closing: closing is set before all are signalled, and each look sees it.
   *
   * The end of the stack. Any call may throw a StackOverflowError, and so release may end before it
   * has begun. Then its caller writes lost[slot] and anyLost, which takes no call; whoever finds no
   * slot free, or closes, frees what was lost. A waiter that was to be signalled sleeps until its
   * time is over.
   *
   * These steps need volatile reads and writes in the order told: append before look, FREE before
   * the read of waiters, FREE before the read of closing, closing before the closer's look.
   */

  /** No claim: each slot is in use, and the limit was zero. */
  static final int BUSY = -1;

  /** No claim: these slots close or are closed; the version has left the routing table. */
  static final int CLOSED = -2;

  /** No claim: no slot came free within the limit. */
  static final int TIMED_OUT = -3;

  /** No claim: the thread was interrupted while it waited; its interrupt flag stays set. */
  static final int INTERRUPTED = -4;

  private static final long SLOT_FREE = 0;
  private static final long SLOT_CLOSED = 2; // even, as no mark is
  private static final long SLOT_PASSED = 4; // between two owners

  // States of a waiter; a number from 0 is the slot it was handed.
  private static final int WAITING = -1;
  private static final int SIGNALLED = -2;
  private static final int LEFT = -3;

  /**
   * Two cache lines of longs, since processors fetch them in pairs: neighbours would slow each
   * other down.
   */
  private static final int STRIDE = 16;

  private static final int HINTS = 64;

  /**
   * A waiter beaten to a slot after this long is handed the next one. To hand each slot over at
   * once would be fair too, but each would lie idle until its new owner has woken.
   */
  private static final long OVERDUE_NANOS = 1_000_000;

  static final Class<?> CAUGHT = StackOverflowError.class;

  private static final AtomicIntegerFieldUpdater<Slots> WAITERS =
      AtomicIntegerFieldUpdater.newUpdater(Slots.class, "waiters");

  private final int size;
  private final LongSupplier nanoTime;

  /**
   * FREE, CLOSED or the mark of the owner, each slot on cache lines of its own: see {@link #at}.
   */
  private final AtomicLongArray states;

  /** Where threads, by their number, look first: a guess, so races on it are harmless. */
  private final int[] hints = new int[HINTS];

  /** All who are WAITING and have not been taken off; the longest wait first. */
  private final ConcurrentLinkedDeque<Waiter> queue = new ConcurrentLinkedDeque<>();

  /** How many are between their append and their leaving; changed through {@link #WAITERS}. */
  private volatile int waiters;

  /**
   * Slots whose owner could not call {@link #release} any more; it has no other use of them. {@link
   * #anyLost} is written after it.
   */
  final boolean[] lost;

  volatile boolean anyLost;

  /** Set once, by the closer. */
  private volatile boolean closing;

  /** The thread inside {@link #close}. */
  private final AtomicReference<@Nullable Thread> closer = new AtomicReference<>();

  /**
   * Slots that are all free.
   *
   * @param size how many, at least one
   * @throws IllegalArgumentException if there would be none
   */
  Slots(int size) {
    this(size, new NanoClock());
  }

  /**
   * The same with a clock: nanoseconds as {@link System#nanoTime} counts them, read only by those
   * who wait.
   */
  Slots(int size, LongSupplier nanoTime) {
    if (size < 1) {
      throw new IllegalArgumentException("slots were " + size + " but must be at least 1");
    }
    this.size = size;
    this.nanoTime = nanoTime;
    this.lost = new boolean[size];
    this.states = new AtomicLongArray((size + 1) * STRIDE);
    for (int hint = 0; hint < HINTS; hint++) {
      hints[hint] = hint % size;
    }
  }

  /** How many slots there are; they are numbered from zero. */
  int size() {
    return size;
  }

  /**
   * Claims a slot for this thread, waiting for one if need be.
   *
   * @param waitNanos the longest wait in nanoseconds; zero or less never waits
   * @return the slot, the caller's until {@link #release}; or {@link #CLOSED}, {@link #BUSY} (only
   *     without a wait), {@link #TIMED_OUT} or {@link #INTERRUPTED} (both only where it had to
   *     wait)
   */
  int claim(long waitNanos) {
    long mark = mark(Thread.currentThread());
    int hint = hints[hintOf(mark)];
    // The short way. No test can miss it: what follows would give the same slot, later.
    if (!closing && states.compareAndSet(at(hint), SLOT_FREE, mark)) {
      return hint;
    }
    int slot = claimAny(mark);
    return slot == BUSY && waitNanos > 0 ? await(waitNanos, false) : slot;
  }

  /**
   * Gives a slot back, to whoever waits or comes.
   *
   * @param slot one that this thread has claimed, or was given by {@link #handOver}
   * @throws IllegalStateException if this thread does not hold it; nothing was changed
   * @throws StackOverflowError if it could not even begin: the caller then writes {@link #lost}
   */
  void release(int slot) {
    boolean held = true;
    try {
      requireHeld(slot);
      if (waiters != 0 && !closing && firstIsOverdue() && handToFirst(slot)) {
        return;
      }
      states.set(at(slot), SLOT_FREE); // volatile: the reads below must not come before it
      held = false;
      if (closing) {
        LockSupport.unpark(closer.get());
      }
      if (waiters != 0) {
        signalFirst();
      }
    } catch (StackOverflowError e) {
      if (held) {
        lost[slot] = true;
        anyLost = true;
      }
    }
  }

  /** Frees what was lost; whether there was any. */
  private boolean findLost() {
    boolean found = false;
    synchronized (lost) { // or two would free one, the second when it is another's
      anyLost = false;
      for (int slot = 0; slot < size; slot++) {
        if (lost[slot]) {
          lost[slot] = false;
          try {
            states.set(at(slot), SLOT_FREE);
          } catch (StackOverflowError e) { // it may be the loser that looks
            lost[slot] = true;
            anyLost = true;
            throw e;
          }
          found = true;
        }
      }
    }
    return found;
  }

  /**
   * Lets others go first, between two chunks of a long batch: gives the slot to the one who waits
   * longest, if anyone does, and waits for a slot behind all who wait. Without this, a single call
   * would wait for the whole batch.
   *
   * @param slot one that this thread holds
   * @param waitNanos the longest wait for the next slot in nanoseconds; zero or less never waits,
   *     and so keeps the slot
   * @return the slot to go on with, often the same; or {@link #CLOSED}, {@link #TIMED_OUT} or
   *     {@link #INTERRUPTED}, and then this thread holds no slot
   * @throws IllegalStateException if this thread does not hold the slot; nothing was changed
   */
  int handOver(int slot, long waitNanos) {
    requireHeld(slot);
    if (closing) {
      release(slot);
      return CLOSED;
    }
    if (waitNanos <= 0 || waiters == 0 || !handToFirst(slot)) {
      return slot;
    }
    return await(waitNanos, true);
  }

  /** Whether a call holds the slot at this moment. */
  boolean busy(int slot) {
    long state = states.get(at(slot));
    return state != SLOT_FREE && state != SLOT_CLOSED;
  }

  /**
   * Closes the slots: no claim succeeds from now on, whoever waits is answered with {@link
   * #CLOSED}, and each slot is taken when its call releases it. May be called again to wait on, say
   * after the calls that still run were cancelled. Patience with leases and long batches comes
   * before it: see {@link Holds}.
   *
   * @param waitNanos the longest wait for running calls in nanoseconds; an interrupt does not end
   *     it and stays set
   * @return whether each slot is closed: then no call runs, none will, and the session may be
   *     closed; never before
   * @throws IllegalStateException if another thread is in here
   */
  boolean close(long waitNanos) {
    Thread me = Thread.currentThread();
    Thread other = closer.compareAndExchange(null, me);
    if (other != null) {
      throw new IllegalStateException(
          "slots are being closed by " + other.getName() + "; one thread closes a version");
    }
    boolean interrupted = false;
    try {
      closing = true; // after closer is set: who sees this must find whom to unpark
      signalAll();
      long left = waitNanos;
      long deadline = nanoTime.getAsLong() + waitNanos;
      boolean all = closeFree();
      while (!all && left > 0) {
        LockSupport.parkNanos(this, left);
        interrupted |= Thread.interrupted(); // an interrupted thread cannot park
        all = closeFree();
        left = deadline - nanoTime.getAsLong();
      }
      return all;
    } finally {
      closer.set(null);
      if (interrupted) {
        me.interrupt();
      }
    }
  }

  /** Closes what is free; whether all is closed. */
  private boolean closeFree() {
    if (anyLost) {
      findLost();
    }
    boolean all = true;
    for (int slot = 0; slot < size; slot++) {
      int at = at(slot);
      // A late claim may still take a slot between these two looks, but releases it and unparks us.
      all &= states.get(at) == SLOT_CLOSED || states.compareAndSet(at, SLOT_FREE, SLOT_CLOSED);
    }
    return all;
  }

  /** Claims any slot: its number, {@link #CLOSED}, or {@link #BUSY}. */
  private int claimAny(long mark) {
    if (closing) {
      return CLOSED;
    }
    int hint = hintOf(mark);
    int from = hints[hint];
    int slot = from;
    do {
      if (states.get(at(slot)) == SLOT_FREE && states.compareAndSet(at(slot), SLOT_FREE, mark)) {
        hints[hint] = slot; // so threads that met on a slot part for good
        return slot;
      }
      slot = slot + 1 == size ? 0 : slot + 1;
    } while (slot != from);
    if (closing) { // what was free may have closed meanwhile: SecondClaimAgainstClose
      return CLOSED;
    }
    return anyLost && findLost() ? claimAny(mark) : BUSY;
  }

  private int await(long waitNanos, boolean handedOver) {
    long deadline = nanoTime.getAsLong() + waitNanos;
    Waiter me = new Waiter(Thread.currentThread());
    WAITERS.incrementAndGet(this);
    queue.addLast(me);
    boolean look = true; // once after each append
    boolean claim = !handedOver; // and take what is free
    int got = BUSY;
    while (got == BUSY) {
      int state = me.state.get();
      long left = deadline - nanoTime.getAsLong();
      if (state >= 0) {
        got = state;
      } else if (state == SIGNALLED) {
        got = claimAny(me.mark);
        if (got == BUSY) { // beaten to it; who has waited longest stays first
          me.overdue = waitNanos - left > OVERDUE_NANOS;
          me.state.set(WAITING);
          queue.addFirst(me);
          look = true;
          claim = true;
        }
      } else if (look) {
        got = claim ? claimAny(me.mark) : letFirst();
        look = false;
      } else if (Thread.currentThread().isInterrupted()) {
        got = INTERRUPTED;
      } else if (left <= 0) {
        got = TIMED_OUT;
      } else if (me.state.get() == WAITING) { // else the clock may have eaten our permit to go on
        LockSupport.parkNanos(this, left);
      }
    }
    return leave(me, got);
  }

  /**
   * The look after the append of one that handed its slot over: a free slot is for the first in the
   * queue.
   */
  private int letFirst() {
    if (closing) {
      return CLOSED;
    }
    signalFirstIfFree();
    return BUSY;
  }

  /** Ends a wait: the slot or the code to answer with. */
  private int leave(Waiter me, int got) {
    WAITERS.decrementAndGet(this);
    int state = me.state.getAndSet(LEFT);
    if (state == WAITING) {
      queue.remove(me); // nobody took it off, and nobody might for long
      return got;
    }
    if (state == SIGNALLED) {
      signalFirstIfFree();
      return got;
    }
    states.setRelease(at(state), me.mark);
    if (got < 0) {
      return state; // handed a slot while giving up: take it, or it would be lost
    }
    if (got != state) {
      release(state);
    }
    return got;
  }

  private void signalFirstIfFree() {
    for (int slot = 0; slot < size; slot++) {
      if (states.get(at(slot)) == SLOT_FREE) {
        signalFirst();
        return;
      }
    }
  }

  private boolean signalFirst() {
    for (Waiter first = queue.pollFirst(); first != null; first = queue.pollFirst()) {
      if (first.state.compareAndSet(WAITING, SIGNALLED)) {
        LockSupport.unpark(first.thread);
        return true;
      }
    }
    return false;
  }

  private void signalAll() {
    while (signalFirst()) {}
  }

  private boolean firstIsOverdue() {
    Waiter first = queue.peekFirst();
    return first != null && first.overdue;
  }

  private boolean handToFirst(int slot) {
    states.setRelease(at(slot), SLOT_PASSED); // before another can have it
    for (Waiter first = queue.pollFirst(); first != null; first = queue.pollFirst()) {
      if (first.state.compareAndSet(WAITING, slot)) {
        try {
          LockSupport.unpark(first.thread);
        } catch (StackOverflowError e) {
          // it wakes when its time is over, and has the slot
        }
        return true;
      }
    }
    states.setRelease(at(slot), mark(Thread.currentThread()));
    return false;
  }

  private void requireHeld(int slot) {
    long mark = mark(Thread.currentThread());
    if (slot < 0 || slot >= size || states.get(at(slot)) != mark) {
      throw new IllegalStateException(
          "slot "
              + slot
              + " is not held by "
              + Thread.currentThread().getName()
              + "; release what claim or handOver gave, once, on the same thread");
    }
  }

  /**
   * What a slot held by this thread says: odd, so neither FREE nor CLOSED, and never given to
   * another thread.
   */
  private static long mark(Thread thread) {
    return thread.getId() << 1 | 1;
  }

  private static int hintOf(long mark) {
    return (int) (mark >>> 1) & HINTS - 1;
  }

  private static int at(int slot) {
    return (slot + 1) * STRIDE;
  }

  /** One thread's wait. */
  private static final class Waiter {
    final Thread thread;
    final long mark;
    final AtomicInteger state = new AtomicInteger(WAITING);
    boolean overdue; // written before it is appended again, read after

    Waiter(Thread thread) {
      this.thread = thread;
      this.mark = Slots.mark(thread);
    }
  }
}
