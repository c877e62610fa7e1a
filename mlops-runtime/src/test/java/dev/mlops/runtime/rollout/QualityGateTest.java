package dev.mlops.runtime.rollout;

import static dev.mlops.model.ElementType.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class QualityGateTest {
  private static final ModelSchema CLASSES =
      ModelSchema.builder()
          .input("x", FLOAT, "a", "b")
          .optional("b")
          .output("p", FLOAT, "no", "yes")
          .score("p.yes")
          .build();
  private static final ModelSchema NUMBER =
      ModelSchema.builder().input("a", FLOAT).output("riders", FLOAT).score("riders").build();

  @TempDir private Path folder;

  @Test
  void name_always_qualityAndItCompares() throws IOException {
    QualityGate gate = QualityGate.on(folder.resolve("none.csv"));
    assertThat(gate.name()).isEqualTo("quality");
    assertThat(gate.compares()).isTrue();
  }

  @Test
  void check_nothingServes_skippedWithoutReading() {
    FakeCandidate first = FakeCandidate.of(FakeVersion.without(CLASSES), row -> row);
    assertThat(QualityGate.on(folder.resolve("none.csv")).check(first))
        .isEqualTo(result(Outcome.SKIPPED, "nothing serves yet to compare with"));
  }

  @Test
  void check_betterInEveryBlock_pass() throws IOException {
    // gains of ln(0.8/0.5) + or - ln(1.25) in turn: their mean is known, and their spread
    Path file = twoClasses(40, i -> "key" + i);
    assertThat(check(file, yes(0.5), row -> yes(row.number("a") % 2 == 0 ? 0.64 : 1).apply(row)))
        .isEqualTo(
            result(
                Outcome.PASS,
                "gain in log loss +0.4700 [+0.3977, +0.5423] over 40 rows in 40 blocks against"
                    + " 1.0.0"));
  }

  @Test
  void check_worseInEveryBlock_fail() throws IOException {
    Path file = twoClasses(40, i -> "key" + i);
    assertThat(check(file, row -> yes(row.number("a") % 2 == 0 ? 0.64 : 1).apply(row), yes(0.5)))
        .isEqualTo(
            result(
                Outcome.FAIL,
                "gain in log loss -0.4700 [-0.5423, -0.3977] over 40 rows in 40 blocks against"
                    + " 1.0.0"));
  }

  @Test
  void check_sameModel_undecidedAndToldHowToLetItIn() throws IOException {
    Path file = twoClasses(40, i -> "key" + i);
    assertThat(check(file, yes(0.5), yes(0.5)))
        .isEqualTo(
            result(
                Outcome.UNDECIDED,
                "gain in log loss +0.0000 [+0.0000, +0.0000] over 40 rows in 40 blocks against"
                    + " 1.0.0; the interval holds 0: label more rows, or allow a loss with"
                    + " atMostWorse"));
  }

  @Test
  void check_sameModelAndLossAllowed_pass() throws IOException {
    QualityGate gate = QualityGate.on(twoClasses(40, i -> "key" + i)).atMostWorse(0.01);
    assertThat(gate.check(candidate(CLASSES, yes(0.5), yes(0.5))))
        .isEqualTo(
            result(
                Outcome.PASS,
                "gain in log loss +0.0000 [+0.0000, +0.0000] over 40 rows in 40 blocks against"
                    + " 1.0.0; a loss of 0.01 is allowed"));
  }

  @Test
  void check_worseByMoreThanAllowed_fail() throws IOException {
    QualityGate gate = QualityGate.on(twoClasses(40, i -> "key" + i)).atMostWorse(0.2);
    assertThat(gate.check(candidate(CLASSES, yes(0.5), yes(0.4))).outcome())
        .isEqualTo(Outcome.FAIL);
    assertThat(gate.atMostWorse(0.3).check(candidate(CLASSES, yes(0.5), yes(0.4))).outcome())
        .isEqualTo(Outcome.PASS);
  }

  @Test
  void check_intervalHoldsTheAllowedLoss_undecided() throws IOException {
    QualityGate gate = QualityGate.on(twoClasses(40, i -> "key" + i)).atMostWorse(0.5);
    Function<Row, Row> varied = row -> yes(row.number("a") % 2 == 0 ? 0.64 : 1).apply(row);
    assertThat(gate.check(candidate(CLASSES, varied, yes(0.5))).evidence())
        .endsWith(
            "; a loss of 0.5 is allowed; the interval holds -0.5: label more rows, or allow more"
                + " with atMostWorse");
  }

  @Test
  void check_nineteenBlocks_undecidedHoweverClear() throws IOException {
    assertThat(check(twoClasses(190, i -> "key" + i % 19), yes(0.5), yes(0.9)))
        .isEqualTo(
            result(
                Outcome.UNDECIDED,
                "gain in log loss +0.5878 [+0.5878, +0.5878] over 190 rows in 19 blocks against"
                    + " 1.0.0; fewer than 20 blocks decide nothing, label more of them"));
    assertThat(check(twoClasses(200, i -> "key" + i % 20), yes(0.5), yes(0.9)).outcome())
        .isEqualTo(Outcome.PASS);
  }

  @Test
  void check_oneBlock_undecidedWithoutInterval() throws IOException {
    assertThat(check(twoClasses(1, i -> "key"), yes(0.5), yes(0.9)))
        .isEqualTo(
            result(
                Outcome.UNDECIDED,
                "gain in log loss +0.5878 over 1 row in 1 block against 1.0.0; fewer than 20"
                    + " blocks decide nothing, label more of them"));
  }

  @Test
  void check_noBlockColumn_theUtcDayOfTheTimeIsTheBlock() throws IOException {
    Path file =
        file(
            "a,b,truth,time",
            "1,,yes,2026-01-31",
            "2,,yes,2026-01-31T23:59:59",
            "3,,yes,2026-01-31 12:00:00",
            "4,,yes,2026-02-01T00:30:00+01:00",
            "5,,yes,2026-01-31T00:00:00.5Z");
    assertThat(check(file, yes(0.5), yes(0.9)).evidence()).contains("over 5 rows in 1 block ");
    Path west = file("a,b,truth,time", "1,,yes,2026-01-31T20:00:00-05:00", "2,,yes,2026-01-31");
    assertThat(check(west, yes(0.5), yes(0.9)).evidence()).contains("over 2 rows in 2 blocks");
  }

  @Test
  void check_blockAndTime_theBlockCounts() throws IOException {
    Path file = file("a,b,truth,time,block", "1,,yes,whenever,x", "2,,yes,,y", "3,,yes,,x");
    assertThat(check(file, yes(0.5), yes(0.9)).evidence()).contains("over 3 rows in 2 blocks");
  }

  @Test
  void check_neitherBlockNorTime_skipped() throws IOException {
    Path file = file("a,b,truth", "1,,yes");
    assertThat(check(file, yes(0.5), yes(0.9)))
        .isEqualTo(
            result(
                Outcome.SKIPPED,
                file
                    + " has neither a column 'block' nor 'time': which rows belong together is"
                    + " unknown, and no interval could be trusted"));
  }

  @Test
  void check_rowsWithoutTruth_leftOutAndCounted() throws IOException {
    Path file = file("a,b,truth,block,note", "1,,yes,x,", "bad,,,,late", "3,,no,y,", "4,,,z,");
    assertThat(check(file, yes(0.5), yes(0.9)).evidence())
        .startsWith("gain in log loss -0.5108 ")
        .contains("over 2 rows in 2 blocks against 1.0.0; 2 rows without truth left out;");
  }

  @Test
  void check_noTruthAtAll_undecided() throws IOException {
    Path file = file("a,b,truth,block", "1,,,x");
    assertThat(check(file, yes(0.5), yes(0.9)))
        .isEqualTo(
            result(
                Outcome.UNDECIDED,
                file + " holds no row with a truth; 1 row without truth left out"));
  }

  @Test
  void check_fileReplaced_readAnew() throws IOException {
    Path file = folder.resolve("rows.csv");
    QualityGate gate = QualityGate.on(file);
    FakeCandidate candidate = candidate(CLASSES, yes(0.5), yes(0.9));
    assertThat(gate.check(candidate).evidence())
        .isEqualTo(
            "labelled rows "
                + file
                + " cannot be read: java.nio.file.NoSuchFileException: "
                + file);
    Files.move(twoClasses(40, i -> "key" + i), file);
    assertThat(gate.check(candidate).outcome()).isEqualTo(Outcome.PASS);
  }

  @Test
  void check_manyRows_scoredInChunksOf1024() throws IOException {
    List<Integer> sizes = new ArrayList<>();
    FakeCandidate candidate =
        candidate(CLASSES, yes(0.5), yes(0.9))
            .batching(
                rows -> {
                  sizes.add(rows.size());
                  return FakeCandidate.each(yes(0.9)).apply(rows);
                });
    QualityGate gate = QualityGate.on(twoClasses(2_500, i -> "key" + i));
    assertThat(gate.check(candidate).evidence()).contains("over 2,500 rows in 2,500 blocks");
    assertThat(sizes).containsExactly(1_024, 1_024, 452);
  }

  @Test
  void check_oneColumnScore_squaredError() throws IOException {
    List<String> lines = new ArrayList<>(List.of("a,truth,block"));
    for (int i = 0; i < 40; i++) {
      lines.add(i + "," + (i % 2 == 0 ? "10" : "-1e1") + ",b" + i);
    }
    FakeCandidate candidate =
        candidate(
            NUMBER,
            row -> Row.of("riders", 0.0),
            row -> Row.of("riders", row.number("a") % 2 == 0 ? 7.0f : -9.0f));
    assertThat(QualityGate.on(file(lines.toArray(String[]::new))).check(candidate))
        .isEqualTo(
            result(
                Outcome.PASS,
                "gain in squared error +95.0000 [+93.7044, +96.2956] over 40 rows in 40 blocks"
                    + " against 1.0.0"));
  }

  @Test
  void check_tinyLosses_shownWithTheirDigits() throws IOException {
    List<String> lines = new ArrayList<>(List.of("a,truth,block"));
    for (int i = 0; i < 40; i++) {
      lines.add(i + ",0.001,b" + i);
    }
    FakeCandidate candidate =
        candidate(NUMBER, row -> Row.of("riders", 0.0), row -> Row.of("riders", 0.001));
    assertThat(QualityGate.on(file(lines.toArray(String[]::new))).check(candidate).evidence())
        .startsWith("gain in squared error +1.000e-06 [+1.000e-06, +1.000e-06] over");
  }

  @Test
  void check_certainAndWrong_clipped() throws IOException {
    assertThat(check(twoClasses(20, i -> "k" + i), yes(0), yes(1)).evidence())
        .startsWith("gain in log loss +34.5388 [+34.5388, +34.5388]");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, -0.1, 1.7, Double.POSITIVE_INFINITY})
  void check_candidateAnswersNoProbability_fail(double answer) throws IOException {
    assertThat(check(twoClasses(30, i -> "k" + i), yes(0.5), yes(answer)))
        .isEqualTo(
            result(
                Outcome.FAIL,
                "'yes' was " + answer + "; wanted a probability from 0 to 1 (the row of line 2)"));
  }

  @Test
  void check_activeAnswersNoProbability_undecided() throws IOException {
    assertThat(check(twoClasses(30, i -> "k" + i), yes(7), yes(0.5)))
        .isEqualTo(
            result(
                Outcome.UNDECIDED,
                "1.0.0 cannot be compared with: 'yes' was 7.0; wanted a probability from 0 to 1"
                    + " (the row of line 2)"));
  }

  @Test
  void check_candidateFails_fail() throws IOException {
    assertThat(
            check(
                twoClasses(30, i -> "k" + i),
                yes(0.5),
                row -> {
                  throw new ModelFailedException("node 7 failed", null);
                }))
        .isEqualTo(result(Outcome.FAIL, "node 7 failed"));
  }

  @Test
  void check_rowDoesNotFitTheModel_undecidedNamesTheLines() throws IOException {
    Path file = twoClasses(30, i -> "k" + i);
    assertThat(
            check(
                file,
                yes(0.5),
                row -> {
                  throw new InvalidInputException("row 4: column 'a' is beyond FLOAT");
                }))
        .isEqualTo(
            result(
                Outcome.UNDECIDED,
                file
                    + " line 2: here or within the next 1,024 rows: row 4: column 'a' is beyond"
                    + " FLOAT"));
  }

  @Test
  void check_fileCannotBeUsed_undecidedNamesLineAndColumn() throws IOException {
    assertThat(unusable("a,truth,block", "1,yes,x"))
        .isEqualTo(": no column for the input 'b' (FLOAT)");
    assertThat(unusable("a,b,block", "1,,x"))
        .isEqualTo(
            ": no column 'truth': add what each row turned out to be, empty where nobody knows"
                + " yet");
    assertThat(unusable("a,b,truth,block", "1,,yes,x", "2,,maybe,x"))
        .isEqualTo(" line 3: column 'truth' is none of the columns [no, yes] of 'p'");
    assertThat(unusable("a,b,truth,block", "1,,yes,"))
        .isEqualTo(" line 2: column 'block' is empty");
    assertThat(unusable("a,b,truth,time", "1,,yes,")).isEqualTo(" line 2: column 'time' is empty");
    assertThat(unusable("a,b,truth,time", "1,,yes,31.1.2026"))
        .isEqualTo(
            " line 2: column 'time' is no time; wanted 2026-01-31, 2026-01-31T18:00:00 (UTC) or the"
                + " same with Z or an offset");
    assertThat(unusable("a,b,truth,block", "1,,yes,x", "0x1,,yes,x"))
        .isEqualTo(" line 3: column 'a' is no number");
    assertThat(unusable("a,b,truth,block", "1,,yes"))
        .isEqualTo(" line 2: has 3 cells, but the header has 4");
  }

  @Test
  void check_numberAsTruth_mustBeFinite() throws IOException {
    Path file = file("a,truth,block", "1,NaN,x");
    FakeCandidate candidate =
        candidate(NUMBER, row -> Row.of("riders", 0.0), row -> Row.of("riders", 0.0));
    assertThat(QualityGate.on(file).check(candidate).evidence())
        .isEqualTo(file + " line 2: column 'truth' is not finite");
  }

  @Test
  void check_numberIsNotFinite_fail() throws IOException {
    Path file = file("a,truth,block", "1,2,x");
    FakeCandidate candidate =
        candidate(NUMBER, row -> Row.of("riders", 0.0), row -> Row.of("riders", Double.NaN));
    assertThat(QualityGate.on(file).check(candidate))
        .isEqualTo(
            result(Outcome.FAIL, "'riders' was NaN; wanted a finite number (the row of line 2)"));
  }

  @Test
  void check_truthWithItsTensor_found() throws IOException {
    assertThat(
            check(file("a,b,truth,block", "1,,p.yes,x", "2,,yes,y"), yes(0.5), yes(0.9)).evidence())
        .startsWith("gain in log loss +0.5878");
  }

  @Test
  void check_inputCalledTime_isNoTime() throws IOException {
    ModelSchema schema =
        ModelSchema.builder().input("time", FLOAT).output("y", FLOAT).score("y").build();
    Path file = file("time,truth", "1,2");
    assertThat(
            QualityGate.on(file)
                .check(candidate(schema, row -> Row.of("y", 0), row -> Row.of("y", 0)))
                .outcome())
        .isEqualTo(Outcome.SKIPPED);
  }

  @Test
  void check_noScoreDeclared_skipped() throws IOException {
    ModelSchema schema = ModelSchema.builder().input("a", FLOAT).output("y", FLOAT).build();
    assertThat(
            QualityGate.on(file("a,truth,block", "1,2,x"))
                .check(candidate(schema, row -> row, row -> row)))
        .isEqualTo(
            result(Outcome.SKIPPED, "neither schema declares a score, so no answer has a loss"));
  }

  @Test
  void check_scoreOnlyInTheActiveSchema_thatOneCounts() throws IOException {
    ModelSchema without =
        ModelSchema.builder()
            .input("x", FLOAT, "a", "b")
            .optional("b")
            .output("p", FLOAT, "no", "yes")
            .build();
    FakeCandidate candidate =
        FakeCandidate.of(FakeVersion.without(without), yes(0.9)).against(CLASSES, yes(0.5));
    assertThat(QualityGate.on(twoClasses(40, i -> "k" + i)).check(candidate).outcome())
        .isEqualTo(Outcome.PASS);
  }

  @Test
  void check_scoresOfTwoKinds_undecided() throws IOException {
    ModelSchema one =
        ModelSchema.builder()
            .input("x", FLOAT, "a", "b")
            .optional("b")
            .output("risk", FLOAT)
            .score("risk")
            .build();
    FakeCandidate candidate =
        FakeCandidate.of(FakeVersion.without(CLASSES), yes(0.9)).against(one, yes(0.5));
    assertThat(QualityGate.on(twoClasses(40, i -> "k" + i)).check(candidate))
        .isEqualTo(
            result(
                Outcome.UNDECIDED,
                "the candidate's score has a log loss but that of 1.0.0 a squared error: they"
                    + " cannot be compared"));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY})
  void atMostWorse_notALoss_refused(double loss) {
    assertThatThrownBy(() -> QualityGate.on(folder).atMostWorse(loss))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("atMostWorse was " + loss + " but must be finite and at least 0: a loss a row");
  }

  private String unusable(String... lines) throws IOException {
    Path file = file(lines);
    Result result = check(file, yes(0.5), yes(0.9));
    assertThat(result.outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(result.evidence()).startsWith(file.toString());
    return result.evidence().substring(file.toString().length());
  }

  private static Result check(Path file, Function<Row, Row> active, Function<Row, Row> model) {
    return QualityGate.on(file).check(candidate(CLASSES, active, model));
  }

  private static FakeCandidate candidate(
      ModelSchema schema, Function<Row, Row> active, Function<Row, Row> model) {
    return FakeCandidate.of(FakeVersion.without(schema), model).against(schema, active);
  }

  private static Function<Row, Row> yes(double probability) {
    return row -> Row.of(Map.of("yes", probability, "no", 1 - probability));
  }

  private static Result result(Outcome outcome, String evidence) {
    return new Result("quality", outcome, evidence);
  }

  /** Rows whose truth is yes. */
  private Path twoClasses(int rows, IntFunction<String> block) throws IOException {
    List<String> lines = new ArrayList<>(List.of("a,b,truth,block"));
    for (int i = 0; i < rows; i++) {
      lines.add(i + ",,yes," + block.apply(i));
    }
    return file(lines.toArray(String[]::new));
  }

  private Path file(String... lines) throws IOException {
    return Files.write(Files.createTempFile(folder, "labelled", ".csv"), List.of(lines));
  }
}
