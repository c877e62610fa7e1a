package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A batch of a million rows: it works with the memory of a chunk, whatever its length, and a single
 * caller beside it on the one slot is served in time.
 */
final class MillionRowsTest {
  /*
   * An answer is 140 bytes: a Prediction of 24, its facts for the receipt of 64, their scores of
   * 24 or 32, the record of 16, and 4 in the list; for a million of them 134 MiB, as the child
   * measures. What is left of the heap, 26 MiB, is for the JVM, the runtime and what the batch
   * works with. A copy of the inputs, 48 bytes each and 4 in a list, is 50 MiB more and does not
   * fit, as the control shows.
   */
  private static final String HEAP = "160m";

  private static final long ANSWERS_AT_MOST = 142_000_000;

  @TempDir private Path folder;

  @Test
  void predictAll_millionRows_needsNoMoreThanItsAnswers() throws Exception {
    ChildJvm.Result result = run(HEAP, "alone");

    assertThat(result.exit()).as(result.output()).isZero();
    String line = result.output().lines().filter(l -> l.startsWith("answers ")).toList().get(0);
    assertThat(Long.parseLong(line.split(" ", -1)[1])).isBetween(100_000_000L, ANSWERS_AT_MOST);
  }

  @Test
  void predictAll_millionRowsHeldAsWell_doNotFitIntoThatHeap() throws Exception {
    ChildJvm.Result result = run(HEAP, "copied");

    assertThat(result.exit()).as(result.output()).isNotZero();
    assertThat(result.output()).contains("OutOfMemoryError");
  }

  @Test
  void predict_besideMillionRowsOnOneSlot_missesNoDeadlineOf50Milliseconds() throws Exception {
    ChildJvm.Result result = run("1g", "beside");

    System.out.println(result.output());
    assertThat(result.exit()).as(result.output()).isZero();
  }

  private ChildJvm.Result run(String heap, String how) throws Exception {
    return new ChildJvm(folder)
        .heap(heap)
        .run(
            MillionRows.class,
            FixtureModels.resource("models/storms/1/model.onnx").toString(),
            how);
  }
}
