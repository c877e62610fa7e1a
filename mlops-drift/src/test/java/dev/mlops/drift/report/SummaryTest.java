package dev.mlops.drift.report;

import static dev.mlops.drift.compare.Level.DRIFT;
import static dev.mlops.drift.compare.Level.INSUFFICIENT;
import static dev.mlops.drift.compare.Level.STABLE;
import static dev.mlops.model.ElementType.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Measure;
import dev.mlops.drift.compare.Rule;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SummaryTest {
  private static final Rule RULE = new Rule(0.01, 0.1);

  /** Inputs a, b, c … and, after a slash, the score: D, S, I or, not compared, N each. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DDSSSSSS/S | DRIFT        | 2 of 8 columns have drifted: a and b. The score is stable.",
        "DSSS/D     | DRIFT        | 1 of 4 columns has drifted: a. The score has drifted.",
        "DDDI/      | DRIFT        | 3 of 4 columns have drifted: a, b and c; for 1 there is not"
            + " enough to tell.",
        "DDDDDDSS/S | DRIFT        | 6 of 8 columns have drifted: a, b, c, d and 2 more. The score"
            + " is stable.",
        "DD/        | DRIFT        | Both columns have drifted: a and b.",
        "DD/D       | DRIFT        | Both columns and the score have drifted: a and b.",
        "D/         | DRIFT        | The column a has drifted.",
        "SSS/D      | DRIFT        | All 3 columns are stable. The score has drifted.",
        "SSS/S      | STABLE       | All 3 columns and the score are stable.",
        "S/S        | STABLE       | The column a and the score are stable.",
        "S/         | STABLE       | The column a is stable.",
        "/S         | STABLE       | The score is stable.",
        "SI/S       | INSUFFICIENT | No column has drifted: 1 of 2 is stable; for 1 there is not"
            + " enough to tell. The score is stable.",
        "SSS/I      | INSUFFICIENT | All 3 columns are stable. For the score there is not enough to"
            + " tell.",
        "II/I       | INSUFFICIENT | There is not enough to tell for any column or for the score.",
        "II/        | INSUFFICIENT | There is not enough to tell for any column.",
        "I/         | INSUFFICIENT | There is not enough to tell for the column a.",
        "SSS/N      | INSUFFICIENT | All 3 columns are stable. The score was not compared: the"
            + " baseline holds no scores.",
        "III/N      | INSUFFICIENT | There is not enough to tell for any column. The score was not"
            + " compared: the baseline holds no scores.",
        "/N         | INSUFFICIENT | The score was not compared: the baseline holds no scores.",
        "N/S        | INSUFFICIENT | The column a was not compared. The score is stable.",
        "NN/I       | INSUFFICIENT | No column was compared. For the score there is not enough to"
            + " tell.",
        "NN/N       | INSUFFICIENT | No column was compared. The score was not compared: the"
            + " baseline holds no scores.",
        "SSN/       | INSUFFICIENT | No column has drifted: 2 of 3 are stable; 1 was not compared.",
        "DN/        | DRIFT        | 1 of 2 columns has drifted: a; 1 was not compared.",
        "DSINN/S    | DRIFT        | 1 of 5 columns has drifted: a; for 1 there is not enough to"
            + " tell; 2 were not compared. The score is stable.",
        "IN/I       | INSUFFICIENT | There is not enough to tell for 1 of 2 columns; 1 was not"
            + " compared. For the score there is not enough to tell.",
        "/          | INSUFFICIENT | This model has no column that can be watched."
      })
  void summary_ofVerdicts_isASentence(String verdicts, Level level, String sentence) {
    Summary summary = Summary.of(evidence(100, verdicts));

    assertThat(summary.sentence()).isEqualTo(sentence);
    assertThat(summary.level()).isEqualTo(level);
  }

  @Test
  void summary_withoutBaseline_countsRows() {
    assertThat(Summary.of(without(Optional.empty(), 1)).sentence())
        .isEqualTo("Nothing was compared: this version has no baseline. 1 row was counted.");
    assertThat(Summary.of(without(Optional.empty(), 1_234)).sentence())
        .isEqualTo("Nothing was compared: this version has no baseline. 1,234 rows were counted.");
  }

  @Test
  void summary_withoutRows_saysSo() {
    assertThat(Summary.of(without(Optional.of(SampleEvidence.BASELINE), 0)).sentence())
        .isEqualTo("Nothing was compared: no rows came in this window.");
  }

  @Test
  void summary_whereNoPredictionCouldBeCounted_saysSo() {
    assertThat(Summary.of(without(Optional.of(SampleEvidence.BASELINE), 0, 1)).sentence())
        .isEqualTo("Nothing was compared: 1 prediction could not be counted.");
    assertThat(Summary.of(without(Optional.of(SampleEvidence.BASELINE), 0, 1_234)).sentence())
        .isEqualTo("Nothing was compared: 1,234 predictions could not be counted.");
    assertThat(Summary.of(without(Optional.empty(), 0, 2)).sentence())
        .isEqualTo(
            "Nothing was compared: this version has no baseline. 0 rows were counted."
                + " 2 predictions could not be counted.");
  }

  @Test
  void summary_scoreOfAnotherProblem_saysThatOne() {
    Evidence.Column score =
        new Evidence.Column("s", FLOAT, true, Optional.empty(), "it is of another type; make it");
    Evidence.Column silent = new Evidence.Column("s", FLOAT, true, Optional.empty(), "");

    assertThat(Summary.of(SampleEvidence.evidence(9, 9, RULE, List.of(score))).sentence())
        .isEqualTo("The score was not compared: it is of another type.");
    assertThat(Summary.of(SampleEvidence.evidence(9, 9, RULE, List.of(silent))).sentence())
        .isEqualTo("The score was not compared.");
  }

  @Test
  void ranked_columns_driftedFirstThenByEffectThenAsTheyCame() {
    Evidence.Column none = new Evidence.Column("none", FLOAT, false, Optional.empty(), "no cells");
    Evidence evidence =
        SampleEvidence.evidence(
            9,
            9,
            RULE,
            List.of(
                none,
                column("open", false, INSUFFICIENT, 0.4),
                column("stable", false, STABLE, 0.01),
                column("small", false, DRIFT, 0.2),
                column("score", true, DRIFT, 0.3),
                column("stable_too", false, STABLE, 0.01)));

    assertThat(Summary.of(evidence).ranked())
        .extracting(Evidence.Column::name)
        .containsExactly("score", "small", "open", "stable", "stable_too", "none");
  }

  @Test
  void count_ofAVerdict_takesWhatWasNotComparedAsInsufficient() {
    Evidence.Column none = new Evidence.Column("none", FLOAT, false, Optional.empty(), "no cells");
    Summary summary =
        Summary.of(
            SampleEvidence.evidence(9, 9, RULE, List.of(none, column("a", false, STABLE, 0.01))));

    assertThat(Stream.of(DRIFT, STABLE, INSUFFICIENT).map(summary::count)).containsExactly(0, 1, 1);
    assertThat(summary.level()).isEqualTo(INSUFFICIENT);
  }

  @Test
  void sentence_hostileName_isShortAndTurnsNothingRound() {
    Evidence evidence =
        SampleEvidence.evidence(
            9,
            9,
            RULE,
            List.of(
                column("\u202e" + "x".repeat(100), false, DRIFT, 0.5),
                column("b", false, STABLE, 0)));

    assertThat(Summary.of(evidence).sentence())
        .isEqualTo("1 of 2 columns has drifted: \ufffd" + "x".repeat(38) + "….");
  }

  private static Evidence without(Optional<String> baseline, long rows) {
    return without(baseline, rows, 0);
  }

  private static Evidence without(Optional<String> baseline, long rows, long lost) {
    return new Evidence(
        "storms@champion",
        SampleEvidence.VERSION,
        baseline,
        0,
        Instant.EPOCH,
        Instant.EPOCH,
        rows,
        lost,
        true,
        RULE,
        List.of(new Evidence.Column("a", FLOAT, false, Optional.empty(), "nothing")));
  }

  private static Evidence evidence(long rows, String verdicts) {
    List<Evidence.Column> columns = new ArrayList<>();
    int score = verdicts.indexOf('/');
    for (int i = 0; i < verdicts.length(); i++) {
      if (i != score) {
        Level level =
            switch (verdicts.charAt(i)) {
              case 'D' -> DRIFT;
              case 'S' -> STABLE;
              default -> INSUFFICIENT;
            };
        String name = i > score ? "score" : String.valueOf((char) ('a' + i));
        columns.add(
            verdicts.charAt(i) == 'N'
                ? new Evidence.Column(
                    name,
                    FLOAT,
                    i > score,
                    Optional.empty(),
                    "the baseline holds no scores; make it with a handle")
                : column(name, i > score, level, 0.5 - 0.01 * i));
      }
    }
    return SampleEvidence.evidence(rows, rows, RULE, columns);
  }

  private static Evidence.Column column(String name, boolean score, Level level, double effect) {
    Measure measure = new Measure(Comparison.DISTANCE, effect, effect, effect, 1, 1, 9, 9, level);
    Evidence.Compared like = EvidenceJsonTest.with(measure).columns().get(0).compared().get();
    return new Evidence.Column(name, FLOAT, score, Optional.of(like), "");
  }
}
