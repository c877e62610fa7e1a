package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import dev.mlops.observe.VersionState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DrainTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();
  private final Semaphore inside = new Semaphore(0);

  private Future<Prediction<Row>> callThatRuns(Routes routes) throws InterruptedException {
    Future<Prediction<Row>> running = test.others.submit(() -> model(routes).predict(ONE));
    inside.acquire();
    return running;
  }

  @Test
  void swap_underACallPastTheDrainTime_endsItWithinASecond() throws Exception {
    test.keepWarm = Duration.ZERO;
    test.drain = Duration.ofMillis(20);
    List<LifecycleEvent> all = new CopyOnWriteArrayList<>();
    test.listeners.add(all::add);
    Routes routes = test.serving("1", "2");
    test.engine.hold("1", inside);
    Future<Prediction<Row>> running = callThatRuns(routes);
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("2");
    LifecycleEvent.Closed closed = test.next(LifecycleEvent.Closed.class);
    assertThat(closed.terminated()).isTrue();
    assertThat(closed.drain()).isGreaterThanOrEqualTo(Duration.ofMillis(20));
    assertThatThrownBy(running::get)
        .hasCauseInstanceOf(OverloadedException.class)
        .hasMessageContaining("m:1 was closed while it ran, as its drain time was over");
    if (closed.drain().compareTo(test.drain.plus(Lifecycle.GRACE)) < 0) { // or it is a busy machine
      assertThat(all).as("it had time to stop").noneMatch(LifecycleEvent.Parked.class::isInstance);
    }
  }

  @Test
  void swap_underACallThatCannotBeStopped_parksItsVersionUntilItEnds() throws Exception {
    test.keepWarm = Duration.ZERO;
    test.drain = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    Semaphore gate = test.engine.hold("1", inside);
    test.engine.deafToCancel();
    Future<Prediction<Row>> running = callThatRuns(routes);
    test.store.move("2");
    routes.refresh(ROUTE);
    LifecycleEvent.Parked parked = test.next(LifecycleEvent.Parked.class);
    assertThat(parked.version().number()).isEqualTo("1");
    assertThat(parked.reason())
        .matches(
            "a call runs in m:1 that its engine does not stop, \\d{1,2} s after the version was to"
                + " end; its memory stays taken until the call ends");
    assertThat(only(routes).versions())
        .extracting(Health.Loaded::state)
        .containsExactly(VersionState.ACTIVE, VersionState.PARKED);
    assertThat(test.engine.closed.get()).isZero();
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("2");
    gate.release(1_000);
    assertThat(running.get().version().number()).isEqualTo("1");
    test.next(LifecycleEvent.Closed.class);
    assertThat(only(routes).versions()).hasSize(1);
  }

  @Test
  void close_underACallThatCannotBeStopped_returnsAndLeavesItsSessionOpen() throws Exception {
    Routes routes = test.serving("1");
    Semaphore gate = test.engine.hold("1", inside);
    test.engine.deafToCancel();
    Future<Prediction<Row>> running = callThatRuns(routes);
    routes.close(Duration.ofMillis(10));
    assertThat(test.told(LifecycleEvent.Parked.class)).as("told before it returned").hasSize(1);
    assertThat(test.engine.closed.get()).isZero();
    assertThatThrownBy(() -> model(routes)).isInstanceOf(OverloadedException.class);
    gate.release(1_000);
    assertThat(running.get().version().number()).isEqualTo("1");
  }

  @Test
  void close_anObserverDoesNotReturnFromClose_delaysNoOtherEndAndItsOwnForASecond() {
    CountDownLatch go = new CountDownLatch(1);
    test.observers.add(
        (route, version, slots) ->
            Optional.of(
                new VersionObserver() {
                  @Override
                  public void observed(Observation seen) {}

                  @Override
                  public void close() {
                    if (version.version().number().equals("1")) {
                      awaitUninterruptibly(go);
                    }
                  }
                }));
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    routes.close(Duration.ofSeconds(20)); // ends both at the same moment, 1 first
    List<String> closed = new ArrayList<>();
    closed.add(test.next(LifecycleEvent.Closed.class).version().number());
    closed.add(test.next(LifecycleEvent.Closed.class).version().number());
    assertThat(closed).as("one second is enough for 1").containsExactly("2", "1");
    go.countDown();
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void close_takesNoNewCallWhileABatchGoesOn() throws Exception {
    Routes routes = test.serving("1");
    var model = model(routes);
    Semaphore gate = test.engine.hold("1", inside);
    Future<List<Prediction<Row>>> batch =
        test.others.submit(() -> model.predictAll(Collections.nCopies(3_000, ONE)));
    inside.acquire();
    Future<?> closing = test.others.submit(() -> routes.close(Duration.ofSeconds(20)));
    while (only(routes).versions().stream().anyMatch(v -> v.state() == VersionState.ACTIVE)) {
      Thread.onSpinWait();
    }
    assertThatThrownBy(() -> model.predict(ONE))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("the runtime is closed; m@champion answers no more calls");
    gate.release(1_000);
    assertThat(batch.get()).hasSize(3_000);
    closing.get();
    assertThat(test.engine.closed.get()).isOne();
  }
}
