package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mlops.model.ElementType;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.rollout.LatencyGate;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Latency as an operator has it: trees that answer in microseconds, and a model with the same
 * columns that multiplies matrices for milliseconds, on the real engine and the real clock. The
 * limits are so far from either that a busy machine does not reach them.
 */
@Tag("proof")
final class LatencyEndToEndTest {
  private static final Path TREES = FixtureModels.resource("models/storms/2/model.onnx");
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input(
              "features",
              ElementType.FLOAT,
              "month",
              "hour",
              "lat",
              "long",
              "wind",
              "pressure",
              "wind_change_6h",
              "pressure_change_6h")
          .optional("wind_change_6h", "pressure_change_6h")
          .output("label", ElementType.INT64)
          .output("probabilities", ElementType.FLOAT, "0", "1")
          .build();

  @TempDir private Path folder;

  @Test
  void budget_trees_passAndSlowModel_isRefused() throws IOException {
    Gate gate = LatencyGate.atMost(Duration.ofMillis(2));
    ModelStore store = store();
    try (ModelRuntime runtime =
        ModelRuntime.builder().store(store).follow(Duration.ZERO).gate(gate).build()) {
      runtime.model("storms@champion");
      assertThat(refused(store, runtime, "slow").outcome()).isEqualTo(Outcome.FAIL);
      assertThat(last(accepted(store, runtime, "twin")).outcome()).isEqualTo(Outcome.PASS);
    }
  }

  @Test
  void slower_sameTrees_passAndSlowModel_isRefused() throws IOException {
    Gate gate = LatencyGate.atMostSlower(3);
    ModelStore store = store();
    try (ModelRuntime runtime =
        ModelRuntime.builder().store(store).follow(Duration.ZERO).gate(gate).build()) {
      runtime.model("storms@champion");
      assertThat(refused(store, runtime, "slow").outcome()).isEqualTo(Outcome.FAIL);
      assertThat(last(accepted(store, runtime, "twin")).outcome()).isEqualTo(Outcome.PASS);
    }
  }

  /** Tries again where the machine was too busy to say. */
  private static SwapReport accepted(ModelStore store, ModelRuntime runtime, String number) {
    store.alias("storms", "champion").moveTo(number, "test", "newer");
    for (int attempt = 1; ; attempt++) {
      try {
        return runtime.refresh("storms@champion");
      } catch (VersionRefusedException e) {
        if (attempt == 10 || told(e.results()).outcome() != Outcome.UNDECIDED) {
          throw e;
        }
      }
    }
  }

  private static Gate.Result refused(ModelStore store, ModelRuntime runtime, String number) {
    VersionRefusedException refused =
        catchThrowableOfType(VersionRefusedException.class, () -> accepted(store, runtime, number));
    assertThat(refused).isNotNull();
    return told(refused.results());
  }

  private static Gate.Result last(SwapReport swap) {
    return told(swap.gates());
  }

  private static Gate.Result told(List<Gate.Result> results) {
    Gate.Result last = results.get(results.size() - 1);
    System.out.println(last); // the figures, beside the answer
    return last;
  }

  private ModelStore store() throws IOException {
    ModelStore store = DirectoryModelStore.at(folder.resolve("store"));
    Path slow = Files.write(folder.resolve("slow.onnx"), slow(600));
    for (String number : List.of("first", "twin", "slow")) {
      store.publish(
          ModelPackage.of("storms", number, SCHEMA)
              .model("onnx", number.equals("slow") ? slow : TREES)
              .lineage(facts -> facts.parameter("name", number))
              .build());
    }
    store.alias("storms", "champion").moveTo("first", "test", "first");
    return store;
  }

  /** The columns of the trees; the product of two large matrices made within the run. */
  private static byte[] slow(long size) {
    OnnxGraph graph =
        OnnxGraph.named("slow")
            .input("features", OnnxGraph.FLOAT, "rows", 8)
            .output("label", OnnxGraph.INT64, "rows")
            .output("probabilities", OnnxGraph.FLOAT, "rows", 2)
            .initializer(OnnxGraph.longs("column", new long[] {2}, size, 1))
            .initializer(OnnxGraph.longs("line", new long[] {2}, 1, size))
            .initializer(OnnxGraph.longs("zero", new long[] {1}, 0))
            .initializer(OnnxGraph.longs("one", new long[] {1}, 1))
            .initializer(OnnxGraph.longs("two", new long[] {1}, 2))
            .initializer(OnnxGraph.longs("axis", new long[] {1}, 1))
            .node("Slice", List.of("features", "zero", "two", "axis"), List.of("pair"))
            .node("Slice", List.of("features", "zero", "one", "zero"), List.of("row"))
            .node("ReduceMean", List.of("row"), List.of("mean"))
            .node("Expand", List.of("mean", "column"), List.of("tall"))
            .node("Expand", List.of("mean", "line"), List.of("wide"))
            .node("MatMul", List.of("tall", "wide"), List.of("square"))
            .node("MatMul", List.of("square", "square"), List.of("product"))
            .node("ReduceMean", List.of("product"), List.of("number"))
            .node("Mul", List.of("number", "pair"), List.of("scaled"))
            .node("Softmax", List.of("scaled"), List.of("probabilities"))
            .node(
                "ArgMax",
                List.of("probabilities"),
                List.of("label"),
                OnnxGraph.attribute("axis", 1),
                OnnxGraph.attribute("keepdims", 0));
    return graph.toBytes();
  }
}
