package dev.mlops.runtime.rollout;

import static dev.mlops.model.ElementType.BOOL;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GoldenGateTest {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("features", FLOAT, "age", "calls")
          .input("plan", TEXT)
          .optional("calls")
          .output("label", INT64)
          .output("word", TEXT)
          .output("p", FLOAT, "0", "1")
          .build();
  private static final ModelSchema LETTERS =
      ModelSchema.builder()
          .input("pixels", INT64, Shape.perRow(2, 2))
          .input("weight", FLOAT)
          .optional("weight")
          .output("letter", TEXT)
          .output("scores", FLOAT, Shape.perRow(3))
          .output("counts", INT64, Shape.perRow(2))
          .output("sure", BOOL)
          .build();

  /** Answers with the age as label and a tenth of it as probability. */
  private static Row answer(Row row) {
    double age = row.number("age");
    return Row.of(
        "label", (long) age, "word", row.text("plan"), "0", 1 - age / 10, "1", (float) (age / 10));
  }

  @Test
  void check_answersAsExpected_passSaysHowClose() {
    FakeVersion version =
        FakeVersion.csv(
            SCHEMA,
            1e-5,
            "row_id,age,features.calls,plan,expected.label,expected.p.1,expected.word",
            "17,3,2.5,family,3,0.300001,family",
            "18,4,,,4.0,0.4,",
            "19,5,nan,x,,,");
    assertThat(check(version, GoldenGateTest::answer))
        .isEqualTo(
            new Result(
                "golden",
                Outcome.PASS,
                "3 records within 1.0E-5; largest error 9.9e-07 at line 2 'p.1'"));
  }

  @Test
  void check_noExpectedValueAtAll_isNoPass() {
    FakeVersion version = FakeVersion.csv(SCHEMA, 0, "age,calls,plan,expected.label", "3,,a,");
    assertThat(check(version, GoldenGateTest::answer))
        .isEqualTo(
            new Result(
                "golden",
                Outcome.FAIL,
                "1 record without one expected value, so nothing was checked; fill an expected"
                    + " column"));
  }

  @Test
  void check_inputsReachTheModel_asTheyStandInTheFile() {
    FakeVersion version =
        FakeVersion.csv(SCHEMA, 0, "age,calls,plan,expected.label", "3,,\"a, b\",1", "4e0,1,,2");
    List<Row> seen = new java.util.ArrayList<>();
    check(
        version,
        row -> {
          seen.add(row);
          return answer(row);
        });
    assertThat(seen.subList(0, 2))
        .containsExactly(
            Row.of("age", 3.0, "calls", null, "plan", "a, b"),
            Row.of("age", 4.0, "calls", 1.0, "plan", ""));
  }

  @Test
  void check_answersDiffer_failNamesTheFirstAndTheLargest() {
    FakeVersion version =
        FakeVersion.csv(
            SCHEMA,
            1e-5,
            "age,calls,plan,expected.label,expected.word,expected.1",
            "3,1,a,2,b,0.31",
            "4,1,a,4,a,0.9",
            "5,1,a,5,a,0.5");
    assertThat(check(version, GoldenGateTest::answer))
        .isEqualTo(
            new Result(
                "golden",
                Outcome.FAIL,
                "4 of 9 values of 3 records off by more than 1.0E-5: line 2 'label' was 3,"
                    + " wanted 2; line 2 'word' was a, wanted b; line 2 '1' was 0.3, wanted 0.31;"
                    + " and 1 more; largest error 0.50 at line 3 '1'"));
  }

  @ParameterizedTest
  @CsvSource({
    "0.5, 0.75, 0.25, true", // below 1 the tolerance is absolute
    "0.5, 0.7501, 0.25, false",
    "100, 101, 0.01, true", // above 1 relative to what is expected
    "100, 101.02, 0.01, false",
    "-100, -101, 0.01, true",
    "NaN, NaN, 0, true",
    "Infinity, inf, 0, true",
    "Infinity, -inf, 1000, false",
    "NaN, 1, 1000, false",
    "1, NaN, 1000, false"
  })
  void check_number_withinToleranceOfTheLargerOfOneAndIt(
      double given, String expected, double tolerance, boolean passes) {
    FakeVersion version =
        FakeVersion.csv(SCHEMA, tolerance, "age,calls,plan,expected.1", "1,1,a," + expected);
    assertThat(check(version, row -> Row.of("1", given)).outcome())
        .isEqualTo(passes ? Outcome.PASS : Outcome.FAIL);
  }

  @Test
  void check_integers_exactWhateverTheTolerance() {
    FakeVersion version =
        FakeVersion.csv(SCHEMA, 10, "age,calls,plan,expected.label", "1,1,a,9007199254740993");
    assertThat(check(version, row -> Row.of("label", 9007199254740993L)).outcome())
        .isEqualTo(Outcome.PASS);
    assertThat(check(version, row -> Row.of("label", 9007199254740992L)).evidence())
        .contains("line 2 'label' was 9007199254740992, wanted 9007199254740993");
  }

  @Test
  void check_noGoldenRecords_skipped() {
    assertThat(check(FakeVersion.without(SCHEMA), row -> row))
        .isEqualTo(new Result("golden", Outcome.SKIPPED, "the package has no golden records"));
  }

  @Test
  void check_headerOnly_fail() {
    assertThat(check(FakeVersion.csv(SCHEMA, 0, "age,calls,plan,expected.1"), row -> row))
        .isEqualTo(
            new Result(
                "golden",
                Outcome.FAIL,
                "the package's golden records are an empty file; wanted at least one record"));
  }

  @Test
  void check_answerDependsOnItsNeighbours_fail() {
    FakeVersion version =
        FakeVersion.csv(SCHEMA, 0, "age,calls,plan,expected.1", "1,1,a,2", "1,1,a,2");
    FakeCandidate candidate =
        FakeCandidate.of(version, row -> row)
            .batching(rows -> rows.stream().map(row -> Row.of("1", (double) rows.size())).toList());
    assertThat(new GoldenGate().check(candidate).evidence())
        .isEqualTo(
            "1 of 3 values of 2 records off by more than 0.0: line 2, scored alone, '1' was"
                + " 1.0, wanted 2.0; largest error 0.50 at line 2, scored alone, '1'");
  }

  @Test
  void check_modelTakesSingleRowsOnly_passSaysSo() {
    FakeVersion version =
        FakeVersion.csv(SCHEMA, 0, "age,calls,plan,expected.1", "1,1,a,2", "1,1,a,2");
    FakeCandidate candidate =
        FakeCandidate.of(version, row -> row)
            .batching(
                rows -> {
                  if (rows.size() > 1) {
                    throw new ModelFailedException("got 2 rows, wanted 1", null);
                  }
                  return List.of(Row.of("1", 2.0));
                });
    assertThat(new GoldenGate().check(candidate))
        .isEqualTo(
            new Result(
                "golden",
                Outcome.PASS,
                "2 records within 0.0; one by one, as the model fails on batches"));
  }

  @Test
  void check_moreThanAChunk_allAreCompared() {
    String[] lines = new String[3_001];
    lines[0] = "age,calls,plan,expected.label";
    for (int i = 1; i < lines.length; i++) {
      lines[i] = i + ",1,a," + (i == 3_000 ? 0 : i);
    }
    assertThat(check(FakeVersion.csv(SCHEMA, 0, lines), GoldenGateTest::answer).evidence())
        .isEqualTo(
            "1 of 3,000 values of 3,000 records off by more than 0.0: line 3001 'label' was"
                + " 3000, wanted 0");
  }

  @Test
  void check_damagedCsv_failNamesFileLineAndColumn() {
    assertThat(damaged("age,calls,plan,expected.1", "1,1,a,0.5", "one,1,a,0.5"))
        .isEqualTo("golden.csv line 3: column 'age' is no number");
    assertThat(damaged("age,calls,plan,expected.1", ",1,a,0.5"))
        .isEqualTo(
            "golden.csv line 2: column 'age' is empty, but the schema does not let it be missing");
    assertThat(damaged("age,calls,plan,expected.1", "NaN,1,a,0.5"))
        .isEqualTo(
            "golden.csv line 2: column 'age' is not finite, but the schema does not let it be"
                + " missing");
    assertThat(damaged("age,calls,plan,expected.label", "1,1,a,0.5"))
        .isEqualTo(
            "golden.csv line 2: column 'expected.label' is no whole number of 64 bits, wanted INT64");
    assertThat(damaged("age,features.age,plan,expected.p,expected.x", "1,1,a,0.5,1"))
        .isEqualTo(
            "2 problems: golden.csv: both 'age' and 'features.age' stand there; leave one out;"
                + " golden.csv: no column for the input 'calls' (FLOAT)");
    assertThat(damaged("age,calls,plan,expected.y", "1,1,a,0.5"))
        .isEqualTo("golden.csv: expected.y names no output; the outputs are [label, word, 0, 1]");
    assertThat(damaged("age,calls,plan,label", "1,1,a,0.5"))
        .isEqualTo(
            "golden.csv: no column expected.<output>, so nothing can be checked; the outputs are"
                + " [label, word, 0, 1]");
  }

  @Test
  void check_vectorInCsv_failPointsToJsonLines() {
    FakeVersion version = FakeVersion.csv(LETTERS, 0, "pixels,weight,expected.letter", "1,1,a");
    assertThat(check(version, row -> row).evidence())
        .isEqualTo("golden.csv: input 'pixels' is [rows, 2, 2], which a cell cannot hold");
  }

  @Test
  void check_jsonLines_vectorsFlatOrNested() {
    FakeVersion version =
        FakeVersion.jsonl(
            LETTERS,
            1e-3,
            "{\"in\":{\"pixels\":[1,2,3,4],\"weight\":null},\"out\":{\"letter\":\"a\","
                + "\"scores\":[0.1,0.2,0.7001],\"counts\":[1,2],\"sure\":true}}",
            "",
            "{\"in\":{\"pixels\":[[1,2],[3,4]],\"weight\":\"NaN\"},\"out\":{\"letter\":null}}");
    List<Row> seen = new java.util.ArrayList<>();
    Result result =
        check(
            version,
            row -> {
              seen.add(row);
              return Row.of(
                  "letter",
                  "a",
                  "scores",
                  new float[] {0.1f, 0.2f, 0.7f},
                  "counts",
                  new long[] {1, 2},
                  "sure",
                  true);
            });
    assertThat(result.outcome()).isEqualTo(Outcome.PASS);
    assertThat(result.evidence()).startsWith("2 records within 0.001; largest error 0.00010 at");
    assertThat(seen.get(0).longs("pixels")).containsExactly(1, 2, 3, 4);
    assertThat(seen.get(0).missing("weight")).isTrue();
    assertThat(seen.get(1).longs("pixels")).containsExactly(1, 2, 3, 4);
    assertThat(seen.get(1).number("weight")).isNaN();
  }

  @Test
  void check_jsonLinesDiffer_failNamesTheElement() {
    FakeVersion version =
        FakeVersion.jsonl(
            LETTERS,
            1e-3,
            "{\"in\":{\"pixels\":[1,2,3,4],\"weight\":1},\"out\":{\"scores\":[0.1,0.2,0.5],"
                + "\"counts\":[1,3],\"sure\":true,\"letter\":\"b\"}}");
    assertThat(
            check(
                    version,
                    row ->
                        Row.of(
                            "letter",
                            "a",
                            "scores",
                            new float[] {0.1f, 0.2f, 0.25f},
                            "counts",
                            new long[] {1, 2, 3},
                            "sure",
                            false))
                .evidence())
        .isEqualTo(
            "4 of 4 values of 1 record off by more than 0.001: line 1 'scores'[2] was 0.25,"
                + " wanted 0.5; line 1 'counts' had 3 elements, wanted 2; line 1 'sure' was false,"
                + " wanted true; and 1 more; largest error 0.25 at line 1 'scores'[2]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]; golden.jsonl line 1: wanted {\"in\":{…},\"out\":{…}}",
        "{\"in\":{\"y\":1},\"out\":{}}; golden.jsonl line 1: 'y' is no input",
        "{\"in\":{\"weight\":1},\"out\":{\"y\":1}}; golden.jsonl line 1: 'y' is no output; the"
            + " outputs are [letter, scores, counts, sure]",
        "{\"in\":{\"weight\":\"heavy\"},\"out\":{}}; golden.jsonl line 1: in 'weight' is no number",
        "{\"in\":{\"weight\":true},\"out\":{}}; golden.jsonl line 1: in 'weight' is no number",
        "{\"in\":{\"pixels\":3},\"out\":{}}; golden.jsonl line 1: in 'pixels' is no array, wanted"
            + " [rows, 2, 2]",
        "{\"in\":{\"pixels\":[1,2]},\"out\":{}}; golden.jsonl line 1: in 'pixels' has 2 elements,"
            + " wanted 4 for [rows, 2, 2]",
        "{\"in\":{\"pixels\":[1,2,3,0.5]},\"out\":{}}; golden.jsonl line 1: in 'pixels' is no whole"
            + " number of 64 bits, wanted INT64",
        "{\"in\":{\"weight\":1},\"out\":{\"letter\":7}}; golden.jsonl line 1: out 'letter' is no"
            + " text",
        "{\"in\":{\"weight\":1,\"weight.weight\":2},\"out\":{}}; golden.jsonl line 1: 'weight'"
            + " stands there twice",
      })
  void check_damagedJsonLines_failNamesLineAndColumn(String lineAndEvidence) {
    String[] parts = lineAndEvidence.split("; ", 2);
    assertThat(check(FakeVersion.jsonl(LETTERS, 0, parts[0]), row -> row))
        .isEqualTo(new Result("golden", Outcome.FAIL, parts[1]));
  }

  @Test
  void check_brokenJson_fail() {
    assertThat(check(FakeVersion.jsonl(LETTERS, 0, "{\"in\":{}"), row -> row).evidence())
        .startsWith("golden.jsonl line 1: is no JSON: ");
  }

  @Test
  void check_jsonNameTwice_fail() {
    FakeVersion version =
        FakeVersion.jsonl(LETTERS, 0, "{\"in\":{\"weight\":1,\"weight\":2},\"out\":{}}");
    assertThat(check(version, row -> row).evidence())
        .startsWith("golden.jsonl line 1: is no JSON: Duplicate field 'weight'");
  }

  private static String damaged(String... lines) {
    Result result = check(FakeVersion.csv(SCHEMA, 0, lines), row -> row);
    assertThat(result.outcome()).isEqualTo(Outcome.FAIL);
    return result.evidence();
  }

  private static Result check(FakeVersion version, Function<Row, Row> model) {
    return new GoldenGate().check(FakeCandidate.of(version, model));
  }
}
