package dev.mlops.runtime.engine.onnx;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which versions of ONNX Runtime are used. Before 1.24.1 a model could name any file of the host as
 * its weights and so read it. From 1.29.0 on it reports to its vendor unless told not to, and
 * creating its environment on a thread with a stack of the usual size ends the JVM when the command
 * line is longer than about 4 kB.
 */
final class OnnxRuntimeVersions {
  /** What this library is built and tested with. */
  static final String SHIPPED = "1.28.0";

  /** The dependency to add, as Maven and Gradle write it. */
  static final String DEPENDENCY = "com.microsoft.onnxruntime:onnxruntime:" + SHIPPED;

  private static final String RANGE = "1.24.1 to 1.28.x";
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?:\\.(\\d{1,4}))?.*");

  private OnnxRuntimeVersions() {}

  /**
   * Why a version is not used.
   *
   * @param telemetrySettled whether the application agreed to telemetry or turned it off
   * @return what was found, what is wanted and what to do; empty if it is used
   */
  static Optional<String> refusal(String version, boolean telemetrySettled) {
    Matcher form = FORM.matcher(version);
    if (!form.matches()) {
      return Optional.of(
          "ONNX Runtime calls its version '"
              + version
              + "', which cannot be told to be within "
              + RANGE
              + "; use "
              + DEPENDENCY);
    }
    int patch = form.group(3) == null ? 0 : Integer.parseInt(form.group(3));
    long number =
        (Integer.parseInt(form.group(1)) * 10_000L + Integer.parseInt(form.group(2))) * 10_000L
            + patch;
    if (number < 1_0024_0001L) {
      return Optional.of(
          "ONNX Runtime "
              + version
              + " is too old: before 1.24.1 a model can read any file of the host. Wanted "
              + RANGE
              + "; use "
              + DEPENDENCY);
    }
    if (number >= 1_0029_0000L && !telemetrySettled) {
      return Optional.of(
          "ONNX Runtime "
              + version
              + " reports to its vendor by default, as all from 1.29.0 on; wanted "
              + RANGE
              + ". Use "
              + DEPENDENCY
              + ", or start the JVM with ORT_DISABLE_TELEMETRY=1 in its environment, or agree to the"
              + " reports with OnnxRuntimeEngine.builder().allowTelemetry()");
    }
    return Optional.empty();
  }
}
