package dev.mlops.drift;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.runtime.store.ModelFile;
import dev.mlops.store.ModelStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A real model behind the real runtime, watched: what it says of windows of real rows. */
final class ServedModel implements AutoCloseable {
  private static final List<String> STORMS =
      List.of(
          "month",
          "hour",
          "lat",
          "long",
          "wind",
          "pressure",
          "wind_change_6h",
          "pressure_change_6h");

  final ModelSchema schema;
  final ModelHandle<Row, Row> handle;
  private final String route;
  private final DriftMonitor monitor;
  private final ModelRuntime runtime;

  /** What a window came to; rows that the runtime refused were not counted. */
  record Served(DriftReport report, int refused) {}

  private ServedModel(
      String model, ModelSchema schema, Path onnx, Path train, Path folder, double delta) {
    this.schema = schema;
    this.route = model + "@champion";
    ModelStore store = DirectoryModelStore.at(folder.resolve("store"));
    try (ModelRuntime trial = ModelRuntime.over(ModelFile.at(onnx, schema))) {
      store.publish(
          ModelPackage.of(model, "2.0.0", schema)
              .model("onnx", onnx)
              .part(Baseline.fromCsv(train, schema, trial.model("model")))
              .build());
    }
    store.alias(model, "champion").moveTo("2.0.0", "test", "served");
    monitor = DriftMonitor.builder().window(Window.rows(1_000_000)).delta(delta).build();
    runtime = ModelRuntime.builder().store(store).observer(monitor).build();
    handle = runtime.model(route);
  }

  /** Storms 2.0.0 of the committed fixtures. */
  static ServedModel storms(Path folder, double delta) {
    ModelSchema schema =
        ModelSchema.builder()
            .input("features", FLOAT, STORMS.toArray(String[]::new))
            .optional(STORMS.toArray(String[]::new))
            .categorical("month")
            .output("label", INT64)
            .output("probabilities", FLOAT, "0", "1")
            .score("probabilities.1")
            .build();
    return new ServedModel(
        "storms",
        schema,
        Fixtures.committed("models/storms/2/model.onnx"),
        Fixtures.committed("datasets/storms/train.csv"),
        folder,
        delta);
  }

  /** Version 2 of a data set whose columns are inputs of their own. */
  static ServedModel columns(
      String model, Path folder, double delta, List<String> numbers, List<String> texts) {
    ModelSchema.Builder schema = ModelSchema.builder();
    numbers.forEach(number -> schema.input(number, FLOAT).optional(number));
    texts.forEach(text -> schema.input(text, TEXT).optional(text));
    return new ServedModel(
        model,
        schema
            .output("label", TEXT)
            .output("probabilities", FLOAT, "0", "1")
            .score("probabilities.1")
            .build(),
        Fixtures.shared("models/" + model + "/2/model.onnx"),
        Fixtures.shared("datasets/" + model + "/train.csv"),
        folder,
        delta);
  }

  /** Flights' boosted trees. */
  static ServedModel flights(Path folder, double delta) {
    String[] columns = {
      "sched_hour",
      "day_of_week",
      "distance",
      "temp",
      "dewp",
      "humid",
      "wind_speed",
      "visib",
      "precip",
      "pressure",
      "recent_delay",
      "origin_sea",
      "carrier_id"
    };
    return new ServedModel(
        "flights",
        ModelSchema.builder()
            .input("features", FLOAT, columns)
            .optional(columns)
            .categorical("day_of_week", "origin_sea", "carrier_id")
            .output("label", INT64)
            .output("probabilities", FLOAT, "0", "1")
            .score("probabilities.1")
            .build(),
        Fixtures.shared("models/flights-gbt/2/model.onnx"),
        Fixtures.shared("datasets/flights/train.csv"),
        folder,
        delta);
  }

  /** Serves a file row by row, as requests come, and ends the window. */
  Served serve(Path csv) {
    int refused = 0;
    try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(csv);
        Stream<NamedCsvRecord> rows = reader.stream()) {
      for (NamedCsvRecord record : rows.toList()) {
        try {
          handle.predict(row(record));
        } catch (InvalidInputException e) {
          refused++;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Served(monitor.rotate(route, handle.version()), refused);
  }

  DriftReport rotate() {
    return monitor.rotate(route, handle.version());
  }

  /** A service's own parsing: an empty cell is missing, and what is no number stays a text. */
  Row row(NamedCsvRecord record) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    schema
        .inputColumns()
        .forEach(
            column ->
                record
                    .findField(column.name())
                    .ifPresent(
                        cell ->
                            values.put(
                                column.name(),
                                cell.isEmpty()
                                    ? null
                                    : column.type() == TEXT ? cell : number(cell))));
    return Row.of(values);
  }

  private static Object number(String cell) {
    try {
      return Double.valueOf(cell);
    } catch (NumberFormatException e) {
      return cell;
    }
  }

  @Override
  public void close() {
    runtime.close();
    monitor.close();
  }
}
