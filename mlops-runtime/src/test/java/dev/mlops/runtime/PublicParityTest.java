package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.model.Column;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every row that the training frameworks answered, published and served: by row and by record,
 * alone and together, in plain Java where that runs the model, and on ONNX Runtime. Numbers within
 * 1e-5 · max(1, |b|), labels exact.
 */
final class PublicParityTest {
  private record Storm(
      int month,
      int hour,
      float lat,
      @Column("long") double lon,
      float wind,
      long pressure,
      @Column("wind_change_6h") Float windChange,
      @Column("pressure_change_6h") Double pressureChange) {}

  private record StormStatus(
      String status,
      int month,
      int hour,
      float lat,
      @Column("long") float lon,
      float wind,
      float pressure,
      @Column("wind_change_6h") Float windChange,
      @Column("pressure_change_6h") Float pressureChange) {}

  private record Growth(
      long label,
      @Column("probabilities.0") float shrinks,
      @Column("probabilities.1") float grows) {}

  private record ZippedGrowth(
      @Column("output_label") long label,
      @Column("output_probability.0") float shrinks,
      @Column("output_probability.1") double grows) {}

  private record Wine(
      float alcohol,
      @Column("malic_acid") float malicAcid,
      float ash,
      @Column("alcalinity_of_ash") float alcalinity,
      float magnesium,
      @Column("total_phenols") float phenols,
      float flavanoids,
      @Column("nonflavanoid_phenols") float nonflavanoids,
      float proanthocyanins,
      @Column("color_intensity") float color,
      float hue,
      @Column("od280_od315_of_diluted_wines") float dilution,
      float proline) {}

  private record Cultivar(
      long label, @Column("0") float first, @Column("1") float second, @Column("2") float third) {}

  private record Tumor(
      @Column("mean_radius") double meanRadius,
      @Column("mean_texture") double meanTexture,
      @Column("mean_perimeter") double meanPerimeter,
      @Column("mean_area") double meanArea,
      @Column("mean_smoothness") double meanSmoothness,
      @Column("mean_compactness") double meanCompactness,
      @Column("mean_concavity") double meanConcavity,
      @Column("mean_concave_points") double meanConcavePoints,
      @Column("mean_symmetry") double meanSymmetry,
      @Column("mean_fractal_dimension") double meanFractal,
      @Column("radius_error") double radiusError,
      @Column("texture_error") double textureError,
      @Column("perimeter_error") double perimeterError,
      @Column("area_error") double areaError,
      @Column("smoothness_error") double smoothnessError,
      @Column("compactness_error") double compactnessError,
      @Column("concavity_error") double concavityError,
      @Column("concave_points_error") double concavePointsError,
      @Column("symmetry_error") double symmetryError,
      @Column("fractal_dimension_error") double fractalError,
      @Column("worst_radius") double worstRadius,
      @Column("worst_texture") double worstTexture,
      @Column("worst_perimeter") double worstPerimeter,
      @Column("worst_area") double worstArea,
      @Column("worst_smoothness") double worstSmoothness,
      @Column("worst_compactness") double worstCompactness,
      @Column("worst_concavity") double worstConcavity,
      @Column("worst_concave_points") double worstConcavePoints,
      @Column("worst_symmetry") double worstSymmetry,
      @Column("worst_fractal_dimension") double worstFractal) {}

  private record Diagnosis(String label, float benign, float malignant) {}

  private record Digit(float[] image) {}

  private record Digits(float[] probabilities) {}

  private record Client(
      int age,
      int campaign,
      int pdays,
      int previous,
      @Column("emp_var_rate") float employmentVariation,
      @Column("cons_price_idx") float prices,
      @Column("cons_conf_idx") float confidence,
      float euribor3m,
      @Column("nr_employed") float employed,
      String job,
      String marital,
      String education,
      @Column("credit_default") String creditDefault,
      String housing,
      String loan,
      String contact,
      String month,
      @Column("day_of_week") String dayOfWeek,
      String poutcome) {}

  private record Subscription(String label, float no, float yes) {}

  private record Person(
      int age,
      int fnlwgt,
      @Column("education_num") int educationYears,
      @Column("capital_gain") int capitalGain,
      @Column("capital_loss") int capitalLoss,
      @Column("hours_per_week") int hours,
      String workclass,
      String education,
      @Column("marital_status") String maritalStatus,
      String occupation,
      String relationship,
      String race,
      String sex,
      @Column("native_country") String country) {}

