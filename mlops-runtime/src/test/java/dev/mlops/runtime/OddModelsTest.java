package dev.mlops.runtime;

import static dev.mlops.model.ElementType.DOUBLE;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static dev.mlops.runtime.onnx.OnnxGraph.attribute;
import static dev.mlops.runtime.onnx.OnnxGraph.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.model.Column;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxSamples;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models unlike one matrix of floats, made here and small enough to compute by hand, published and
 * served by row and by record.
 */
final class OddModelsTest {
  @TempDir private Path folder;
  private Path files;
  private ModelStore store;

  @BeforeEach
  void makeStore() throws IOException {
    files = Files.createDirectory(folder.resolve("files"));
    store = DirectoryModelStore.at(folder.resolve("store"));
  }

  // ------------------------------------------------------- fourteen inputs with names of all kinds

  private static final List<String> NAMES = OnnxSamples.APPLICANT_COLUMNS;
  private static final int FLOATS = 7;
  private static final int LONGS = 3;

  private record Applicant(
      @Column("duration (months)") float duration,
      @Column("credit amount") double amount,
      @Column("installment.rate") float rate,
      @Column("residence since") float residence,
      float age,
      @Column("existing.credits") float credits,
      @Column("people[liable]") float liable,
      @Column("ratio %") long ratio,
      @Column("savings-rate") int savings,
      @Column("limit/used") short used,
      @Column("purpose[0]") String purpose,
      @Column("purpose[1]") String second,
      @Column("housing type") String housing,
      @Column("job.title") String job) {}

  private record Risk(long label, @Column("probabilities.1") float bad) {}

  @Test
  void predict_fourteenInputsWithBlanksDotsAndBrackets_eachFindsItsPlace() {
    ModelSchema.Builder schema = ModelSchema.builder();
    for (int i = 0; i < NAMES.size(); i++) {
      schema.input(NAMES.get(i), i < FLOATS ? FLOAT : i < FLOATS + LONGS ? INT64 : TEXT);
    }
    schema.output("label", INT64).output("probabilities", FLOAT, "0", "1");
    publish(schema.score("probabilities.1").build(), applicants());

    Applicant one =
        new Applicant(6, 11.5, 4, 2, 67, 3, 1, 25, 40, (short) 90, "yes", "no", "own", "yes");
    Applicant two =
        new Applicant(48, 59, 2, 1, 22, 1, 2, 0, -3, (short) 10, "no", "no", "no", "yes");
    List<Applicant> both = List.of(one, two);
    try (ModelRuntime runtime = ModelRuntime.over(store)) {
      ModelHandle<Applicant, Risk> byRecord = runtime.model("odd:1", Applicant.class, Risk.class);
      ModelHandle<Row, Row> byRow = runtime.model("odd:1");
      List<Prediction<Risk>> together = byRecord.predictAll(both);
      List<Prediction<Row>> rows = byRow.predictAll(both.stream().map(this::row).toList());
      for (int i = 0; i < both.size(); i++) {
        double sum = sum(both.get(i));
        double wanted = 1 / (1 + Math.exp(-sum));
        for (Risk risk : List.of(byRecord.predict(both.get(i)).value(), together.get(i).value())) {
          assertThat(risk.bad()).isCloseTo((float) wanted, within(1e-6f));
          assertThat(risk.label()).isEqualTo(sum > 0 ? 1 : 0);
        }
        for (Row row : List.of(byRow.predict(row(both.get(i))).value(), rows.get(i).value())) {
          assertThat(row.number("probabilities.1")).isCloseTo(wanted, within(1e-6));
          assertThat(row.value("label")).isEqualTo(sum > 0 ? 1L : 0L);
        }
      }
      // the two are told apart, and no column of theirs weighs the same
      assertThat(together.get(0).value().bad()).isNotEqualTo(together.get(1).value().bad());
    }
  }

