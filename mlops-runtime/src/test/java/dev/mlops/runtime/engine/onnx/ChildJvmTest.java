package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only a JVM of its own can show. */
final class ChildJvmTest {
  private static final String MODEL = TestVersion.fixture("storms/2/model.onnx").toString();

  /** Longer than the command line that ONNX Runtime 1.29 does not survive on a usual stack. */
  private static final String LONG = "x".repeat(16 << 10);

  @TempDir Path folder;

  @Test
  void engine_withoutOnnxRuntime_namesTheDependencyToAdd() throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder)
            .without(entry -> entry.contains("onnxruntime"))
            .run(PredictOnce.class, MODEL);
    assertThat(result.output())
        .isEqualTo(
            """
            formats [onnx]
            describes 2 outputs
            declines ONNX Runtime is not on the class path; add the dependency \
            com.microsoft.onnxruntime:onnxruntime:1.28.0
            refuses ONNX Runtime is not on the class path; add the dependency \
            com.microsoft.onnxruntime:onnxruntime:1.28.0""");
    assertThat(result.exit()).isZero();
  }

  @Test
  void engine_underACommandLineOf16kB_predicts() throws Exception {
    ChildJvm.Result result = new ChildJvm(folder).run(PredictOnce.class, MODEL, LONG);
    assertThat(result.output())
        .isEqualTo("formats [onnx]\ndescribes 2 outputs\ndeclines no\npredicts [1, 2]");
    assertThat(result.exit()).isZero();
  }

  /** Does as a library that wants ONNX Runtime's environment its own way, and came first. */
  static final class AfterAnother {
    public static void main(String[] args) throws OrtException {
      OrtEnvironment.ThreadingOptions options = new OrtEnvironment.ThreadingOptions();
      options.setGlobalIntraOpNumThreads(2);
      OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "another", options);
      PredictOnce.main(args);
    }
  }

  @Test
  void engine_afterAnotherLibraryMadeTheEnvironment_predicts() throws Exception {
    ChildJvm.Result result = new ChildJvm(folder).run(AfterAnother.class, MODEL);
    assertThat(result.output()).endsWith("declines no\npredicts [1, 2]");
    assertThat(result.exit()).isZero();
  }

  /** Loads when ONNX Runtime's own shutdown hook may have freed its environment. */
  static final class InAShutdownHook {
    public static void main(String[] args) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> PredictOnce.main(args)));
    }
  }

  @Test
  void engine_whileTheJvmShutsDown_loadsNothingMore() throws Exception {
    ChildJvm.Result result = new ChildJvm(folder).run(InAShutdownHook.class, MODEL);
    assertThat(result.output()).contains("declines no\nrefuses the JVM is shutting down");
    assertThat(result.exit()).isZero();
  }

  // ---------------------------------------------------------------- 1.29, which we do not ship

  private ChildJvm next() {
    Path jar = Path.of("target", "other-versions", "onnxruntime-1.29.0.jar").toAbsolutePath();
    assertThat(jar).as("the build copies it for the tier `proof`").exists();
    return new ChildJvm(folder).without(entry -> entry.contains("onnxruntime")).with(jar);
  }

  @Test
  @Tag("proof")
  void engine_on1_29_isRefusedWithBothRemedies() throws Exception {
    ChildJvm.Result result = next().run(PredictOnce.class, MODEL);
    assertThat(result.output())
        .contains("declines ONNX Runtime 1.29.0 reports to its vendor by default")
        .contains("ORT_DISABLE_TELEMETRY=1", "allowTelemetry()")
        .contains("refuses ONNX Runtime 1.29.0");
    assertThat(result.exit()).isZero();
  }

  @Test
  @Tag("proof")
  void engine_on1_29UnderACommandLineOf16kB_predicts() throws Exception {
    ChildJvm.Result result = next().run(PredictOnce.class, MODEL, LONG, "--allow-telemetry");
    assertThat(result.output()).endsWith("predicts [1, 2]");
    assertThat(result.exit()).isZero();
  }

  @Test
  @Tag("proof")
  void engine_on1_29WithTelemetryTurnedOff_predicts() throws Exception {
    ChildJvm.Result result =
        next().environment("ORT_DISABLE_TELEMETRY", "1").run(PredictOnce.class, MODEL);
    assertThat(result.output()).endsWith("declines no\npredicts [1, 2]");
    assertThat(result.exit()).isZero();
  }

  /** The control of the long command line: without our thread the JVM is gone. */
  static final class StartOnTheMainThread {
    public static void main(String[] args) {
      System.out.println(OrtEnvironment.getEnvironment().getVersion());
    }
  }

  @Test
  @Tag("proof")
  void environment_on1_29UnderACommandLineOf16kBWithoutOurThread_endsTheJvm() throws Exception {
    ChildJvm.Result result = next().run(StartOnTheMainThread.class, MODEL, LONG);
    assertThat(result.crashed()).as("exit %s: %s", result.exit(), result.output()).isTrue();
  }
}
