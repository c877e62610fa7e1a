package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.awaitWaiting;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static dev.mlops.runtime.serving.TestRuntime.states;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.rollout.Gate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The end of a runtime, and what is refused from then on. */
class RouteCloseTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void close_underACallThatDoesNotEnd_tellsItToStopAndNeverClosesUnderIt() throws Exception {
    Semaphore inside = new Semaphore(0);
    Routes routes = test.serving("1");
    test.engine.hold("1", inside);
    ModelHandle<Row, Row> model = model(routes);
    Future<Prediction<Row>> running = test.others.submit(() -> model.predict(ONE));
    inside.acquire();
    routes.close(Duration.ofMillis(30));
    assertThatThrownBy(running::get)
        .hasCauseInstanceOf(OverloadedException.class)
        .hasMessageContaining("closed while it ran, as its drain time was over");
    routes.close(Duration.ofSeconds(20)); // if the first lost its patience with a busy machine
    assertThat(test.engine.closed.get()).isOne();
  }

  @Test
  void close_thenAnything_isATypedError() {
    Routes routes = test.serving("1");
    ModelHandle<Row, Row> model = model(routes);
    routes.close(Duration.ofSeconds(1));
    routes.close(Duration.ofSeconds(1));
    assertThatThrownBy(() -> model.predict(ONE))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("the runtime is closed; m@champion answers no more calls");
    assertThatThrownBy(() -> model(routes)).isInstanceOf(OverloadedException.class);
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(OverloadedException.class);
    assertThat(routes.health().ready()).isFalse();
  }

  @Test
  void change_runtimeClosed_isRefusedBeforeAnythingIsLookedUp() {
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> model = model(routes);
    routes.handle("m:1", Row.class, Row.class);
    test.store.move("2");
    routes.refresh(ROUTE);
    routes.close(Duration.ofSeconds(10));
    test.store.down(true); // whoever looks is told so
    String closed = "the runtime is closed; build another one";
    for (Consumer<Routes> change :
        List.<Consumer<Routes>>of(
            r -> r.refresh(ROUTE),
            r -> r.refresh("m:1"),
            r -> r.rollback(ROUTE, "why"),
            r -> r.override(ROUTE, "1", "why"),
            r -> r.clearOverride(ROUTE),
            TestRuntime::model,
            r -> r.awaitReady(Duration.ofSeconds(20)))) {
      assertThatThrownBy(() -> change.accept(routes))
          .isInstanceOf(OverloadedException.class)
          .hasMessage(closed);
    }
    for (Consumer<ModelHandle<Row, Row>> call :
        List.<Consumer<ModelHandle<Row, Row>>>of(
            m -> m.predict(ONE),
            m -> m.predictAll(List.of(ONE)),
            m -> m.lease(Duration.ofDays(1)))) {
      assertThatThrownBy(() -> call.accept(model))
          .isInstanceOf(OverloadedException.class)
          .hasMessage("the runtime is closed; m@champion answers no more calls");
    }
    assertThat(states(routes)).isEmpty();
    assertThat(only(routes).serving()).isEmpty();
    assertThat(test.engine.opened.get()).isEqualTo(2);
  }

  @Test
  void close_done_letsOtherThreadsIn() {
    Routes routes = test.serving("1");
    routes.close(Duration.ofSeconds(10));
    Caller.resultOf(
        test.others.submit(
            () -> {
              assertThatThrownBy(() -> routes.refresh(ROUTE))
                  .isInstanceOf(OverloadedException.class);
              assertThat(only(routes).serving()).isEmpty();
              return true;
            }));
  }

  @Test
  void close_whileACandidateIsChecked_publishesItNoMoreAndTellsOfNoFailure() throws Exception {
    closesWhileHeld(routes -> routes.refresh(ROUTE));
  }

  @Test
  void close_whileAnOverrideIsChecked_publishesItNoMoreAndTellsOfNoFailure() throws Exception {
    closesWhileHeld(routes -> routes.override(ROUTE, "2", "asked for"));
  }

  private void closesWhileHeld(Consumer<Routes> change) throws Exception {
    HeldGate held = HeldGate.passing("2 beside 1");
    test.gates.add(held);
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    Future<?> changing = test.others.submit(() -> change.accept(routes));
    held.awaitInside();
    Future<?> closing = closingBehindTheChange(routes);
    held.letGo();
    assertThatThrownBy(() -> changing.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(OverloadedException.class)
        .hasMessageContaining("the runtime is closed; build another one");
    Caller.resultOf(closing);
    assertThat(test.engine.live()).isZero();
    assertThat(only(routes).problem()).isEmpty();
    assertThat(states(routes)).isEmpty();
    assertThat(test.told(LifecycleEvent.Failed.class)).isEmpty();
    assertThat(test.told(LifecycleEvent.Swapped.class)).hasSize(1);
  }

  @Test
  void close_whileAWarmUpHangs_tellsItToStop() throws Exception {
    Semaphore inside = new Semaphore(0);
    Routes routes = test.serving("1", "2");
    test.loadFailed = true; // closed by who loaded it
    test.engine.hold("2", inside);
    endsAtClose(routes, inside, "the runtime was closed while m:2 was warmed up or checked");
  }

  @Test
  void close_whileAGateHangsInTheModel_tellsItToStop() throws Exception {
    Semaphore inside = new Semaphore(0);
    test.gates.add(
        TestRuntime.gate(
            "asks",
            true,
            candidate -> {
              test.engine.hold("2", inside);
              candidate.predict(List.of(ONE));
              return Gate.Outcome.PASS;
            }));
    Routes routes = test.serving("1", "2");
    endsAtClose(routes, inside, "the runtime is closed; build another one");
  }

  @Test
  void close_thenAGateUnderWayAsksTheModel_isNotAnswered() throws Exception {
    HeldGate held = HeldGate.passing("2 beside 1");
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    test.gates.add(held);
    test.gates.add(
        TestRuntime.gate(
            "asks",
            true,
            candidate -> {
              thrown.set(catchThrowable(() -> candidate.predict(List.of(ONE))));
              return Gate.Outcome.PASS;
            }));
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    Future<?> changing = test.others.submit(() -> routes.refresh(ROUTE));
    held.awaitInside();
    Future<?> closing = closingBehindTheChange(routes);
    held.letGo();
    assertThatThrownBy(() -> changing.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(OverloadedException.class);
    Caller.resultOf(closing);
    assertThat(thrown.get())
        .isInstanceOf(OverloadedException.class)
        .hasMessage("the runtime is closed; build another one");
  }

  private void endsAtClose(Routes routes, Semaphore inside, String message) throws Exception {
    test.engine.deafToInterrupts();
    test.store.move("2");
    Future<?> changing = test.others.submit(() -> routes.refresh(ROUTE));
    inside.acquire();
    routes.close(Duration.ofSeconds(15));
    assertThatThrownBy(() -> changing.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(OverloadedException.class)
        .hasMessageContaining(message);
    assertThat(test.engine.live()).isZero();
  }

  @Test
  void close_whileALookAtTheAliasIsUnderWay_decidesNothingBehindIt() {
    Routes routes = test.serving("1");
    List<Future<?>> closing = new ArrayList<>();
    test.store.atLook(() -> closing.add(closingBehindTheChange(routes)));
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("the runtime is closed; build another one");
    closing.forEach(Caller::resultOf);
  }

  @Test
  void close_whileTheFirstVersionIsChecked_givesItsSessionBack() throws Exception {
    AtomicInteger observing = test.observe();
    HeldGate held = new HeldGate("1 alone", false, asked -> true);
    test.gates.add(held);
    test.released("1");
    Routes routes = test.build();
    Future<?> first = test.others.submit(() -> model(routes));
    held.awaitInside();
    Future<?> closing = closingBehindTheChange(routes);
    held.letGo();
    assertThatThrownBy(() -> first.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(OverloadedException.class);
    Caller.resultOf(closing);
    assertThat(test.engine.live()).isZero();
    assertThat(observing.get()).isZero();
  }

  @Test
  void close_whileAnotherWaitsForTheFirstVersion_loadsItNotAgain() throws Exception {
    test.degraded = true;
    HeldGate held = new HeldGate("1 alone", false, asked -> true);
    test.gates.add(held);
    test.released("1");
    Routes routes = test.build();
    Future<?> first = test.others.submit(() -> model(routes));
    held.awaitInside();
    AtomicReference<Thread> waiting = new AtomicReference<>();
    Future<?> second =
        test.others.submit(
            () -> {
              waiting.set(Thread.currentThread());
              return model(routes);
            });
    awaitWaiting(waiting);
    Future<?> closing = closingBehindTheChange(routes);
    held.letGo();
    for (Future<?> each : List.of(first, second)) {
      assertThatThrownBy(() -> each.get(20, TimeUnit.SECONDS))
          .hasCauseInstanceOf(OverloadedException.class);
    }
    Caller.resultOf(closing);
    assertThat(test.store.opened()).isOne();
  }

  @Test
  void close_whileAChangeOutlastsItsPatience_returnsAndTheCandidateIsEndedLater() throws Exception {
    HeldGate held = HeldGate.passing("2 beside 1");
    test.gates.add(held);
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    Future<?> changing = test.others.submit(() -> routes.refresh(ROUTE));
    held.awaitInside();
    routes.close(Duration.ZERO);
    assertThat(changing.isDone()).isFalse();
    held.letGo();
    assertThatThrownBy(() -> changing.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(OverloadedException.class);
  }

  @Test
  void close_whileALoadOutlastsItsPatience_leavesNoThreadBehindIt() throws Exception {
    HeldGate held = HeldGate.passing("2 beside 1");
    test.gates.add(held);
    AtomicReference<Thread> lifecycle = new AtomicReference<>();
    test.clock =
        () -> {
          if (Thread.currentThread().getName().equals("mlops-lifecycle")) {
            lifecycle.set(Thread.currentThread());
          }
          return Instant.EPOCH;
        };
    Routes routes = test.serving("1", "2");
    model(routes).lease(Duration.ofMillis(1));
    test.next(LifecycleEvent.LeaseExpired.class); // which that thread tells
    test.store.move("2");
    Future<?> changing = test.others.submit(() -> routes.refresh(ROUTE));
    held.awaitInside();
    routes.close(Duration.ZERO);
    lifecycle.get().join(20_000);
    assertThat(lifecycle.get().isAlive()).isFalse();
    held.letGo();
    assertThatThrownBy(() -> changing.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(OverloadedException.class);
    routes.close(Duration.ofSeconds(20)); // waits for what the first had to leave open
    assertThat(test.engine.live()).isZero();
  }

  @Test
  void close_interrupted_waitsForTheCallAndTellsAllAndKeepsTheFlag() throws Exception {
    Semaphore inside = new Semaphore(0);
    AtomicInteger told = new AtomicInteger();
    test.listeners.add(closedTold(told));
    Routes routes = test.serving("1");
    Semaphore gate = test.engine.hold("1", inside);
    Future<Prediction<Row>> running = test.others.submit(() -> model(routes).predict(ONE));
    inside.acquire();
    Future<Boolean> closing =
        test.others.submit(
            () -> {
              Thread.currentThread().interrupt();
              routes.close(Duration.ofSeconds(20));
              return Thread.currentThread().isInterrupted();
            });
    awaitClosed(routes);
    assertThat(told).hasValue(0);
    gate.release(1_000);
    assertThat(Caller.resultOf(running).version().number()).isEqualTo("1");
    assertThat(Caller.resultOf(closing)).as("the flag").isTrue();
    assertThat(test.told(LifecycleEvent.Closed.class))
        .singleElement()
        .matches(closed -> !closed.terminated());
    assertThat(told).hasValue(1);
  }

  @Test
  void close_besideAnother_shortensNothing() throws Exception {
    Semaphore inside = new Semaphore(0);
    AtomicInteger told = new AtomicInteger();
    test.listeners.add(closedTold(told));
    Routes routes = test.serving("1");
    Semaphore gate = test.engine.hold("1", inside);
    Future<Prediction<Row>> running = test.others.submit(() -> model(routes).predict(ONE));
    inside.acquire();
    Future<?> closing = test.others.submit(() -> routes.close(Duration.ofSeconds(20)));
    awaitClosed(routes);
    routes.close(Duration.ZERO);
    assertThat(closing).isNotDone();
    assertThat(told).hasValue(0);
    gate.release(1_000);
    assertThat(Caller.resultOf(running).version().number()).isEqualTo("1");
    Caller.resultOf(closing);
    assertThat(test.told(LifecycleEvent.Closed.class))
        .singleElement()
        .matches(closed -> !closed.terminated());
    assertThat(told).hasValue(1);
  }

  private static RuntimeListener closedTold(AtomicInteger times) {
    return new RuntimeListener() {
      @Override
      public void happened(LifecycleEvent event) {}

      @Override
      public void closed() {
        times.incrementAndGet();
      }
    };
  }

  private static void awaitClosed(Routes routes) {
    while (only(routes).serving().isPresent()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void close_negativeTime_isRefusedAndClosesNothing() {
    Routes routes = test.serving("1");
    for (Duration drain : List.of(Duration.ofMillis(-1), Duration.ofSeconds(Long.MIN_VALUE))) {
      assertThatThrownBy(() -> routes.close(drain))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("drain was " + drain + " but must be zero or more");
    }
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("1");
    routes.close(Duration.ofSeconds(Long.MAX_VALUE));
  }

  /** Closes; calls are refused from now on, and it waits for the change under way. */
  private Future<?> closingBehindTheChange(Routes routes) {
    AtomicReference<Thread> thread = new AtomicReference<>();
    Future<?> closing =
        test.others.submit(
            () -> {
              thread.set(Thread.currentThread());
              routes.close(Duration.ofSeconds(10));
            });
    awaitWaiting(thread);
    return closing;
  }
}
