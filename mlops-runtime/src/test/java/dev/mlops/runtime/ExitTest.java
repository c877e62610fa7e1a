package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The exit code is the one that was asked for, whatever goes on in the library. */
@Tag("proof")
class ExitTest {
  private static final int TERMINATED = 143; // 128 and SIGTERM

  @TempDir Path folder;

  @TempDir(factory = InMemory.class)
  Path memory;

  @BeforeEach
  void publish() {
    TwinModel.publish(memory);
  }

  @Test
  void exit_idlePredictingOrDraining_codeIsAsRequested50Of50Times() throws Exception {
    leave(List.of("predict", "close", "idle", "swap"));
  }

  @Test
  void exit_afterACloseDuringALoad_codeIsAsRequested50Of50Times() throws Exception {
    for (ChildJvm.Result result : leave(List.of("load"))) {
      double begun = result.figure("loads begun");
      assertThat(begun).as(result.output()).isGreaterThan(0);
      assertThat(result.figure("closed")).as("close waits: %s", result.output()).isEqualTo(begun);
    }
  }

  /**
   * The control: without a close that waits for loads. All of 20 JVMs crashed; if one in two did,
   * all of 20 would survive once in a million times.
   */
  @Test
  void exit_whileSessionsAreOpenedByHand_endsTheJvmByASignal() throws Exception {
    for (int attempt = 1; attempt <= 20; attempt++) {
      Path own = Files.createDirectory(folder.resolve("try" + attempt));
      ChildJvm.Result result =
          Children.small(own)
              .run(
                  Leaving.class,
                  memory.resolve("store").toString(),
                  "raw-load",
                  "exit",
                  String.valueOf(attempt));
      assertThat(result.output()).contains("raw-load: leaving by exit");
      if (result.crashed()) {
        System.out.printf(
            "exit while sessions are opened by hand: JVM %d of 20 crashed%n", attempt);
        return;
      }
      assertThat(result.exit()).as(result.output()).isEqualTo(Leaving.CODE);
    }
    throw new AssertionError("no JVM of 20 crashed");
  }

  private List<ChildJvm.Result> leave(List<String> from) throws Exception {
    long start = System.nanoTime();
    List<ChildJvm.Result> results =
        Children.run(
            folder,
            50,
            (child, i) ->
                child.run(
                    Leaving.class,
                    memory.resolve("store").toString(),
                    from.get(i / 2 % from.size()),
                    i % 2 == 0 ? "exit" : "term",
                    String.valueOf(i)));
    List<String> otherwise = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      ChildJvm.Result result = results.get(i);
      assertThat(result.output()).contains(": leaving by");
      if (result.exit() != (i % 2 == 0 ? Leaving.CODE : TERMINATED)
          || result.output().contains("A fatal error")) {
        otherwise.add("seed " + i + ": exit " + result.exit() + ": " + result.output());
      }
    }
    System.out.printf(
        "exit from %s: as requested in %d of %d JVMs, half by System.exit, half by SIGTERM, %d s%n",
        from,
        results.size() - otherwise.size(),
        results.size(),
        (System.nanoTime() - start) / 1_000_000_000);
    assertThat(otherwise).isEmpty();
    return results;
  }
}
