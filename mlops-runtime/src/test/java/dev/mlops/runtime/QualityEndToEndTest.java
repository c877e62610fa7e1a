package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import dev.mlops.rollout.SwapReport;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.rollout.LabelledCsv;
import dev.mlops.runtime.rollout.QualityGate;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Versions on trial as an operator has it: real models scored by the real engine on labelled rows
 * that came after training, the figures as the swap's report or its refusal tells them.
 */
final class QualityEndToEndTest {
  @TempDir private Path folder;

  @Test
  void refresh_stormsTreesAfterRegression_passes() {
    Path models = FixtureModels.resource("models/storms");
    Path labelled = LabelledCsv.storms(folder, "later_years");

    SwapReport swap = accepted(models, "1", "2", schema(models), labelled);

    assertThat(swap.gates())
        .last()
        .isEqualTo(
            new Result(
                "quality",
                Outcome.PASS,
                "gain in log loss +0.0547 [+0.0315, +0.0779] over 1,997 rows in 103 blocks"
                    + " against 1.0.0"));
  }

  @Test
  void refresh_stormsRetrainedAfterTrees_passes() {
    Path models = FixtureModels.resource("models/storms");
    Path labelled = LabelledCsv.storms(folder, "later_years");

    SwapReport swap = accepted(models, "2", "4", schema(models), labelled);

    assertThat(swap.gates())
        .last()
        .isEqualTo(
            new Result(
                "quality",
                Outcome.PASS,
                "gain in log loss +0.0157 [+0.0088, +0.0226] over 1,997 rows in 103 blocks"
                    + " against 2.0.0"));
  }

  @Test
  void refresh_stormsWorseVersion_isRefusedForGood() {
    Path models = FixtureModels.resource("models/storms");
    Path labelled = LabelledCsv.storms(folder, "nodrift");

    assertThat(refused(models, "2", "3", schema(models), labelled))
        .last()
        .isEqualTo(
            new Result(
                "quality",
                Outcome.FAIL,
                "gain in log loss -0.3171 [-0.3600, -0.2742] over 686 rows in 89 blocks"
                    + " against 2.0.0"));
  }

  @Test
  void refresh_flightsNewerTreesAfterDrift_isRefused() {
    Path models = FixtureModels.shared("models/flights-gbt");
    ModelSchema schema =
        schema(
            models,
            "temp",
            "dewp",
            "humid",
            "wind_speed",
            "visib",
            "precip",
            "pressure",
            "recent_delay");

    assertThat(refused(models, "1", "2", schema, mild("flights")))
        .last()
        .isEqualTo(
            new Result(
                "quality",
                Outcome.FAIL,
                "gain in log loss -0.0151 [-0.0297, -0.0005] over 2,987 rows in 61 blocks"
                    + " against 1.0.0"));
  }

  @Test
  void refresh_bankOnSevenDays_isUndecidedAndTriedAgain() {
    Path models = FixtureModels.shared("models/bank");

    assertThat(refused(models, "1", "2", schema(models), mild("bank")))
        .last()
        .isEqualTo(
            new Result(
                "quality",
                Outcome.UNDECIDED,
                "gain in log loss -0.3441 [-0.4192, -0.2690] over 2,904 rows in 7 blocks against"
                    + " 1.0.0; fewer than 20 blocks decide nothing, label more of them"));
  }

  private Path mild(String dataset) {
    Path data = FixtureModels.shared("datasets/" + dataset);
    return LabelledCsv.join(
        data.resolve("serving_mild.csv"),
        data.resolve("labels_mild.csv"),
        null,
        folder.resolve("labelled.csv"));
  }

  private static ModelSchema schema(Path models, String... optional) {
    return FixtureModels.schema(models.resolve("1/model.onnx"), optional);
  }

  private SwapReport accepted(
      Path models, String first, String second, ModelSchema schema, Path labelled) {
    ModelStore store = store(models, first, second, schema);
    try (ModelRuntime runtime = runtime(store, labelled)) {
      ModelHandle<Row, Row> model = runtime.model("m@champion");
      store.alias("m", "champion").moveTo(second + ".0.0", "test", "newer");

      SwapReport swap = runtime.refresh("m@champion");

      assertThat(swap.from().orElseThrow().number()).isEqualTo(first + ".0.0");
      assertThat(model.version().number()).isEqualTo(second + ".0.0");
      return swap;
    }
  }

  /** The gates' results; what served goes on serving, and asking again is answered the same. */
  private List<Result> refused(
      Path models, String first, String second, ModelSchema schema, Path labelled) {
    ModelStore store = store(models, first, second, schema);
    try (ModelRuntime runtime = runtime(store, labelled)) {
      ModelHandle<Row, Row> model = runtime.model("m@champion");
      store.alias("m", "champion").moveTo(second + ".0.0", "test", "newer");

      List<Result> results = null;
      for (int time = 0; time < 2; time++) {
        VersionRefusedException refused =
            catchThrowableOfType(
                VersionRefusedException.class, () -> runtime.refresh("m@champion"));
        assertThat(refused.version().number()).isEqualTo(second + ".0.0");
        assertThat(model.version().number()).isEqualTo(first + ".0.0");
        List<Result> found =
            refused.results().stream()
                .filter(result -> !result.gate().equals("memory")) // tells of the moment
                .toList();
        assertThat(results == null ? found : results).isEqualTo(found);
        results = found;
      }
      return results;
    }
  }

  private ModelStore store(Path models, String first, String second, ModelSchema schema) {
    ModelStore store = DirectoryModelStore.at(folder.resolve("store"));
    for (String version : List.of(first, second)) {
      Path files = models.resolve(version);
      store.publish(
          ModelPackage.of("m", version + ".0.0", schema)
              .model("onnx", files.resolve("model.onnx"))
              .golden(
                  FixtureModels.golden(files, schema, false, folder.resolve("golden.csv")), 1e-5)
              .build());
    }
    store.alias("m", "champion").moveTo(first + ".0.0", "test", "first");
    return store;
  }

  private static ModelRuntime runtime(ModelStore store, Path labelled) {
    return ModelRuntime.builder()
        .store(store)
        .follow(Duration.ZERO)
        .gate(QualityGate.on(labelled))
        .build();
  }
}
