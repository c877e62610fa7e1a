package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.Call;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Receipt;
import dev.mlops.inference.Row;
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a prediction answers, and who is told of it. */
class RouteCallsTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void predict_answer_namesVersionAndReceipt() {
    Routes routes = test.serving("1");
    Prediction<Row> answer =
        model(routes).predict(ONE, Call.with().key("k").segment("s").chance(0.5));
    assertThat(answer.value().number("y")).isEqualTo(1);
    assertThat(answer.version()).isEqualTo(MemoryStore.version("1"));
    Receipt receipt = Receipt.parse(answer.receipt());
    assertThat(receipt.of(answer.version())).isTrue();
    assertThat(receipt.id()).isEqualTo(7);
    assertThat(receipt.time()).isEqualTo(Instant.parse("2026-01-02T03:04:05.678Z"));
    assertThat(receipt.block()).isEqualTo(Receipt.blockOf("k"));
    assertThat(receipt.inSegment("s")).isTrue();
    assertThat(receipt.chance()).isEqualTo(0.5, org.assertj.core.data.Offset.offset(1 / 65535.0));
    assertThat(receipt.scores()).containsExactly(1.0);
    assertThat(answer.receipt()).isEqualTo(answer.receipt());
    assertThat(Receipt.parse(model(routes).predict(ONE).receipt()).id()).isNotEqualTo(7);
  }

  @Test
  void swap_underARunningCall_lettsItFinishOnItsVersion() throws Exception {
    test.keepWarm = Duration.ZERO;
    Semaphore inside = new Semaphore(0);
    Routes routes = test.serving("1", "2");
    Semaphore gate = test.engine.hold("1", inside);
    ModelHandle<Row, Row> model = model(routes);
    Future<Prediction<Row>> running = test.others.submit(() -> model.predict(ONE));
    inside.acquire();
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(model.predict(ONE).version()).isEqualTo(MemoryStore.version("2"));
    assertThat(test.engine.closed.get()).isZero();
    gate.release(1000);
    assertThat(running.get().version()).isEqualTo(MemoryStore.version("1"));
  }

  @Test
  void predict_allSlotsInUse_limitZeroNeverWaits() throws Exception {
    test.slots = 1;
    Semaphore inside = new Semaphore(0);
    Routes routes = test.serving("1");
    Semaphore gate = test.engine.hold("1", inside);
    ModelHandle<Row, Row> model = model(routes);
    Future<Prediction<Row>> running = test.others.submit(() -> model.predict(ONE));
    inside.acquire();
    assertThatThrownBy(() -> model.predict(ONE, Call.with().within(Duration.ZERO)))
        .isInstanceOf(OverloadedException.class)
        .hasMessageStartingWith("no slot of m:1 came free within 0 ms: all 1 are in use");
    assertThatThrownBy(() -> model.predict(ONE, Call.with().within(Duration.ofMillis(5))))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("within 5 ms");
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> model.predict(ONE)).isInstanceOf(DeadlineException.class);
    assertThat(Thread.interrupted()).isTrue();
    gate.release(1000);
    running.get();
  }

  @Test
  void predictAll_empty_isRefused() {
    assertThatThrownBy(() -> model(test.serving("1")).predictAll(List.of()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("the batch is empty; wanted at least one input");
  }

  @Test
  void predictAll_overSeveralChunks_isInOrderAndOfOneVersion() {
    Routes routes = test.serving("1");
    List<Prediction<Row>> answers = model(routes).predictAll(Collections.nCopies(2500, ONE));
    assertThat(answers).hasSize(2500);
    assertThat(answers).extracting(a -> a.version().number()).containsOnly("1");
    assertThat(answers).extracting(a -> Receipt.parse(a.receipt()).id()).doesNotHaveDuplicates();
  }

  @Test
  void observer_isToldOfPredictionsAndOfNothingElse() {
    Seen seen = new Seen();
    test.observers.add((route, version, count) -> Optional.of(seen));
    Routes routes = test.serving("1");
    assertThat(seen.rows).as("warm-up and gates").isEmpty();
    Prediction<Row> one = model(routes).predict(Row.of("x", 3), Call.with().key("k"));
    model(routes).predict(ONE, Call.with().unrecorded());
    List<Prediction<Row>> two = model(routes).predictAll(List.of(ONE, Row.of("x", 2)));
    assertThat(seen.rows)
        .containsExactly(
            "3.0->1.0 k " + one.receipt(),
            "1.0->1.0 - " + two.get(0).receipt(),
            "2.0->1.0 - " + two.get(1).receipt());
    routes.close(Duration.ofSeconds(1));
    assertThat(seen.closed.get()).isOne();
  }

  @Test
  void observer_thatThrows_harmsNoPrediction() {
    test.observers.add(
        (route, version, count) ->
            Optional.of(
                new VersionObserver() {
                  @Override
                  public void observed(Observation seen) {
                    throw new StackOverflowError("deep");
                  }

                  @Override
                  public void close() {
                    throw new IllegalStateException("cannot");
                  }
                }));
    assertThat(model(test.serving("1")).predict(ONE).value().number("y")).isEqualTo(1);
  }

  @Test
  void observer_thatPredictsOrSwaps_isToldNotTo() {
    AtomicReference<Routes> routes = new AtomicReference<>();
    List<Throwable> thrown = new ArrayList<>();
    test.observers.add(
        (route, version, count) ->
            Optional.of(
                new VersionObserver() {
                  @Override
                  public void observed(Observation seen) {
                    for (Runnable forbidden :
                        List.<Runnable>of(
                            () -> routes.get().refresh(ROUTE),
                            () -> routes.get().close(Duration.ZERO),
                            () -> handle().predict(ONE),
                            () -> handle().predictAll(List.of(ONE)))) {
                      try {
                        forbidden.run();
                      } catch (IllegalStateException e) {
                        thrown.add(e);
                      }
                    }
                  }

                  private ModelHandle<Row, Row> handle() {
                    return handles.get(0);
                  }

                  @Override
                  public void close() {}
                }));
    routes.set(test.serving("1"));
    handles.add(model(routes.get()));
    model(routes.get()).predict(ONE);
    assertThat(thrown).hasSize(4);
    assertThat(thrown.get(2)).hasMessageStartingWith("predict was called from within an observer");
    assertThat(model(routes.get()).predict(ONE).value().number("y")).isEqualTo(1);
  }

  private static final class Seen implements VersionObserver {
    final List<String> rows = Collections.synchronizedList(new ArrayList<>());
    final AtomicInteger closed = new AtomicInteger();

    @Override
    public void observed(Observation seen) {
      for (int row = 0; row < seen.rows(); row++) {
        rows.add(
            seen.number(row, 0)
                + "->"
                + seen.score(row)
                + " "
                + seen.key().orElse("-")
                + " "
                + seen.receipt(row));
      }
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  private final List<ModelHandle<Row, Row>> handles = new ArrayList<>();
}
