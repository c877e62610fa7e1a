package dev.mlops.runtime;

import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.mlops.inference.ModelHandle;
import dev.mlops.model.Column;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * Calls 2 to 1,000 after a swap beside those of the same version once it is warm, for swaps to
 * another kind of model and to one of the same kind; in a JVM of its own, which has compiled
 * nothing else.
 *
 * <p>Argument: a folder for the store.
 */
final class CallsAfterSwap {
  private static final int CALLS = 1_000;
  private static final int WARM = 60_000;

  /** Before the first swap: a service has run for long, and its calls are compiled. */
  private static final int LONG = 500_000;

  private CallsAfterSwap() {}

  /** The components are those that a forest of the storms takes. */
  record Storm(
      float month,
      float hour,
      float lat,
      @Column("long") float lon,
      float wind,
      float pressure,
      @Column("wind_change_6h") Float windChange,
      @Column("pressure_change_6h") Float pressureChange) {}

  /** The last column. */
  record Growth(@Column("probabilities.1") float grows) {}

  public static void main(String[] args) {
    Path models = FixtureModels.resource("models/storms");
    ModelSchema schema = FixtureModels.schema(models.resolve("1/model.onnx"));
    ModelStore store = DirectoryModelStore.at(Path.of(args[0]));
    for (String version : List.of("1", "2", "4")) {
      Path file = models.resolve(version).resolve("model.onnx");
      store.publish(ModelPackage.of("storms", version, schema).model("onnx", file).build());
    }
    List<Storm> rows =
        FixtureModels.expected(models.resolve("1")).stream().map(CallsAfterSwap::storm).toList();
    store.alias("storms", "champion").moveTo("1", "test", "first");
    try (ModelRuntime runtime =
        ModelRuntime.builder().store(store).follow(Duration.ZERO).slots(1).build()) {
      ModelHandle<Storm, Growth> model =
          runtime.model("storms@champion", Storm.class, Growth.class);
      timed(model, rows, LONG);
      swap(runtime, store, model, rows, "linear-to-trees", "2");
      swap(runtime, store, model, rows, "trees-to-trees", "4");
      swap(runtime, store, model, rows, "trees-to-linear", "1");
    }
  }

  private static void swap(
      ModelRuntime runtime,
      ModelStore store,
      ModelHandle<Storm, Growth> model,
      List<Storm> rows,
      String name,
      String to) {
    store.alias("storms", "champion").moveTo(to, "test", name);
    runtime.refresh("storms@champion");
    long[] after = timed(model, rows, CALLS);
    long[] warm = timed(model, rows, WARM);
    double soon = median(Arrays.copyOfRange(after, 1, CALLS));
    double later = median(Arrays.copyOfRange(warm, WARM / 2, WARM));
    System.out.println(name + " " + soon / later + " of " + later + " ns");
  }

  private static long[] timed(ModelHandle<Storm, Growth> model, List<Storm> rows, int calls) {
    long[] nanos = new long[calls];
    float sum = 0;
    for (int i = 0; i < calls; i++) {
      Storm row = rows.get(i % rows.size());
      long start = System.nanoTime();
      sum += model.predict(row).value().grows();
      nanos[i] = System.nanoTime() - start;
    }
    if (!(sum > 0)) {
      throw new AssertionError("sum " + sum);
    }
    return nanos;
  }

  private static double median(long[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  private static Storm storm(NamedCsvRecord csv) {
    return FixtureModels.record(Storm.class, csv);
  }
}
