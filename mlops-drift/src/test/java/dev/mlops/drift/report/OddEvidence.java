package dev.mlops.drift.report;

import static dev.mlops.model.ElementType.BOOL;
import static dev.mlops.model.ElementType.DOUBLE;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.compare.Rule;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Columns that no one would draw by choice, and names that someone might. */
final class OddEvidence {
  static final String HOSTILE_NAME = "</title></style><script>alert('name')</script>";
  static final List<String> HOSTILE_CATEGORIES =
      List.of(
          "</script><img src=x onerror=alert(1)>",
          "\"'><b onclick=alert(2)>",
          "]]><![CDATA[<!-- -->",
          "x".repeat(10_000),
          "\u202etxt.exe",
          "",
          " ",
          "\u0000\n",
          "日本語",
          "شهر",
          "&amp; & &lt;");

  private static final Rule RULE = new Rule(0.01, 0.05);

  private OddEvidence() {}

  static Evidence columns() {
    double[] fives = new double[1_500];
    Arrays.fill(fives, 5);
    double[] since = new double[700];
    Arrays.fill(since, 0, 600, 5);
    Arrays.fill(since, 600, 700, 7.5);
    double[] pair = new double[1_500];
    Arrays.setAll(pair, i -> i % 3 == 0 ? 0 : 1);
    return SampleEvidence.evidence(
        1_500,
        700,
        RULE,
        List.of(
            hostile(),
            many(),
            SampleEvidence.categories(
                "flag",
                BOOL,
                Map.of("true", 900L, "false", 600L),
                Map.of("true", 300L, "false", 400L),
                RULE),
            SampleEvidence.categories(
                "one", TEXT, Map.of("only", 1_500L), Map.of("only", 700L), RULE),
            SampleEvidence.column(
                ColumnBaseline.ofNumbers("constant", FLOAT, fives, 0), false, since, 0, RULE),
            SampleEvidence.column(
                ColumnBaseline.ofNumbers("constant_whole", INT64, fives, 0), false, fives, 0, RULE),
            SampleEvidence.column(
                ColumnBaseline.ofNumbers("two_values", INT64, pair, 0), false, fives, 0, RULE),
            SampleEvidence.column(
                ColumnBaseline.ofScores("constant_score", FLOAT, fives, 0), true, since, 0, RULE),
            SampleEvidence.column(
                ColumnBaseline.ofNumbers("all_missing", FLOAT, new double[0], 1_500),
                false,
                since,
                100,
                RULE),
            SampleEvidence.column(
                ColumnBaseline.ofNumbers("infinite", DOUBLE, infinite(), 3),
                false,
                infinite(),
                1,
                RULE),
            SampleEvidence.column(
                ColumnBaseline.ofNumbers(
                    "huge",
                    DOUBLE,
                    new double[] {-Double.MAX_VALUE, -1, 0, 1e-300, 1, Double.MAX_VALUE},
                    0),
                false,
                new double[] {-Double.MAX_VALUE, 0, 1},
                0,
                RULE),
            new Evidence.Column(
                "later_added",
                FLOAT,
                false,
                Optional.empty(),
                "the baseline has no column later_added; it has lat, long and 6 more. Make it anew"
                    + " from rows with this column.")));
  }

  private static double[] infinite() {
    return new double[] {
      1, 2, 3, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 4, 5
    };
  }

  private static Evidence.Column hostile() {
    Map<String, Long> then = new HashMap<>();
    Map<String, Long> now = new HashMap<>();
    for (int i = 0; i < HOSTILE_CATEGORIES.size(); i++) {
      then.put(HOSTILE_CATEGORIES.get(i), 100L + 30L * i);
      now.put(HOSTILE_CATEGORIES.get(i), 130L + 10L * i);
    }
    now.put("never seen", 55L);
    return SampleEvidence.categories(HOSTILE_NAME, TEXT, then, now, RULE);
  }

  private static Evidence.Column many() {
    Map<String, Long> then = new HashMap<>();
    Map<String, Long> now = new HashMap<>();
    for (int i = 0; i < 300; i++) {
      then.put("customer segment number " + i, 4_000L / (1 + i));
      now.put("customer segment number " + i, 2_000L / (1 + i) + (i == 20 ? 300 : 0));
    }
    return SampleEvidence.categories("segment", TEXT, then, now, RULE);
  }
}
