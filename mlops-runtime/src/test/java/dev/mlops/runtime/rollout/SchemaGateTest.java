package dev.mlops.runtime.rollout;

import static dev.mlops.model.ElementType.DOUBLE;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class SchemaGateTest {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("x", FLOAT, "age", "calls")
          .input("plan", TEXT)
          .optional("calls")
          .output("label", INT64)
          .output("p", FLOAT, "no", "yes")
          .score("p.yes")
          .build();

  @Test
  void check_namesOnlyInThePackage_pass() {
    ModelSchema described =
        ModelSchema.builder()
            .input("plan", TEXT, "plan")
            .input("x", FLOAT, "0", "1")
            .output("p", FLOAT, "0", "1")
            .output("label", INT64, Shape.of(Shape.ROWS, 1))
            .output("hidden", FLOAT, Shape.perRow(64))
            .build();
    assertThat(describedAs(SCHEMA, described))
        .isEqualTo(
            new Result("schema", Outcome.PASS, "2 tensors in and 2 out as the model has them"));
  }

  @Test
  void check_modelDiffersInEverything_failNamesAllAtOnce() {
    ModelSchema described =
        ModelSchema.builder()
            .input("x", DOUBLE, "0", "1", "2")
            .input("day", INT64)
            .output("label", INT64)
            .output("scores", FLOAT, "0", "1")
            .build();
    assertThat(describedAs(SCHEMA, described))
        .isEqualTo(
            new Result(
                "schema",
                Outcome.FAIL,
                "the package's schema is not the model's: input 'x' is FLOAT but the model's is"
                    + " DOUBLE; input 'x' has shape [rows, 2] but the model's [rows, 3]; input"
                    + " 'plan' is not in the model, whose inputs are [x, day]; the model also takes"
                    + " input 'day' INT64[rows], which the schema leaves out; output 'p' is not in"
                    + " the model, whose outputs are [label, scores]"));
  }

  /** What the package says of an input, what the model says, and whether they fit. */
  static List<Object[]> shapes() {
    return List.of(
        new Object[] {Shape.perRow(), Shape.perRow(1), true},
        new Object[] {Shape.perRow(1), Shape.perRow(), true},
        new Object[] {Shape.perRow(), Shape.of(1, 1), false},
        new Object[] {Shape.perRow(16), Shape.of(1, 16), true},
        new Object[] {Shape.perRow(16), Shape.of(8, 16), false},
        new Object[] {Shape.perRow(16), Shape.of(Shape.ROWS, Shape.ANY), true},
        new Object[] {Shape.of(Shape.ROWS, Shape.ANY), Shape.perRow(16), false},
        new Object[] {Shape.of(Shape.ROWS, Shape.ANY), Shape.of(Shape.ROWS, Shape.ANY), true},
        new Object[] {Shape.of(2, Shape.ROWS, 128), Shape.of(Shape.ROWS, Shape.ANY, 128), true},
        new Object[] {Shape.perRow(8, 8), Shape.perRow(64), false},
        new Object[] {Shape.perCall(), Shape.perCall(), true},
        new Object[] {Shape.perCall(), Shape.perRow(), false});
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void check_shapeOfAnInput_fitsOrNot(Shape schema, Shape model, boolean fits) {
    ModelSchema ours = ModelSchema.builder().input("x", FLOAT, schema).output("y", FLOAT).build();
    ModelSchema own = ModelSchema.builder().input("x", FLOAT, model).output("y", FLOAT).build();
    assertThat(describedAs(ours, own).outcome()).isEqualTo(fits ? Outcome.PASS : Outcome.FAIL);
  }

  @Test
  void check_outputOpenInThePackageFixedInTheModel_pass() {
    ModelSchema ours =
        ModelSchema.builder()
            .input("x", FLOAT)
            .output("y", FLOAT, Shape.of(Shape.ROWS, Shape.ANY))
            .build();
    ModelSchema own =
        ModelSchema.builder().input("x", FLOAT).output("y", FLOAT, Shape.perRow(26)).build();
    assertThat(describedAs(ours, own).outcome()).isEqualTo(Outcome.PASS);
  }

  @Test
  void check_activeHasTheSameColumnsElsewhere_pass() {
    ModelSchema active =
        ModelSchema.builder()
            .input("age", FLOAT)
            .input("calls", FLOAT)
            .input("plan", TEXT)
            .output("p", FLOAT, "yes", "no")
            .build();
    assertThat(against(active, SCHEMA))
        .isEqualTo(
            new Result(
                "schema",
                Outcome.PASS,
                "2 tensors in and 2 out as the model has them, the columns are those of"
                    + " 1.0.0"));
  }

  @Test
  void check_activeHasOtherColumns_failNamesAllAtOnce() {
    ModelSchema active =
        ModelSchema.builder()
            .input("x", FLOAT, "calls", "region")
            .input("plan", INT64)
            .input("photo", FLOAT, Shape.perRow(8, 8))
            .optional("calls")
            .output("p", DOUBLE, "no", "yes")
            .output("reason", TEXT)
            .build();
    ModelSchema now =
        ModelSchema.builder()
            .input("x", FLOAT, "age", "calls")
            .input("plan", TEXT)
            .input("photo", FLOAT, Shape.perRow(16, 16))
            .output("p", FLOAT, "no", "yes")
            .build();
    assertThat(against(active, now))
        .isEqualTo(
            new Result(
                "schema",
                Outcome.FAIL,
                "changed inputs are a new model name: against 1.0.0, input 'calls' could be missing"
                    + " and no longer can; input 'region' is gone; input 'plan' was INT64 and is"
                    + " TEXT; input 'photo' was FLOAT[rows, 8, 8] and is FLOAT[rows, 16, 16]; input"
                    + " 'age' FLOAT is new; output 'no' was DOUBLE and is FLOAT; output 'yes' was"
                    + " DOUBLE and is FLOAT; output 'reason' is gone"));
  }

  @Test
  void check_outputGone_fail() {
    ModelSchema active =
        ModelSchema.builder()
            .input("x", FLOAT, "age", "calls")
            .input("plan", TEXT)
            .output("reason", TEXT)
            .build();
    assertThat(against(active, SCHEMA).evidence())
        .isEqualTo("changed outputs are a new model name: against 1.0.0, output 'reason' is gone");
  }

  @Test
  void check_inputBecomesOptional_pass() {
    ModelSchema active =
        ModelSchema.builder()
            .input("x", FLOAT, "age", "calls")
            .input("plan", TEXT)
            .output("label", INT64)
            .build();
    assertThat(against(active, SCHEMA).outcome()).isEqualTo(Outcome.PASS);
  }

  private static Result describedAs(ModelSchema schema, ModelSchema described) {
    return new SchemaGate()
        .check(FakeCandidate.of(FakeVersion.without(schema), row -> row).describedAs(described));
  }

  private static Result against(ModelSchema active, ModelSchema schema) {
    return new SchemaGate()
        .check(
            FakeCandidate.of(FakeVersion.without(schema), row -> row)
                .against(active, row -> Row.of()));
  }
}
