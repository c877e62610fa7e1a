package dev.mlops.model;

import static dev.mlops.model.ElementType.DOUBLE;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.mlops.model.ModelSchema.Place;
import org.assertj.core.api.ListAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelSchemaTest {
  private static ModelSchema.Builder storms() {
    return ModelSchema.builder()
        .input("features", FLOAT, "month", "lat", "wind_change_6h")
        .input("name", TEXT)
        .output("label", INT64)
        .output("probabilities", FLOAT, "0", "1");
  }

  private static ListAssert<String> assertProblems(ThrowingCallable building) {
    return assertThat(
        assertThatExceptionOfType(InvalidSettingsException.class)
            .isThrownBy(building)
            .actual()
            .problems());
  }

  @Test
  void build_aSchema_hasItsTensorsAndColumnsInOrder() {
    ModelSchema schema =
        storms().optional("wind_change_6h").categorical("month").score("probabilities.1").build();

    assertThat(schema.inputs())
        .extracting(TensorSpec::name, TensorSpec::type, TensorSpec::shape)
        .containsExactly(
            tuple("features", FLOAT, Shape.perRow(3)), tuple("name", TEXT, Shape.perRow()));
    assertThat(schema.inputColumns())
        .containsExactly(
            new ColumnSpec("month", FLOAT, false, true),
            new ColumnSpec("lat", FLOAT, false, false),
            new ColumnSpec("wind_change_6h", FLOAT, true, false),
            new ColumnSpec("name", TEXT, false, true));
    assertThat(schema.outputColumns())
        .extracting(ColumnSpec::name)
        .containsExactly("label", "0", "1");
    assertThat(schema.score()).contains("probabilities.1");
  }

  @Test
  void lookUp_byColumnOrTensorAndColumn_findsTheSamePlace() {
    ModelSchema schema = storms().build();
    assertThat(schema.input("lat")).contains(new Place(0, 1, 1));
    assertThat(schema.input("features.lat")).contains(new Place(0, 1, 1));
    assertThat(schema.input("name")).contains(new Place(1, 0, 3));
    assertThat(schema.input("name.name")).contains(new Place(1, 0, 3));
    assertThat(schema.output("1")).contains(new Place(1, 1, 2));
    assertThat(schema.output("probabilities.1")).contains(new Place(1, 1, 2));
    assertThat(schema.input("label")).isEmpty();
    assertThat(schema.output("lat")).isEmpty();
    assertThat(schema.output("probabilities")).isEmpty();
  }

  @Test
  void build_namesWithBlanksDotsAndBrackets_areNamesLikeOthers() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("duration (months)", FLOAT)
            .input("installment.rate", FLOAT)
            .input("purpose[0]", TEXT)
            .output("risk score", FLOAT, "P(bad)", "a.b")
            .score("risk score.P(bad)")
            .build();
    assertThat(schema.input("duration (months)")).contains(new Place(0, 0, 0));
    assertThat(schema.input("installment.rate")).contains(new Place(1, 0, 1));
    assertThat(schema.input("installment.rate.installment.rate")).contains(new Place(1, 0, 1));
    assertThat(schema.input("purpose[0]")).contains(new Place(2, 0, 2));
    assertThat(schema.output("risk score.a.b")).contains(new Place(0, 1, 1));
  }

  @Test
  void build_oneNameInTwoTensors_isAmbiguous() {
    assertProblems(
            ModelSchema.builder()
                    .input("x", FLOAT)
                    .output("a", FLOAT, "0", "1")
                    .output("b", FLOAT, "0")
                ::build)
        .containsExactly(
            "output name '0' is ambiguous: it means column 0 of tensor 'a' and column 0 of tensor"
                + " 'b'; rename one");
  }

  @Test
  void build_oneNameTwiceInATensor_isToldOnce() {
    assertProblems(
            ModelSchema.builder().input("x", FLOAT, "age", "lat", "age").output("y", FLOAT)::build)
        .containsExactly(
            "input name 'age' is ambiguous: it means column 0 of tensor 'x' and column 2 of tensor"
                + " 'x'; rename one");
  }

  @Test
  void build_aColumnNamedAsAnothersFullName_isAmbiguous() {
    assertProblems(
            ModelSchema.builder()
                    .input("x", FLOAT, "a")
                    .input("x.a", FLOAT)
                    .output("y", FLOAT, "z.w")
                    .output("y.z", FLOAT, "w")
                ::build)
        .containsExactly(
            "input name 'x.a' is ambiguous: it means column 0 of tensor 'x' and column 0 of tensor"
                + " 'x.a'; rename one",
            "output name 'y.z.w' is ambiguous: it means column 0 of tensor 'y' and column 0 of"
                + " tensor 'y.z'; rename one");
  }

  @Test
  void build_oneNameOnBothSides_isNotAmbiguous() {
    ModelSchema schema = ModelSchema.builder().input("x", FLOAT).output("x", FLOAT).build();
    assertThat(schema.input("x")).contains(new Place(0, 0, 0));
    assertThat(schema.output("x")).contains(new Place(0, 0, 0));
  }

  @Test
  void build_oneTensorTwice_isRefused() {
    assertProblems(
            ModelSchema.builder()
                    .input("x", FLOAT, "a", "b")
                    .input("x", FLOAT, "c", "d")
                    .output("y", FLOAT)
                ::build)
        .containsExactly("input tensor 'x' stands there twice");
  }

  @Test
  void build_nothing_asksForBothSides() {
    assertProblems(ModelSchema.builder()::build)
        .containsExactly(
            "the schema has no input; a model needs at least one",
            "the schema has no output; a model needs at least one");
  }

  @Test
  void build_manyProblems_tellsThemAllAndNoOthers() {
    ThrowingCallable building =
        ModelSchema.builder()
                .input("features", FLOAT, "age", " ", "lat")
                .input("weekday", INT64)
                .input("", FLOAT)
                .output("p", FLOAT, "0", "1")
                .optional("weekday", "lat", "wind")
                .categorical("age", "city")
                .score("p.2")
            ::build;
    assertProblems(building)
        .containsExactly(
            "column 1 of tensor 'features' has a blank name; give it one",
            "column 'weekday' is INT64 and cannot be optional: only FLOAT, DOUBLE, FLOAT16 and TEXT"
                + " can be missing",
            "input tensor 2 has a blank name; give it the model's own",
            "'wind' is declared optional or categorical but is no input column; there are"
                + " [age, (blank 1), lat, weekday, input tensor 2]",
            "'city' is declared optional or categorical but is no input column; there are"
                + " [age, (blank 1), lat, weekday, input tensor 2]",
            "score 'p.2' is no output column; there are [0, 1]");
    assertThatExceptionOfType(InvalidSettingsException.class)
        .isThrownBy(building)
        .withMessageStartingWith("6 problems: column 1 of tensor 'features' has a blank name");
  }

  @Test
  void build_aProblemInOneTensor_doesNotHideTheNamesOfItsOthers() {
    assertProblems(
            ModelSchema.builder()
                    .input("counts", INT64, "calls", "visits")
                    .output("y", FLOAT)
                    .optional("calls")
                    .categorical("visits")
                ::build)
        .hasSize(1)
        .first()
        .asString()
        .startsWith("column 'calls' is INT64 and cannot be optional");
  }

  @Test
  void build_optionalByFullName_marksThatColumn() {
    ModelSchema schema =
        storms().optional("features.lat", "name").categorical("features.month").build();
    assertThat(schema.inputColumns())
        .extracting(ColumnSpec::optional)
        .containsExactly(false, true, false, true);
    assertThat(schema.inputColumns().get(0).categorical()).isTrue();
  }

  @Test
  void build_optionalOfAnOutput_isRefused() {
    assertProblems(storms().optional("label")::build)
        .containsExactly(
            "'label' is declared optional or categorical but is no input column; there are [month,"
                + " lat, wind_change_6h, name]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "probabilities.1", "label", "label.label"})
  void build_aScoreOfOneNumberARow_isTaken(String score) {
    assertThat(storms().score(score).build().score()).contains(score);
  }

  @Test
  void build_aScoreThatIsNoNumberARow_saysWhatItIs() {
    assertProblems(
            ModelSchema.builder().input("x", FLOAT).output("letter", TEXT).score("letter")::build)
        .containsExactly("score 'letter' must be one number a row, but it is TEXT [rows]");
    assertProblems(
            ModelSchema.builder()
                    .input("x", FLOAT)
                    .output("scores", FLOAT, Shape.perRow(26))
                    .score("scores")
                ::build)
        .containsExactly("score 'scores' must be one number a row, but it is FLOAT [rows, 26]");
    assertProblems(
            ModelSchema.builder().input("x", FLOAT).output("n", FLOAT, Shape.perCall()).score("n")
                ::build)
        .containsExactly("score 'n' must be one number a row, but it is FLOAT []");
  }

  @Test
  void named_aMatrix_givesItsColumnsNamesAndKeepsTheRest() {
    ModelSchema derived =
        ModelSchema.builder()
            .input("features", FLOAT, "0", "1", "2")
            .output("p", DOUBLE, "0", "1")
            .optional("features.2")
            .score("p.1")
            .build();
    ModelSchema named = derived.named("features", "month", "lat", "long").named("p", "no", "yes");

    assertThat(named)
        .isEqualTo(
            ModelSchema.builder()
                .input("features", FLOAT, "month", "lat", "long")
                .output("p", DOUBLE, "no", "yes")
                .optional("long")
                .score("yes")
                .build());
    assertThat(derived.input("month")).isEmpty();
  }

  @Test
  void named_withWhatDoesNotFit_saysWhatWould() {
    ModelSchema schema = storms().build();
    assertProblems(() -> schema.named("feature", "a"))
        .containsExactly(
            "no tensor 'feature' to name the columns of; there are [features, name] and [label,"
                + " probabilities]");
    assertProblems(() -> schema.named("features", "a"))
        .containsExactly("tensor 'features' has 3 columns, but 1 names were given");
    assertProblems(() -> schema.named("features", "a", "", "b"))
        .containsExactly("column 1 of tensor 'features' has a blank name; give it one");
    assertProblems(() -> schema.named("features", "a", "name", "b"))
        .singleElement()
        .asString()
        .startsWith("input name 'name' is ambiguous");
  }

  @Test
  void named_asItIsAlready_isTheSameSchema() {
    ModelSchema schema = storms().build();
    assertThat(schema.named("probabilities", "0", "1")).isEqualTo(schema);
  }

  @Test
  void equals_ofTheSameFacts_isTrueAndOfOneOtherFactFalse() {
    ModelSchema schema = storms().score("1").build();
    assertThat(schema).isEqualTo(storms().score("1").build());
    assertThat(schema).hasSameHashCodeAs(storms().score("1").build());
    assertThat(schema)
        .isNotEqualTo(storms().build())
        .isNotEqualTo(storms().score("0").build())
        .isNotEqualTo(storms().score("1").optional("lat").build())
        .isNotEqualTo(storms().score("1").categorical("month").build())
        .isNotEqualTo(storms().score("1").output("more", FLOAT).build())
        .isNotEqualTo("a schema");
    assertThat(storms().score("1").categorical("name").build())
        .as("text is categorical whether said or not")
        .isEqualTo(schema);
  }

  @Test
  void equals_withColumnsInAnotherOrder_isFalse() {
    assertThat(ModelSchema.builder().input("x", FLOAT, "a", "b").output("y", FLOAT).build())
        .isNotEqualTo(ModelSchema.builder().input("x", FLOAT, "b", "a").output("y", FLOAT).build());
  }

  @Test
  void toString_ofASchema_isReadable() {
    assertThat(storms().score("1").build())
        .hasToString(
            "inputs features FLOAT[rows, 3][month, lat, wind_change_6h], name TEXT[rows],"
                + " outputs label INT64[rows], probabilities FLOAT[rows, 2][0, 1], score 1");
  }

  @Test
  void build_theSchemasOfTheGuide_areTaken() {
    ModelSchema voice =
        ModelSchema.builder()
            .input("input", FLOAT, Shape.perRow(512))
            .input("state", FLOAT, Shape.of(2, Shape.ROWS, 128))
            .input("sr", INT64, Shape.perCall())
            .output("output", FLOAT)
            .output("stateN", FLOAT, Shape.of(2, Shape.ROWS, 128))
            .build();
    assertThat(voice.input("state")).contains(new Place(1, 0, 1));
    assertThat(voice.inputs().get(1).scalarColumns()).isFalse();
    assertThat(voice.outputs().get(0).scalarColumns()).isTrue();
  }
}
