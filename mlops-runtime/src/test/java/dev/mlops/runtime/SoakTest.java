package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * That a service that swaps for half an hour holds no more at its end than at its beginning; {@code
 * -Dsoak.seconds=300} makes it another time.
 */
@Tag("soak")
final class SoakTest {
  private static final int SECONDS = Integer.getInteger("soak.seconds", 1_800);
  private static final double MOST = 1.02;

  @TempDir private Path folder;

  @Test
  void service_swappedEachSecond_holdsNoMoreAtTheEnd() throws Exception {
    assumeTrue(
        ProcessFigures.available(),
        "skipped: needs /proc and a JVM that can trim its native heap, such as 17.0.9 on glibc");
    Path store = folder.resolve("store");
    Swapping.publish(store, 4, 512);

    ChildJvm.Result result =
        new ChildJvm(folder)
            .fixedHeap("256m")
            .options("-XX:-UseDynamicNumberOfCompilerThreads") // the JVM's own threads stay as many
            .options("-XX:-UseDynamicNumberOfGCThreads")
            .within(Duration.ofSeconds(300 + 2L * SECONDS))
            .run(Soak.class, store.toString(), String.valueOf(SECONDS));

    System.out.println(result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    for (String held : new String[] {"threads", "files", "sessions", "resident KB"}) {
      assertThat(result.figure("last " + held))
          .as(held)
          .isLessThanOrEqualTo(MOST * result.figure("first " + held));
    }
  }
}
