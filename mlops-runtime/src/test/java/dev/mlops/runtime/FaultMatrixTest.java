package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever goes wrong with a successor, what serves goes on serving and nothing is left behind. */
final class FaultMatrixTest {
  @TempDir private Path folder;

  @Test
  void refresh_eachFaultAFewTimes_leavesEverythingAsItWas() throws Exception {
    matrix(3, 20_241_104);
  }

  @Test
  @Tag("proof")
  void refresh_eachFaultAHundredTimes_leavesEverythingAsItWas() throws Exception {
    matrix(100, 1_976);
  }

  private void matrix(int runs, long seed) throws Exception {
    Path beds = Files.createDirectory(folder.resolve("beds"));
    Path temporary = Files.createDirectory(folder.resolve("child"));
    ChildJvm.Result result =
        new ChildJvm(temporary)
            .run(FaultMatrix.class, beds.toString(), String.valueOf(runs), String.valueOf(seed));
    System.out.println(result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output()).contains("wrong 0");
  }
}
