package dev.mlops.runtime.rollout;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gate on real data, with the scores that the training frameworks gave. */
final class QualityGateFixturesTest {
  private static final ModelSchema STORMS =
      ModelSchema.builder()
          .input(
              "features",
              FLOAT,
              "month",
              "hour",
              "lat",
              "long",
              "wind",
              "pressure",
              "wind_change_6h",
              "pressure_change_6h")
          .optional("wind_change_6h", "pressure_change_6h")
          .output("label", INT64)
          .output("probabilities", FLOAT, "0", "1")
          .score("probabilities.1")
          .build();

  @TempDir private Path folder;

  @Test
  void storms_treesAfterRegressionInLaterYears_pass() {
    assertThat(storms("later_years", "storms_v1", "storms_v2"))
        .isEqualTo(
            new Result(
                "quality",
                Outcome.PASS,
                "gain in log loss +0.0547 [+0.0315, +0.0779] over 1,997 rows in 103 blocks"
                    + " against 1.0.0"));
  }

  @Test
  void storms_retrainedAfterTreesInLaterYears_pass() {
    assertThat(storms("later_years", "storms_v2", "storms_v4"))
        .isEqualTo(
            new Result(
                "quality",
                Outcome.PASS,
                "gain in log loss +0.0157 [+0.0088, +0.0226] over 1,997 rows in 103 blocks"
                    + " against 1.0.0"));
  }

  @Test
  void storms_worseOnNodrift_fail() {
    assertThat(storms("nodrift", "storms_v2", "storms_v3"))
        .isEqualTo(
            new Result(
                "quality",
                Outcome.FAIL,
                "gain in log loss -0.3171 [-0.3600, -0.2742] over 686 rows in 89 blocks"
                    + " against 1.0.0"));
  }

  @Test
  void flights_newerTreesAfterDrift_fail() {
    Path shared = Fixtures.shared();
    ModelSchema schema =
        ModelSchema.builder()
            .input(
                "features",
                FLOAT,
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
                "carrier_id")
            .optional("temp", "dewp", "humid", "wind_speed", "visib", "precip", "pressure")
            .optional("recent_delay")
            .output("label", INT64)
            .output("probabilities", FLOAT, "0", "1")
            .score("probabilities.1")
            .build();
    assertThat(day(shared, "flights", schema, "1", "flights-gbt_v1", "flights-gbt_v2"))
        .isEqualTo(
            new Result(
                "quality",
                Outcome.FAIL,
                "gain in log loss -0.0151 [-0.0297, -0.0005] over 2,987 rows in 61 blocks"
                    + " against 1.0.0"));
  }

  @Test
  void bank_sevenDays_undecided() {
    Path shared = Fixtures.shared();
    ModelSchema.Builder schema = ModelSchema.builder();
    for (String number :
        List.of("age", "campaign", "pdays", "previous", "emp_var_rate", "cons_price_idx")) {
      schema.input(number, FLOAT);
    }
    schema.input("cons_conf_idx", FLOAT).input("euribor3m", FLOAT).input("nr_employed", FLOAT);
    for (String text : List.of("job", "marital", "education", "credit_default", "housing")) {
      schema.input(text, TEXT).optional(text);
    }
    for (String text : List.of("loan", "contact", "month", "day_of_week", "poutcome")) {
      schema.input(text, TEXT).optional(text);
    }
    schema.output("label", TEXT).output("probabilities", FLOAT, "no", "yes").score("yes");
    assertThat(day(shared, "bank", schema.build(), "yes", "bank_v1", "bank_v2"))
        .isEqualTo(
            new Result(
                "quality",
                Outcome.UNDECIDED,
                "gain in log loss -0.3441 [-0.4192, -0.2690] over 2,904 rows in 7 blocks against"
                    + " 1.0.0; fewer than 20 blocks decide nothing, label more of them"));
  }

  private Result storms(String window, String before, String now) {
    return check(
        STORMS,
        LabelledCsv.storms(folder, window),
        Fixtures.path("reference/predictions/storms_" + window + ".csv"),
        Map.of("1", true, "0", false),
        before,
        now);
  }

  private Result day(
      Path shared, String dataset, ModelSchema schema, String positive, String before, String now) {
    Path data = shared.resolve("datasets").resolve(dataset);
    Path file =
        LabelledCsv.join(
            data.resolve("serving_mild.csv"),
            data.resolve("labels_mild.csv"),
            null,
            folder.resolve("labelled.csv"));
    String negative = positive.equals("1") ? "0" : "no";
    return check(
        schema,
        file,
        shared.resolve("reference/predictions/" + dataset + "_mild.csv"),
        Map.of(positive, true, negative, false),
        before,
        now);
  }

  private static Result check(
      ModelSchema schema,
      Path labelled,
      Path predictions,
      Map<String, Boolean> classes,
      String before,
      String now) {
    FakeCandidate candidate =
        FakeCandidate.of(
                FakeVersion.without(schema), model(schema, labelled, predictions, classes, now))
            .against(schema, model(schema, labelled, predictions, classes, before));
    return QualityGate.on(labelled).check(candidate);
  }

  /** A model that knows a row by its inputs and answers with the score of the reference. */
  private static Function<Row, Row> model(
      ModelSchema schema,
      Path labelled,
      Path predictions,
      Map<String, Boolean> classes,
      String version) {
    Map<String, Double> scores = new HashMap<>();
    for (NamedCsvRecord row : LabelledCsv.read(predictions)) {
      scores.put(row.getField("row_id"), Double.valueOf(row.getField(version)));
    }
    Map<List<Object>, Double> known = new HashMap<>();
    for (NamedCsvRecord row : LabelledCsv.read(labelled)) {
      List<Object> key = new ArrayList<>();
      schema
          .inputColumns()
          .forEach(
              column -> {
                String cell = row.getField(column.name());
                key.add(cell.isEmpty() ? "" : column.type() == TEXT ? cell : Double.valueOf(cell));
              });
      Double score = scores.get(row.getField("row_id"));
      assertThat(known.getOrDefault(key, score)).isEqualTo(score);
      known.put(key, score);
    }
    return row -> {
      List<Object> key = new ArrayList<>();
      schema
          .inputColumns()
          .forEach(
              column -> {
                Object value = row.value(column.name());
                key.add(value == null ? "" : value);
              });
      assertThat(known).containsKey(key);
      Map<String, Object> answer = new HashMap<>();
      classes.forEach(
          (name, positive) -> answer.put(name, positive ? known.get(key) : 1 - known.get(key)));
      return Row.of(answer);
    };
  }
}
