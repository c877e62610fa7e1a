package dev.mlops.drift.compare;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.ColumnCells;
import dev.mlops.drift.count.NumberCells;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * A verdict's evidence in at most three sentences: what changed and where, how sure that is, and
 * what would suffice where it cannot be told.
 */
abstract sealed class Reason permits NumberReason, CategoryReason {
  final ContingencyTable table;
  final List<Measure> measures;

  /** The one the verdict rests on. */
  final Measure measure;

  private final Rule rule;

  Reason(ContingencyTable table, List<Measure> measures, int deciding, Rule rule) {
    this.table = table;
    this.measures = measures;
    this.measure = measures.get(deciding);
    this.rule = rule;
  }

  static String of(
      ColumnCells cells, ContingencyTable table, List<Measure> measures, int deciding, Rule rule) {
    if (table.rows() == 0) {
      return "No row was counted in this window, so there is nothing to compare.";
    }
    if (table.baselineRows() == 0) {
      return "The baseline has no rows, so there is nothing to compare with; publish one that was"
          + " made from training data.";
    }
    Reason reason =
        cells instanceof NumberCells numbers
            ? new NumberReason(numbers, table, measures, deciding, rule)
            : new CategoryReason((CategoryCells) cells, table, measures, deciding, rule);
    return switch (reason.measure.level()) {
      case DRIFT -> reason.drift();
      case STABLE -> reason.stable();
      case INSUFFICIENT -> reason.insufficient();
    };
  }

  abstract String drift();

  abstract String stable();

  abstract String insufficient();

  /** In which share of the rows a change could hide; none where all is seen. */
  double hiding() {
    return 0;
  }

  /** That the upper bound is what it is for what could hide, after a space. */
  String hidden() {
    return "";
  }

  /** How large the change is, and that it is sure to be above delta. */
  final String surelyAbove(String changed) {
    return "%s %s, with %s confidence by at least %s; %s is allowed."
        .formatted(
            changed,
            figure(measure.effect()),
            confidence(),
            figure(measure.lower()),
            Words.figure(rule.delta()));
  }

  /** How large the change is, and that it is sure to be below delta. */
  final String surelyBelow(String changed) {
    return "%s %s, with %s confidence by at most %s; %s is allowed."
            .formatted(
                changed,
                figure(measure.effect()),
                confidence(),
                figure(measure.upper()),
                Words.figure(rule.delta()))
        + hidden();
  }

  /**
   * How large the change seems, that the rows leave open on which side of delta it is, and what
   * would tell.
   *
   * @param unit what the rows are called
   * @param tail see {@link Sufficient}
   */
  final String open(String changed, String unit, DoubleUnaryOperator tail) {
    return "%s %s, but %s against %s %s that anywhere from %s to %s, and %s lies within."
            .formatted(
                changed,
                figure(measure.effect()),
                Words.count(measure.rows(), unit),
                Words.count(measure.baselineRows()),
                measure.rows() == 1 ? "leaves" : "leave",
                figure(Math.max(0, measure.lower())),
                figure(Math.min(1, measure.upper())),
                Words.figure(rule.delta()))
        + hidden()
        + " "
        + new Sufficient(measure, rule, unit, tail, hiding()).sentence();
  }

  final String confidence() {
    return Words.confidence(rule.alpha());
  }

  final String figure(double value) {
    return Words.figure(value, rule.delta());
  }

  final String serving(int cell) {
    return Words.percent((double) table.serving(cell) / table.rows());
  }

  final String baseline(int cell) {
    return Words.percent((double) table.baseline(cell) / table.baselineRows());
  }
}
