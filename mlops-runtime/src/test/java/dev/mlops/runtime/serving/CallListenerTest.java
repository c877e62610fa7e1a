package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LONG;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelLease;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Row;
import dev.mlops.model.MlopsException;
import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.Observation;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.observe.VersionObserver;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is told of calls, and that it is told of the version they were on. */
final class CallListenerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @RegisterExtension final TestRuntime test = new TestRuntime();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final List<Long> took = new CopyOnWriteArrayList<>();
  private final List<Long> waits = new CopyOnWriteArrayList<>();
  private final AtomicInteger unobserved = new AtomicInteger();
  private final Semaphore inside = new Semaphore(0);

  @BeforeEach
  void listen() {
    test.slots = 1;
    test.listeners.add(new Listener());
  }

  @Test
  void answered_callThatWaitedForASlot_isTimedFromItsBeginning() {
    Routes routes = test.serving("1");
    Semaphore gate = test.engine.hold("1", inside);
    ModelHandle<Row, Row> model = model(routes);
    Future<?> first = test.others.submit(() -> model.predict(ONE));
    inside.acquireUninterruptibly();
    took.clear();
    AtomicReference<Thread> thread = new AtomicReference<>();
    Callable<Object> call =
        () -> {
          thread.set(Thread.currentThread());
          return model.predict(ONE);
        };
    Future<?> second = test.others.submit(call);
    TestRuntime.awaitWaiting(thread);
    long waits = System.nanoTime(); // it has begun
    assertThatThrownBy(() -> second.get(100, MILLISECONDS)).isInstanceOf(TimeoutException.class);
    long waited = System.nanoTime() - waits;
    gate.release(2);
    assertThat(first).succeedsWithin(PATIENCE);
    assertThat(second).succeedsWithin(PATIENCE);
    assertThat(took).hasSize(2);
    assertThat(took.get(1)).isGreaterThanOrEqualTo(waited);
  }

  @Test
  void failed_callThatBeganBeforeASwap_isOfTheVersionItFailedOn() {
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> model = model(routes);
    Semaphore gate = test.engine.hold("1", inside);
    test.engine.failAboveRows("1", 0);
    Future<?> call = test.others.submit(() -> model.predict(ONE));
    inside.acquireUninterruptibly();
    test.store.move("2");
    routes.refresh(ROUTE);
    gate.release();
    assertThat(call).failsWithin(PATIENCE);
    assertThat(failures).containsExactly("m:1 model-failed");
  }

  @Test
  void unobserved_observerThrows_isToldEachTimeAndTheAnswerIsGiven() {
    test.observers.add(
        (route, version, slots) ->
            Optional.of(
                new VersionObserver() {
                  @Override
                  public void observed(Observation seen) {
                    throw new IllegalStateException("broken");
                  }

                  @Override
                  public void close() {}
                }));
    ModelHandle<Row, Row> model = model(test.serving("1"));
    for (int call = 1; call <= 3; call++) {
      assertThat(model.predict(ONE).value().number("y")).isEqualTo(1);
      assertThat(unobserved).hasValue(call);
    }
  }

  @Test
  void failed_batch_isTold() {
    ModelHandle<Row, Row> model = model(test.serving("1"));
    test.engine.failAboveRows("1", 1);
    assertThatThrownBy(() -> model.predictAll(List.of(ONE, ONE)))
        .isInstanceOf(ModelFailedException.class);
    assertThat(failures).containsExactly("m:1 model-failed");
  }

  @Test
  void waited_batchThatFindsNoSlot_isTold() {
    ModelHandle<Row, Row> model = model(test.serving("1"));
    Semaphore gate = test.engine.hold("1", inside);
    Future<?> first = test.others.submit(() -> model.predict(ONE));
    inside.acquireUninterruptibly();
    Call brief = Call.with().within(Duration.ofMillis(30));
    assertThatThrownBy(() -> model.predictAll(List.of(ONE, ONE), brief))
        .isInstanceOf(OverloadedException.class);
    gate.release();
    assertThat(first).succeedsWithin(PATIENCE);
    assertThat(waits).singleElement(LONG).isBetween(30_000_000L, PATIENCE.toNanos());
  }

  @Test
  void failed_onALeaseWhoseTimeIsOver_isTold() {
    ModelHandle<Row, Row> model = model(test.serving("1"));
    try (ModelLease<Row, Row> lease = model.lease(Duration.ofMillis(1))) {
      test.next(LifecycleEvent.LeaseExpired.class);
      assertThatThrownBy(() -> lease.predict(ONE, Call.with()))
          .isInstanceOf(DeadlineException.class);
    }
    assertThat(failures).containsExactly("m:1 deadline");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void start_observerOrListenerCannotBeOpened_servesAndLeavesNothingOpen(boolean ofCalls) {
    Error error = new OutOfMemoryError("in a test");
    if (ofCalls) {
      test.listeners.add(
          new RuntimeListener() {
            @Override
            public void happened(LifecycleEvent event) {}

            @Override
            public Optional<CallListener> calls(String route, Version version) {
              throw error;
            }
          });
    } else {
      test.observers.add(
          (route, version, slots) -> {
            throw error;
          });
    }
    assertThat(model(test.serving("1")).predict(ONE).value().number("y")).isEqualTo(1);
  }

  @Test
  void start_clockFails_leavesNothingOpen() {
    test.put("1");
    test.store.move("1");
    test.clock =
        () -> {
          throw new IllegalStateException("no time");
        };
    Routes routes = test.build();
    assertThatThrownBy(() -> model(routes)).hasMessage("no time");
    assertThat(routes.health().routes()).isEmpty();
  }

  private final class Listener implements RuntimeListener {
    @Override
    public void happened(LifecycleEvent event) {}

    @Override
    public Optional<CallListener> calls(String route, Version version) {
      return Optional.of(
          new CallListener() {
            @Override
            public void answered(long nanos, int rows) {
              took.add(nanos);
              throw new AssertionError("harms nothing");
            }

            @Override
            public void failed(MlopsException.Kind kind, String code) {
              failures.add(version + " " + code);
            }

            @Override
            public void waited(long nanos) {
              waits.add(nanos);
            }

            @Override
            public void unobserved() {
              unobserved.incrementAndGet();
            }

            @Override
            public void close() {}
          });
    }
  }
}
