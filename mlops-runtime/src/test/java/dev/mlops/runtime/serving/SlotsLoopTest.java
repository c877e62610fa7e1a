package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.Slots.BUSY;
import static dev.mlops.runtime.serving.Slots.CLOSED;
import static dev.mlops.runtime.serving.Slots.INTERRUPTED;
import static dev.mlops.runtime.serving.Slots.TIMED_OUT;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The claim protocol run for long by threads that do anything it allows, at any time. {@link
 * SlotsTest} has each case once and on purpose.
 */
@Timeout(90)
class SlotsLoopTest {
  /** A wait in vain ends after this; nothing here keeps a slot for a thousandth of it. */
  private static final long VAIN = SECONDS.toNanos(4);

  @Test
  void rounds_oneSecond_nobodySleepsBesideAFreeSlot() {
    new Rounds(1).run(SECONDS.toNanos(1));
  }

  @Tag("proof")
  @Test
  void rounds_tenSeconds_nobodySleepsBesideAFreeSlot() {
    new Rounds(2).run(SECONDS.toNanos(10));
  }

  @Test
  void versions_oneSecond_noSlotIsHeldTwiceAndNoCallMeetsAClosedSession() {
    new Versions(3).run(SECONDS.toNanos(1));
  }

  @Tag("proof")
  @Test
  void versions_tenSeconds_noSlotIsHeldTwiceAndNoCallMeetsAClosedSession() {
    new Versions(4).run(SECONDS.toNanos(10));
  }

  @Test
  void virtualThreads_tenThousandOnTwoSlots_allEnd() throws Exception {
    assumeThat(Runtime.version().feature())
        .as("virtual threads come with JDK 21")
        .isGreaterThanOrEqualTo(21);
    Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
    int threads = 10_000;
    Session session = new Session(2);
    session.duringUse = Thread::yield; // so that others run, and wait
    CountDownLatch begun = new CountDownLatch(threads);
    CountDownLatch ended = new CountDownLatch(threads);
    LongAdder closed = new LongAdder();
    for (int i = 0; i < threads; i++) {
      SplittableRandom random = new SplittableRandom(i);
      Runnable calls =
          () -> {
            begun.countDown();
            try {
              int got = BUSY;
              for (int call = 0; call < 5 && got != CLOSED; call++) {
                got = session.call(random, random.nextInt(4) == 0 ? 2_000_000 : VAIN * 10);
              }
              if (got == CLOSED) {
                closed.increment();
              }
            } catch (RuntimeException | Error e) {
              session.failures.add(e);
            } finally {
              ended.countDown();
            }
          };
      start.invoke(null, calls);
    }
    assertThat(begun.await(60, SECONDS)).as("all threads begin").isTrue();
    while (session.claims.sum() < threads && session.failures.isEmpty()) {
      Thread.onSpinWait();
    }
    session.close(0);
    assertThat(ended.await(60, SECONDS)).as("all threads end").isTrue();
    assertThat(session.failures).isEmpty();
    assertThat(closed.sum()).as("threads that waited or came when it closed").isPositive();
  }

  /** Slots, and what they guard: a session that fails a call when it should crash the JVM. */
  private static final class Session {
    final Slots slots;
    final Holds holds = new Holds();
    final AtomicIntegerArray users;
    final LongAdder claims = new LongAdder();
    final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    Runnable duringUse = () -> {};
    boolean closed; // plain: the protocol is to order it

    Session(int size) {
      slots = new Slots(size, Session::unsteadyClock);
      users = new AtomicIntegerArray(size);
    }

    /**
     * The time, read more or less slowly. A waiter reads it between the steps of its wait, so this
     * is where others come in between; without it that takes a thousand times as many rounds.
     */
    private static long unsteadyClock() {
      long now = System.nanoTime();
      spin(((now * 0x9E3779B97F4A7C15L) >>> 62) == 0 ? now & 0x3FFF : 0);
      return System.nanoTime();
    }

    /** A single call. */
    int call(SplittableRandom random, long waitNanos) {
      int slot = slots.claim(waitNanos);
      if (slot >= 0) {
        use(slot, random);
        slots.release(slot);
      }
      return refusedRightly(slot, waitNanos);
    }

    /** A batch of several chunks; it may be cut by a closer that has lost its patience. */
    int batch(SplittableRandom random, long waitNanos) {
      if (!holds.take()) {
        return CLOSED;
      }
      try {
        int slot = slots.claim(waitNanos);
        for (int chunk = random.nextInt(1, 5); slot >= 0; chunk--) {
          use(slot, random);
          if (chunk == 0) {
            slots.release(slot);
            return slot;
          }
          slot = slots.handOver(slot, waitNanos);
        }
        return refusedRightly(slot, waitNanos);
      } finally {
        holds.release();
      }
    }

    private void use(int slot, SplittableRandom random) {
      if (users.incrementAndGet(slot) != 1) {
        throw new AssertionError("slot " + slot + " is held twice");
      }
      spin(random.nextInt(4) == 0 ? random.nextInt(20_000) : 0);
      duringUse.run();
      if (closed) {
        throw new AssertionError("the session was closed under a call");
      }
      users.decrementAndGet(slot);
      claims.increment();
    }

    private int refusedRightly(int got, long waitNanos) {
      if (got == TIMED_OUT && waitNanos >= VAIN) {
        throw new AssertionError("waited in vain");
      }
      if (got == BUSY && waitNanos > 0) {
        throw new AssertionError("did not wait");
      }
      if (got == INTERRUPTED && !Thread.interrupted()) {
        throw new AssertionError("the interrupt flag is gone");
      }
      return got;
    }

