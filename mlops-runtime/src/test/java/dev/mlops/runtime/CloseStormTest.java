package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Closing at random moments never ends the JVM, and throws what is documented and nothing else. */
class CloseStormTest {
  private static final Pattern COUNT = Pattern.compile("([a-zA-Z ]+)=(\\d+)");

  @TempDir Path folder;

  @TempDir(factory = InMemory.class)
  Path memory;

  @Test
  void close_atRandomMoments_oneJvmOf50Rounds_crashesNothing() throws Exception {
    storm(1, 50);
  }

  @Test
  @Tag("proof")
  void close_atRandomMoments_20JvmsOf300Rounds_crashesNothing() throws Exception {
    storm(20, 300);
  }

  @Test
  @Tag("soak")
  void close_atRandomMoments_20JvmsOf1000Rounds_crashesNothing() throws Exception {
    storm(20, 1_000);
  }

  private void storm(int jvms, int rounds) throws Exception {
    TwinModel.publish(memory);
    long start = System.nanoTime();
    List<ChildJvm.Result> results =
        Children.run(
            folder,
            jvms,
            (child, index) -> child.run(CloseStorm.class, arguments(index + 1, rounds)));
    Map<String, Long> counts = new TreeMap<>();
    for (int i = 0; i < jvms; i++) {
      ChildJvm.Result result = results.get(i);
      assertThat(result.exit()).as(result.output()).isZero();
      assertThat(result.output())
          .contains("close storm of seed " + (i + 1) + ": rounds " + rounds + ",")
          .contains("wrong 0");
      assertThat(folder.resolve("child" + i).resolve("crash.log")).doesNotExist();
      for (MatchResult each : COUNT.matcher(result.output()).results().toList()) {
        counts.merge(each.group(1).strip(), Long.valueOf(each.group(2)), Long::sum);
      }
    }
    assertThat(counts)
        .containsKeys("predict", "predictAll", "lease", "refresh", "rollback", "override")
        .containsKeys("clearOverride", "model", "health");
    assertThat(counts.get("close")).isGreaterThanOrEqualTo((long) jvms * rounds);
    System.out.printf(
        "close storm: %d JVMs of %d rounds, seeds 1 to %d, %s, crashed 0, %d s%n",
        jvms, rounds, jvms, counts, (System.nanoTime() - start) / 1_000_000_000);
  }

  /** The control: sessions closed by the same storm without waiting for their calls. */
  @Test
  @Tag("proof")
  void close_behindTheRuntimesBack_endsTheJvm() throws Exception {
    TwinModel.publish(memory);
    List<String> survivors = new ArrayList<>();
    for (int attempt = 1; attempt <= 20; attempt++) {
      Path own = Files.createDirectory(folder.resolve("try" + attempt));
      List<String> arguments = new ArrayList<>(List.of(arguments(attempt, 500)));
      arguments.add("unsafe");
      ChildJvm.Result result =
          Children.small(own).run(CloseStorm.class, arguments.toArray(String[]::new));
      if (result.crashed()) {
        assertThat(result.output()).contains(": closing sessions that threads may run");
        System.out.printf(
            "close storm without waiting: JVM %d of 20 crashed after %d closes%n",
            attempt, result.output().lines().filter(line -> line.contains(": closing")).count());
        return;
      }
      survivors.add(result.output());
    }
    assertThat(survivors).as("no JVM of 20 crashed").isEmpty();
  }

  private String[] arguments(int seed, int rounds) {
    return new String[] {
      memory.resolve("store").toString(), String.valueOf(seed), String.valueOf(rounds)
    };
  }
}
