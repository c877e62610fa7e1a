package dev.mlops.benchmarks;

import static dev.mlops.benchmarks.Trees.Link.LOGISTIC;
import static dev.mlops.benchmarks.Trees.Link.NONE;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.TEXT;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.mlops.benchmarks.Trees.Shape;
import dev.mlops.drift.Baseline;
import dev.mlops.drift.DriftMonitor;
import dev.mlops.engine.Engine;
import dev.mlops.engine.Tensor;
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
import java.util.Optional;
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

  private static final int MANY = Integer.MAX_VALUE;

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
   * {@code columns} takes eight and a text, each as an input of its own. {@code gbt-100x6}, {@code
   * gbt-500x8} and {@code random-100x6} are trees down to that depth, {@code leafwise-500x31} such
   * of 31 leaves, however deep, all on the 30 floats.
   */
  static Subject<?> of(String name) {
    if (name.equals("columns")) {
      return new Columns(storms());
    }
    List<Tumor> tumors = tumors(1976, ROWS);
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
      case "gbt-100x6" -> new Matrix(grown(100, new Shape(6, MANY, 14, true), LOGISTIC), tumors);
      case "gbt-500x8" -> new Matrix(grown(500, new Shape(8, MANY, 25, true), LOGISTIC), tumors);
      case "leafwise-500x31" ->
          new Matrix(grown(500, new Shape(MANY, 31, 20, false), LOGISTIC), tumors);
      case "random-100x6" -> new Matrix(grown(100, new Shape(6, MANY, 14, true), NONE), tumors);
      default -> throw new IllegalArgumentException("no subject " + name);
    };
  }

  /** On other rows than those that are scored. */
  private static Trees grown(int trees, Shape shape, Trees.Link link) {
    List<Tumor> others = tumors(1492, ROWS);
    return Trees.grow(trees, trees, shape, link, matrix(others));
  }

  private static float[][] matrix(List<Tumor> tumors) {
    return tumors.stream().map(Tumor::toArray).toArray(float[][]::new);
  }

  /**
   * Census records: six numbers and eight texts.
   *
   * @param fixtures a folder with {@code models/adult} and {@code datasets/adult}
   */
  static Subject<?> adult(Path fixtures, String version) {
    try {
      byte[] model =
          Files.readAllBytes(fixtures.resolve("models/adult/" + version + "/model.onnx"));
      String csv = Files.readString(fixtures.resolve("datasets/adult/train.csv"));
      return new Census(model, adults(csv));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The trees of the model, for others to score. */
  Optional<Trees> trees() {
    return Optional.empty();
  }

  /** The rows as plain floats, of a model that takes them so. */
  Optional<float[][]> floats() {
    return Optional.empty();
  }

  /** Puts a record into a row of a slot's inputs. */
  abstract void fill(Tensor[] inputs, int row, I input);

  /** As people write it: default options, arrays in and out. For all threads. */
  abstract ByHand<I> typical();

  /** As fast as it can be written by hand: buffers reused, a session of its own. For one thread. */
  abstract ByHand<I> tuned();

  final List<Row> rows() {
    return maps.stream().map(Row::of).toList();
  }

  /** A runtime that asks some engines before those it has anyway. */
  final ModelRuntime runtime(Engine... engines) {
    return over(ModelFile.at(file, schema), engines).build();
  }

  private static ModelRuntime.Builder over(ModelStore store, Engine... engines) {
    ModelRuntime.Builder builder = ModelRuntime.builder().store(store);
    List.of(engines).forEach(builder::engine);
    return builder;
  }

  /** A runtime whose predictions are counted against a baseline of the subject's own rows. */
  final ModelRuntime recorded(DriftMonitor drift, Engine... engines) {
    try {
      Path folder = file.resolveSibling("store");
      boolean published = Files.exists(folder);
      ModelStore store = DirectoryModelStore.at(folder);
      if (!published) {
        Path csv = Files.writeString(file.resolveSibling("rows.csv"), csv());
        csv.toFile().deleteOnExit();
        try (ModelRuntime bare = runtime()) {
          store.publish(
              ModelPackage.of("model", "1.0.0", schema)
                  .model("onnx", file)
                  .part(Baseline.fromCsv(csv, schema, bare.model("model")))
                  .build());
        }
        store.alias("model", "champion").moveTo("1.0.0", "benchmark", "measured");
      }
      return over(store, engines).observer(drift).build();
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
    private final @Nullable Trees trees;

    Matrix(byte[] model, List<Tumor> tumors) {
      this(model, null, tumors);
    }

    Matrix(Trees trees, List<Tumor> tumors) {
      this(GeneratedModels.trees(trees, 30), trees, tumors);
    }

    private Matrix(byte[] model, @Nullable Trees trees, List<Tumor> tumors) {
      super(model, matrixSchema(), Tumor.class, tumors, tumors.stream().map(Matrix::map).toList());
      this.trees = trees;
    }

    @Override
    Optional<Trees> trees() {
      return Optional.ofNullable(trees);
    }

    @Override
    Optional<float[][]> floats() {
      return Optional.of(matrix(records));
    }

    @Override
    void fill(Tensor[] inputs, int row, Tumor input) {
      input.putInto(inputs[0].floats(), row * 30);
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
    void fill(Tensor[] inputs, int row, Storm input) {
      inputs[0].floats().put(row, input.month());
      inputs[1].floats().put(row, input.hour());
      inputs[2].floats().put(row, input.lat());
      inputs[3].floats().put(row, input.lon());
      inputs[4].floats().put(row, input.wind());
      inputs[5].floats().put(row, input.pressure());
      inputs[6].floats().put(row, Typical.orNan(input.windChange()));
      inputs[7].floats().put(row, Typical.orNan(input.pressureChange()));
      inputs[8].texts()[row] = input.status();
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

  private static final class Census extends Subject<Adult> {
    Census(byte[] model, List<Adult> adults) {
      super(model, schema(), Adult.class, adults, adults.stream().map(Census::map).toList());
    }

    private static ModelSchema schema() {
      ModelSchema.Builder schema = ModelSchema.builder();
      for (String number : Adult.NUMBERS) {
        schema.input(number, FLOAT);
      }
      for (String text : Adult.TEXTS) {
        schema.input(text, TEXT);
      }
      return schema.output("probabilities", FLOAT, "0", "1").score("probabilities.1").build();
    }

    private static Map<String, @Nullable Object> map(Adult adult) {
      Map<String, @Nullable Object> map = new HashMap<>();
      float[] numbers = adult.numbers();
      for (int i = 0; i < numbers.length; i++) {
        map.put(Adult.NUMBERS[i], numbers[i]);
      }
      String[] texts = adult.texts();
      for (int i = 0; i < texts.length; i++) {
        map.put(Adult.TEXTS[i], texts[i]);
      }
      return map;
    }

    @Override
    void fill(Tensor[] inputs, int row, Adult input) {
      inputs[0].floats().put(row, input.age());
      inputs[1].floats().put(row, input.fnlwgt());
      inputs[2].floats().put(row, input.educationNum());
      inputs[3].floats().put(row, input.capitalGain());
      inputs[4].floats().put(row, input.capitalLoss());
      inputs[5].floats().put(row, input.hoursPerWeek());
      inputs[6].texts()[row] = input.workclass();
      inputs[7].texts()[row] = input.education();
      inputs[8].texts()[row] = input.maritalStatus();
      inputs[9].texts()[row] = input.occupation();
      inputs[10].texts()[row] = input.relationship();
      inputs[11].texts()[row] = input.race();
      inputs[12].texts()[row] = input.sex();
      inputs[13].texts()[row] = input.nativeCountry();
    }

    @Override
    ByHand<Adult> typical() {
      return new Typical.Census(file);
    }

    @Override
    ByHand<Adult> tuned() {
      return new Tuned.Census(file);
    }
  }

  private static List<Adult> adults(String csv) {
    List<Adult> adults = new ArrayList<>();
    try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(csv)) {
      for (NamedCsvRecord line : reader) {
        adults.add(
            new Adult(
                number(line, "age"),
                number(line, "fnlwgt"),
                number(line, "education_num"),
                number(line, "capital_gain"),
                number(line, "capital_loss"),
                number(line, "hours_per_week"),
                line.getField("workclass"),
                line.getField("education"),
                line.getField("marital_status"),
                line.getField("occupation"),
                line.getField("relationship"),
                line.getField("race"),
                line.getField("sex"),
                line.getField("native_country")));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Collections.shuffle(adults, new Random(1994));
    return List.copyOf(adults.subList(0, ROWS));
  }

  /** Between two real tumours, each measure at a place of its own. */
  private static List<Tumor> tumors(long seed, int rows) {
    List<float[]> real = new ArrayList<>();
    for (NamedCsvRecord line : csv("models/breast-cancer/2/expected.csv")) {
      float[] values = new float[30];
      for (int i = 0; i < 30; i++) {
        values[i] = Float.parseFloat(line.getField(i + 1)); // after row_id
      }
      real.add(values);
    }
    Random random = new Random(seed);
    List<Tumor> made = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
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
