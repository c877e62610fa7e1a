package dev.mlops.runtime.metrics;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.MlopsException;
import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.observe.Health;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table in docs/metrics.md and the meters are the same, both ways. */
final class MetricsPageTest {
  private static final Path PAGE = Path.of("../docs/metrics.md");
  private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
  private static final String ROUTE = "storms@champion";

  @Test
  void table_isWhatAFullRunRegisters() throws IOException {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    RuntimeMetrics metrics = new RuntimeMetrics();
    metrics.bindTo(registry);
    everything(metrics);

    Set<String> registered =
        registry.getMeters().stream()
            .map(MetricsPageTest::line)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(registered).isEqualTo(table());
  }

  /** Tells the metrics all there is to be told, each once. */
  static void everything(RuntimeMetrics metrics) {
    Version version = new Version("storms", "1.0.0", "sha256:" + "0".repeat(64));
    metrics.started(() -> new Health(true, List.of(), 0));
    CallListener calls = metrics.calls(ROUTE, version).orElseThrow();
    calls.answered(1_000, 1);
    calls.failed(MlopsException.Kind.RETRY, "overloaded");
    calls.waited(1_000);
    calls.unobserved();
    SwapReport report =
        new SwapReport(
            ROUTE, Optional.empty(), version, "tabular", List.of(), Map.of("load", Duration.ZERO));
    for (LifecycleEvent event :
        List.of(
            new LifecycleEvent.Swapped(NOW, ROUTE, LifecycleEvent.Cause.START, report),
            new LifecycleEvent.Refused(
                NOW,
                ROUTE,
                version,
                List.of(new Gate.Result("golden", Gate.Outcome.FAIL, "row 3 differs"))),
            new LifecycleEvent.Failed(
                NOW, ROUTE, Optional.empty(), "store-unavailable", "the store is down"),
            new LifecycleEvent.Parked(NOW, ROUTE, version, "one call since 12:00"),
            new LifecycleEvent.LeaseExpired(NOW, ROUTE, version, "http-1", Optional.empty()),
            new LifecycleEvent.Closed(
                NOW,
                ROUTE,
                version,
                Duration.ZERO,
                1,
                Optional.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                false,
                false))) {
      metrics.happened(event);
    }
  }

  private static String line(Meter meter) {
    // the order of the page: from the route to the detail
    List<String> order = List.of("route", "model", "version", "state", "cause", "kind", "code");
    String tags =
        meter.getId().getTags().stream()
            .map(Tag::getKey)
            .sorted((one, other) -> order.indexOf(one) - order.indexOf(other))
            .collect(joining(", "));
    return "| `%s` | %s | %s | %s | %s |"
        .formatted(
            meter.getId().getName(),
            meter.getId().getType().name().toLowerCase(Locale.ROOT),
            meter.getId().getBaseUnit(),
            tags,
            meter.getId().getDescription());
  }

  private static Set<String> table() throws IOException {
    return Files.readAllLines(PAGE).stream()
        .filter(line -> line.startsWith("| `mlops.") && line.split("\\|", -1).length == 7)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void tags_ofTheMetrics_areOnEveryMeter() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    RuntimeMetrics metrics = new RuntimeMetrics(Tags.of("runtime", "scoring"));
    everything(metrics);
    metrics.bindTo(registry);

    assertThat(registry.getMeters())
        .isNotEmpty()
        .allSatisfy(meter -> assertThat(meter.getId().getTag("runtime")).isEqualTo("scoring"));
  }
}
