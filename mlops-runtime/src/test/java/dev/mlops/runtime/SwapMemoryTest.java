package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That memory comes back when a large model is swapped over and over. */
final class SwapMemoryTest {
  private static final double MOST_MB = 16;
  private static final double MOST_SHARE = 0.05;

  /** Of the most there ever was; without giving back nine tenths are left. */
  private static final double MOST_LEFT = 0.75;

  @TempDir private Path folder;

  @BeforeEach
  void needsLinux() {
    assumeTrue(
        ProcessFigures.available(),
        "skipped: needs /proc and a JVM that can trim its native heap, such as 17.0.9 on glibc");
  }

  @Test
  @Tag("proof")
  void resident_after200SwapsOf50Megabytes_isWhatItWasAfter50() throws Exception {
    holds(swap(200, "trim"));
  }

  @Test
  @Tag("soak")
  void resident_after1000SwapsOf50Megabytes_isWhatItWasAfter50() throws Exception {
    holds(swap(1_000, "trim"));
  }

  /** What it is without giving back is told, and no more than that. */
  @Test
  @Tag("soak")
  void resident_after100SwapsWithoutTrimming_isReported() throws Exception {
    swap(100, "keep");
  }

  private static void holds(ChildJvm.Result result) {
    double first = result.figure("after 50 swaps");
    assertThat(result.figure("last") - first)
        .as(result.output())
        .isLessThanOrEqualTo(Math.max(MOST_MB, MOST_SHARE * first));
    assertThat(result.figure("last"))
        .as("given back: " + result.output())
        .isLessThan(result.figure("most") * MOST_LEFT);
  }

  private ChildJvm.Result swap(int swaps, String how) throws Exception {
    Path store = folder.resolve("store");
    Swapping.publish(store, 12, 1024);
    ChildJvm.Result result =
        new ChildJvm(folder)
            .fixedHeap("256m")
            .within(Duration.ofSeconds(180 + swaps))
            .run(SwapMemory.class, store.toString(), String.valueOf(swaps), how);
    System.out.println(how + ": " + result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.figure("opened")).isEqualTo(swaps + 1.0);
    assertThat(result.figure("closed")).isEqualTo(swaps);
    return result;
  }
}
