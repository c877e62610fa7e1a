package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static dev.mlops.runtime.serving.TestRuntime.only;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.ModelUnavailableException;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.Gate;
import dev.mlops.store.StoreUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DegradedStartTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void start_storeDown_failsFastUnlessTold() {
    test.store.down(true);
    Routes routes = test.build();
    assertThatThrownBy(() -> model(routes)).isInstanceOf(StoreUnavailableException.class);
    assertThat(routes.health().routes()).isEmpty();
  }

  @Test
  void start_storeDownAndDegraded_givesAHandleThatServesWhenTheStoreIsBack() {
    test.degraded = true;
    test.store.down(true);
    Routes routes = test.build();
    ModelHandle<Row, Row> model = model(routes);
    assertThat(routes.health().ready()).isFalse();
    assertThat(only(routes).problem()).contains("the store is down");
    assertThatThrownBy(() -> model.predict(ONE))
        .isInstanceOf(ModelUnavailableException.class)
        .hasMessage("m@champion serves no version yet: the store is down");
    assertThat(test.next(LifecycleEvent.Failed.class).code()).isEqualTo("store-unavailable");
    test.put("1");
    test.store.move("1");
    test.store.down(false);
    routes.awaitReady(Duration.ofSeconds(20)); // the loader tries again by itself
    assertThat(model.predict(ONE).version().number()).isEqualTo("1");
    assertThat(test.next(LifecycleEvent.Swapped.class).cause())
        .isEqualTo(LifecycleEvent.Cause.START);
    assertThat(routes.health().ready()).isTrue();
  }

  @Test
  void health_whileTheFirstVersionIsChecked_showsIt() {
    Routes[] routes = new Routes[1];
    List<String> seen = new ArrayList<>();
    test.gates.add(
        TestRuntime.gate(
            "mine",
            false,
            candidate -> {
              seen.addAll(TestRuntime.states(routes[0]));
              return Gate.Outcome.PASS;
            }));
    test.put("1");
    test.store.move("1");
    routes[0] = test.build();
    model(routes[0]);
    assertThat(seen).containsExactly("1 CHECKING");
    assertThat(TestRuntime.states(routes[0])).containsExactly("1 ACTIVE");
  }

  /** A native library that is not there, say: the service was to start all the same. */
  @Test
  void start_linkageErrorAndDegraded_givesAHandle() {
    test.degraded = true;
    test.put("1");
    test.store.move("1");
    boolean[] fails = {true};
    test.clock = // read before a version is published
        () -> {
          if (fails[0]) {
            throw new NoClassDefFoundError("in a test");
          }
          return Instant.EPOCH;
        };
    Routes routes = test.build();
    ModelHandle<Row, Row> model = model(routes);
    assertThat(only(routes).problem().orElseThrow()).contains("in a test");
    fails[0] = false;
    routes.refresh(ROUTE);
    assertThat(model.predict(ONE).version().number()).isEqualTo("1");
  }

  @Test
  void refresh_ofARouteThatServesNothing_startsIt() {
    test.degraded = true;
    test.gates.add( // or the loader might be first
        TestRuntime.gate(
            "mine",
            false,
            candidate ->
                Thread.currentThread().getName().equals("mlops-loader")
                    ? Gate.Outcome.UNDECIDED
                    : Gate.Outcome.PASS));
    test.put("1");
    Routes routes = test.build();
    ModelHandle<Row, Row> model = model(routes);
    test.store.move("1");
    assertThat(routes.refresh(ROUTE).from()).isEmpty();
    assertThat(model.predict(ONE).version().number()).isEqualTo("1");
  }

  @Test
  void awaitReady_notInTime_saysWhichRouteAndWhy() {
    test.degraded = true;
    test.store.down(true);
    Routes routes = test.build();
    model(routes);
    assertThatThrownBy(() -> routes.awaitReady(Duration.ofMillis(1)))
        .isInstanceOf(ModelUnavailableException.class)
        .hasMessage(
            "no version serves on m@champion (the store is down) after PT0.001S; loading goes on");
    assertThatThrownBy(() -> routes.awaitReady(Duration.ofSeconds(Long.MIN_VALUE)))
        .isInstanceOf(ModelUnavailableException.class);
  }

  @Test
  void predict_noVersionAndClosed_saysThatItIsClosed() {
    test.degraded = true;
    test.store.down(true);
    Routes routes = test.build();
    ModelHandle<Row, Row> model = model(routes);
    routes.close(Duration.ZERO);
    assertThatThrownBy(() -> model.predict(ONE))
        .isInstanceOf(OverloadedException.class)
        .hasMessage("the runtime is closed; m@champion answers no more calls");
    assertThatThrownBy(() -> model.lease(Duration.ofSeconds(1)))
        .isInstanceOf(OverloadedException.class);
  }

  @Test
  void orElse_noVersion_answersWithTheFallback() {
    test.degraded = true;
    test.store.down(true);
    ModelHandle<Row, Row> model = model(test.build()).orElse(row -> Row.of("y", 0.5));
    Prediction<Row> answer = model.predict(ONE);
    assertThat(answer.value().number("y")).isEqualTo(0.5);
    assertThat(answer.version().toString()).isEqualTo("fallback:0");
  }

  @Test
  void start_secondTypeOfADegradedRoute_isBoundWhenItServes() {
    record In(float x) {}
    record Out(float y) {}
    test.degraded = true;
    test.store.down(true);
    Routes routes = test.build();
    ModelHandle<Row, Row> rows = model(routes);
    ModelHandle<In, Out> records = routes.handle(ROUTE, In.class, Out.class);
    test.put("1");
    test.store.move("1");
    test.store.down(false);
    routes.refresh(ROUTE);
    assertThat(records.predict(new In(1)).value().y()).isEqualTo(1);
    assertThat(rows.predict(ONE).value().number("y")).isEqualTo(1);
  }
}
