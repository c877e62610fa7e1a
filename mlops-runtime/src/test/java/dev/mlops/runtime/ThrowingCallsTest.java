package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.inference.DeadlineException;
import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A call that throws leaks nothing, wherever it throws: on a runtime of one slot the next answers.
 */
final class ThrowingCallsTest {
  private static final Pattern GROWN = Pattern.compile("grown (-?\\d+) kB");
  private static final long MOST_KB = 8 * 1024;

  @TempDir private Path folder;
  private ThrowingCalls on;

  @BeforeEach
  void serve() {
    on = new ThrowingCalls(folder);
  }

  /** A slot or a hold that was lost would keep the session open. */
  @AfterEach
  void nothingIsLeftOpen() {
    long begin = System.nanoTime();
    on.close();
    assertThat(on.engine.awaitLive(0)).isTrue();
    assertThat((System.nanoTime() - begin) / 1e9).isLessThan(30);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void predict_thatThrows_nextCallFindsTheSlotFreeAndIsAnsweredRight(boolean many) {
    on.many(many);
    ThrowingCalls.throwing(true)
        .forEach(
            (name, call) -> {
              for (int i = 0; i < 3; i++) {
                assertThat(catchThrowable(() -> call.call(on))).as(name).isNotNull();
                assertThatCode(on::answers).as("after %s", name).doesNotThrowAnyException();
              }
            });
  }

  @Test
  void predict_observerThrows_isAnsweredRight() {
    ThrowingCalls.observed()
        .forEach(
            (name, call) -> {
              assertThatCode(() -> call.call(on)).as(name).doesNotThrowAnyException();
              assertThatCode(on::answers).as("after %s", name).doesNotThrowAnyException();
            });
  }

  @Test
  void predict_interruptedBefore_isAnsweredOrRefusedAndStaysInterrupted() {
    for (int i = 0; i < 20; i++) {
      Thread.currentThread().interrupt();
      Throwable refused = catchThrowable(on::answers);
      assertThat(Thread.interrupted()).isTrue();
      if (refused != null) {
        assertThat(refused).isInstanceOf(DeadlineException.class);
      }
      on.answers();
    }
  }

  /** In a JVM of its own: native code that met the end of the stack would end it. */
  @Test
  @Tag("proof")
  void predict_onStackThatEndsAnywhereInIt_losesNoSlot() throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder).run(ThrowingCalls.class, folder.toString(), "150", "brink");
    System.out.println(result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output()).containsPattern("overflowed [1-9]\\d{2,}, answered [1-9]");
  }

  @Test
  @Tag("proof")
  void predict_twentyThousandThatThrow_leaveNoMemoryBehind() throws Exception {
    long grown = grown(20_000, "none");
    assertThat(grown).isLessThan(MOST_KB);
  }

  /** The control: with a native tensor lost at each call the same measurement shows it. */
  @Test
  @Tag("proof")
  void predict_twentyThousandThatThrowAndLoseATensor_isSeen() throws Exception {
    assertThat(grown(20_000, "leak")).isGreaterThan(2 * MOST_KB);
  }

  private long grown(int calls, String leak) throws Exception {
    assumeTrue(
        Files.isReadable(Path.of("/proc/self/status")), "resident memory is read from /proc");
    ChildJvm.Result result =
        new ChildJvm(folder)
            .heap("128m")
            .environment("JDK_JAVA_OPTIONS", "-Xms128m -XX:+AlwaysPreTouch")
            .run(ThrowingCalls.class, folder.toString(), String.valueOf(calls), leak);
    System.out.println(result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    Matcher grown = GROWN.matcher(result.output());
    assertThat(grown.find()).isTrue();
    return Long.parseLong(grown.group(1));
  }
}
