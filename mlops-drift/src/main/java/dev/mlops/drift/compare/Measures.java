package dev.mlops.drift.compare;

import static dev.mlops.drift.compare.Comparison.DISTANCE;
import static dev.mlops.drift.compare.Comparison.NOT_FINITE;
import static dev.mlops.drift.compare.Comparison.SHARE;
import static dev.mlops.drift.compare.Comparison.VARIATION;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;

/**
 * The four measures, each with what it is at least and at most beyond chance. With n serving and N
 * training rows, {@code s = sqrt(1/n + 1/N)}; the standard deviation of a share's change is {@code
 * s·sqrt(m(1 - m))}, at most s/2.
 */
final class Measures {
  /** A normal deviate's mean size is sqrt(2/π); half of it, rounded up. */
  private static final double HALF_MEAN_SIZE = 0.4;

  private Measures() {}

  /**
   * The distance of two rows of counts of finite values.
   *
   * <p>DRIFT must hold over all edges at once, so its bound is Kolmogorov's, c·s. STABLE need not:
   * the distance seen is at least the one seen at the edge where the true distance lies, so a bound
   * on that one edge will do.
   */
  static Measure distance(ContingencyTable finite, Rule rule) {
    double effect = 0;
    int cell = -1;
    long serving = 0;
    long baseline = 0;
    for (int edge = 0; edge < finite.size() - 1; edge++) {
      serving += finite.serving(edge);
      baseline += finite.baseline(edge);
      double distance = Math.abs(finite.change(serving, baseline));
      if (distance > effect) {
        effect = distance;
        cell = edge;
      }
    }
    double s = finite.scale();
    double lower = effect - overAllPoints(rule) * s;
    double upper = effect + atOnePoint(rule) * s;
    return Measure.of(
        DISTANCE, effect, lower, upper, Kolmogorov.survival(effect / s), cell, finite, rule);
  }

  /** The change in the share of the cells after the finite ones. */
  static Measure notFinite(ContingencyTable table, NumberCells cells, Rule rule) {
    long serving = 0;
    long baseline = 0;
    for (int cell = cells.finite(); cell < table.size(); cell++) {
      serving += table.serving(cell);
      baseline += table.baseline(cell);
    }
    double change = table.change(serving, baseline);
    double effect = Math.abs(change);
    int most = -1;
    for (int cell = cells.finite(); cell < table.size() && effect > 0; cell++) {
      double same = table.change(cell) * Math.signum(change);
      if (most < 0 || same > table.change(most) * Math.signum(change)) {
        most = cell;
      }
    }
    double s = table.scale();
    double deviation = s * table.deviation(serving, baseline);
    double pValue = effect == 0 ? 1 : 2 * Normal.survival(effect / deviation);
    double lower = effect - Normal.exceededWith(rule.alpha() / 2) * s / 2;
    double upper = effect + atOnePoint(rule) * s;
    return Measure.of(NOT_FINITE, effect, lower, upper, pValue, most, table, rule);
  }

  /**
   * The largest change of one cell's share. DRIFT must hold over all cells at once, so each has its
   * part of alpha; STABLE again need only hold where the true change is largest. That may be in a
   * category which has no cell of its own: its share has changed by no more than all of those had
   * on the side where they had more.
   */
  static Measure share(ContingencyTable table, CategoryCells cells, Rule rule) {
    double effect = 0;
    int most = -1;
    int held = 0;
    for (int cell = 0; cell < table.size(); cell++) {
      held += table.empty(cell) ? 0 : 1;
      double change = Math.abs(table.change(cell));
      if (change > effect) {
        effect = change;
        most = cell;
      }
    }
    double s = table.scale();
    double chances = 0;
    for (int cell = 0; cell < table.size(); cell++) {
      double deviation = s * table.deviation(cell);
      chances += deviation == 0 ? 0 : 2 * Normal.survival(effect / deviation);
    }
    double pValue = effect == 0 ? 1 : Math.min(1, chances);
    double lower = effect - Normal.exceededWith(rule.alpha() / (2.0 * held)) * s / 2;
    double upper = Math.max(effect, table.largerShare(cells.other())) + atOnePoint(rule) * s;
    return Measure.of(SHARE, effect, lower, upper, pValue, most, table, rule);
  }

  /**
   * Total variation of the cells; that of all categories is at least as large. Without any change
   * its mean is about 0.4·s·Σ sqrt(m(1 - m)), which grows with the number of cells, and one row
   * more or less moves it by at most 1/n or 1/N, so that it exceeds its mean by more than x·s with
   * a chance of at most exp(-2x²) (McDiarmid).
   */
  static Measure variation(ContingencyTable table, Rule rule) {
    double sum = 0;
    double deviations = 0;
    for (int cell = 0; cell < table.size(); cell++) {
      sum += Math.abs(table.change(cell));
      deviations += table.deviation(cell);
    }
    double effect = sum / 2;
    double s = table.scale();
    double mean = HALF_MEAN_SIZE * deviations;
    double above = Math.max(0, effect / s - mean);
    double pValue = Math.min(1, 2 * Math.exp(-2 * above * above));
    double lower = effect - s * (mean + overAllPoints(rule));
    return Measure.of(VARIATION, effect, lower, Double.NaN, pValue, -1, table, rule);
  }

  /** c: the limit of Kolmogorov's tail, 2·exp(-2c²) = alpha. */
  private static double overAllPoints(Rule rule) {
    return Math.sqrt(Math.log(2 / rule.alpha()) / 2);
  }

  private static double atOnePoint(Rule rule) {
    return Normal.exceededWith(rule.alpha()) / 2;
  }
}
