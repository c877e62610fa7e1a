package dev.mlops.benchmarks;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.TEXT;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.mlops.drift.Baseline;
import dev.mlops.drift.DriftMonitor;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.runtime.store.ModelFile;
import dev.mlops.store.ModelStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model and the rows it is measured on. Rows differ and there are thousands, as a repeated one
 * flatters every model that branches.
 *
 * @param <I> the record that goes in
 */
abstract class Subject<I> {
  /** Enough that neither caches nor branch predictors know them; a power of two. */
  static final int ROWS = 4096;

  static final int BATCH = 64;

  final Path file;
  final ModelSchema schema;
  final Class<I> type;
  final List<I> records;
  final List<Map<String, @Nullable Object>> maps;

  private Subject(
      byte[] model,
      ModelSchema schema,
      Class<I> type,
      List<I> records,
      List<Map<String, @Nullable Object>> maps) {
    this.file = temporary(model);
    this.schema = schema;
    this.type = type;
    this.records = records;
    this.maps = maps;
  }

  /**
   * A subject by its name: {@code logistic}, {@code forest} and {@code network} take 30 floats,
   * {@code columns} takes eight and a text, each as an input of its own.
   */
  static Subject<?> of(String name) {
    if (name.equals("columns")) {
      return new Columns(storms());
    }
    List<Tumor> tumors = tumors();
    float[] mean = new float[30];
    float[] deviation = new float[30];
    for (int i = 0; i < 30; i++) {
      int column = i;
      double m = tumors.stream().mapToDouble(t -> t.toArray()[column]).average().orElseThrow();
      double v =
          tumors.stream()
              .mapToDouble(t -> Math.pow(t.toArray()[column] - m, 2))
              .average()
              .orElseThrow();
      mean[i] = (float) m;
      deviation[i] = (float) Math.sqrt(v);
    }
    return switch (name) {
      case "logistic" -> new Matrix(GeneratedModels.logistic(mean, deviation), tumors);
      case "network" -> new Matrix(GeneratedModels.network(mean, deviation), tumors);
      case "forest" -> new Matrix(resource("models/breast-cancer/2/model.onnx"), tumors);
      default -> throw new IllegalArgumentException("no subject " + name);
    };
  }

  /** As people write it: default options, arrays in and out. For all threads. */
  abstract ByHand<I> typical();

  /** As fast as it can be written by hand: buffers reused, a session of its own. For one thread. */
  abstract ByHand<I> tuned();

  final List<Row> rows() {
    return maps.stream().map(Row::of).toList();
  }

  final ModelRuntime runtime() {
    return ModelRuntime.over(ModelFile.at(file, schema));
  }