  private Object[] values(Applicant a) {
    return new Object[] {
      a.duration,
      a.amount,
      a.rate,
      a.residence,
      a.age,
      a.credits,
      a.liable,
      a.ratio,
      a.savings,
      a.used,
      a.purpose,
      a.second,
      a.housing,
      a.job
    };
  }

  private Row row(Applicant applicant) {
    Map<String, Object> row = new LinkedHashMap<>();
    Object[] values = values(applicant);
    for (int i = 0; i < values.length; i++) {
      row.put(NAMES.get(i), values[i]);
    }
    return Row.of(row);
  }

  /** The sum the model forms: i · value / 1000; a text counts 1 for "yes" and -1 for "no". */
  private double sum(Applicant applicant) {
    double sum = 0;
    Object[] values = values(applicant);
    for (int i = 0; i < values.length; i++) {
      double value =
          values[i] instanceof String text
              ? text.equals("yes") ? 1 : text.equals("no") ? -1 : 0
              : ((Number) values[i]).doubleValue();
      sum += (i + 1) * value / 1000;
    }
    return sum - 1;
  }

  private static byte[] applicants() {
    OnnxGraph graph = OnnxGraph.named("applicants");
    List<String> parts = new ArrayList<>();
    float[] weights = new float[NAMES.size() * 2];
    for (int i = 0; i < NAMES.size(); i++) {
      String name = NAMES.get(i);
      weights[2 * i + 1] = (i + 1) / 1000f;
      if (i < FLOATS) {
        graph.input(name, OnnxGraph.FLOAT, "batch", 1);
        parts.add(name);
        continue;
      }
      String coded = "coded" + i;
      parts.add(coded);
      if (i < FLOATS + LONGS) {
        graph.input(name, OnnxGraph.INT64, "batch", 1);
        graph.node("Cast", List.of(name), List.of(coded), attribute("to", OnnxGraph.FLOAT));
      } else {
        graph.input(name, OnnxGraph.STRING, "batch", 1);
        graph.node(
            "ai.onnx.ml",
            "LabelEncoder",
            List.of(name),
            List.of(coded),
            texts("keys_strings", "yes", "no"),
            OnnxGraph.floats("values_floats", 1, -1),
            attribute("default_float", 0f));
      }
    }
    return graph
        .initializer(OnnxGraph.floats("w", new long[] {parts.size(), 2}, weights))
        .initializer(OnnxGraph.floats("b", new long[] {2}, 0, -1))
        .node("Concat", parts, List.of("features"), attribute("axis", 1))
        .node("Gemm", List.of("features", "w", "b"), List.of("logits"))
        .node("Softmax", List.of("logits"), List.of("probabilities"), attribute("axis", 1))
        .node(
            "ArgMax",
            List.of("logits"),
            List.of("label"),
            attribute("axis", 1),
            attribute("keepdims", 0))
        .output("label", OnnxGraph.INT64, "batch")
        .output("probabilities", OnnxGraph.FLOAT, "batch", 2)
        .toBytes();
  }

  // ------------------------------------------------------- a vector of integers, 26 scores, a text

  private record Glyph(long[] pixels) {}

  private record Letter(String letter, float[] scores) {}

