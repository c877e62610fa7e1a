package dev.mlops.runtime.memory;

import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.ElementType;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A service in a real container loads versions of 50 MB until its memory is used up. With the check
 * it gives back what loading left behind, then refuses a version and goes on serving; without it
 * the kernel kills it.
 */
@Tag("proof")
final class MemoryLimitTest {
  private static final long LIMIT = 320L << 20;
  private static final int VERSIONS = 8;

  @TempDir static Path folder;

  private static Container container;
  private static Path store;

  @BeforeAll
  static void fill() throws Exception {
    container = Container.limitedTo(LIMIT, folder);
    store = Files.createDirectory(folder.resolve("store"));
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, Shape.perRow(1024))
            .output("y", ElementType.FLOAT, Shape.perRow(1024))
            .build();
    ModelStore models = DirectoryModelStore.at(store);
    for (int version = 1; version <= VERSIONS; version++) {
      Path model = chain(version).writeTo(folder.resolve("chain.onnx"));
      models.publish(
          ModelPackage.of("chain", String.valueOf(version), schema).model("onnx", model).build());
    }
  }

  @Test
  void loads_withTheCheck_endInARefusalWithTheNumbers() throws Exception {
    Container.Result result = run("check");
    assertThat(result.output())
        .containsPattern("^the container's limit \\(cgroup v[12]\\) " + LIMIT)
        .contains("loaded 2, resident ")
        .containsPattern(
            "refused: chain:\\d was refused: memory UNDECIDED: needs about \\d+ MB beside what there is; the container's limit"
                + " \\(cgroup v[12]\\) is 320 MB, \\d+ MB are in use")
        .endsWith("serves on");
    assertThat(result.exit()).isZero();
  }

  @Test
  void loads_withoutTheCheck_endTheService() throws Exception {
    Container.Result result = run("no-check");
    assertThat(result.output()).contains("loaded 2, resident ").doesNotContain("serves on");
    assertThat(result.exit()).as(result.output()).isEqualTo(137);
  }

  private static Container.Result run(String check) throws Exception {
    Path options = folder.resolve("options.txt");
    Files.writeString(
        options,
        """
        -Xmx64m
        -Djava.io.tmpdir="%s"
        -cp
        "%s"
        %s
        """
            .formatted(
                folder,
                absolute(System.getProperty("java.class.path")),
                LoadUntilFull.class.getName()));
    Container.Result result =
        container.run(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + options,
                store.toString(),
                String.valueOf(VERSIONS),
                check));
    System.out.println(check + ", exit " + result.exit() + "\n" + result.output());
    return result;
  }

  /** The container's working directory is another one. */
  private static String absolute(String classPath) {
    return Stream.of(classPath.split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** Twelve products of 1024 x 1024: 50 MB. */
  private static OnnxGraph chain(int version) {
    OnnxGraph graph = OnnxGraph.named("chain" + version).input("x", FLOAT, "batch", 1024);
    String from = "x";
    for (int i = 0; i < 12; i++) {
      String to = i == 11 ? "y" : "h" + i;
      graph
          .initializer(OnnxGraph.floats("w" + i, new long[] {1024, 1024}, new float[1024 * 1024]))
          .node("MatMul", List.of(from, "w" + i), List.of(to));
      from = to;
    }
    return graph.output("y", FLOAT, "batch", 1024);
  }
}
