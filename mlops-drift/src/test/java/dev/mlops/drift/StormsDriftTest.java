package dev.mlops.drift;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.Verdict.Level;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Storms served by 2.0.0: what is broken is named, and what is not is left in peace. */
class StormsDriftTest {
  private static ServedModel storms;

  @BeforeAll
  static void serve(@TempDir Path folder) {
    storms = ServedModel.storms(folder, 0.1);
  }

  @AfterAll
  static void close() {
    storms.close();
  }

  private static DriftReport window(String file) {
    ServedModel.Served served =
        storms.serve(Fixtures.committed("datasets/storms/" + file + ".csv"));
    assertThat(served.refused()).isZero();
    return served.report();
  }

  private static List<String> inputs(DriftReport report, Level level) {
    return report.verdicts().stream()
        .filter(verdict -> verdict.level() == level)
        .map(Verdict::column)
        .filter(column -> !column.equals("probabilities.1"))
        .toList();
  }

  @Test
  void nodrift_hasNoDriftAndSixStableColumns() {
    DriftReport report = window("serving_nodrift");
    assertThat(report.verdicts()).hasSize(9).noneMatch(v -> v.level() == Level.DRIFT);
    assertThat(inputs(report, Level.STABLE)).hasSizeGreaterThanOrEqualTo(6);
  }

  @Test
  void knotsToMetresPerSecond_namesWindAndNoOtherInput() {
    assertThat(inputs(window("fault_knots_to_ms"), Level.DRIFT)).containsExactly("wind");
  }

  @Test
  void november_namesMonth() {
    assertThat(inputs(window("serving_november"), Level.DRIFT)).contains("month");
  }

  @Test
  void missing_namesPressureAndWindChange_andSaysMissing() {
    DriftReport report = window("fault_missing");
    assertThat(inputs(report, Level.DRIFT)).containsExactly("pressure", "wind_change_6h");
    assertThat(report.verdict("pressure").test()).isEqualTo("not-finite-share");
    assertThat(report.verdict("pressure").reason()).contains("missing");
  }

  @Test
  void burstMissing_namesWind() {
    assertThat(inputs(window("fault_burst_missing"), Level.DRIFT)).containsExactly("wind");
  }

  @Test
  void report_asText_isItsSentence() {
    assertThat(window("fault_knots_to_ms").toString()).contains("drifted: wind");
  }
}
