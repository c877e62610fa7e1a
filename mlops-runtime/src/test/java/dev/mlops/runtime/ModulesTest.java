package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a JVM made by jlink must have. */
class ModulesTest {
  @TempDir Path folder;

  @Test
  void start_onJavaBaseAndLoggingAlone_works() throws Exception {
    assertThat(run("java.base,java.logging")).startsWith("answers 128.0\n");
  }

  @Test
  void start_withoutLogging_namesWhatIsMissing() throws Exception {
    assertThat(run("java.base"))
        .startsWith("says ONNX Runtime does not start (")
        .contains("NoClassDefFoundError: java/util/logging/Logger");
  }

  private String run(String modules) throws Exception {
    TwinModel.publish(folder);
    ChildJvm.Result result =
        Children.small(folder)
            .options("--limit-modules=" + modules)
            .run(PredictTwin.class, folder.resolve("store").toString());
    assertThat(result.exit()).as(result.output()).isZero();
    System.out.println("on " + modules + ": " + result.output().lines().findFirst().orElse(""));
    return result.output();
  }
}