  private record Income(String label, @Column("<=50K") float low, @Column(">50K") float high) {}

  private record ZippedIncome(
      @Column("output_label") String label,
      @Column("output_probability.<=50K") float low,
      @Column("output_probability.>50K") float high) {}

  private record Flight(
      @Column("sched_hour") float hour,
      @Column("day_of_week") float day,
      float distance,
      Float temp,
      Float dewp,
      Float humid,
      @Column("wind_speed") Float wind,
      Float visib,
      Float precip,
      Float pressure,
      @Column("recent_delay") Float delay,
      @Column("origin_sea") float seattle,
      @Column("carrier_id") float carrier) {}

  private record Hour(
      int season,
      int mnth,
      int hr,
      int holiday,
      int weekday,
      int workingday,
      int weathersit,
      float temp,
      float atemp,
      float hum,
      float windspeed) {}

  private record Rentals(float prediction) {}

  private record Types(Class<? extends Record> in, Class<? extends Record> out) {}

  private static final Map<String, Types> TYPES =
      Map.ofEntries(
          Map.entry("storms", new Types(Storm.class, Growth.class)),
          Map.entry("storms-mlp", new Types(Storm.class, Growth.class)),
          Map.entry("storms-xgb", new Types(Storm.class, Growth.class)),
          Map.entry("storms-columns", new Types(StormStatus.class, Growth.class)),
          Map.entry("storms-zipmap", new Types(Storm.class, ZippedGrowth.class)),
          Map.entry("wine", new Types(Wine.class, Cultivar.class)),
          Map.entry("breast-cancer", new Types(Tumor.class, Diagnosis.class)),
          Map.entry("digits", new Types(Digit.class, Digits.class)),
          Map.entry("bank", new Types(Client.class, Subscription.class)),
          Map.entry("adult", new Types(Person.class, Income.class)),
          Map.entry("adult-zipmap", new Types(Person.class, ZippedIncome.class)),
          Map.entry("flights", new Types(Flight.class, Growth.class)),
          Map.entry("bikes", new Types(Hour.class, Rentals.class)));

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "storms/1",
        "storms/2",
        "storms/3",
        "storms/4",
        "storms-columns/1",
        "storms-columns/2",
        "storms-zipmap/1",
        "storms-mlp/1",
        "storms-mlp/2",
        "storms-xgb/1",
        "wine/1",
        "wine/2",
        "wine/3",
        "breast-cancer/1",
        "breast-cancer/2",
        "breast-cancer/3",
        "digits/1",
        "digits/2",
        "digits/3"
      })
  void predict_everyRowByRowAndRecord_isWhatTheTrainingFrameworkSays(String model) {
    String name = model.substring(0, model.indexOf('/'));
    serveAndCompare(FixtureModels.resource("models/" + model), "model.onnx", TYPES.get(name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bank/1",
        "bank/2",
        "bank/3",
        "adult/1",
        "adult/2",
        "adult/3",
        "flights-logreg/1",
        "flights-logreg/2",
        "flights-logreg/3",
        "flights-gbt/1",
        "flights-gbt/2",
        "flights-gbt/3",
        "flights-mlp/1",
        "flights-mlp/2",
        "flights-mlp/3",
        "flights-xgb/1",
        "flights-xgb/2",
        "bikes/1",
        "bikes/2",
        "bikes/3"
      })
  void predict_everyRowOfLargerData_isWhatTheTrainingFrameworkSays(String model) {
    String name = model.replaceFirst("(-.*)?/.*", "");
    serveAndCompare(FixtureModels.shared("models/" + model), "model.onnx", TYPES.get(name));
  }

  @ParameterizedTest
  @ValueSource(strings = "adult/1")
  void predict_mapsWithTextKeys_areWhatTheTrainingFrameworkSays(String model) {
    serveAndCompare(
        FixtureModels.shared("models/" + model), "model_zipmap.onnx", TYPES.get("adult-zipmap"));
  }

  private void serveAndCompare(Path version, String file, Types types) {
    ModelSchema schema = FixtureModels.schema(version.resolve(file));
    ModelStore store = DirectoryModelStore.at(folder);
    store.publish(
        ModelPackage.of("served", "1.0.0", schema).model("onnx", version.resolve(file)).build());
    List<NamedCsvRecord> truth = FixtureModels.expected(version);
    assertThat(truth).hasSize(50);
    try (ModelRuntime runtime = ModelRuntime.over(store)) {
      compareAll(runtime, schema, types, truth);
      String engine = engine(runtime);
      if (file(version).equals("digits/2")) {
        System.out.println(file(version) + " is run by " + engine);
        assertThat(engine).isEqualTo("onnxruntime (tabular: it has the operators Conv, MaxPool)");
      } else {
        assertThat(engine).startsWith("tabular");
      }
    }
    ModelRuntime.Builder pinned =
        ModelRuntime.builder().store(store).engine("served", OnnxRuntimeEngine.create());
    try (ModelRuntime runtime = pinned.build()) {
      compareAll(runtime, schema, types, truth);
      assertThat(engine(runtime)).isEqualTo("onnxruntime");
    }
  }

  private static String file(Path version) {
    return version.getParent().getFileName() + "/" + version.getFileName();
  }

  private static String engine(ModelRuntime runtime) {
    return runtime
        .describe()
        .lines()
        .filter(line -> line.startsWith("  engine "))
        .findFirst()
        .orElseThrow()
        .substring("  engine ".length());
  }

  private static void compareAll(
      ModelRuntime runtime, ModelSchema schema, Types types, List<NamedCsvRecord> truth) {
    byRow(runtime.model("served:1.0.0"), schema, truth);
    byRecord(runtime, types.in(), types.out(), truth);
  }

  private static void byRow(
      ModelHandle<Row, Row> model, ModelSchema schema, List<NamedCsvRecord> truth) {
    List<Row> inputs = truth.stream().map(csv -> FixtureModels.row(schema, csv)).toList();
    List<Prediction<Row>> together = model.predictAll(inputs);
    assertThat(together).hasSize(truth.size());
    for (int i = 0; i < truth.size(); i++) {
      Row alone = model.predict(inputs.get(i)).value();
      for (ColumnSpec column : schema.outputColumns()) {
        String name = column.name();
        for (Row answer : List.of(alone, together.get(i).value())) {
          Object value = name.equals("probabilities") ? answer.floats(name) : answer.value(name);
          compare(value, name, truth.get(i));
        }
      }
    }
  }

  private static <I, O> void byRecord(
      ModelRuntime runtime, Class<I> in, Class<O> out, List<NamedCsvRecord> truth) {
    ModelHandle<I, O> model = runtime.model("served:1.0.0", in, out);
    List<I> inputs = truth.stream().map(csv -> FixtureModels.record(in, csv)).toList();
    List<Prediction<O>> together = model.predictAll(inputs);
    assertThat(together).hasSize(truth.size());
    for (int i = 0; i < truth.size(); i++) {
      O alone = model.predict(inputs.get(i)).value();
      for (RecordComponent component : out.getRecordComponents()) {
        String column = FixtureModels.column(component);
        compare(read(component, alone), column, truth.get(i));
        compare(read(component, together.get(i).value()), column, truth.get(i));
      }
    }
  }

  private static Object read(RecordComponent component, Object from) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(from);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static void compare(Object given, String column, NamedCsvRecord truth) {
    String where = column + " of row " + truth.getField("row_id");
    if (given instanceof float[] scores) {
      double[] wanted = FixtureModels.probabilities(truth);
      assertThat(scores).as(where).hasSameSizeAs(wanted);
      int best = 0;
      for (int i = 0; i < wanted.length; i++) {
        near(scores[i], wanted[i], where);
        best = scores[i] > scores[best] ? i : best;
      }
      assertThat(best).as("best of " + where).isEqualTo(number(truth, "expected_label"));
      return;
    }
    String source = FixtureModels.source(column, truth);
    if (given instanceof String || given instanceof Long) {
      assertThat(given.toString()).as(where).isEqualTo(truth.getField(source));
    } else {
      near(((Number) given).doubleValue(), Double.parseDouble(truth.getField(source)), where);
    }
  }

  private static int number(NamedCsvRecord truth, String column) {
    return Integer.parseInt(truth.getField(column));
  }

  private static void near(double given, double wanted, String where) {
    assertThat(Math.abs(given - wanted))
        .as("%s: %s, wanted %s", where, given, wanted)
        .isLessThanOrEqualTo(1e-5 * Math.max(1, Math.abs(wanted)));
  }
}
