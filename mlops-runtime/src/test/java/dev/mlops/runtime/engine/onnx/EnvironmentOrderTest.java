package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
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
    "application, djl",
    "application, kept",
    "library, plain",
    "library, named",
    "library, threads",
    "library, djl",
    "library, kept",
    "both, plain",
    "both, named",
    "both, threads",
    "both, djl",
    "both, kept"
  })
  void environment_inEveryOrder_theLibraryPredictsAndLeavesNoThread(String first, String how)
      throws Exception {
    ChildJvm child = new ChildJvm(folder);
    if (how.equals("djl")) {
      child.with(djl());
    }
    ChildJvm.Result result = child.run(EnvironmentOrder.class, first, how);
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .contains("library: ok")
        .doesNotContain("library: dev.mlops", "library: java", "left behind");
    if (how.equals("djl") && !first.equals("application")) {
      // it brings threads, always; then it must have been told
      assertThat(result.output())
          .contains("start it before the first model is loaded")
          .containsAnyOf("application: ok", "one already exists");
    } else if (how.equals("threads") && !first.equals("application")) {
      // ONNX Runtime refuses whoever brings threads too late, and says that one exists
      assertThat(result.output()).containsAnyOf("application: ok", "one already exists");
    } else {
      assertThat(result.output()).contains("application: ok");
    }
  }

  /** DJL's engine, which the other tests run without: where it is, it starts before ours. */
  private static Path djl() throws IOException {
    try (Stream<Path> jars = Files.list(Path.of("target", "other-versions"))) {
      return jars.filter(jar -> jar.getFileName().toString().startsWith("onnxruntime-engine"))
          .findFirst()
          .orElseThrow(() -> new AssertionError("the build copies it for the tier `proof`"))
          .toAbsolutePath();
    }
  }
}