  /** A runtime whose predictions are counted against a baseline of the subject's own rows. */
  final ModelRuntime recorded(DriftMonitor drift) {
    try {
      Path csv = Files.writeString(file.resolveSibling("rows.csv"), csv());
      csv.toFile().deleteOnExit();
      ModelStore store = DirectoryModelStore.at(file.resolveSibling("store"));
      try (ModelRuntime bare = runtime()) {
        store.publish(
            ModelPackage.of("model", "1.0.0", schema)
                .model("onnx", file)
                .part(Baseline.fromCsv(csv, schema, bare.model("model")))
                .build());
      }
      store.alias("model", "champion").moveTo("1.0.0", "benchmark", "measured");
      return ModelRuntime.builder().store(store).observer(drift).build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String csv() {
    List<String> columns = schema.inputColumns().stream().map(ColumnSpec::name).toList();
    StringBuilder csv = new StringBuilder(String.join(",", columns)).append('\n');
    for (Map<String, @Nullable Object> map : maps) {
      csv.append(
              columns.stream()
                  .map(column -> map.get(column) == null ? "" : String.valueOf(map.get(column)))
                  .collect(Collectors.joining(",")))
          .append('\n');
    }
    return csv.toString();
  }

  final <A> ModelHandle<A, Forecast> handle(ModelRuntime runtime, Class<A> in) {
    return runtime.model("model", in, Forecast.class);
  }

  /** The model's file name is its name. */
  private static Path temporary(byte[] model) {
    try {
      Path folder = Files.createTempDirectory("mlops-benchmark");
      Path file = Files.write(folder.resolve("model.onnx"), model);
      folder.toFile().deleteOnExit();
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** That of the models of 30 floats. */
  static ModelSchema matrixSchema() {
    return ModelSchema.builder()
        .input("features", FLOAT, names())
        .output("probabilities", FLOAT, "0", "1")
        .score("probabilities.1")
        .build();
  }

  private static String[] names() {
    return Stream.of(Tumor.class.getRecordComponents())
        .map(RecordComponent::getName)
        .toArray(String[]::new);
  }

  private static final class Matrix extends Subject<Tumor> {
    Matrix(byte[] model, List<Tumor> tumors) {
      super(model, matrixSchema(), Tumor.class, tumors, tumors.stream().map(Matrix::map).toList());
    }

    private static Map<String, @Nullable Object> map(Tumor tumor) {
      Map<String, @Nullable Object> map = new HashMap<>();
      String[] names = names();
      float[] values = tumor.toArray();
      for (int i = 0; i < names.length; i++) {
        map.put(names[i], values[i]);
      }
      return map;
    }

    @Override
    ByHand<Tumor> typical() {
      return new Typical.Matrix(file);
    }

    @Override
    ByHand<Tumor> tuned() {
      return new Tuned.Matrix(file);
    }
  }

  private static final class Columns extends Subject<Storm> {
    Columns(List<Storm> storms) {
      super(
          resource("models/storms-columns/2/model.onnx"),
          schema(),
          Storm.class,
          storms,
          storms.stream().map(Columns::map).toList());
    }

    private static ModelSchema schema() {
      ModelSchema.Builder schema = ModelSchema.builder();
      for (String number : Typical.NUMBERS) {
        schema.input(number, FLOAT);
      }
      return schema
          .input("status", TEXT)
          .optional("wind_change_6h", "pressure_change_6h")
          .output("probabilities", FLOAT, "0", "1")
          .score("probabilities.1")
          .build();
    }

    private static Map<String, @Nullable Object> map(Storm storm) {
      Map<String, @Nullable Object> map = new HashMap<>();
      map.put("month", storm.month());
      map.put("hour", storm.hour());
      map.put("lat", storm.lat());
      map.put("long", storm.lon());
      map.put("wind", storm.wind());
      map.put("pressure", storm.pressure());
      map.put("wind_change_6h", storm.windChange());
      map.put("pressure_change_6h", storm.pressureChange());
      map.put("status", storm.status());
      return map;
    }

    @Override
    ByHand<Storm> typical() {
      return new Typical.Columns(file);
    }

    @Override
    ByHand<Storm> tuned() {
      return new Tuned.Columns(file);
    }
  }

  /** Between two real tumours, each measure at a place of its own. */
  private static List<Tumor> tumors() {
    List<float[]> real = new ArrayList<>();
    for (NamedCsvRecord line : csv("models/breast-cancer/2/expected.csv")) {
      float[] values = new float[30];
      for (int i = 0; i < 30; i++) {
        values[i] = Float.parseFloat(line.getField(i + 1)); // after row_id
      }
      real.add(values);
    }
    Random random = new Random(1976);
    List<Tumor> made = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      float[] one = real.get(random.nextInt(real.size()));
      float[] other = real.get(random.nextInt(real.size()));
      float[] values = new float[30];
      for (int i = 0; i < 30; i++) {
        values[i] = one[i] + random.nextFloat() * (other[i] - one[i]);
      }
      made.add(Tumor.of(values));
    }
    return made;
  }

  /** Real storms, in an order that no branch predictor has a use for. */
  private static List<Storm> storms() {
    List<Storm> storms = new ArrayList<>();
    for (NamedCsvRecord line : csv("datasets/storms/stream_1990-2020.csv")) {
      storms.add(
          new Storm(
              number(line, "month"),
              number(line, "hour"),
              number(line, "lat"),
              number(line, "long"),
              number(line, "wind"),
              number(line, "pressure"),
              optional(line, "wind_change_6h"),
              optional(line, "pressure_change_6h"),
              line.getField("status")));
    }
    Collections.shuffle(storms, new Random(1990));
    return List.copyOf(storms.subList(0, ROWS));
  }

  private static float number(NamedCsvRecord line, String column) {
    return Float.parseFloat(line.getField(column));
  }

  private static @Nullable Float optional(NamedCsvRecord line, String column) {
    return line.getField(column).isEmpty() ? null : Float.valueOf(line.getField(column));
  }

  private static List<NamedCsvRecord> csv(String name) {
    try (CsvReader<NamedCsvRecord> reader =
        CsvReader.builder()
            .ofNamedCsvRecord(new InputStreamReader(open(name), StandardCharsets.UTF_8))) {
      return reader.stream().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] resource(String name) {
    try (InputStream in = open(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String name) {
    InputStream in = Subject.class.getResourceAsStream("/" + name);
    if (in == null) {
      throw new IllegalStateException(name + " is not in the jar; build it with Maven");
    }
    return in;
  }
}
