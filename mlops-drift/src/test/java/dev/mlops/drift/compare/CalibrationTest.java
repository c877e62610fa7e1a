package dev.mlops.drift.compare;

import static dev.mlops.drift.compare.Calibration.DELTA;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.compare.Calibration.CategoryChange;
import dev.mlops.drift.compare.Calibration.Line;
import dev.mlops.drift.compare.Calibration.NumberChange;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What the verdicts promise at alpha 0.01 and delta 0.05, over 1,000 windows a line, each against a
 * baseline of 20,000 of its own. It prints the tables of {@code docs/statistics.md}.
 *
 * <p>At most 1 percent of 1,000 windows is at most 22 of them: 23 come by chance 3 times in 10,000
 * where the true rate is 1 percent.
 */
@Tag("proof")
class CalibrationTest {
  private static final int WINDOWS = 1_000;
  private static final int ONE_PERCENT = 22;
  private static final String NO_DRIFT = "none";
  private static final String AT_DELTA = "exactly delta";

  private final SoftAssertions softly = new SoftAssertions();

  @Test
  void numbers_ofEveryShape_keepThePromises() {
    List<Line> lines = new ArrayList<>();
    long seed = 1_000;
    for (NumberShape shape : NumberShape.values()) {
      lines.addAll(new Calibration(WINDOWS).run(shape, changes(shape), seed++));
    }
    print(lines, List.of(Comparison.DISTANCE, Comparison.NOT_FINITE));
    System.out.println(
        "\n| column | change | rows | DRIFT | PSI > 0.1 | PSI > 0.2 | KS p < 0.01 |\n"
            + "|---|---|---|---|---|---|---|");
    lines.forEach(line -> System.out.println(line.otherRules()));

    for (Line line : lines) {
      String as = line.verdicts();
      if (line.change.equals(NO_DRIFT)) {
        softly.assertThat(line.drift).as(as).isZero();
        softly.assertThat(line.stable).as(as).isGreaterThanOrEqualTo(line.rows < 5_000 ? 700 : 990);
        assertOwnRejections(line, List.of(Comparison.DISTANCE, Comparison.NOT_FINITE));
      } else if (line.change.startsWith(AT_DELTA)) {
        softly.assertThat(line.drift).as(as).isLessThanOrEqualTo(ONE_PERCENT);
        softly.assertThat(line.stable).as(as).isLessThanOrEqualTo(ONE_PERCENT);
      } else if (line.change.startsWith("missing")) {
        softly.assertThat(line.missingNamed).as(as).isGreaterThanOrEqualTo(990);
      } else {
        softly.assertThat(line.drift).as(as).isGreaterThanOrEqualTo(line.rows < 10_000 ? 980 : 950);
      }
    }
    softly.assertAll();
    assertThat(lines).hasSize(5 * 7 + 4 * 5 + 3);
  }

  private static List<NumberChange> changes(NumberShape shape) {
    double missing = shape.missing();
    double atDelta = shape.shiftTo(DELTA);
    List<NumberChange> changes = new ArrayList<>();
    changes.add(new NumberChange(NO_DRIFT, 0, missing, 2_000, true));
    changes.add(new NumberChange(NO_DRIFT, 0, missing, 5_000, true));
    for (int rows : List.of(2_000, 5_000, 10_000)) {
      changes.add(new NumberChange(AT_DELTA, atDelta, missing, rows, true));
    }
    changes.add(new NumberChange("0.3 sigma", 0.3, missing, 2_000, true));
    changes.add(new NumberChange("0.2 sigma", 0.2, missing, 10_000, true));
    String share = AT_DELTA + ", of the share missing";
    for (int rows : List.of(2_000, 5_000, 10_000)) {
      changes.add(new NumberChange(share, 0, missing + DELTA, rows, false));
    }
    if (missing == 0) {
      changes.add(new NumberChange("missing 0 to 30 %", 0, 0.3, 5_000, false));
      changes.add(new NumberChange("missing 0 to 95 %", 0, 0.95, 5_000, false));
    }
    return changes;
  }

