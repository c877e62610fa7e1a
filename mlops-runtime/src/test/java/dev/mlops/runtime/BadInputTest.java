package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.Column;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a caller is told whose input does not fit, and that the next one is answered as ever. */
final class BadInputTest {
  private static final String COLUMNS =
      "[month, hour, lat, long, wind, pressure, wind_change_6h, pressure_change_6h, status]";

  private record Storm(
      float month,
      float hour,
      float lat,
      @Column("long") float lon,
      Float wind,
      double pressure,
      @Column("wind_change_6h") Float windChange,
      @Column("pressure_change_6h") Double pressureChange,
      String status) {}

  private record Wider(
      float month,
      float hour,
      float lat,
      @Column("long") float lon,
      float wind,
      float pressure,
      @Column("wind_change_6h") Float windChange,
      @Column("pressure_change_6h") Float pressureChange,
      String status,
      int category) {}

  private record Narrow(float month, boolean status) {}

  private record Growth(@Column("probabilities.1") float grows) {}

  @TempDir private Path folder;
  private ModelStore store;
  private ModelRuntime runtime;
  private ModelHandle<Row, Row> byRow;
  private ModelHandle<Storm, Growth> byRecord;

  @BeforeEach
  void serve() {
    Path model = FixtureModels.resource("models/storms-columns/2/model.onnx");
    store = DirectoryModelStore.at(folder);
    store.publish(
        ModelPackage.of("storms", "2.0.0", FixtureModels.schema(model))
            .model("onnx", model)
            .build());
    runtime = ModelRuntime.builder().store(store).slots(1).build();
    byRow = runtime.model("storms:2.0.0");
    byRecord = runtime.model("storms:2.0.0", Storm.class, Growth.class);
  }

  /** After whatever went wrong the one slot is free, and nothing of the bad input is left in it. */
  @AfterEach
  void answersAsEver() {
    double wanted = Double.parseDouble(first("expected_proba_1"));
    assertThat(byRow.predict(good()).value().number("probabilities.1"))
        .isCloseTo(wanted, within(1e-5));
    assertThat(byRecord.predict(storm(65f, 979, 0f, "hurricane")).value().grows())
        .isCloseTo((float) wanted, within(1e-5f));
    runtime.close();
  }

  @Test
  void predict_missingColumn_isNamed() {
    refused(
        () -> byRow.predict(without("wind")),
        "column 'wind' is missing; a FLOAT column that is not optional needs a value");
  }

  @Test
  void predict_missingOptionalColumn_isAnswered() {
    assertThat(byRow.predict(without("wind_change_6h")).value())
        .isEqualTo(byRow.predict(with("wind_change_6h", null)).value());
  }

  @Test
  void predict_unknownColumn_isNamedBesideTheKnown() {
    refused(
        () -> byRow.predict(with("speed", 65)),
        "column 'speed' is unknown; the model takes " + COLUMNS);
  }

  @Test
  void predict_wrongTypes_sayWhatIsTaken() {
    refused(
        () -> byRow.predict(with("wind", new float[] {65})),
        "column 'wind' was of type float[]; a FLOAT column takes a number");
    refused(
        () -> byRow.predict(with("status", 1)),
        "column 'status' was of type Integer; a TEXT column takes text");
    refused(
        () -> byRow.predict(with("wind", List.of(65))),
        "column 'wind' was of type "
            + List.of(65).getClass().getSimpleName()
            + "; a FLOAT column"
            + " takes a number");
  }

  @Test
  void predict_textWhereANumberBelongs_isRefusedEvenIfItReadsAsOne() {
    refused(
        () -> byRow.predict(with("wind", "65")),
        "column 'wind' was of type String; a FLOAT column takes a number");
  }

  @Test
  void predict_notFinite_isRefusedUnlessOptional() {
    refused(
        () -> byRow.predict(with("wind", Double.NaN)),
        "column 'wind' was NaN; a FLOAT column that is not optional takes finite numbers");
    refused(
        () -> byRow.predict(with("wind", Float.NEGATIVE_INFINITY)),
        "column 'wind' was infinite; a FLOAT column that is not optional takes finite numbers");
    refused(
        () -> byRow.predict(with("wind", 1e39)),
        "column 'wind' was a number that FLOAT does not hold");
    refused(
        () -> byRecord.predict(storm(Float.NaN, 979, 0f, "hurricane")),
        "column 'wind' was NaN; a FLOAT column that is not optional takes finite numbers");
    refused(
        () -> byRecord.predict(storm(65f, Double.POSITIVE_INFINITY, 0f, "hurricane")),
        "column 'pressure' was infinite; a FLOAT column that is not optional takes finite"
            + " numbers");
    assertThat(byRow.predict(with("wind_change_6h", Double.NaN)).value().number("0")).isFinite();
    assertThat(byRecord.predict(storm(65f, 979, Float.NaN, "hurricane")).value().grows())
        .isFinite();
  }

