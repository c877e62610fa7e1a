package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calls that throw leave no native memory behind, in a process of its own. */
@Tag("proof")
final class FailingCallsTest {
  private static final int MB = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"text, -64, 6", "cancelled, -64, 6", "failing, -64, 6", "raw, 12, 100"})
  void resident_afterTwentyThousandCallsThatThrow_growsOnlyWhereResultsStayOpen(
      String calls, int least, int most) throws Exception {
    assumeTrue(Resident.isKnown(), "resident memory is read from /proc, which is not there");
    ChildJvm.Result result =
        new ChildJvm(folder).fixedHeap("128m").run(FailingCalls.class, calls, "20000");
    assertThat(result.exit()).as(result.output()).isZero();
    long grown = Long.parseLong(result.output());
    System.out.printf("20,000 calls '%s': %.1f MB%n", calls, (double) grown / MB);
    assertThat(grown).isBetween((long) least * MB, (long) most * MB);
  }
}
