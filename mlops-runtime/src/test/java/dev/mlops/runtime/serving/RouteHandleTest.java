package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelLease;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.observe.LifecycleEvent;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Calls and batches that do not find a slot free at once. One slot, and who has it is held. */
class RouteHandleTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Call NO_WAIT = Call.with().within(Duration.ZERO);

  @RegisterExtension final TestRuntime test = new TestRuntime();
  private final Semaphore inside = new Semaphore(0);
  private Routes routes;
  private ModelHandle<Row, Row> model;
  private Semaphore gate;

  @BeforeEach
  void begin() {
    test.slots = 1;
    test.keepWarm = Duration.ZERO;
    routes = test.serving("1", "2");
    model = model(routes);
    gate = test.engine.hold("1", inside);
  }

  @AfterEach
  void end() {
    gate.release(1_000);
  }

  private static List<Row> rows(int many) {
    return Collections.nCopies(many, ONE);
  }

  private Future<List<Prediction<Row>>> batchThatRuns(int rows) {
    Future<List<Prediction<Row>>> batch = test.others.submit(() -> model.predictAll(rows(rows)));
    inside.acquireUninterruptibly();
    return batch;
  }

  /** Begins a call of its own thread and returns when it waits for the slot. */
  private <T> Future<T> waiting(Callable<T> call) {
    Thread[] thread = new Thread[1];
    Semaphore began = new Semaphore(0);
    Future<T> waits =
        test.others.submit(
            () -> {
              thread[0] = Thread.currentThread();
              began.release();
              return call.call();
            });
    began.acquireUninterruptibly();
    long begin = System.nanoTime();
    while (!(LockSupport.getBlocker(thread[0]) instanceof Slots)) {
      assertThat(System.nanoTime() - begin).isLessThan(PATIENCE.toNanos());
      Thread.onSpinWait();
    }
    return waits;
  }

  @Test
  void call_waitsWhileItsVersionIsReplaced_isAnsweredByTheNewOne() {
    ModelLease<Row, Row> lease = model.lease(LONG); // so that the slots of the old one stay open
    Future<List<Prediction<Row>>> holder = batchThatRuns(1);
    Future<Prediction<Row>> waits = waiting(() -> model.predict(ONE));
    test.store.move("2");
    routes.refresh(ROUTE);
    gate.release();
    assertThat(holder).succeedsWithin(PATIENCE);
    assertThat(waits).succeedsWithin(PATIENCE);
    assertThat(Caller.resultOf(waits).version().number()).isEqualTo("2");
    gate.release();
    assertThat(lease.predict(ONE).version().number()).isEqualTo("1");
    gate.release();
    assertThat(lease.predict(ONE)).as("the slot was given back").isNotNull();
    lease.close();
  }

  @Test
  void call_noSlotAndNoTime_isRefusedAtOnce() {
    Future<List<Prediction<Row>>> holder = batchThatRuns(1);
    String message =
        "no slot of m:1 came free within 0 ms: all 1 are in use. Try again, allow more time with"
            + " Call.within, or build the runtime with more slots";
    assertThatThrownBy(() -> model.predict(ONE, NO_WAIT))
        .isInstanceOf(OverloadedException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> model.predictAll(rows(2), NO_WAIT))
        .isInstanceOf(OverloadedException.class)
        .hasMessage(message);
    gate.release();
    assertThat(holder).succeedsWithin(PATIENCE);
  }

  @Test
  void call_waitedForItsSlot_mayRunForTheRestOfItsTime() {
    Future<List<Prediction<Row>>> holder = batchThatRuns(1);
    Call call = Call.with().within(Duration.ofMillis(1_500));
    Future<Prediction<Row>> waits = waiting(() -> model.predict(ONE, call));
    gate.release(); // for the holder alone
    assertThat(holder).succeedsWithin(PATIENCE);
    assertThatThrownBy(waits::get)
        .cause()
        .isInstanceOf(DeadlineException.class)
        .message()
        .matches("m:1 did not answer within (1[0-4]\\d\\d|[1-9]\\d{0,2}) ms, .*");
  }

  @Test
  void batch_slotInUse_waitsForIt() {
    Future<List<Prediction<Row>>> holder = batchThatRuns(1);
    Future<List<Prediction<Row>>> waits = waiting(() -> model.predictAll(rows(2)));
    gate.release(2);
    assertThat(holder).succeedsWithin(PATIENCE);
    assertThat(waits).succeedsWithin(PATIENCE);
    assertThat(Caller.resultOf(waits)).hasSize(2);
  }

  @Test
  void batch_callWaits_letsItGoFirstBetweenTwoChunks() {
    Future<List<Prediction<Row>>> batch = batchThatRuns(2 * LoadedVersion.CHUNK);
    Future<Prediction<Row>> waits = waiting(() -> model.predict(ONE));
    gate.release(2); // the first chunk, and what comes then
    assertThat(waits).succeedsWithin(PATIENCE);
    assertThat(batch).isNotDone();
    gate.release();
    assertThat(batch).succeedsWithin(PATIENCE);
    assertThat(Caller.resultOf(batch)).hasSize(2 * LoadedVersion.CHUNK);
    assertThat(gate.availablePermits()).as("no run of no rows").isZero();
    assertThat(TestRuntime.only(routes).versions().get(0).predictions())
        .isEqualTo(2L * LoadedVersion.CHUNK + 1);
    gate.release();
    assertThat(model.predict(ONE)).as("the slot was given back").isNotNull();
  }

  @Test
  void lease_closed_isForgottenBeforeItsTime() {
    WeakReference<ModelLease<Row, Row>> lease = new WeakReference<>(model.lease(LONG));
    lease.get().close();
    for (int i = 0; i < 1_000 && !lease.refersTo(null); i++) {
      System.gc();
    }
    assertThat(lease.refersTo(null)).isTrue();
  }

  @Test
  void handle_saysItsRouteAndVersion() {
    assertThat(model).hasToString("m@champion -> m:1");
  }

  @Test
  void lease_limitZero_isAboutTheWaitAndLeavesTheRunItsTime() {
    try (ModelLease<Row, Row> lease = model.lease(LONG)) {
      Future<Prediction<Row>> call = test.others.submit(() -> lease.predict(ONE, NO_WAIT));
      inside.acquireUninterruptibly();
      assertThatThrownBy(() -> call.get(150, MILLISECONDS)) // a run without time ends in some 5 ms
          .isInstanceOf(TimeoutException.class);
      gate.release();
      assertThat(call).succeedsWithin(PATIENCE);
    }
  }

  @Test
  void batch_pastItsDrainTimeOnASessionThatStays_endsBetweenTwoChunks() {
    test.drain = Duration.ZERO;
    test.engine.deafToCancel();
    Routes own = test.build();
    gate.release(1_000); // to warm up
    model = model(own);
    ModelHandle<Row, Row> pinned = own.handle("m:1", Row.class, Row.class);
    gate.drainPermits();
    inside.drainPermits();
    Future<List<Prediction<Row>>> batch = batchThatRuns(3 * LoadedVersion.CHUNK);
    test.store.move("2");
    own.refresh(ROUTE);
    // the thread that ends versions has been at it when it comes to a lease's end after it
    ModelLease<Row, Row> later = model.lease(Duration.ofMillis(1));
    test.next(LifecycleEvent.LeaseExpired.class);
    gate.release(1_000);
    assertThat(batch)
        .failsWithin(PATIENCE)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(OverloadedException.class)
        .withMessageContaining("m:1 was closed while a batch or a lease was on it");
    assertThat(pinned.predict(ONE).version().number()).isEqualTo("1");
    later.close();
  }
}
