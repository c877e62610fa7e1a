package dev.mlops.drift.compare;

import static dev.mlops.drift.compare.Calibration.DELTA;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.compare.Calibration.CategoryChange;
import dev.mlops.drift.compare.Calibration.Line;
import dev.mlops.drift.compare.Calibration.NumberChange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What the verdicts promise at alpha 0.01 and delta 0.05, over 1,000 windows a line, each against a
 * baseline of 20,000 of its own. {@code docs/statistics.md} has the tables.
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
  void numbers_ofEveryShape_keepThePromises() throws IOException {
    List<Line> lines = new ArrayList<>();
    long seed = 1_000;
    for (NumberShape shape : NumberShape.values()) {
      lines.addAll(new Calibration(WINDOWS).run(shape, changes(shape), seed++));
    }
    for (Line line : lines) {
      String as = line.toString();
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
    published(
        verdicts(lines),
        rejections(lines, List.of(Comparison.DISTANCE, Comparison.NOT_FINITE)),
        otherRules(lines));
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
  void categories_fewAndMany_keepThePromises() throws IOException {
    List<Line> lines = new ArrayList<>();
    long seed = 2_000;
    for (CategoryShape shape : CategoryShape.values()) {
      lines.addAll(new Calibration(WINDOWS).run(shape, changes(shape), seed++));
    }
    for (Line line : lines) {
      String as = line.toString();
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
    published(verdicts(lines), rejections(lines, List.of(Comparison.SHARE, Comparison.VARIATION)));
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
          .as(measure + " " + line.toString())
          .isLessThanOrEqualTo(ONE_PERCENT);
    }
    softly
        .assertThat(line.chiSquareRejected)
        .as("chi-square " + line.toString())
        .isLessThanOrEqualTo(ONE_PERCENT);
  }

  /** DRIFT and STABLE in percent of the windows: a row for each change, a column for each shape. */
  private static String verdicts(List<Line> lines) {
    List<String> shapes = lines.stream().map(line -> line.shape).distinct().toList();
    Map<String, Map<String, String>> rows = new LinkedHashMap<>();
    for (Line line : lines) {
      rows.computeIfAbsent(
              String.format(Locale.ROOT, "%s | %,d", line.change, line.rows),
              row -> new LinkedHashMap<>())
          .put(line.shape, percent(line, line.drift) + " / " + percent(line, line.stable));
    }
    StringBuilder table = new StringBuilder(header("change | rows", shapes));
    rows.forEach(
        (row, cells) -> {
          table.append("| ").append(row);
          shapes.forEach(shape -> table.append(" | ").append(cells.getOrDefault(shape, "")));
          table.append(" |\n");
        });
    return table.toString();
  }

  /** How often the tests themselves reject where nothing changed, in percent. */
  private static String rejections(List<Line> lines, List<String> measures) {
    StringBuilder table =
        new StringBuilder(
            header(
                "column | rows",
                Stream.concat(measures.stream(), Stream.of("chi-square")).toList()));
    for (Line line : lines) {
      if (line.change.equals(NO_DRIFT)) {
        table.append(String.format(Locale.ROOT, "| %s | %,d", line.shape, line.rows));
        for (String measure : measures) {
          table.append(" | ").append(percent(line, line.rejected(measure)));
        }
        table.append(" | ").append(percent(line, line.chiSquareRejected)).append(" |\n");
      }
    }
    return table.toString();
  }

  /** What common rules say of the same windows, in percent of them. */
  private static String otherRules(List<Line> lines) {
    StringBuilder table =
        new StringBuilder(
            header("change | rows", List.of("DRIFT", "PSI > 0.1", "PSI > 0.2", "KS p < 0.01")));
    for (Line line : lines) {
      if (line.shape.equals(NumberShape.NORMAL.label())) {
        table
            .append(String.format(Locale.ROOT, "| %s | %,d", line.change, line.rows))
            .append(" | ")
            .append(percent(line, line.drift))
            .append(" | ")
            .append(percent(line, line.psiAboveTenth))
            .append(" | ")
            .append(percent(line, line.psiAboveFifth))
            .append(" | ")
            .append(percent(line, line.rejected(Comparison.DISTANCE)))
            .append(" |\n");
      }
    }
    return table.toString();
  }

  private static String header(String first, List<String> others) {
    return "| "
        + first
        + " | "
        + String.join(" | ", others)
        + " |\n"
        + "| --- ".repeat(others.size() + 2)
        + "|\n";
  }

  private static String percent(Line line, int of) {
    return String.format(Locale.ROOT, "%.1f", 100.0 * of / line.windows);
  }

  /** What is printed is what is published. */
  private static void published(String... tables) throws IOException {
    String page = Files.readString(Path.of("../docs/statistics.md"));
    List.of(tables).forEach(System.out::println);
    assertThat(page).as("docs/statistics.md").contains(tables);
  }
}
