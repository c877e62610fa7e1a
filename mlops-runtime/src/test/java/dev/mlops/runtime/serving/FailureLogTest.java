package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.MlopsException;
import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.Observation;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.observe.VersionObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

final class FailureLogTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  private final Logger logger = Logger.getLogger(FailureLog.class.getName());
  private final List<LogRecord> written = Collections.synchronizedList(new ArrayList<>());
  private final List<Thread> writers = Collections.synchronizedList(new ArrayList<>());
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          written.add(entry);
          writers.add(Thread.currentThread());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
  }

  @AfterEach
  void stop() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
  }

  @Test
  void calls_observerAndListenerFailEachTime_areLoggedOnceEachAndByNoCaller() throws Exception {
    test.observers.add((route, version, slots) -> Optional.of(new Throwing()));
    test.listeners.add(
        new RuntimeListener() {
          @Override
          public void happened(LifecycleEvent event) {}

          @Override
          public Optional<CallListener> calls(String route, Version version) {
            return Optional.of(new Throwing());
          }
        });
    Routes routes = test.serving("1");
    Thread caller =
        new Thread(
            () -> {
              ModelHandle<Row, Row> model = model(routes);
              for (int i = 0; i < 10; i++) {
                assertThat(model.predict(ONE).value().number("y")).isEqualTo(1);
              }
            });
    caller.start();
    caller.join();

    routes.close(Duration.ofSeconds(1));

    long begin = System.nanoTime();
    while (writers.size() < 2) { // the watch may be at it still when the close has returned
      assertThat(System.nanoTime() - begin).as("nanoseconds").isLessThan(20_000_000_000L);
      Thread.onSpinWait();
    }
    assertThat(written)
        .extracting(LogRecord::getMessage)
        .containsExactlyInAnyOrder(
            "an observer of m:1 failed; later failures of it are not logged",
            "a listener of calls of m:1 failed; later failures of it are not logged");
    assertThat(written)
        .extracting(entry -> entry.getThrown().getMessage())
        .containsExactlyInAnyOrder("observed", "answered");
    assertThat(writers).doesNotContain(caller);
  }

  private static final class Throwing implements VersionObserver, CallListener {
    @Override
    public void observed(Observation seen) {
      throw new StackOverflowError("observed");
    }

    @Override
    public void answered(long nanos, int rows) {
      throw new IllegalStateException("answered");
    }

    @Override
    public void failed(MlopsException.Kind kind, String code) {}

    @Override
    public void waited(long nanos) {}

    @Override
    public void unobserved() {}

    @Override
    public void close() {}
  }
}
