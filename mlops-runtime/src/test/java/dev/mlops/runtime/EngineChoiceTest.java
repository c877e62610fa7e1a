package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.engine.Engine;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.runtime.engine.onnx.ChildJvm;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.engine.tabular.TabularEngine;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.store.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which engine runs a version, and why. */
final class EngineChoiceTest {
  private static final Path TREES = FixtureModels.resource("models/storms/2/model.onnx");
  private static final Path NETWORK = FixtureModels.resource("models/storms-mlp/1/model.onnx");

  @TempDir private Path folder;

  @Test
  void model_ofTrees_isRunInPlainJava() throws InterruptedException {
    assertThat(engineOf(TREES)).isEqualTo("tabular");
  }

  @Test
  void model_pinnedToOnnxRuntime_isRunThere() throws InterruptedException {
    assertThat(engineOf(TREES, OnnxRuntimeEngine.create())).isEqualTo("onnxruntime");
  }

  @Test
  void model_ofASmallNetwork_leavesLargerBatchesToOnnxRuntime() throws InterruptedException {
    assertThat(engineOf(NETWORK))
        .matches("tabular \\(batches of more than \\d+ rows: onnxruntime\\)");
    assertThat(engineOf(NETWORK, TabularEngine.create())).isEqualTo("tabular");
  }

  @Test
  void predictAll_ofASmallNetwork_givesTheSameByBothEngines() {
    List<Row> rows =
        FixtureModels.expected(FixtureModels.resource("models/storms-mlp/1")).stream()
            .map(csv -> FixtureModels.row(FixtureModels.schema(NETWORK), csv))
            .toList();
    try (ModelRuntime runtime =
        ModelRuntime.over(ModelFile.at(NETWORK, FixtureModels.schema(NETWORK)))) {
      var model = runtime.model("model");
      var together = model.predictAll(rows);
      for (int i = 0; i < rows.size(); i++) {
        double alone = model.predict(rows.get(i)).value().number("probabilities.1");
        assertThat(together.get(i).value().number("probabilities.1"))
            .isCloseTo(alone, within(2e-6));
      }
    }
  }

  @Test
  void model_withAnOperatorThatIsNotRunHere_isRunByOnnxRuntimeAndSaysWhy() throws Exception {
    assertThat(engineOf(unknown())).isEqualTo("onnxruntime (tabular: it has the operator Cosh)");
  }

  @Test
  void model_withMoreWeightsThanPay_isLeftToOnnxRuntime() throws Exception {
    Path file = network(320);
    assertThat(engineOf(file))
        .isEqualTo(
            "onnxruntime (tabular: it multiplies by 102400 weights, and beyond 100000 onnxruntime is"
                + " faster)");
    assertThat(engineOf(file, TabularEngine.create())).isEqualTo("tabular");
  }

  /**
   * Predicts by the public API; says what ran it, and what code is mapped that is not the JVM's.
   */
  static final class WithoutOnnxRuntime {
    public static void main(String[] args) throws IOException {
      for (String file : args) {
        Path model = Path.of(file);
        try (ModelRuntime runtime = ModelRuntime.over(ModelFile.at(model))) {
          ModelHandle<Row, Row> handle = runtime.model("model");
          Row row = Row.of(Collections.emptyMap());
          System.out.println(
              runtime.describe().lines().filter(l -> l.startsWith("  engine ")).findFirst().get()
                  + ": "
                  + handle.predict(row).value().number("probabilities.1"));
        } catch (ModelFailedException e) {
          System.out.println("refused: " + e.getMessage());
        }
      }
      System.out.println("native code: " + foreign());
    }

    private static Set<String> foreign() throws IOException {
      Path maps = Path.of("/proc/self/maps");
      if (!Files.exists(maps)) {
        return Set.of();
      }
      String home = Path.of(System.getProperty("java.home")).toRealPath().toString();
      try (Stream<String> lines = Files.lines(maps)) {
        return lines
            .filter(line -> line.matches(".*/[^/]*\\.so[.0-9]*$"))
            .map(line -> line.substring(line.indexOf('/')))
            .filter(library -> !library.startsWith(home) && !SYSTEM.matcher(library).find())
            .collect(Collectors.toCollection(TreeSet::new));
      }
    }

    /** The C library and what the JVM itself is linked with. */
    private static final Pattern SYSTEM =
        Pattern.compile(
            "/(ld-linux|ld-musl|lib(c|m|dl|rt|pthread|z|gcc_s|stdc\\+\\+|nss_\\w+))[-.]");
  }

  @Test
  void model_withoutOnnxRuntime_isServedWithNothingNative() throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder)
            .without(entry -> entry.contains("onnxruntime") || entry.contains("djl"))
            .run(
                WithoutOnnxRuntime.class,
                TREES.toString(),
                NETWORK.toString(),
                unknown().toString());
    assertThat(result.output().lines().filter(line -> !line.contains("RouteStart")).toList())
        .satisfiesExactly(
            trees -> assertThat(trees).matches("  engine tabular: 0\\.\\d+"),
            network -> assertThat(network).matches("  engine tabular: 0\\.\\d+"),
            odd ->
                assertThat(odd)
                    .startsWith("refused: no engine runs model:")
                    .contains(
                        "tabular: it has the operator Cosh; onnxruntime: ONNX Runtime is not on the"
                            + " class path; add the dependency"),
            libraries -> assertThat(libraries).isEqualTo("native code: []"));
  }

  private Path unknown() throws IOException {
    byte[] model =
        OnnxGraph.named("odd")
            .input("x", OnnxGraph.FLOAT, "batch", 2)
            .output("y", OnnxGraph.FLOAT, "batch", 2)
            .node("Cosh", List.of("x"), List.of("y"))
            .toBytes();
    return Files.write(Files.createDirectory(folder.resolve("odd")).resolve("model.onnx"), model);
  }

  private Path network(int width) throws IOException {
    float[] weights = new float[width * width];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i % 7 - 3;
    }
    byte[] model =
        OnnxGraph.named("wide")
            .input("x", OnnxGraph.FLOAT, "batch", width)
            .output("y", OnnxGraph.FLOAT, "batch", width)
            .initializer(OnnxGraph.floats("w", new long[] {width, width}, weights))
            .node("MatMul", List.of("x", "w"), List.of("y"))
            .toBytes();
    return Files.write(folder.resolve("model.onnx"), model);
  }

  /** What the event of the load says, which is what {@code describe} shows. */
  private static String engineOf(Path file, Engine... first) throws InterruptedException {
    BlockingQueue<LifecycleEvent> events = new LinkedBlockingQueue<>();
    ModelFile store = ModelFile.at(file);
    ModelRuntime.Builder builder = ModelRuntime.builder().store(store).listener(events::add);
    for (Engine engine : first) {
      builder.engine("model", engine);
    }
    builder.engine("another", OnnxRuntimeEngine.create());
    try (ModelRuntime runtime = builder.build()) {
      runtime.model("model");
      LifecycleEvent event = events.poll(20, TimeUnit.SECONDS);
      assertThat(event).isInstanceOf(LifecycleEvent.Swapped.class);
      String engine = ((LifecycleEvent.Swapped) event).report().engine();
      assertThat(runtime.describe()).contains("  engine " + engine + "\n");
      return engine;
    }
  }
}