    void close(long patienceNanos) {
      holds.refuse();
      long patience = System.nanoTime() + patienceNanos;
      boolean drained = !holds.any();
      while (!drained && System.nanoTime() - patience < 0) {
        Thread.onSpinWait();
        drained = !holds.any();
      }
      if (!slots.close(VAIN)) {
        throw new AssertionError("slots stay busy; drained " + drained);
      }
      closed = true;
    }
  }

  /**
   * Short rounds in which every slot comes free and every wait must end, for in a busy loop the
   * next release would make good a signal that was lost. All slots are held; one thread waits as
   * long as it takes, others time out, are interrupted or hand over at about the moment of release.
   */
  private static final class Rounds {
    private static final int WAITERS = 3;

    private enum Role {
      PATIENT,
      HURRIED,
      INTERRUPTED,
      BATCH,
      ABSENT
    }

    private final SplittableRandom random;
    private final Phaser phaser = new Phaser(WAITERS + 1);
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> waiters = new ArrayList<>();
    private final AtomicInteger ready = new AtomicInteger();
    private final Role[] roles = new Role[WAITERS];
    private volatile boolean over;
    private volatile Session session = new Session(1);

    Rounds(long seed) {
      random = new SplittableRandom(seed);
    }

    void run(long nanos) {
      for (int i = 0; i < WAITERS; i++) {
        int number = i;
        SplittableRandom own = random.split();
        waiters.add(daemon(() -> wait(number, own)));
      }
      long rounds = 0;
      for (long begin = System.nanoTime(); !over; rounds++) {
        release(new Session(1 + random.nextInt(2)));
        over = System.nanoTime() - begin > nanos || !failures.isEmpty();
        phaser.arriveAndAwaitAdvance();
      }
      assertThat(failures).as("after %d rounds", rounds).isEmpty();
      assertThat(rounds).isPositive();
    }

    private void release(Session next) {
      for (int slot = 0; slot < next.slots.size(); slot++) {
        next.slots.claim(0);
      }
      for (int i = 0; i < WAITERS; i++) {
        roles[i] = Role.values()[random.nextInt(Role.values().length)];
      }
      int interrupted = random.nextInt(WAITERS);
      roles[(interrupted + 1) % WAITERS] = Role.PATIENT;
      session = next;
      ready.set(0);
      phaser.arriveAndAwaitAdvance();
      while (ready.get() < WAITERS) {
        Thread.onSpinWait();
      }
      spin(random.nextInt(40_000));
      if (roles[interrupted] == Role.INTERRUPTED) {
        waiters.get(interrupted).interrupt();
        spin(random.nextInt(10_000));
      }
      for (int slot = 0; slot < next.slots.size(); slot++) {
        next.slots.release(slot);
      }
    }

    private void wait(int number, SplittableRandom own) {
      while (!over) {
        phaser.arriveAndAwaitAdvance();
        Session now = session;
        ready.incrementAndGet();
        spin(own.nextInt(20_000));
        try {
          switch (roles[number]) {
            case PATIENT, INTERRUPTED -> now.call(own, VAIN);
            case HURRIED -> now.call(own, own.nextInt(1, 40_000));
            case BATCH -> now.batch(own, own.nextBoolean() ? VAIN : own.nextInt(1, 40_000));
            case ABSENT -> {}
          }
        } catch (RuntimeException | Error e) {
          failures.add(e);
        }
        phaser.arriveAndAwaitAdvance();
        Thread.interrupted(); // one that came too late
      }
    }
  }

  /** Versions opened, used by all in every way, interrupted, and closed under them. */
  private static final class Versions {
    private static final int CALLERS = 6;

    private final SplittableRandom random;
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final LongAdder refused = new LongAdder();
    private volatile boolean over;
    private volatile Session session;

    Versions(long seed) {
      random = new SplittableRandom(seed);
      session = new Session(1);
    }

    void run(long nanos) {
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        SplittableRandom own = random.split();
        callers.add(daemon(() -> call(own)));
      }
      long closes = 0;
      for (long begin = System.nanoTime();
          System.nanoTime() - begin < nanos && failures.isEmpty();
          closes++) {
        spin(random.nextInt(2_000_000));
        if (random.nextBoolean()) {
          callers.get(random.nextInt(CALLERS)).interrupt();
        }
        Session old = session;
        session = new Session(1 + random.nextInt(3));
        try {
          old.close(random.nextBoolean() ? 0 : MILLISECONDS.toNanos(random.nextInt(20)));
        } catch (RuntimeException | Error e) {
          failures.add(e);
        }
      }
      over = true;
      for (Thread caller : callers) {
        join(caller);
      }
      assertThat(failures).as("after %d closes", closes).isEmpty();
      assertThat(closes).isPositive();
      assertThat(refused.sum()).as("calls that met a closed version").isPositive();
    }

    private void call(SplittableRandom own) {
      while (!over) {
        Session now = session;
        try {
          int got =
              switch (own.nextInt(8)) {
                case 0 -> now.call(own, 0);
                case 1, 2 -> now.call(own, own.nextInt(1, 200_000));
                case 3 -> now.batch(own, own.nextInt(1, 400_000));
                case 4 -> now.batch(own, VAIN * 10);
                default -> now.call(own, VAIN * 10);
              };
          if (got == CLOSED) {
            refused.increment();
          }
        } catch (RuntimeException | Error e) {
          failures.add(e);
          return;
        }
      }
    }

    private static void join(Thread thread) {
      try {
        thread.join(SECONDS.toMillis(60));
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      assertThat(thread.isAlive()).as("a caller waits on").isFalse();
    }
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "caller");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void spin(long nanos) {
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < nanos) {
      Thread.onSpinWait();
    }
  }
}
