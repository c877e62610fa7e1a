package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run of ONNX Runtime that does not end by itself delays no swap, and its session is closed when
 * it has ended, never under it; where the engine cannot end it the version is parked.
 */
@Tag("proof")
final class StuckCallTest {
  /** A swap is a load of some milliseconds; the drain takes {@link StuckCall#DRAIN}. */
  private static final double AT_ONCE = 1_500;

  private static final double DRAIN = StuckCall.DRAIN.toMillis();
  private static final double SECOND = 1_000;

  /** What a busy machine may add to what a clock has measured. */
  private static final double SLACK = 1_000;

  private static final Pattern FIGURE =
      Pattern.compile("^(ms|open|resident|answers|survived|#  SIG)\\b.*", Pattern.MULTILINE);

  @TempDir private Path folder;

  @BeforeEach
  void publish() {
    assumeTrue(ProcessFigures.available(), "skipped: needs /proc and a JVM that can trim");
    StuckCall.publish(folder, folder.resolve("store"));
  }

  @Test
  void swap_underARunWithoutEnd_servesAtOnceAndEndsTheRunWithinASecondOfTheDrain()
      throws Exception {
    ChildJvm.Result result = stuck("hears", "main");

    ends(result);
    assertThat(result.figure("ms until the next version answered")).isLessThan(AT_ONCE);
    assertThat(result.figure("ms of the drain")).isBetween(DRAIN, DRAIN + SECOND + SLACK);
    assertThat(result.output())
        .contains("terminated=true")
        .contains("the caller was told: overloaded: m:1 was closed while it ran");
    assertThat(result.figure("open when closed")).isEqualTo(1);
    assertThat(result.figure("answers meanwhile")).isGreaterThan(10);
    assertThat(result.figure("sessions opened")).isEqualTo(2);
    assertThat(result.figure("sessions closed")).isEqualTo(2);
  }

  @Test
  void swap_underARunItsEngineDoesNotEnd_parksTheVersionAndItsMemoryUntilItDoes() throws Exception {
    ChildJvm.Result result = stuck("late", "main");

    ends(result);
    parked(result);
    assertThat(result.output())
        .contains("terminated=true")
        .contains("the caller was told: overloaded: m:1 was closed while it ran");
    assertThat(result.figure("open when closed")).isEqualTo(1);
    assertThat(result.figure("resident MB while parked") - result.figure("resident MB when closed"))
        .as("what is parked counts, until it is closed")
        .isGreaterThan(0.9 * StuckCall.LARGE / 1e6);
    assertThat(result.figure("sessions opened")).isEqualTo(2);
    assertThat(result.figure("sessions closed")).isEqualTo(2);
  }

  @Test
  void close_underARunItsEngineNeverEnds_returnsAndTheProcessEnds() throws Exception {
    ChildJvm.Result result = stuck("never", "main");

    ends(result);
    parked(result);
    assertThat(result.figure("ms of the close"))
        .as("drain, the second after it, and what is told to listeners")
        .isLessThan(DRAIN + 2 * SECOND + SLACK);
    assertThat(result.output()).contains("the run goes on true");
    assertThat(result.figure("sessions opened")).isEqualTo(2);
    assertThat(result.figure("sessions closed")).as("not the one that runs").isEqualTo(1);
  }

  /** The control: what happens to the run if its session is closed nevertheless. */
  @Test
  void close_ofTheSessionUnderARunWithoutEnd_endsTheJvm() throws Exception {
    for (int attempt = 1; attempt <= 20; attempt++) {
      ChildJvm.Result result = stuck("raw", "try" + attempt);
      assertThat(result.output()).contains("closing a session under its run");
      if (result.crashed()) {
        return;
      }
    }
    throw new AssertionError("no JVM of 20 crashed");
  }

  private static void parked(ChildJvm.Result result) {
    assertThat(result.figure("ms until the next version answered")).isLessThan(AT_ONCE);
    assertThat(result.figure("ms until parked"))
        .isBetween(DRAIN + SECOND, DRAIN + SECOND + AT_ONCE + SLACK);
    assertThat(result.output())
        .containsPattern("Parked\\[.*a call runs in m:1 that its engine does not stop")
        .containsPattern("Loaded\\[version=m:1, state=PARKED");
    assertThat(result.figure("open while parked")).isEqualTo(2);
    assertThat(result.figure("answers meanwhile")).isGreaterThan(10);
  }

  private void ends(ChildJvm.Result result) {
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(folder.resolve("main/crash.log")).doesNotExist();
  }

  private ChildJvm.Result stuck(String how, String name) throws Exception {
    long start = System.nanoTime();
    ChildJvm.Result result =
        new ChildJvm(Files.createDirectory(folder.resolve(name)))
            .fixedHeap("64m")
            .options("-XX:+UseSerialGC")
            .run(StuckCall.class, folder.resolve("store").toString(), how);
    System.out.printf(
        Locale.ROOT,
        "stuck call that ends %s: %s, exit %d, %.1f s%n",
        how,
        FIGURE.matcher(result.output()).results().map(MatchResult::group).toList(),
        result.exit(),
        (System.nanoTime() - start) / 1e9);
    return result;
  }
}
