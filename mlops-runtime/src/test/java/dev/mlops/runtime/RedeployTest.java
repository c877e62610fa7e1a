package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left of a service that an application server took down: nothing of ours. */
class RedeployTest {
  private static final String ANSWER = ": sum 384.0, observed 2002\n";

  @TempDir Path folder;

  @TempDir(factory = InMemory.class)
  Path memory;

  @Test
  void redeploy_underASharedOnnxRuntime_leavesNothing() throws Exception {
    String nothing = "  held by []\n  collected true";
    assertThat(redeploy("shared"))
        .isEqualTo("deployment 1" + ANSWER + nothing + "\ndeployment 2" + ANSWER + nothing);
  }

  @Test
  void redeploy_withOnnxRuntimeInside_leavesOnlyItsShutdownHook() throws Exception {
    String hook =
        """
          held by [shutdown hook ai.onnxruntime.OrtEnvironment$OrtEnvCloser]
          collected false
          collected without the hooks true"""
            .indent(2)
            .stripTrailing();
    assertThat(redeploy("inside"))
        .isEqualTo("deployment 1" + ANSWER + hook + "\ndeployment 2" + ANSWER + hook);
  }

  private String redeploy(String where) throws Exception {
    TwinModel.publish(memory);
    ChildJvm.Result result =
        Children.small(folder)
            .options(
                "-XX:SoftRefLRUPolicyMSPerMB=0", // what is only softly held goes at once
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--add-opens=java.base/java.security=ALL-UNNAMED")
            .run(Redeploy.class, memory.resolve("store").toString(), where);
    System.out.println("redeploy, ONNX Runtime " + where + ":\n" + result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    return result.output();
  }
}
