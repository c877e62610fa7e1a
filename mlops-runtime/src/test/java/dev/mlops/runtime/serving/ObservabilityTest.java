package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.Row;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.runtime.metrics.RuntimeMetrics;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.StoreUnavailableException;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What metrics and the recorder see of a runtime that really serves. */
class ObservabilityTest {
  @RegisterExtension final TestRuntime test = new TestRuntime();

  @Test
  void metrics_ofARuntime_countCallsSwapsAndVersions_andGoWithIt() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    RuntimeMetrics metrics = new RuntimeMetrics();
    metrics.bindTo(registry);
    test.listeners.add(metrics);
    Routes routes = test.serving("1", "2");
    for (int i = 0; i < 5; i++) {
      model(routes).predict(ONE);
    }
    assertThat(registry.get("mlops.predictions").tag("version", "1").functionCounter().count())
        .isEqualTo(5);
    assertThat(registry.get("mlops.calls").tag("version", "1").timer().count()).isEqualTo(5);
    test.store.move("2");
    routes.refresh(ROUTE);
    await(() -> registry.get("mlops.swaps").tag("cause", "alias").functionCounter().count() == 1);
    assertThat(registry.get("mlops.versions").tag("state", "retained").gauge().value())
        .isEqualTo(1);
    routes.close(Duration.ofSeconds(10));
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void metrics_besideABlockedListener_countAllAndGo() {
    CountDownLatch blocked = new CountDownLatch(1);
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    RuntimeMetrics metrics = new RuntimeMetrics();
    metrics.bindTo(registry);
    test.listeners.add(
        0,
        event -> {
          try {
            blocked.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    test.listeners.add(metrics);
    Routes routes = test.serving("1", "2");
    for (int i = 1; i <= 1_500; i++) {
      test.store.move(i % 2 == 0 ? "1" : "2");
      routes.refresh(ROUTE);
      int swaps = i;
      if (i % 100 == 0) { // or a busy machine would let more wait than is kept
        await(() -> counted(registry) >= swaps);
      }
    }
    await(() -> counted(registry) == 1_500);
    routes.close(Duration.ofSeconds(10));
    assertThat(registry.getMeters()).isEmpty();
    blocked.countDown();
  }

  @Test
  void metrics_ofRoutesThatCannotBegin_leaveNothing_andOfOneThatServesAreCounted() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    RuntimeMetrics metrics = new RuntimeMetrics();
    metrics.bindTo(registry);
    test.listeners.add(metrics);
    Routes routes = test.serving("1");
    test.next(LifecycleEvent.Swapped.class);
    int before = registry.getMeters().size();
    for (int i = 0; i < 1_000; i++) {
      String nope = "m:nope" + i;
      assertThatThrownBy(() -> routes.handle(nope, Row.class, Row.class))
          .isInstanceOf(ModelNotFoundException.class);
    }
    test.store.down(true);
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(StoreUnavailableException.class);
    // it is told last: all that went before is settled by then
    await(() -> !registry.find("mlops.swap.failures").tag("route", ROUTE).meters().isEmpty());
    assertThat(registry.getMeters()).hasSize(before + 1);
  }

  private static double counted(SimpleMeterRegistry registry) {
    FunctionCounter swaps = registry.find("mlops.swaps").tag("cause", "alias").functionCounter();
    return swaps == null ? 0 : swaps.count();
  }

  /** A listener is told on a thread of its own, soon. */
  private static void await(BooleanSupplier told) {
    long patience = System.nanoTime() + 20_000_000_000L;
    while (!told.getAsBoolean()) {
      assertThat(System.nanoTime() - patience).as("it was not told").isNegative();
      Thread.onSpinWait();
    }
  }

  @Test
  void recording_startedLater_getsSwapsAndSlowPredictions(@TempDir Path folder) throws Exception {
    Routes routes = test.serving("1", "2");
    try (Recording recording = new Recording()) {
      recording.enable("mlops.Swap");
      recording.enable("mlops.SlowPrediction").with("slowerThan", "0 ns");
      recording.start();
      long patience = System.nanoTime() + 20_000_000_000L; // the watch looks once a second at rest
      while (System.nanoTime() - patience < 0 && slow(recording, folder).isEmpty()) {
        for (int i = 0; i < 1_000; i++) {
          model(routes).predict(ONE);
        }
      }
      assertThat(slow(recording, folder).get(0).getString("route")).isEqualTo(ROUTE);
      test.store.move("2");
      routes.refresh(ROUTE);
      assertThat(events(recording, folder, "mlops.Swap")).hasSize(1);
    }
  }

  private static List<RecordedEvent> slow(Recording recording, Path folder) throws Exception {
    return events(recording, folder, "mlops.SlowPrediction");
  }

  private static List<RecordedEvent> events(Recording recording, Path folder, String name)
      throws Exception {
    Path file = folder.resolve("dump.jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .toList();
  }
}
