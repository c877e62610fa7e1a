package dev.mlops.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class SwapReportTest {
  private static final Version ONE = new Version("storms", "1", "sha256:" + "1".repeat(64));
  private static final Version TWO = new Version("storms", "2", "sha256:" + "2".repeat(64));

  private static SwapReport report(Optional<Version> from, Version to) {
    return new SwapReport("storms@champion", from, to, "tabular", List.of(), Map.of());
  }

  @Test
  void swapped_isWhetherAnotherVersionServes() {
    assertThat(report(Optional.of(ONE), TWO).swapped()).isTrue();
    assertThat(report(Optional.empty(), ONE).swapped()).isTrue();
    assertThat(report(Optional.of(ONE), ONE).swapped()).isFalse();
  }

  @Test
  void new_copiesWhatItIsGiven_inOrder() {
    Map<String, Duration> phases = new LinkedHashMap<>();
    phases.put("open", Duration.ofMillis(2));
    phases.put("load", Duration.ofMillis(1));
    List<Gate.Result> gates = new ArrayList<>();
    SwapReport report =
        new SwapReport("storms@champion", Optional.of(ONE), TWO, "tabular", gates, phases);
    phases.clear();
    gates.add(new Gate.Result("mine", Gate.Outcome.PASS, ""));
    assertThat(report.phases()).containsOnlyKeys("open", "load").isUnmodifiable();
    assertThat(report.phases().keySet()).containsExactly("open", "load");
    assertThat(report.gates()).isEmpty();
  }

  @Test
  void took_sumsThePhases() {
    SwapReport report =
        new SwapReport(
            "storms@champion",
            Optional.of(ONE),
            TWO,
            "tabular",
            List.of(),
            Map.of("open", Duration.ofMillis(1), "load", Duration.ofMillis(20)));
    assertThat(report.took()).isEqualTo(Duration.ofMillis(21));
  }

  @Test
  void forced_servesAlthoughAGateFailed() {
    Gate.Result failed = new Gate.Result("mine", Gate.Outcome.FAIL, "");
    assertThat(
            new SwapReport("r", Optional.of(ONE), TWO, "tabular", List.of(failed), Map.of())
                .forced())
        .isTrue();
    assertThat(
            new SwapReport("r", Optional.of(ONE), ONE, "tabular", List.of(failed), Map.of())
                .forced())
        .as("nothing was swapped")
        .isFalse();
    assertThat(report(Optional.of(ONE), TWO).forced()).isFalse();
  }
}
