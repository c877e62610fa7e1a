package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OnnxRuntimeVersionsTest {
  @ParameterizedTest
  @ValueSource(strings = {"1.24.1", "1.24.2", "1.25.0", "1.26.0", "1.28.0", "1.28.7", "1.28.0-rc1"})
  void refusal_inRange_none(String version) {
    assertThat(OnnxRuntimeVersions.refusal(version, false)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.24.0", "1.23.2", "1.21.1", "1.2.99", "0.99.9", "1.24"})
  void refusal_tooOld_saysWhyAndWhatToUse(String version) {
    assertThat(OnnxRuntimeVersions.refusal(version, true))
        .hasValue(
            "ONNX Runtime "
                + version
                + " is too old: before 1.24.1 a model can read any file of the host. Wanted 1.24.1"
                + " to 1.28.x; use com.microsoft.onnxruntime:onnxruntime:1.28.0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.29.0", "1.30.1", "2.0.0", "1.100.0"})
  void refusal_thatReportsHome_namesBothRemedies(String version) {
    assertThat(OnnxRuntimeVersions.refusal(version, false))
        .hasValue(
            "ONNX Runtime "
                + version
                + " reports to its vendor by default, as all from 1.29.0 on; wanted 1.24.1 to"
                + " 1.28.x. Use com.microsoft.onnxruntime:onnxruntime:1.28.0, or start the JVM with"
                + " ORT_DISABLE_TELEMETRY=1 in its environment, or agree to the reports with"
                + " OnnxRuntimeEngine.builder().allowTelemetry()");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.29.0", "2.0.0"})
  void refusal_thatReportsHomeWithTelemetrySettled_none(String version) {
    assertThat(OnnxRuntimeVersions.refusal(version, true)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "unknown", "v1.28.0", "99999999999.1.1"})
  void refusal_ofNoVersion_saysSo(String version) {
    assertThat(OnnxRuntimeVersions.refusal(version, true).orElseThrow())
        .contains("calls its version '" + version + "'", "com.microsoft.onnxruntime");
  }

  @Test
  void shipped_isInRange() {
    assertThat(OnnxRuntimeVersions.refusal(OnnxRuntimeVersions.SHIPPED, false)).isEmpty();
  }
}
