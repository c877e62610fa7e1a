package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Swaps under load with the real engine, in a JVM whose exit code tells of a crash. */
class SwapStormTest {
  private static final Path FIXTURES = fixtures();

  @Test
  void refresh_fiftyTimesUnderLoad_failsNothing(@TempDir Path folder) throws Exception {
    storm(folder, 50);
  }

  @Test
  @Tag("proof")
  void refresh_thousandTimesUnderLoad_failsNothing(@TempDir Path folder) throws Exception {
    storm(folder, 1_000);
  }

  private static void storm(Path folder, int swaps) throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder)
            .within(Duration.ofMinutes(10)) // half a minute where nothing else runs
            .run(SwapStorm.class, FIXTURES.toString(), String.valueOf(swaps));
    System.out.println(result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .contains("swaps " + swaps + ",", "sessions opened " + (swaps + 3), "wrong 0");
  }

  private static Path fixtures() {
    try {
      return Path.of(
          Objects.requireNonNull(SwapStormTest.class.getResource("/fixtures"), "test resources")
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