  @Test
  void predict_null_isRefusedUnlessOptional() {
    refused(
        () -> byRow.predict(with("wind", null)),
        "column 'wind' was null; a FLOAT column that is not optional needs a value");
    refused(
        () -> byRecord.predict(storm(null, 979, 0f, "hurricane")),
        "column 'wind' was null; a FLOAT column that is not optional needs a value");
    refused(
        () -> byRecord.predict(storm(65f, 979, 0f, null)),
        "column 'status' was null; a TEXT column that is not optional needs a value");
    assertThat(byRecord.predict(storm(65f, 979, null, "hurricane")).value().grows()).isFinite();
  }

  @Test
  void predict_severalProblems_areToldAtOnce() {
    Map<String, Object> values = values();
    values.remove("lat");
    values.put("wind", "65");
    values.put("speed", 1);
    assertThatThrownBy(() -> byRow.predict(Row.of(values)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(
            "3 problems: column 'lat' is missing; a FLOAT column that is not optional needs a"
                + " value; column 'wind' was of type String; a FLOAT column takes a number;"
                + " column 'speed' is unknown; the model takes "
                + COLUMNS);
  }

  @Test
  void predictAll_badRow_isNamedByItsPlaceInTheWholeBatch() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 1_500; i++) { // the second of two chunks
      rows.add(i == 1_234 ? with("wind", Double.NaN) : good());
    }
    refused(
        () -> byRow.predictAll(rows),
        "row 1234: column 'wind' was NaN; a FLOAT column that is not optional takes finite"
            + " numbers");
    List<Storm> storms = new ArrayList<>();
    for (int i = 0; i < 1_500; i++) {
      storms.add(storm(i == 1_234 ? null : 65f, 979, 0f, "hurricane"));
    }
    refused(
        () -> byRecord.predictAll(storms),
        "row 1234: column 'wind' was null; a FLOAT column that is not optional needs a value");
  }

  @Test
  void predictAll_nothing_isRefused() {
    refused(() -> byRow.predictAll(List.of()), "the batch is empty; wanted at least one input");
    refused(() -> byRecord.predictAll(List.of()), "the batch is empty; wanted at least one input");
  }

  @Test
  void model_recordWithOneComponentTooMany_isToldAtBinding() {
    assertThatThrownBy(() -> runtime.model("storms:2.0.0", Wider.class, Growth.class))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "component 'category' (int) of Wider stands for no input column: there is no 'category'"
                + " among "
                + COLUMNS);
  }

  @Test
  void model_recordThatFitsNowhere_isToldAllAtOnce() {
    assertThatThrownBy(() -> runtime.model("storms:2.0.0", Narrow.class, Growth.class))
        .isInstanceOfSatisfying(
            InvalidSettingsException.class,
            refused -> {
              assertThat(refused.problems()).hasSize(8);
              assertThat(refused.problems().get(0))
                  .isEqualTo(
                      "component 'status' (boolean) of Narrow does not fit column 'status' (TEXT);"
                          + " it takes String");
              assertThat(refused.problems().get(1))
                  .isEqualTo(
                      "column 'hour' (FLOAT) has no component in Narrow; add one of that name or"
                          + " with @Column(\"hour\"), of type a number: float, double, long, int,"
                          + " short, byte or boolean or one of their boxes");
            });
  }

  @Test
  void model_thatIsNotThere_saysWhatIs() {
    notThere(
        "storms:9.0.0",
        "No storms:9.0.0; the store holds [2.0.0]. Publish it, move the alias, or ask for one of"
            + " these");
    notThere(
        "riders:1.0.0",
        "No riders:1.0.0; the store holds [storms]. Publish it, move the alias, or ask for one of"
            + " these");
    notThere(
        "storms@champion",
        "No storms@champion; the store holds [2.0.0]. Publish it, move the alias, or ask for one"
            + " of these");
    assertThatThrownBy(() -> runtime.refresh("riders@champion"))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "no route riders@champion to refresh; the routes are [storms:2.0.0]. Ask for its"
                + " model first");
    assertThatThrownBy(() -> runtime.model("storms:"))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageStartingWith("version number '' is not valid");
  }

  private void notThere(String ref, String message) {
    assertThatThrownBy(() -> runtime.model(ref, Storm.class, Growth.class))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessage(message);
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(InvalidInputException.class).hasMessage(message);
  }

  private static Storm storm(Float wind, double pressure, Float windChange, String status) {
    return new Storm(9, 12, 29.7f, -60.2f, wind, pressure, windChange, -5.0, status);
  }

  private static Row good() {
    return Row.of(values());
  }

  private static Row with(String column, Object value) {
    Map<String, Object> values = values();
    values.put(column, value);
    return Row.of(values);
  }

  private static Row without(String column) {
    Map<String, Object> values = values();
    values.remove(column);
    return Row.of(values);
  }

  private static Map<String, Object> values() {
    Map<String, Object> values = new HashMap<>();
    values.put("month", 9);
    values.put("hour", 12);
    values.put("lat", 29.7);
    values.put("long", -60.2);
    values.put("wind", 65);
    values.put("pressure", 979);
    values.put("wind_change_6h", 0);
    values.put("pressure_change_6h", -5);
    values.put("status", "hurricane");
    return values;
  }

  /** What the training framework says of the first row of expected.csv, which is {@link #good}. */
  private static String first(String column) {
    return FixtureModels.expected(FixtureModels.resource("models/storms-columns/2"))
        .get(0)
        .getField(column);
  }
}