  @Test
  void predict_vectorOfIntegers_answersTextAndVector() {
    publish(
        ModelSchema.builder()
            .input("pixels", INT64, Shape.perRow(16))
            .output("letter", TEXT)
            .output("scores", FLOAT, Shape.perRow(26))
            .build(),
        OnnxSamples.letters());
    List<Glyph> glyphs =
        Stream.of(0, 3, 15)
            .map(
                on -> {
                  long[] pixels = new long[16];
                  pixels[on] = on == 0 ? 0 : 5;
                  return new Glyph(pixels);
                })
            .toList();
    // all zero: letters 16 to 25 have logit 1, Q is the first; pixel 3: T has 6; pixel 15: P has 5
    List<String> wanted = List.of("Q", "T", "P");
    try (ModelRuntime runtime = ModelRuntime.over(store)) {
      ModelHandle<Glyph, Letter> byRecord = runtime.model("odd:1", Glyph.class, Letter.class);
      ModelHandle<Row, Row> byRow = runtime.model("odd:1");
      List<Prediction<Letter>> together = byRecord.predictAll(glyphs);
      List<Prediction<Row>> rows =
          byRow.predictAll(glyphs.stream().map(g -> Row.of("pixels", g.pixels())).toList());
      for (int i = 0; i < glyphs.size(); i++) {
        Glyph glyph = glyphs.get(i);
        float[] scores = scores(glyph.pixels());
        for (Letter letter : List.of(byRecord.predict(glyph).value(), together.get(i).value())) {
          assertThat(letter.letter()).isEqualTo(wanted.get(i));
          assertThat(letter.scores()).containsExactly(scores, within(1e-6f));
        }
        for (Row row :
            List.of(byRow.predict(Row.of("pixels", glyph.pixels())).value(), rows.get(i).value())) {
          assertThat(row.text("letter")).isEqualTo(wanted.get(i));
          assertThat(row.floats("scores")).containsExactly(scores, within(1e-6f));
        }
      }
    }
  }

  private static float[] scores(long[] pixels) {
    double[] odds = new double[26];
    double sum = 0;
    for (int k = 0; k < 26; k++) {
      odds[k] = Math.exp((double) (pixels[k % 16] + (k < 16 ? 0 : 1)));
      sum += odds[k];
    }
    float[] scores = new float[26];
    for (int k = 0; k < 26; k++) {
      scores[k] = (float) (odds[k] / sum);
    }
    return scores;
  }

  // ------------------------------------------------------- float64

  private record Point(double a, @Column("b.c") double b, @Column("d [1]") double d) {}

  private record Height(double y) {}

  @Test
  void predict_float64_losesNoDigit() {
    publish(
        ModelSchema.builder()
            .input("x", DOUBLE, "a", "b.c", "d [1]")
            .output("y", DOUBLE)
            .score("y")
            .build(),
        OnnxSamples.doubles());
    Point point = new Point(1e-9, 16_777_217, -3.3); // 2^24 + 1: float32 does not hold it
    double wanted = 1e-9 + 10 * 16_777_217.0 + 100 * -3.3 + 0.1;
    Row row = Row.of("a", point.a(), "b.c", 16_777_217, "d [1]", point.d());
    try (ModelRuntime runtime = ModelRuntime.over(store)) {
      ModelHandle<Point, Height> byRecord = runtime.model("odd:1", Point.class, Height.class);
      ModelHandle<Row, Row> byRow = runtime.model("odd:1");
      // four roundings of numbers below 2^28, half a unit in the last place each
      var exact = within(4 * Math.ulp(wanted));
      assertThat(byRecord.predict(point).value().y()).isCloseTo(wanted, exact);
      assertThat(byRow.predict(row).value().number("y")).isCloseTo(wanted, exact);
      assertThat(byRecord.predictAll(List.of(new Point(0, 0, 0), point)).get(1).value().y())
          .isCloseTo(wanted, exact);
      assertThat(byRow.predictAll(List.of(row, row)).get(1).value().number("y"))
          .isCloseTo(wanted, exact);
    }
  }

  // ------------------------------------------------------- a matrix of floats and an integer
  // column

  private record Day(
      @Column("lag_1") float yesterday,
      @Column("lag_7") float lastWeek,
      float temp,
      long weekday) {}

  private record Riders(@Column("riders_thousands") float thousands) {}

