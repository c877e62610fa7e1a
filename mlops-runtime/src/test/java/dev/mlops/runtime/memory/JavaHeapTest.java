package dev.mlops.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the heap will still take, in JVMs whose heap of 200 MB is hardly used, or used once. */
final class JavaHeapTest {
  private static final long MB = 1L << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    // flags; what is untouched at the start and after 150 MB were held, in MB
    "-XX:+UseG1GC,                        185, 200, 0, 50",
    "-XX:+UseSerialGC,                    170, 200, 0, 50",
    "-XX:+UseParallelGC,                  170, 200, 0, 50",
    "-XX:+UseG1GC -XX:+AlwaysPreTouch,    0, 0, 0, 0",
    "-XX:+UseZGC,                         0, 0, 0, 0",
  })
  void untouched_isWhatIsCommittedAndWasNeverUsed(
      String flags, long leastFirst, long mostFirst, long leastThen, long mostThen)
      throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder)
            .heap("220m\n-Xms200m\n" + flags.replace(' ', '\n'))
            .run(HoldALot.class);
    String[] said = result.output().split(" ", -1);
    assertThat(said).as(result.output()).hasSize(3);
    assertThat(Long.parseLong(said[0])).as("at first").isBetween(leastFirst, mostFirst);
    assertThat(Long.parseLong(said[1])).as("then").isBetween(leastThen, mostThen);
    assertThat(Long.parseLong(said[2])).as("allowed at first").isBetween(1L, 24L);
  }

  /** Says what is untouched before and after it held 150 MB. */
  static final class HoldALot {
    public static void main(String[] args) {
      JavaHeap first = JavaHeap.now();
      byte[][] held = new byte[150 * 4][];
      for (int i = 0; i < held.length; i++) {
        held[i] = new byte[(int) MB / 4];
      }
      JavaHeap then = JavaHeap.now();
      System.out.println(
          first.untouched() / MB
              + " "
              + then.untouched() / MB
              + " "
              + (held.length > 0 ? first.allowed() / MB : -1));
    }
  }
}
