package dev.mlops.drift.compare;

import dev.mlops.drift.count.NumberCells;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

/** A number column's evidence in words. */
final class NumberReason extends Reason {
  private static final String MOVED = "The distribution moved by";
  private static final String CHANGED = "That share changed by";

  /** A cell is worth a sentence if its change is at least this part of the distance. */
  private static final double WORTH_NAMING = 1.0 / 3;

  private final NumberCells cells;
  private final ContingencyTable finite;

  NumberReason(
      NumberCells cells, ContingencyTable table, List<Measure> measures, int deciding, Rule rule) {
    super(table, measures, deciding, rule);
    this.cells = cells;
    this.finite = table.range(0, cells.finite());
  }

  @Override
  String drift() {
    if (ofDistance()) {
      Measure notFinite = measures.get(1);
      return atLargestDistance()
          + " "
          + surelyAbove(MOVED)
          + (notFinite.level() == Level.DRIFT
              ? " Beside that, " + notFinite() + "."
              : mostChanged());
    }
    return notFinite() + ". " + surelyAbove(CHANGED) + others();
  }

  @Override
  String stable() {
    if (ofDistance()) {
      return surelyBelow(MOVED) + (noneMissing() ? "" : " " + notFinite() + ".");
    }
    return notFinite() + ". " + surelyBelow(CHANGED) + others();
  }

  @Override
  String insufficient() {
    if (ofDistance()) {
      return open(MOVED, noneMissing() ? "rows" : "values", Kolmogorov::survival);
    }
    double deviation = table.deviation(notFiniteServing(), notFiniteBaseline());
    return (noneMissing() ? "No value is missing. " : notFinite() + ". ")
        + open(CHANGED, "rows", x -> 2 * Normal.survival(x / deviation));
  }

  private boolean ofDistance() {
    return measure.name().equals(Comparison.DISTANCE);
  }

  private String others() {
    if (measures.size() == 1) {
      return finite.rows() == 0
          ? " No value of this window is left to compare."
          : " No value of the training data is left to compare with.";
    }
    Measure distance = measures.get(0);
    return distance.level() == Level.DRIFT
        ? " The other values moved as well, by " + figure(distance.effect()) + "."
        : "";
  }

  /** What share lies on that side of the edge with the largest distance where it has grown. */
  private String atLargestDistance() {
    return "%s of the values are %s, in training %s."
        .formatted(
            Words.percent((double) onGrownSide(finite::serving) / finite.rows()),
            belowGrew() ? upTo(measure.cell()) : above(measure.cell()),
            Words.percent((double) onGrownSide(finite::baseline) / finite.baselineRows()));
  }

  private boolean belowGrew() {
    return finite.change(
            upToLargestDistance(finite::serving), upToLargestDistance(finite::baseline))
        > 0;
  }

  private long upToLargestDistance(IntToLongFunction counts) {
    return IntStream.rangeClosed(0, measure.cell()).mapToLong(counts).sum();
  }

  private long onGrownSide(IntToLongFunction counts) {
    return belowGrew()
        ? upToLargestDistance(counts)
        : IntStream.range(measure.cell() + 1, finite.size()).mapToLong(counts).sum();
  }

  /** The cell whose share changed most, where that says more than the distance does. */
  private String mostChanged() {
    int most = 0;
    for (int cell = 1; cell < finite.size(); cell++) {
      if (Math.abs(finite.change(cell)) > Math.abs(finite.change(most))) {
        most = cell;
      }
    }
    boolean told =
        finite.serving(most) == onGrownSide(finite::serving)
            && finite.baseline(most) == onGrownSide(finite::baseline);
    if (told || Math.abs(finite.change(most)) < WORTH_NAMING * measure.effect()) {
      return "";
    }
    return " The share changed most %s: %s, in training %s."
        .formatted(
            place(most),
            Words.percent((double) finite.serving(most) / finite.rows()),
            Words.percent((double) finite.baseline(most) / finite.baselineRows()));
  }

  private String place(int cell) {
    double[] edges = cells.edges();
    return cell == 0 ? upTo(0) : cell == edges.length ? above(cell - 1) : within(edges, cell);
  }

  /**
   * The least value itself may lie in the first cell, so that it is above no value but the edge.
   */
  private String within(double[] edges, int cell) {
    return cell == 1 && finite.baseline(0) == 0 && !Words.alone(edges, cell)
        ? "among the training data's least values, " + Words.upTo(edges, cell)
        : Words.between(edges, cell);
  }

  /** The values of all cells up to this one. */
  private String upTo(int cell) {
    return cell == 0 && finite.baseline(0) == 0
        ? "below the training data's least value"
        : justBelowTheNext(cell)
            ? "below " + Words.edge(cells.edges(), cell + 1)
            : "at most " + Words.edge(cells.edges(), cell);
  }

  /** The values of all cells after this one. */
  private String above(int cell) {
    return cell == finite.size() - 2 && finite.baseline(cell + 1) == 0
        ? "above the training data's greatest value"
        : justBelowTheNext(cell)
            ? "at least " + Words.edge(cells.edges(), cell + 1)
            : "above " + Words.edge(cells.edges(), cell);
  }

  private boolean justBelowTheNext(int cell) {
    return Words.justBelowTheNext(cells.edges(), cell);
  }

  private boolean noneMissing() {
    return notFiniteServing() + notFiniteBaseline() == 0;
  }

  private long notFiniteServing() {
    return table.rows() - finite.rows();
  }

  private long notFiniteBaseline() {
    return table.baselineRows() - finite.baselineRows();
  }

  /** The share that is not finite, by what it holds on either side. */
  private String notFinite() {
    List<String> kinds = new ArrayList<>();
    if (!table.empty(cells.missing())) {
      kinds.add("missing");
    }
    if (!table.empty(cells.nan())) {
      kinds.add("NaN");
    }
    if (!table.empty(cells.infinity()) || !table.empty(cells.minusInfinity())) {
      kinds.add("infinite");
    }
    return "%s of the values are %s, in training %s"
        .formatted(
            Words.percent((double) notFiniteServing() / table.rows()),
            String.join(" or ", kinds),
            Words.percent((double) notFiniteBaseline() / table.baselineRows()));
  }
}
