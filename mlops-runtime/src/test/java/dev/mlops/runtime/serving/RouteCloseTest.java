package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
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
}