  @Test
  void categories_fewAndMany_keepThePromises() {
    List<Line> lines = new ArrayList<>();
    long seed = 2_000;
    for (CategoryShape shape : CategoryShape.values()) {
      lines.addAll(new Calibration(WINDOWS).run(shape, changes(shape), seed++));
    }
    print(lines, List.of(Comparison.SHARE, Comparison.VARIATION));

    for (Line line : lines) {
      String as = line.verdicts();
      if (line.change.equals(NO_DRIFT)) {
        softly.assertThat(line.drift).as(as).isZero();
        assertOwnRejections(line, List.of(Comparison.SHARE, Comparison.VARIATION));
      } else if (line.change.equals(AT_DELTA)) {
        softly.assertThat(line.drift).as(as).isLessThanOrEqualTo(ONE_PERCENT);
        softly.assertThat(line.stable).as(as).isLessThanOrEqualTo(ONE_PERCENT);
      } else if (line.change.startsWith("all shares")) {
        softly.assertThat(line.drift).as(as).isLessThanOrEqualTo(ONE_PERCENT);
      } else if (line.change.equals("one share + 0.08")) {
        softly.assertThat(line.drift).as(as).isGreaterThanOrEqualTo(850);
      } else if (line.change.equals("one share + 0.12")) {
        softly.assertThat(line.drift).as(as).isGreaterThanOrEqualTo(980);
      } else {
        softly.assertThat(line.drift).as(as).isGreaterThanOrEqualTo(990);
      }
    }
    softly.assertAll();
    assertThat(lines).hasSize(4 * 7 + 2 + 1);
  }

  private static List<CategoryChange> changes(CategoryShape shape) {
    List<CategoryChange> changes = new ArrayList<>();
    changes.add(new CategoryChange(NO_DRIFT, shape.shares(), 2_000));
    changes.add(new CategoryChange(NO_DRIFT, shape.shares(), 5_000));
    for (int rows : List.of(2_000, 5_000, 10_000)) {
      changes.add(new CategoryChange(AT_DELTA, shape.withMore(DELTA), rows));
    }
    changes.add(new CategoryChange("one share + 0.12", shape.withMore(0.12), 2_000));
    changes.add(new CategoryChange("one share + 0.08", shape.withMore(0.08), 10_000));
    if (shape.shares().length == 40) {
      changes.add(new CategoryChange("every second gone", shape.everySecondGone(), 10_000));
    }
    if (shape == CategoryShape.FORTY_EVEN) {
      changes.add(
          new CategoryChange("all shares, total variation 0.05", shape.spread(DELTA), 10_000));
    }
    return changes;
  }

  /** The tests themselves, which know no delta, reject no more often than alpha. */
  private void assertOwnRejections(Line line, List<String> measures) {
    for (String measure : measures) {
      softly
          .assertThat(line.rejected(measure))
          .as(measure + " " + line.verdicts())
          .isLessThanOrEqualTo(ONE_PERCENT);
    }
    softly
        .assertThat(line.chiSquareRejected)
        .as("chi-square " + line.verdicts())
        .isLessThanOrEqualTo(ONE_PERCENT);
  }

  private static void print(List<Line> lines, List<String> measures) {
    System.out.println(
        "\n| column | change | rows | DRIFT | STABLE | neither |\n|---|---|---|---|---|---|");
    lines.forEach(line -> System.out.println(line.verdicts()));
    System.out.println(
        "\n| column | rows | "
            + String.join(" | ", measures)
            + " | chi-square |\n|---|---|---|---|---|");
    Predicate<Line> none = line -> line.change.equals(NO_DRIFT);
    lines.stream().filter(none).forEach(line -> System.out.println(line.tests(measures)));
  }
}
