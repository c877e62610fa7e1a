package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The estimate of a session's memory against what loads take, each in a JVM of its own. */
final class SessionMemoryTest {
  private static final double MB = 1024 * 1024;

  @TempDir Path folder;

  @Test
  @Tag("proof")
  void memory_ofModelsOfEachKind_isEnoughAndNotTwiceThat() throws Exception {
    check(TestVersion.fixture("storms/2/model.onnx"), 8);
    check(SizedModels.forest(folder.resolve("forest.onnx"), 100, 8), 2);
    check(SizedModels.words(folder.resolve("words.onnx"), 100_000), 2);
    check(SizedModels.network(folder.resolve("network-3.onnx"), 3), 4);
    check(SizedModels.network(folder.resolve("network-50.onnx"), 50), 2);
  }

  private void check(Path model, int slots) throws IOException, InterruptedException {
    long[] bytes = measure(model, slots);
    long most = Math.max(bytes[0], bytes[2]);
    assertThat(bytes[6])
        .as("%s, %d slots: %s", model, slots, Arrays.toString(bytes))
        .isBetween(most, 2 * most + 4_000_000);
  }

  /** Prints the table of docs/proof/memory-sessions.md. */
  @Test
  @Tag("soak")
  void memory_ofManyModelsAndSlots_asATable() throws Exception {
    Map<String, Path> models = new LinkedHashMap<>();
    models.put("storms, forest", TestVersion.fixture("storms/2/model.onnx"));
    models.put("storms, boosted", TestVersion.fixture("storms-xgb/1/model.onnx"));
    models.put("storms, network", TestVersion.fixture("storms-mlp/1/model.onnx"));
    models.put("breast cancer, forest", TestVersion.fixture("breast-cancer/2/model.onnx"));
    for (int[] size : new int[][] {{30, 6}, {100, 8}, {100, 12}, {300, 12}}) {
      String name = "forest of " + size[0] + " x " + size[1];
      models.put(name, SizedModels.forest(folder.resolve(name), size[0], size[1]));
    }
    for (int words : new int[] {10_000, 200_000}) {
      models.put(words + " words", SizedModels.words(folder.resolve(words + ".onnx"), words));
    }
    for (int megabytes : new int[] {1, 3, 4, 16, 50, 200}) {
      String name = "network of " + megabytes + " MB";
      models.put(name, SizedModels.network(folder.resolve(name), megabytes));
    }
    models.put("Gemm of 50 MB", SizedModels.layers(folder.resolve("gemm.onnx"), 50));
    models.put("one matrix of 200 MB", SizedModels.matrix(folder.resolve("one.onnx"), 200));
    models.put("convolutions of 45 MB", SizedModels.convolutions(folder.resolve("conv.onnx"), 20));
    models.put("3,000 nodes", SizedModels.nodes(folder.resolve("nodes.onnx"), 3_000));
    System.out.println(
        "| model | file | slots | most at load | loaded | 1 row | 256 rows | closed | trimmed |"
            + " estimate | second beside it | before |");
    System.out.println("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (Map.Entry<String, Path> model : models.entrySet()) {
      long file = Files.size(model.getValue());
      for (int slots : file > 4 * MB ? new int[] {1, 8} : new int[] {1, 2, 8, 16}) {
        StringBuilder row = new StringBuilder();
        for (long bytes : measure(model.getValue(), slots)) {
          row.append(String.format(Locale.ROOT, " %.1f |", bytes / MB));
        }
        System.out.printf(
            Locale.ROOT, "| %s | %.2f | %d |%s%n", model.getKey(), file / MB, slots, row);
      }
    }
  }

  private long[] measure(Path model, int slots) throws IOException, InterruptedException {
    assumeTrue(Resident.isKnown(), "resident memory is read from /proc, which is not there");
    Path own = Files.createTempDirectory(folder, "child");
    ChildJvm.Result result =
        new ChildJvm(own)
            .fixedHeap("256m")
            .run(SessionMemory.class, model.toString(), Integer.toString(slots));
    assertThat(result.exit()).as(result.output()).isZero();
    return Arrays.stream(result.output().split(" ")).mapToLong(Long::parseLong).toArray();
  }
}
