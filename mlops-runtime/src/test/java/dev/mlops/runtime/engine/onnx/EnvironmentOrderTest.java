package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ONNX Runtime has one environment in a process, and this library is not the only one to ask. */
@Tag("proof")
final class EnvironmentOrderTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "application, plain",
    "application, named",
    "application, threads",
    "library, plain",
    "library, named",
    "library, threads",
    "both, plain",
    "both, named",
    "both, threads"
  })
  void environment_inEveryOrder_theLibraryPredictsAndLeavesNoThread(String first, String how)
      throws Exception {
    ChildJvm.Result result = new ChildJvm(folder).run(EnvironmentOrder.class, first, how);
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .contains("library: ok")
        .doesNotContain("library: dev.mlops", "library: java", "left behind");
    if (how.equals("threads") && !first.equals("application")) {
      // ONNX Runtime refuses whoever brings threads too late, and says that one exists
      assertThat(result.output()).containsAnyOf("application: ok", "one already exists");
    } else {
      assertThat(result.output()).contains("application: ok");
    }
  }
}
