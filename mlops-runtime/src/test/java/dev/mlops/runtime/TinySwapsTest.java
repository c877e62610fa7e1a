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

/** That ten thousand swaps, to and fro between two versions, leave nothing behind. */
@Tag("proof")
final class TinySwapsTest {
  private static final double RESIDENT_KB_A_SWAP = 1;
  private static final double NATIVE_BYTES_A_SWAP = 100;
  private static final double COST = 1.10;

  @TempDir private Path folder;

  @BeforeEach
  void needsLinux() {
    assumeTrue(
        ProcessFigures.available(),
        "skipped: needs /proc and a JVM that can trim its native heap, such as 17.0.9 on glibc");
  }

  @Test
  void swap_tenThousandTimesToAndFro_leavesNothingOpenAndNoCallDearer() throws Exception {
    ChildJvm.Result result = swap(10_000, "whole");

    assertThat(result.figure("opened"))
        .as("one a swap")
        .isEqualTo(10_000 + 1 + result.figure("beside"));
    nothingIsLeft(result);
  }

  /** A version comes back while its session is being closed, or in time to keep it. */
  @Test
  void swap_tenThousandTimesToAndFroWithoutWaiting_losesNoCloseAndNoCallIsDearer()
      throws Exception {
    ChildJvm.Result result = swap(10_000, "hasty");

    assertThat(result.figure("opened"))
        .as("some came back too late, and some in time")
        .isBetween(20 + result.figure("beside"), 9_000.0);
    nothingIsLeft(result);
  }

  private static void nothingIsLeft(ChildJvm.Result result) {
    assertThat(result.figure("serves")).as("the last version").isEqualTo(1);
    assertThat(result.output()).contains("all closed true");
    assertThat(result.figure("opened")).isEqualTo(result.figure("closed") + result.figure("live"));
    assertThat(result.figure("live")).isLessThanOrEqualTo(2 + result.figure("beside"));
    assertThat(result.figure("resident KB a swap")).isLessThan(RESIDENT_KB_A_SWAP);
    if (!result.output().contains("native heap B a swap unknown")) {
      assertThat(result.figure("native heap B a swap")).isLessThan(NATIVE_BYTES_A_SWAP);
    }
    assertThat(result.figure("cost against a route that never changed")).isLessThan(COST);
    assertThat(result.figure("last") / result.figure("ns a call first")).isLessThan(COST);
  }

  @Test
  void swap_withOneResultInHundredLeftOpen_isFoundByTheSlope() throws Exception {
    ChildJvm.Result result = swap(1_000, "leak");

    assertThat(result.figure("left open")).isPositive();
    assertThat(result.figure("resident KB a swap")).isGreaterThan(RESIDENT_KB_A_SWAP);
    if (!result.output().contains("native heap B a swap unknown")) {
      assertThat(result.figure("native heap B a swap")).isGreaterThan(NATIVE_BYTES_A_SWAP);
    }
  }

  private ChildJvm.Result swap(int swaps, String how) throws Exception {
    Path store = folder.resolve("store");
    Swapping.publish(store, 1, 16);
    ChildJvm.Result result =
        new ChildJvm(folder)
            .fixedHeap("64m")
            .options("-Xbatch")
            .options("-XX:+UseSerialGC")
            .within(Duration.ofMinutes(5))
            .run(TinySwaps.class, store.toString(), String.valueOf(swaps), how);
    System.out.println(how + ": " + result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    return result;
  }
}