  @Test
  void predict_floatMatrixAndIntegerColumn_areOneRow() {
    publish(
        ModelSchema.builder()
            .input("numeric", FLOAT, "lag_1", "lag_7", "temp")
            .input("weekday", INT64)
            .output("riders_thousands", FLOAT)
            .score("riders_thousands")
            .build(),
        OnnxSamples.riders());
    List<Day> days = List.of(new Day(1.5f, 2.25f, -4, 6), new Day(0, 0, 0, 3));
    try (ModelRuntime runtime = ModelRuntime.over(store)) {
      ModelHandle<Day, Riders> byRecord = runtime.model("odd:1", Day.class, Riders.class);
      ModelHandle<Row, Row> byRow = runtime.model("odd:1");
      assertThat(byRecord.predict(days.get(0)).value().thousands()).isEqualTo(0.5f);
      assertThat(byRecord.predictAll(days))
          .extracting(day -> day.value().thousands())
          .containsExactly(0.5f, 3.5f);
      Row row = Row.of("lag_1", 1.5, "lag_7", 2.25f, "temp", -4, "weekday", (byte) 6);
      assertThat(byRow.predict(row).value().number("riders_thousands")).isEqualTo(0.5);
      Row full = Row.of("numeric.lag_1", 0, "lag_7", 0, "numeric.temp", 0, "weekday", 3L);
      assertThat(byRow.predictAll(List.of(row, full)))
          .extracting(day -> day.value().number("riders_thousands"))
          .containsExactly(0.5, 3.5);
    }
  }

  // ------------------------------------------------------- weights in a second file

  private record Pair(@Column("x one") float one, @Column("x two") float two) {}

  private record Sum(float y) {}

  @Test
  void predict_weightsInSecondFile_travelWithTheModel() throws IOException {
    OnnxSamples.weightsBeside(files);
    store.publish(
        ModelPackage.of(
                "odd",
                "1",
                ModelSchema.builder()
                    .input("x", FLOAT, "x one", "x two")
                    .output("y", FLOAT)
                    .build())
            .model("onnx", files)
            .build());
    Files.delete(files.resolve("weights.bin")); // the store holds its own
    try (ModelRuntime runtime = ModelRuntime.over(store)) {
      ModelHandle<Pair, Sum> byRecord = runtime.model("odd:1", Pair.class, Sum.class);
      ModelHandle<Row, Row> byRow = runtime.model("odd:1");
      assertThat(byRecord.predict(new Pair(2, 7)).value().y()).isEqualTo(41);
      assertThat(byRecord.predictAll(List.of(new Pair(1, 0), new Pair(0, 1))))
          .extracting(sum -> sum.value().y())
          .containsExactly(3f, 5f);
      Row row = Row.of("x one", 2, "x two", 7);
      assertThat(byRow.predict(row).value().number("y")).isEqualTo(41);
      assertThat(byRow.predictAll(List.of(row, row)).get(1).value().number("y")).isEqualTo(41);
    }
  }

  // ------------------------------------------------------- an output for the whole call

  private record Totals(float[] totals) {}

  @Test
  void predict_outputWithoutRows_isOneForTheCall() {
    publish(
        ModelSchema.builder()
            .input("x", FLOAT, "x one", "x two")
            .output("totals", FLOAT, Shape.perCall(2))
            .build(),
        OnnxGraph.named("totals")
            .input("x", OnnxGraph.FLOAT, "batch", 2)
            .node(
                "ReduceMean",
                List.of("x"),
                List.of("totals"),
                OnnxGraph.ints("axes", 0),
                attribute("keepdims", 0))
            .output("totals", OnnxGraph.FLOAT, 2)
            .toBytes());
    try (ModelRuntime runtime = ModelRuntime.over(store)) {
      ModelHandle<Pair, Totals> byRecord = runtime.model("odd:1", Pair.class, Totals.class);
      assertThat(byRecord.predict(new Pair(2, 7)).value().totals()).containsExactly(2, 7);
      assertThat(byRecord.predictAll(List.of(new Pair(2, 7), new Pair(4, 9))))
          .allSatisfy(answer -> assertThat(answer.value().totals()).containsExactly(3, 8));
      assertThat(
              runtime
                  .model("odd:1")
                  .predict(Row.of("x one", 2, "x two", 7))
                  .value()
                  .floats("totals"))
          .containsExactly(2, 7);
    }
  }

  private void publish(ModelSchema schema, byte[] model) {
    try {
      Path file = Files.write(files.resolve("model.onnx"), model);
      store.publish(ModelPackage.of("odd", "1", schema).model("onnx", file).build());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
