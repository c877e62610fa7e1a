package dev.mlops.drift.compare;

import java.util.function.DoubleUnaryOperator;

/**
 * What would suffice where a measure cannot decide.
 *
 * <p>A measure decides STABLE when {@code effect + z(1-alpha)/2 · s < delta}. Without any change
 * the effect is chance and shrinks with s: it is below {@code t · s} four times in five, with t
 * about 1.07 for the distance. So {@code s < delta / (t + z(1-alpha)/2)} will do, which at alpha
 * 0.01 is delta / 2.24. An effect that chance does not explain stays what it is, and only its
 * distance from delta counts: with the rows at which the bound is at delta it is as likely on this
 * side of delta as on the other, so that it takes more than these. From s follow the rows, {@code
 * 1/n = s² - 1/N}, as long as the baseline leaves room; else the baseline that would take a third
 * of s², with windows half as large.
 *
 * @param measure the one that cannot decide
 * @param unit what it counts: rows or values
 * @param tail the chance of an effect of more than x·s without any change
 * @param hidden what the effect might be in categories that have no cell of their own: no rows
 *     bring the upper bound below this
 */
record Sufficient(
    Measure measure, Rule rule, String unit, DoubleUnaryOperator tail, double hidden) {
  /** Below this p-value an effect is not taken for chance. */
  private static final double SURPRISING = 0.05;

  private static final double LIKELY = 0.2;
  private static final double UNLUCKY = 0.01;
  private static final double EVEN = 0.5;

  /** How close to delta, as a part of it, more rows hardly help. */
  private static final double CLOSE = 0.2;

  /** Windows of more than so many times the baseline are not worth asking for. */
  private static final double MOST_ROWS = 10;

  private static final double PART_OF_BASELINE = 3;

  String sentence() {
    double effect = measure.effect();
    double delta = rule.delta();
    boolean surprising = measure.pValue() < SURPRISING;
    if (hidden >= delta && (effect < delta || !surprising)) {
      return "More " + unit + " cannot tell, but fewer categories can.";
    }
    if (!surprising) {
      double usual = Math.min(delta / (exceededWith(LIKELY) + margin()), hiddenScale(LIKELY));
      double needed = rows(usual) > 1.1 * measure.rows() ? usual : unluckyScale();
      return withoutChange(needed);
    }
    if (Math.abs(effect - delta) < CLOSE * delta) {
      return "That is close to "
          + Words.figure(delta)
          + ", so more "
          + unit
          + " would only help so far.";
    }
    double needed =
        effect < delta
            ? Math.min((delta - effect) / margin(), hiddenScale(EVEN))
            : (effect - delta) / perScale(effect - measure.lower());
    return withThisEffect(needed);
  }

  private double unluckyScale() {
    return Math.min(rule.delta() / (exceededWith(UNLUCKY) + margin()), hiddenScale(UNLUCKY));
  }

  /** The s that brings the upper bound below delta, as far as the hidden categories go. */
  private double hiddenScale(double chance) {
    return (rule.delta() - hidden) / hiddenMargin(chance);
  }

  /**
   * Above the hidden share, in units of s: it varies too, and seems this large with this chance.
   */
  private double hiddenMargin(double chance) {
    return margin() + Normal.exceededWith(chance) * Math.sqrt(hidden * (1 - hidden));
  }

  /** By how much the upper bound is above what was seen or may be hidden, in units of s. */
  private double margin() {
    return perScale(measure.upper() - Math.max(measure.effect(), hidden));
  }

  private String withoutChange(double needed) {
    if (rows(needed) <= MOST_ROWS * measure.baselineRows()) {
      double atLeast = Math.max(rows(needed), measure.rows() + 1.0);
      return "If nothing changed, about %s %s would show it."
          .formatted(Words.aboutAtLeast(atLeast), unit);
    }
    double scale = Math.sqrt(PART_OF_BASELINE / measure.baselineRows());
    double decidable =
        needed < hiddenScale(LIKELY)
            ? scale * rule.delta() / needed
            : hidden + scale * hiddenMargin(LIKELY);
    return "A baseline of %s can decide %s; for %s publish %s and count %s."
        .formatted(
            baselineRows(),
            decidable < 1 ? "delta " + Words.twoFigures(decidable) : "nothing",
            Words.figure(rule.delta()),
            Words.about(baseline(needed)),
            Words.about(baseline(needed) / 2));
  }

  private String withThisEffect(double needed) {
    if (rows(needed) <= MOST_ROWS * measure.baselineRows()) {
      double atLeast = Math.max(rows(needed), measure.rows() + 1.0);
      return "If that is the true change, it takes more than about %s %s to decide."
          .formatted(Words.aboutAtLeast(atLeast), unit);
    }
    return "If that is the true change, a baseline of %s is too small; publish %s and count %s."
        .formatted(
            baselineRows(), Words.about(baseline(needed)), Words.about(baseline(needed) / 2));
  }

  private String baselineRows() {
    return Words.count(measure.baselineRows(), unit);
  }

  /** The rows that bring s down to this; infinite where the baseline alone keeps it above. */
  private double rows(double scale) {
    double left = scale * scale - 1.0 / measure.baselineRows();
    return left > 0 ? 1 / left : Double.POSITIVE_INFINITY;
  }

  private static double baseline(double scale) {
    return PART_OF_BASELINE / (scale * scale);
  }

  private double perScale(double margin) {
    return margin / Math.sqrt(1.0 / measure.rows() + 1.0 / measure.baselineRows());
  }

  /** The x that is exceeded with this chance, by halving: tails fall. */
  private double exceededWith(double chance) {
    double low = 0;
    double high = 10;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (tail.applyAsDouble(middle) > chance) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }
}
