package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelLease;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.observe.LifecycleEvent;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LeaseTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void lease_acrossASwap_staysOnItsVersionAndHoldsIt() {
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> model = model(routes);
    try (ModelLease<Row, Row> lease = model.lease(LONG)) {
      test.store.move("2");
      routes.refresh(ROUTE);
      assertThat(model.predict(ONE).version().number()).isEqualTo("2");
      assertThat(lease.predict(ONE).version().number()).isEqualTo("1");
      assertThat(lease.version().number()).isEqualTo("1");
      assertThat(test.engine.closed.get()).isZero();
    }
    assertThat(test.next(LifecycleEvent.Closed.class).version().number()).isEqualTo("1");
  }

  @Test
  void lease_closed_throwsAndGivesUpItsHoldOnce() {
    Routes routes = test.serving("1");
    ModelLease<Row, Row> lease = model(routes).lease(LONG);
    ModelLease<Row, Row> other = model(routes).lease(LONG);
    lease.close();
    lease.close(); // would take the other's hold
    assertThatThrownBy(() -> lease.predict(ONE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the lease of m:1 was closed; take another");
    assertThat(other.predict(ONE).version().number()).isEqualTo("1");
    other.close();
  }

  @Test
  void lease_timeOver_isNamedAndHoldsNoLonger() {
    test.leaseStacks = true;
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    ModelLease<Row, Row> lease = model(routes).lease(Duration.ofMillis(1));
    LifecycleEvent.LeaseExpired expired = test.next(LifecycleEvent.LeaseExpired.class);
    assertThat(expired.thread()).isEqualTo(Thread.currentThread().getName());
    assertThat(expired.route()).isEqualTo(ROUTE);
    assertThat(expired.version().number()).isEqualTo("1");
    assertThat(expired.acquired().orElseThrow().getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("lease_timeOver_isNamedAndHoldsNoLonger"));
    assertThatThrownBy(() -> lease.predict(ONE))
        .isInstanceOf(DeadlineException.class)
        .hasMessage(
            "the lease of m:1 was for PT0.001S, which is over; take another one, or a longer one");
    test.store.move("2");
    routes.refresh(ROUTE);
    test.next(LifecycleEvent.Closed.class); // nothing holds it
    lease.close();
  }

  @Test
  void lease_stacksNotAskedFor_keepsNone() {
    Routes routes = test.serving("1");
    ModelLease<Row, Row> lease = model(routes).lease(Duration.ofMillis(1));
    assertThat(test.next(LifecycleEvent.LeaseExpired.class).acquired()).isEmpty();
    lease.close();
  }

  @Test
  void lease_drainTimeOver_endsWithTheVersion() {
    test.keepWarm = Duration.ZERO;
    test.drain = Duration.ofMillis(5);
    Routes routes = test.serving("1", "2");
    ModelLease<Row, Row> lease = model(routes).lease(LONG);
    test.store.move("2");
    routes.refresh(ROUTE);
    LifecycleEvent.Closed closed = test.next(LifecycleEvent.Closed.class);
    assertThat(closed.drain()).isGreaterThanOrEqualTo(Duration.ofMillis(5));
    assertThat(closed.terminated()).as("no call was running").isFalse();
    assertThatThrownBy(() -> lease.predict(ONE))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("m:1 was closed while a batch or a lease was on it");
    lease.close();
  }

  @Test
  void lease_drainTimeOverOfASharedSession_endsAllTheSame() {
    test.keepWarm = Duration.ZERO;
    test.drain = Duration.ofMillis(5);
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> pinned = routes.handle("m:1", Row.class, Row.class);
    ModelLease<Row, Row> lease = model(routes).lease(LONG);
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(test.next(LifecycleEvent.Closed.class).shared()).isTrue();
    assertThatThrownBy(() -> lease.predict(ONE)).isInstanceOf(OverloadedException.class);
    assertThat(pinned.predict(ONE).version().number()).isEqualTo("1");
    lease.close();
  }

  @Test
  void lease_closedWhileItsCallWaitsForASlot_saysSo() throws Exception {
    test.slots = 1;
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    Semaphore inside = new Semaphore(0);
    Semaphore gate = test.engine.hold("1", inside);
    ModelHandle<Row, Row> model = model(routes);
    ModelLease<Row, Row> lease = model.lease(LONG);
    Future<Prediction<Row>> running = test.others.submit(() -> model.predict(ONE));
    inside.acquire();
    AtomicReference<Thread> thread = new AtomicReference<>();
    Future<Prediction<Row>> waits =
        test.others.submit(
            () -> {
              thread.set(Thread.currentThread());
              return lease.predict(ONE);
            });
    TestRuntime.awaitWaiting(thread);
    test.store.move("2");
    routes.refresh(ROUTE);
    lease.close();
    assertThatThrownBy(waits::get)
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the lease of m:1 was closed; take another");
    gate.release(1_000);
    assertThat(running.get().version().number()).isEqualTo("1");
  }

  @Test
  void lease_asTheRuntimeCloses_isTakenOrRefused() {
    for (int round = 0; round < 200; round++) {
      Routes routes = test.serving("1");
      ModelHandle<Row, Row> model = model(routes);
      CountDownLatch begin = new CountDownLatch(1);
      Future<Boolean> taken =
          test.others.submit(
              () -> {
                begin.countDown();
                try {
                  model.lease(LONG);
                  return true;
                } catch (OverloadedException e) {
                  return false;
                }
              });
      Caller.resultOf(test.others.submit(() -> begin.await(1, TimeUnit.SECONDS)));
      routes.close(Duration.ZERO);
      assertThat(Caller.resultOf(taken)).isNotNull();
    }
  }

  @Test
  void lease_whileTheRuntimeDrains_isRefused() throws Exception {
    Routes routes = test.serving("1");
    ModelHandle<Row, Row> model = model(routes);
    ModelLease<Row, Row> before = model.lease(Duration.ofHours(1));
    Future<?> close = test.others.submit(() -> routes.close(Duration.ofSeconds(20)));
    assertThatThrownBy(
            () -> {
              while (!close.isDone()) {
                model.lease(Duration.ofHours(1)).close(); // taken until the close has begun
              }
            })
        .isInstanceOf(OverloadedException.class);
    assertThat(before.predict(ONE).version().number()).isEqualTo("1");
    assertThat(close.isDone()).isFalse();
    before.close();
    assertThat(close).succeedsWithin(Duration.ofSeconds(20));
  }

  @Test
  void lease_runtimeClosed_isRefused() {
    Routes routes = test.serving("1");
    ModelHandle<Row, Row> model = model(routes);
    routes.close(Duration.ofSeconds(1));
    assertThatThrownBy(() -> model.lease(LONG))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("the runtime is closed");
  }

  @Test
  void lease_noTime_isRefused() {
    ModelHandle<Row, Row> model = model(test.serving("1"));
    assertThatThrownBy(() -> model.lease(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("atMost was PT0S but must be more than zero");
    assertThatThrownBy(() -> model.lease(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void lease_centuries_isTakenAndGivenBack() {
    try (ModelLease<Row, Row> lease =
        model(test.serving("1")).lease(Duration.ofSeconds(Long.MAX_VALUE))) {
      assertThat(lease.predict(ONE).version().number()).isEqualTo("1");
    }
  }
}
