package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.VersionState;
import dev.mlops.runtime.jfr.JfrListener;
import dev.mlops.runtime.memory.ProcessMemory;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The steps of an end, one by one; {@link DrainTest} has them in a whole runtime. */
class LifecycleTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String ROUTE = "m@champion";

  @RegisterExtension final TestRuntime test = new TestRuntime();
  private final Caller caller = new Caller();
  private final CallbackGuard guard = new CallbackGuard();
  private final ProcessMemory memory = ProcessMemory.ofThisProcess(System::nanoTime, false);
  private Settings settings;
  private Events events;
  private Sessions sessions;
  private Lifecycle lifecycle;
  private Thread thread;

  @BeforeEach
  void begin() {
    test.put("1", "2");
    settings = test.settings();
    events = new Events(settings.listeners(), new JfrListener(), guard);
    sessions = new Sessions(new Loader(settings, new Watch(() -> {}), memory, needed -> false));
    lifecycle = new Lifecycle(sessions, guard, events, memory, settings.clock());
    thread = onThread(Thread::currentThread);
  }

  @AfterEach
  void end() {
    caller.close();
    assertThat(lifecycle.settle(PATIENCE)).isTrue(); // finish would not wait for what was parked
    assertThat(lifecycle.finish(PATIENCE)).isTrue();
    events.close(PATIENCE);
  }

  private <T> T onThread(Supplier<T> look) {
    AtomicReference<T> seen = new AtomicReference<>();
    Caller.resultOf(lifecycle.after(Duration.ZERO, () -> seen.set(look.get())));
    return seen.get();
  }

  private LoadedVersion acquire(String number) {
    return sessions.acquire(MemoryStore.version(number), new int[] {1}, new Phases());
  }

  private ServedVersion serve(LoadedVersion loaded) {
    return ServedVersion.open(
        ROUTE, loaded, settings, new Recorder(new JfrListener()), new FailureLog());
  }

  private LifecycleEvent.Closed closed() {
    return test.next(LifecycleEvent.Closed.class);
  }

  // its thread

  @Test
  void thread_isADaemonAndEndsWithTheLifecycle() throws InterruptedException {
    assertThat(thread.isDaemon()).isTrue();
    Future<?> later = lifecycle.after(LONG, () -> {});
    assertThat(lifecycle.finish(Duration.ZERO)).isTrue();
    thread.join(PATIENCE.toMillis());
    assertThat(thread.isAlive()).isFalse();
    assertThat(later.isCancelled()).isTrue();
    assertThat(lifecycle.after(Duration.ZERO, () -> {})).as("never").isNotDone();
  }

  @Test
  void finish_aCallRuns_theThreadEndsWithItAndForgetsWhatWasForLater() throws InterruptedException {
    LoadedVersion loaded = acquire("1");
    int slot = caller.does(() -> loaded.slots.claim(0));
    lifecycle.discard(ROUTE, loaded);
    Future<?> later = lifecycle.after(LONG, () -> {});
    assertThat(lifecycle.finish(Duration.ofMillis(1))).isFalse();
    assertThat(thread.isAlive()).isTrue();
    caller.runs(() -> loaded.slots.release(slot));
    assertThat(lifecycle.settle(PATIENCE)).isTrue();
    thread.join(PATIENCE.toMillis());
    assertThat(thread.isAlive()).isFalse();
    assertThat(later.isCancelled()).isTrue();
  }

  @Test
  void finish_aCallIsParked_waitsNoLongerThanUntilThatIsTold() {
    LoadedVersion loaded = acquire("1");
    int slot = caller.does(() -> loaded.slots.claim(0));
    lifecycle.end(ROUTE, serve(loaded), Duration.ZERO);
    long begin = System.nanoTime();
    assertThat(lifecycle.finish(LONG)).isFalse();
    assertThat(System.nanoTime() - begin).isLessThan(LONG.toNanos() / 2);
    assertThat(test.next(LifecycleEvent.Parked.class).version()).isEqualTo(loaded.version);
    caller.runs(() -> loaded.slots.release(slot));
  }

  @Test
  void discard_afterTheThreadHasEnded_isDoneOnAnotherThatEndsToo() throws InterruptedException {
    LoadedVersion loaded = acquire("1");
    lifecycle.finish(Duration.ZERO);
    int slot = caller.does(() -> loaded.slots.claim(0));
    boolean[] inside = guard.enter("model"); // as whoever loaded it is
    lifecycle.discard(ROUTE, loaded);
    inside[0] = false;
    Thread anew = onThread(Thread::currentThread);
    assertThat(anew.getName()).isEqualTo("mlops-lifecycle");
    caller.runs(() -> loaded.slots.release(slot));
    assertThat(lifecycle.settle(PATIENCE)).isTrue();
    assertThat(test.engine.live()).isZero();
    anew.join(PATIENCE.toMillis());
    assertThat(anew.isAlive()).isFalse();
  }

  @Test
  void after_taskFails_theThreadGoesOn() {
    Future<?> failed =
        lifecycle.after(
            Duration.ZERO,
            () -> {
              throw new IllegalStateException("by the test");
            });
    assertThat(failed).succeedsWithin(PATIENCE);
    assertThat(onThread(Thread::currentThread)).isSameAs(thread);
  }

  @Test
  void after_cancelled_isForgotten() {
    WeakReference<Future<?>> timer = new WeakReference<>(lifecycle.after(LONG, () -> {}));
    timer.get().cancel(false); // as each lease does that is closed
    for (int i = 0; i < 1_000 && !timer.refersTo(null); i++) {
      System.gc();
    }
    assertThat(timer.refersTo(null)).isTrue();
  }

  @Test
  void settle_interrupted_saysNoAndKeepsTheFlag() {
    LoadedVersion loaded = acquire("1");
    int slot = caller.does(() -> loaded.slots.claim(0));
    lifecycle.discard(ROUTE, loaded);
    Thread.currentThread().interrupt();
    assertThat(lifecycle.settle(LONG)).isFalse();
    assertThat(Thread.interrupted()).isTrue();
    caller.runs(() -> loaded.slots.release(slot));
  }

  @Test
  void finish_interrupted_waitsAllTheSameAndKeepsTheFlag() {
    LoadedVersion loaded = acquire("1");
    int slot = caller.does(() -> loaded.slots.claim(0));
    lifecycle.end(ROUTE, serve(loaded), LONG);
    Future<Boolean> finishing =
        test.others.submit(
            () -> {
              Thread.currentThread().interrupt();
              return lifecycle.finish(PATIENCE) && Thread.currentThread().isInterrupted();
            });
    looked();
    assertThat(finishing).isNotDone();
    caller.runs(() -> loaded.slots.release(slot));
    assertThat(Caller.resultOf(finishing)).isTrue();
  }

  // the end of a version

  @Test
  void endingOf_namesWhatItsRouteServedAndNothingElse() {
    LoadedVersion one = acquire("1");
    LoadedVersion two = acquire("2");
    int slot = caller.does(() -> one.slots.claim(0));
    int other = caller.does(() -> two.slots.claim(0));
    ServedVersion served = serve(one);
    caller.runs(() -> served.answered(slot, 3, 0));
    lifecycle.end(ROUTE, served, LONG);
    lifecycle.discard(ROUTE, two); // it never served
    assertThat(lifecycle.endingOf(ROUTE))
        .containsExactly(new Health.Loaded(one.version, VersionState.DRAINING, 3));
    assertThat(lifecycle.endingOf("m@other")).isEmpty();
    caller.runs(() -> one.slots.release(slot));
    assertThat(closed().predictions()).isEqualTo(3);
    assertThat(lifecycle.endingOf(ROUTE)).isEmpty();
    caller.runs(() -> two.slots.release(other));
  }

  @Test
  void end_held_waitsForTheHoldAndThenForTheCall() {
    LoadedVersion loaded = acquire("1");
    ServedVersion served = serve(loaded);
    assertThat(served.holds.take()).isTrue();
    int slot = caller.does(() -> loaded.slots.claim(0));
    lifecycle.end(ROUTE, served, LONG);
    looked();
    assertThat(loaded.slots.claim(0)).as("slots stay open for what holds it").isNotNegative();
    loaded.slots.release(1 - slot);
    assertThat(served.over()).isFalse();
    served.holds.release();
    while (loaded.slots.claim(0) != Slots.CLOSED) {
      loaded.slots.release(1 - slot);
    }
    assertThat(lifecycle.endingOf(ROUTE)).hasSize(1);
    assertThat(served.over()).as("nothing holds it any more, and nothing may").isTrue();
    caller.runs(() -> loaded.slots.release(slot));
    LifecycleEvent.Closed closed = closed();
    assertThat(closed.shared()).isFalse();
    assertThat(closed.residentBefore().isPresent()).isEqualTo(memory.resident().isPresent());
    assertThat(closed.slowest()).isEmpty();
  }

  @Test
  void end_callsWereTimed_tellsTheSlowest() {
    ServedVersion served = serve(acquire("1"));
    assertThat(served.observed()).isFalse();
    assertThat(served.start()).as("nobody wants to know").isZero();
    served.answered(0, 1, System.nanoTime() - 10_000_000_000L); // before it is watched
    served.watchSlowest();
    assertThat(served.start()).isNotZero();
    served.answered(1, 1, System.nanoTime() - 2_000_000_000L);
    served.answered(1, 1, System.nanoTime());
    lifecycle.end(ROUTE, served, LONG);
    assertThat(closed().slowest().orElseThrow())
        .isBetween(Duration.ofSeconds(2), Duration.ofSeconds(9));
    served.stopWatching();
    assertThat(served.slowest()).isEmpty();
    assertThat(served.start()).isZero();
  }

  @Test
  void end_clockFails_isOverAllTheSameAndOnce() {
    InstantSource broken =
        () -> {
          throw new IllegalStateException("by the test");
        };
    lifecycle.finish(PATIENCE);
    lifecycle = new Lifecycle(sessions, guard, events, memory, broken);
    lifecycle.end(ROUTE, serve(acquire("1")), LONG);
    assertThat(lifecycle.settle(PATIENCE)).isTrue();
    Caller.resultOf(lifecycle.after(Duration.ofMillis(150), () -> {})); // after the next look
    assertThat(test.engine.live()).isZero();
  }

  // a session that stays

  @Test
  void end_ofASharedSession_waitsForTheSlotOfItsCall() {
    LoadedVersion loaded = acquire("1");
    acquire("1"); // the other route
    int slot = caller.does(() -> loaded.slots.claim(0));
    lifecycle.end(ROUTE, serve(loaded), LONG);
    looked();
    assertThat(lifecycle.endingOf(ROUTE)).hasSize(1);
    caller.runs(() -> loaded.slots.release(slot));
    LifecycleEvent.Closed closed = closed();
    assertThat(closed.shared()).isTrue();
    assertThat(closed.residentBefore()).as("nothing was freed").isEmpty();
    lifecycle.discard(ROUTE, loaded);
  }

  @Test
  void end_ofASharedSession_isOverWhenASecondRunBeginsInTheSlot() {
    LoadedVersion loaded = acquire("1");
    acquire("1");
    int slot = caller.does(() -> loaded.slots.claim(0));
    SlotState state = loaded.state(slot);
    ServedVersion served = serve(loaded);
    lifecycle.end(ROUTE, served, LONG);
    looked();
    state.ran(state.runs(1, served)); // the call's own, which has to tell its observers yet
    looked();
    assertThat(lifecycle.endingOf(ROUTE)).hasSize(1);
    long second = state.runs(1, served); // another's
    assertThat(closed().shared()).isTrue();
    state.ran(second);
    caller.runs(() -> loaded.slots.release(slot));
    lifecycle.discard(ROUTE, loaded);
  }

  @Test
  void discard_ofASharedSession_waitsForNoCall() {
    LoadedVersion loaded = acquire("1");
    acquire("1");
    int slot = caller.does(() -> loaded.slots.claim(0));
    lifecycle.discard(ROUTE, loaded);
    assertThat(lifecycle.settle(PATIENCE)).isTrue();
    assertThat(test.engine.live()).isOne();
    caller.runs(() -> loaded.slots.release(slot));
    lifecycle.discard(ROUTE, loaded);
  }

  // sessions

  @Test
  void acquire_ofWhatIsLoaded_waitsForNoLoad() throws InterruptedException {
    LoadedVersion loaded = acquire("1");
    Semaphore inside = new Semaphore(0);
    Semaphore gate = test.engine.hold("2", inside);
    Future<LoadedVersion> loading = test.others.submit(() -> acquire("2"));
    inside.acquire(); // in its warm-up
    assertThat(test.others.submit(() -> acquire("1"))).succeedsWithin(PATIENCE).isSameAs(loaded);
    gate.release(1_000);
    lifecycle.discard(ROUTE, Caller.resultOf(loading));
    lifecycle.discard(ROUTE, loaded);
    lifecycle.discard(ROUTE, loaded);
  }

  @Test
  void acquire_byTwoAtOnce_loadsOnce() throws InterruptedException {
    Semaphore inside = new Semaphore(0);
    Semaphore gate = test.engine.hold("2", inside);
    Future<LoadedVersion> loading = test.others.submit(() -> acquire("2"));
    inside.acquire();
    Thread second = caller.does(Thread::currentThread);
    Future<LoadedVersion> waits = caller.begins(() -> acquire("2"));
    while (!(LockSupport.getBlocker(second) instanceof AbstractOwnableSynchronizer)) {
      Thread.onSpinWait();
    }
    gate.release(1_000);
    assertThat(Caller.resultOf(waits)).isSameAs(Caller.resultOf(loading));
    lifecycle.discard(ROUTE, Caller.resultOf(waits));
    lifecycle.discard(ROUTE, Caller.resultOf(waits));
  }

  @Test
  void leave_tooOften_isRefused() {
    LoadedVersion loaded = acquire("1");
    assertThat(sessions.leave(loaded)).isTrue();
    assertThatIllegalStateException()
        .isThrownBy(() -> sessions.leave(loaded))
        .withMessage("m:1 was given back too often");
    LoadedVersion anew = acquire("1");
    assertThatIllegalStateException().isThrownBy(() -> sessions.leave(loaded));
    loaded.closeSession();
    lifecycle.discard(ROUTE, anew);
  }

  /** Returns when the thread has looked once more at what does not end. */
  private void looked() {
    Caller.resultOf(lifecycle.after(Duration.ofMillis(5), () -> {}));
  }
}
