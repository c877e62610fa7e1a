package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.store.StoredVersion;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WatchTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();
  private final Semaphore inside = new Semaphore(0);

  @Test
  void run_pastItsTime_isEndedAndTheSlotStaysUsable() {
    test.slots = 1;
    ModelHandle<Row, Row> model = model(test.serving("1"));
    Semaphore gate = test.engine.hold("1", inside);
    assertThatThrownBy(() -> model.predict(ONE, Call.with().within(Duration.ofMillis(20))))
        .isInstanceOf(DeadlineException.class)
        .hasMessage(
            "m:1 did not answer within 20 ms, and its run was ended. Allow more time with"
                + " Call.within, or find out what makes it slow");
    gate.release(1_000);
    assertThat(model.predict(ONE, Call.with().within(Duration.ZERO)).value().number("y"))
        .isEqualTo(1);
  }

  @Test
  void run_callSaysNoLimit_hasTheRuntimes() {
    test.within = Duration.ofMillis(20);
    ModelHandle<Row, Row> model = model(test.serving("1"));
    test.engine.hold("1", inside);
    assertThatThrownBy(() -> model.predict(ONE)).hasMessageContaining("within 20 ms");
    assertThatThrownBy(() -> model.predict(ONE, Call.with().within(Duration.ZERO)))
        .as("zero is about the wait")
        .hasMessageContaining("within 20 ms");
  }

  @Test
  void run_threadInterrupted_isEndedAndTheFlagStays() throws Exception {
    ModelHandle<Row, Row> model = model(test.serving("1"));
    test.engine.deafToInterrupts();
    test.engine.hold("1", inside);
    boolean[] flag = new boolean[1];
    Thread[] caller = new Thread[1];
    Future<?> call =
        test.others.submit(
            () -> {
              caller[0] = Thread.currentThread();
              try {
                model.predict(ONE);
              } finally {
                flag[0] = Thread.currentThread().isInterrupted();
              }
            });
    inside.acquire();
    caller[0].interrupt();
    assertThatThrownBy(call::get)
        .hasCauseInstanceOf(DeadlineException.class)
        .hasMessageContaining("the thread was interrupted while m:1 ran, and the run was ended");
    assertThat(flag[0]).isTrue();
  }

  @Test
  void run_cancelMeantForTheOneBefore_runsAgain() {
    test.put("1");
    Watch watch = new Watch(() -> {});
    LoadedVersion loaded = loaded(watch);
    long before = loaded.state(0).running();
    loaded.state(0).cancel(before - 1, SlotState.Why.DEADLINE);
    test.engine.cancelNextRunLate();
    assertThat(loaded.score(List.of(ONE), 0).get(0).number("y")).isEqualTo(1);
    assertThat(watch.period()).as("a run wakes the watch").isEqualTo(50_000_000);
    test.engine.cancelNextRunLate();
    assertThatThrownBy(() -> loaded.score(List.of(ONE), 0))
        .as("a failure that no cancel explains")
        .isInstanceOf(ModelFailedException.class);
    loaded.closeSession();
  }

  @Test
  void scan_runAtItsLimit_isEndedAndOnesThatAreOverAreNot() {
    test.put("1");
    AtomicLong now = new AtomicLong(5);
    Watch watch = new Watch(now::get, () -> {});
    LoadedVersion loaded = looked(watch);
    SlotState state = loaded.state(0);
    long run = state.runs(10, this);
    watch.scan(); // seen first
    now.addAndGet(9);
    watch.scan();
    assertThat(state.takeCancel()).isNull();
    now.addAndGet(1);
    watch.scan();
    assertThat(state.takeCancel()).isEqualTo(new SlotState.Cancel(run, SlotState.Why.DEADLINE));
    state.ran(run);
    now.addAndGet(100);
    watch.scan();
    assertThat(state.takeCancel()).isNull();
    loaded.closeSession();
  }

  @Test
  void scan_versionThatIsClosed_isLetAloneAndOthersAreNot() {
    test.put("1");
    Watch watch = new Watch(() -> {});
    LoadedVersion closed = looked(watch);
    LoadedVersion other = looked(watch);
    closed.state(0).runs(0, this); // late at once
    other.state(0).runs(0, this);
    closed.closeSession();
    watch.scan(); // would call the engine for a session that is gone
    assertThat(closed.state(0).takeCancel()).isNull();
    assertThat(other.state(0).takeCancel()).isNotNull();
    other.closeSession();
  }

  @Test
  void warm_fails_leavesNothingToLookAt() {
    test.put("1");
    Watch watch = new Watch(() -> {});
    LoadedVersion loaded = loaded(watch);
    watch.close();
    test.engine.failAboveRows("1", 0);
    assertThatThrownBy(() -> loaded.warm(List.of(ONE), new int[] {1}))
        .isInstanceOf(ModelFailedException.class);
    loaded.state(0).runs(0, this); // late at once
    watch.scan();
    assertThat(loaded.state(0).takeCancel()).isNull();
    loaded.closeSession();
  }

  @Test
  void scan_nothingRanForASecond_sleepsAfterOneMoreLook() {
    test.put("1");
    AtomicLong now = new AtomicLong();
    Watch watch = new Watch(now::get, () -> {});
    LoadedVersion loaded = looked(watch);
    SlotState state = loaded.state(0);
    watch.expect(80_000_000);
    state.ran(state.runs(80_000_000, this));
    watch.scan();
    now.set(1_000_000_000);
    watch.scan();
    assertThat(watch.period()).as("a second, not more than one").isEqualTo(10_000_000);
    now.set(1_000_000_001);
    watch.scan();
    assertThat(watch.period()).as("to the look after that").isEqualTo(50_000_000);
    watch.scan();
    assertThat(watch.period()).isEqualTo(1_000_000_000);
    loaded.closeSession();
  }

  @Test
  void scan_fallsAsleep_keepsNoThreadAlive() throws InterruptedException {
    test.put("1");
    AtomicLong now = new AtomicLong();
    Watch watch = new Watch(now::get, () -> {});
    LoadedVersion loaded = looked(watch);
    SlotState state = loaded.state(0);
    Thread other = new Thread(() -> state.ran(state.runs(1, loaded)));
    WeakReference<Thread> gone = new WeakReference<>(other);
    watch.expect(400_000_000);
    other.start();
    other.join();
    other = null;
    watch.scan(); // sees that something ran
    now.set(1_000_000_001);
    watch.scan();
    long begin = System.nanoTime();
    while (gone.get() != null) {
      assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(20));
      System.gc();
    }
    loaded.closeSession();
  }

  /**
   * As it is where a call saw the watch awake, and that fell asleep before the call was numbered.
   */
  @Test
  void scan_findsARunWhileAsleep_isAwakeAgain() {
    test.put("1");
    AtomicLong now = new AtomicLong();
    Watch watch = new Watch(now::get, () -> {});
    LoadedVersion loaded = looked(watch);
    watch.expect(400_000_000);
    now.set(1_000_000_001);
    watch.scan();
    SlotState state = loaded.state(0);
    long run = state.runs(16_000_000, this);
    now.addAndGet(50_000_000);
    watch.scan();
    assertThat(watch.period()).isEqualTo(2_000_000);
    now.addAndGet(16_000_000);
    watch.scan();
    assertThat(state.takeCancel()).isEqualTo(new SlotState.Cancel(run, SlotState.Why.DEADLINE));
    loaded.closeSession();
  }

  /** The clock of a machine may say anything when the first call begins. */
  @Test
  void scan_theFirst_staysAwakeForACallThatBegan() {
    test.put("1");
    Watch watch = new Watch(() -> 29_255_074_530_528L, () -> {});
    LoadedVersion loaded = looked(watch);
    watch.expect(400_000_000);
    watch.scan();
    assertThat(watch.period()).isEqualTo(50_000_000);
    loaded.closeSession();
  }

  @Test
  void thread_isADaemonThatLooksAndEndsWithTheWatch() throws Exception {
    test.put("1");
    CompletableFuture<Thread> looking = new CompletableFuture<>();
    Watch watch = new Watch(() -> looking.complete(Thread.currentThread()));
    LoadedVersion loaded = loaded(watch);
    watch.expect(1); // so that it looks at once
    watch.add(loaded);
    Thread thread = looking.get(20, TimeUnit.SECONDS);
    assertThat(thread.isDaemon()).isTrue();
    watch.close();
    thread.join(20_000);
    assertThat(thread.isAlive()).isFalse();
    loaded.closeSession();
  }

  /** Looked at by {@link Watch#scan} alone. */
  private LoadedVersion looked(Watch watch) {
    LoadedVersion loaded = loaded(watch);
    watch.close();
    watch.add(loaded);
    return loaded;
  }

  private LoadedVersion loaded(Watch watch) {
    StoredVersion stored = test.store.open(MemoryStore.version("1"));
    return new LoadedVersion(
        stored,
        ScriptedEngine.SCHEMA,
        "scripted",
        test.engine.load(stored, 1),
        1,
        0,
        Optional.empty(),
        new AtomicLong(),
        watch);
  }

  /** 20 ms a row are 20 s for a chunk of 1,000; a limit of centuries is none. */
  @ParameterizedTest
  @ValueSource(strings = {"PT0.02S", "PT8760000H"})
  void batch_chunk_hasTheLimitOnceForEachOfItsRows(Duration limit) {
    ModelHandle<Row, Row> model = model(test.serving("1"));
    Semaphore gate = test.engine.hold("1", inside);
    Future<List<Prediction<Row>>> batch =
        test.others.submit(
            () -> model.predictAll(Collections.nCopies(1_000, ONE), Call.with().within(limit)));
    assertGoesOn(batch, gate);
  }

  @Test
  void run_neitherCallNorRuntimeSetsALimit_goesOn() {
    test.within = Duration.ZERO;
    ModelHandle<Row, Row> model = model(test.serving("1"));
    Semaphore gate = test.engine.hold("1", inside);
    assertGoesOn(test.others.submit(() -> model.predict(ONE)), gate);
  }

  /** For 200 ms, four looks at least, and then to its end. */
  private void assertGoesOn(Future<?> call, Semaphore gate) {
    inside.acquireUninterruptibly();
    assertThatThrownBy(() -> call.get(200, MILLISECONDS)).isInstanceOf(TimeoutException.class);
    gate.release(1_000);
    assertThat(call).succeedsWithin(Duration.ofSeconds(20));
  }

  @Test
  void period_tightLimitIsOver_relaxesWithinTwoSecondsOfTraffic() {
    test.put("1");
    AtomicLong now = new AtomicLong(10_000_000_000L);
    Watch watch = new Watch(now::get, () -> {});
    LoadedVersion loaded = looked(watch);
    SlotState state = loaded.state(0);
    watch.scan();
    watch.expect(80_000_000);
    long tight = state.runs(80_000_000, this);
    now.addAndGet(10_000_000);
    watch.scan();
    state.ran(tight);
    watch.expect(800_000_000);
    state.runs(800_000_000, this);
    for (int second = 1; second <= 2; second++) {
      assertThat(watch.period()).as("seen in the second before").isEqualTo(10_000_000);
      now.addAndGet(1_000_000_001);
      watch.scan();
    }
    assertThat(watch.period()).isEqualTo(50_000_000);
    loaded.closeSession();
  }

  @Test
  void expect_tighterThanThoseBefore_wakesTheWatchThatIsParked() throws Exception {
    AtomicReference<CountDownLatch> look = new AtomicReference<>(new CountDownLatch(1));
    AtomicReference<Thread> thread = new AtomicReference<>();
    Watch watch =
        new Watch(
            () -> 0, // it never falls asleep by itself, nor relaxes
            () -> {
              thread.set(Thread.currentThread());
              look.get().countDown();
            });
    test.put("1");
    LoadedVersion loaded = loaded(watch);
    watch.expect(400_000_000);
    watch.add(loaded);
    long shortest = Long.MAX_VALUE;
    for (int limit = 360_000_000; limit > 300_000_000; limit -= 5_000_000) {
      look.get().await(); // a look each 40 ms or more
      look.set(new CountDownLatch(1));
      TestRuntime.awaitWaiting(thread);
      long begin = System.nanoTime();
      watch.expect(limit);
      look.get().await();
      shortest = Math.min(shortest, System.nanoTime() - begin);
    }
    assertThat(shortest).as("the best of some, as machines are busy").isLessThan(10_000_000);
    watch.close();
    loaded.closeSession();
  }

  @Test
  void period_followsTheTightestLimit() {
    AtomicLong now = new AtomicLong();
    Watch watch = new Watch(now::get, () -> {});
    assertThat(watch.period()).as("asleep").isEqualTo(1_000_000_000L);
    watch.expect(Duration.ofHours(1).toNanos());
    assertThat(watch.period()).isEqualTo(50_000_000);
    watch.expect(80_000_000);
    assertThat(watch.period()).isEqualTo(10_000_000);
    watch.expect(1);
    assertThat(watch.period()).isEqualTo(1_000_000);
    now.set(2_000_000_000);
    watch.scan(); // nothing ran for longer than a second
    watch.scan();
    assertThat(watch.period()).isEqualTo(1_000_000_000L);
  }
}
