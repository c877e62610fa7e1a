package dev.mlops.runtime.rollout;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

final class FiniteGateTest {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("x", FLOAT)
          .output("label", INT64)
          .output("p", FLOAT, "0", "1")
          .build();
  private static final FakeVersion GOLDEN =
      FakeVersion.csv(SCHEMA, 0, "x,expected.label", "1,0", "2,0", "3,0");

  @Test
  void check_allFinite_pass() {
    assertThat(check(GOLDEN, row -> Row.of("label", 0L, "0", 0.5, "1", 0.5)))
        .isEqualTo(
            new Result(
                "finite",
                Outcome.PASS,
                "2 columns of floating type, all finite for 3 golden records"));
  }

  @Test
  void check_someNotFinite_failNamesColumnRowAndNumber() {
    assertThat(
            check(
                GOLDEN,
                row ->
                    Row.of(
                        "label",
                        0L,
                        "0",
                        row.number("x") == 2 ? Float.NEGATIVE_INFINITY : 0.5f,
                        "1",
                        row.number("x") > 1 ? Float.NaN : 0.5f)))
        .isEqualTo(
            new Result(
                "finite",
                Outcome.FAIL,
                "'0' is not finite for 1 of 3 golden records, first -Infinity for row 2; '1' is not"
                    + " finite for 2 of 3 golden records, first NaN for row 2"));
  }

  @Test
  void check_manyColumns_evidenceStaysShort() {
    ModelSchema schema =
        ModelSchema.builder().input("x", FLOAT).output("p", FLOAT, "a", "b", "c", "d", "e").build();
    Row nothing =
        Row.of("a", Double.NaN, "b", Double.NaN, "c", Double.NaN, "d", Double.NaN, "e", Double.NaN);
    assertThat(check(FakeVersion.without(schema), row -> nothing).evidence())
        .endsWith("; and 2 more columns")
        .contains("'c'")
        .doesNotContain("'d'");
  }

  @Test
  void check_vectorWithOneInfinity_fail() {
    ModelSchema schema =
        ModelSchema.builder().input("x", FLOAT).output("v", FLOAT, Shape.perRow(3)).build();
    float[] vector = {1, Float.POSITIVE_INFINITY, 2};
    assertThat(check(FakeVersion.without(schema), row -> Row.of("v", vector)))
        .isEqualTo(
            new Result(
                "finite",
                Outcome.FAIL,
                "'v' is not finite for 2 of 2 made-up rows, first Infinity for row" + " 1"));
  }

  @Test
  void check_logarithmOfAMadeZero_skipped() {
    Function<Row, Row> model = row -> Row.of("label", 0L, "0", Math.log(row.number("x")), "1", 0.5);
    assertThat(check(FakeVersion.without(SCHEMA), model))
        .isEqualTo(
            new Result(
                "finite",
                Outcome.SKIPPED,
                "'0' is not finite for 1 of 2 made-up rows, first -Infinity for row 1,"
                    + " which decides nothing; publish golden records"));
  }

  @Test
  void check_noFloatingOutput_skipped() {
    ModelSchema schema = ModelSchema.builder().input("x", FLOAT).output("label", INT64).build();
    assertThat(check(FakeVersion.without(schema), row -> row))
        .isEqualTo(new Result("finite", Outcome.SKIPPED, "no output is of floating type"));
  }

  @Test
  void check_goldenInputDoesNotFit_fail() {
    assertThat(
            check(
                GOLDEN,
                row -> {
                  throw new InvalidInputException("row 0: column 'x' is beyond FLOAT");
                }))
        .isEqualTo(
            new Result(
                "finite",
                Outcome.FAIL,
                "the golden records do not fit the schema: row 0: column 'x' is beyond FLOAT"));
  }

  @Test
  void check_modelTakesSingleRowsOnly_scoredOneByOne() {
    FakeCandidate single =
        FakeCandidate.of(GOLDEN, row -> row)
            .batching(
                rows -> {
                  if (rows.size() > 1) {
                    throw new ModelFailedException("got 3 rows, wanted 1", null);
                  }
                  return rows.stream().map(row -> Row.of("0", 0.5, "1", 0.5)).toList();
                });
    assertThat(new FiniteGate().check(single).outcome()).isEqualTo(Outcome.PASS);
  }

  private static Result check(FakeVersion version, Function<Row, Row> model) {
    return new FiniteGate().check(FakeCandidate.of(version, model));
  }
}
