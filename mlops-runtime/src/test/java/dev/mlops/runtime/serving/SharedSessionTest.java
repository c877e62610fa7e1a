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
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SharedSessionTest {
  private static final String PINNED = "m:1";

  @RegisterExtension final TestRuntime test = new TestRuntime();
  private final Map<String, AtomicInteger> told = new ConcurrentHashMap<>();
  private final Set<String> closed = ConcurrentHashMap.newKeySet();

  private void observe() {
    test.observers.add(
        (route, version, slots) ->
            Optional.of(
                new VersionObserver() {
                  @Override
                  public void observed(Observation seen) {
                    assertThat(closed).doesNotContain(route + version.version().number());
                    told.computeIfAbsent(route, r -> new AtomicInteger()).addAndGet(seen.rows());
                  }

                  @Override
                  public void close() {
                    closed.add(route + version.version().number());
                  }
                }));
  }

  @Test
  void routes_ofOneVersion_shareItsSessionAndCountForThemselves() {
    observe();
    Routes routes = test.serving("1");
    ModelHandle<Row, Row> pinned = routes.handle(PINNED, Row.class, Row.class);
    assertThat(test.engine.opened.get()).isOne();
    pinned.predict(ONE);
    model(routes).predict(ONE);
    model(routes).predict(ONE);
    assertThat(told.get(ROUTE).get()).isEqualTo(2);
    assertThat(told.get(PINNED).get()).isEqualTo(1);
    assertThat(routes.health().routes())
        .extracting(route -> route.versions().get(0).predictions())
        .containsExactly(1L, 2L); // m:1, m@champion
  }

  @Test
  void route_leavesASharedSession_othersGoOnAndItsObserversAreClosed() {
    observe();
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> pinned = routes.handle(PINNED, Row.class, Row.class);
    test.store.move("2");
    routes.refresh(ROUTE);
    LifecycleEvent.Closed event = test.next(LifecycleEvent.Closed.class);
    assertThat(event.shared()).isTrue();
    assertThat(closed).containsExactly(ROUTE + "1");
    assertThat(pinned.predict(ONE).version().number()).isEqualTo("1");
    assertThat(test.engine.closed.get()).isZero();
  }

  @Test
  void route_leavesWhileItsCallRuns_isToldOfItBeforeItsObserversAreClosed() throws Exception {
    observe();
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> pinned = routes.handle(PINNED, Row.class, Row.class);
    Semaphore inside = new Semaphore(0);
    Semaphore gate = test.engine.hold("1", inside);
    Future<Prediction<Row>> running = test.others.submit(() -> model(routes).predict(ONE));
    inside.acquire();
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("2");
    assertThat(closed).isEmpty();
    gate.release(1_000);
    assertThat(running.get().version().number()).isEqualTo("1");
    test.next(LifecycleEvent.Closed.class);
    assertThat(closed).containsExactly(ROUTE + "1");
    assertThat(told.get(ROUTE).get()).isEqualTo(2);
    pinned.predict(ONE);
  }

  @Test
  void route_leavesWhileAnotherKeepsTheSlotsBusy_isClosedAllTheSame() throws Exception {
    observe();
    test.slots = 1;
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> pinned = routes.handle(PINNED, Row.class, Row.class);
    AtomicInteger done = new AtomicInteger();
    Future<?> busy =
        test.others.submit(
            () -> {
              while (done.get() == 0) {
                pinned.predict(ONE);
              }
            });
    test.store.move("2");
    routes.refresh(ROUTE);
    test.next(LifecycleEvent.Closed.class);
    done.set(1);
    busy.get();
    assertThat(closed).containsExactly(ROUTE + "1");
  }

  @Test
  void route_leavesUnderACallPastTheDrainTime_endsItAndNoOther() throws Exception {
    observe();
    test.keepWarm = Duration.ZERO;
    test.drain = Duration.ofMillis(20);
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> pinned = routes.handle(PINNED, Row.class, Row.class);
    Semaphore inside = new Semaphore(0);
    Semaphore gate = test.engine.hold("1", inside);
    Future<Prediction<Row>> running = test.others.submit(() -> model(routes).predict(ONE));
    inside.acquire();
    Future<Prediction<Row>> others = test.others.submit(() -> pinned.predict(ONE));
    inside.acquire();
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThatThrownBy(running::get)
        .hasCauseInstanceOf(OverloadedException.class)
        .hasMessageContaining("m:1 was closed while it ran, as its drain time was over");
    LifecycleEvent.Closed event = test.next(LifecycleEvent.Closed.class);
    assertThat(event.shared()).isTrue();
    assertThat(event.terminated()).isTrue();
    assertThat(others).as("in the other slot all the while").isNotDone();
    gate.release(1_000);
    assertThat(others.get().version().number()).isEqualTo("1");
  }

  @Test
  void route_leavesUnderACallThatCannotBeStopped_isParkedUntilItEnds() throws Exception {
    observe();
    test.keepWarm = Duration.ZERO;
    test.drain = Duration.ZERO;
    test.engine.deafToCancel();
    Routes routes = test.serving("1", "2");
    routes.handle(PINNED, Row.class, Row.class);
    Semaphore inside = new Semaphore(0);
    Semaphore gate = test.engine.hold("1", inside);
    Future<Prediction<Row>> running = test.others.submit(() -> model(routes).predict(ONE));
    inside.acquire();
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(test.next(LifecycleEvent.Parked.class).reason())
        .endsWith("its observers stay open until the call ends");
    assertThat(closed).isEmpty();
    gate.release(1_000);
    assertThat(running.get().version().number()).isEqualTo("1");
    test.next(LifecycleEvent.Closed.class);
    assertThat(closed).containsExactly(ROUTE + "1");
  }

  @Test
  void lease_overWhileItsCallWaitsForASlot_runsNoMoreAsTheVersionMayHaveLeft() throws Exception {
    observe();
    test.slots = 1;
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> pinned = routes.handle(PINNED, Row.class, Row.class);
    Semaphore inside = new Semaphore(0);
    Semaphore gate = test.engine.hold("1", inside);
    ModelLease<Row, Row> lease = model(routes).lease(Duration.ofMillis(200));
    Future<Prediction<Row>> others = test.others.submit(() -> pinned.predict(ONE));
    inside.acquire();
    Future<Prediction<Row>> waits = test.others.submit(() -> lease.predict(ONE));
    test.store.move("2");
    routes.refresh(ROUTE);
    test.next(LifecycleEvent.Closed.class); // of the route; the session stays
    gate.release(1_000);
    others.get();
    assertThatThrownBy(waits::get)
        .hasCauseInstanceOf(DeadlineException.class)
        .hasMessageContaining("the lease of m:1 was for PT0.2S, which is over");
    assertThat(told).doesNotContainKey(ROUTE);
  }

  @Test
  void session_leftByTheLastRoute_isClosed() {
    test.keepWarm = Duration.ZERO;
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(test.next(LifecycleEvent.Closed.class).shared()).isFalse();
    assertThat(test.engine.live()).isOne();
  }

  @Test
  void rollback_toAVersionSharedWithAnotherRoute_servesIt() {
    Routes routes = test.serving("1", "2");
    routes.handle("m:2", Row.class, Row.class);
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(test.engine.opened.get()).isEqualTo(2);
    routes.rollback(ROUTE, "because");
    test.store.move("2");
    routes.refresh(ROUTE); // a newer revision lifts the ban; it is warm, and shared
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("2");
    assertThat(test.engine.opened.get()).isEqualTo(2);
  }
}
