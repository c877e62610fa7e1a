package dev.mlops.drift.compare;

import dev.mlops.drift.count.CategoryCells;
import java.util.List;

/** The evidence in words of a column that names something. */
final class CategoryReason extends Reason {
  /** All changes together are worth a sentence if they are so many times the largest one. */
  private static final double MORE_THAN_ONE = 1.2;

  private final CategoryCells cells;

  CategoryReason(
      CategoryCells cells,
      ContingencyTable table,
      List<Measure> measures,
      int deciding,
      Rule rule) {
    super(table, measures, deciding, rule);
    this.cells = cells;
  }

  @Override
  String drift() {
    Measure share = measures.get(0);
    Measure variation = measures.get(1);
    if (measure.name().equals(Comparison.VARIATION)) {
      return wouldHaveToChange(variation)
          + surelyAbove(" Together the shares moved" + atLeast())
          + " "
          + capital(name(share.cell()))
          + " changed most, "
          + fromTo(share.cell())
          + ".";
    }
    return capital(name(share.cell()))
        + (share.cell() < cells.top().size() ? " is " : " are ")
        + serving(share.cell())
        + " of the rows, in training "
        + baseline(share.cell())
        + surelyAbove(". That share changed by")
        + (variation.effect() > MORE_THAN_ONE * share.effect()
            ? " " + wouldHaveToChange(variation)
            : "");
  }

  @Override
  String stable() {
    return surelyBelow(changedMost())
        + " Together the shares moved"
        + atLeast()
        + " "
        + figure(measures.get(1).effect())
        + ".";
  }

  @Override
  String insufficient() {
    return open(changedMost(), "rows", this::exceeded);
  }

  /** Of how many rows the categories have no cell of their own, as a share of the larger side. */
  @Override
  double hiding() {
    return table.largerShare(cells.other());
  }

  @Override
  String hidden() {
    return measure.name().equals(Comparison.SHARE) && hiding() > measure.effect()
        ? " "
            + Words.percent(hiding())
            + " of the rows are of categories without a cell of their own, among which a change"
            + " could hide."
        : "";
  }

  /** What moves between two categories without cells is not seen. */
  private String atLeast() {
    return hiding() > 0 ? " by at least" : " by";
  }

  private String changedMost() {
    return measure.cell() < 0
        ? "The shares changed by"
        : capital(name(measure.cell())) + " changed most, " + fromTo(measure.cell()) + ": by";
  }

  private String fromTo(int cell) {
    return "from " + baseline(cell) + " of the rows in training to " + serving(cell);
  }

  /** At most the chance that any share changes by more than x·s without a cause. */
  private double exceeded(double x) {
    double chance = 0;
    for (int cell = 0; cell < table.size(); cell++) {
      double deviation = table.deviation(cell);
      chance += deviation == 0 ? 0 : 2 * Normal.survival(x / deviation);
    }
    return chance;
  }

  private String wouldHaveToChange(Measure variation) {
    return (hiding() > 0 ? "At least " : "")
        + Words.percent(variation.effect())
        + " of the rows would have to change category to look like training.";
  }

  private String name(int cell) {
    if (cell < cells.top().size()) {
      return "category " + Words.quoted(cells.top().get(cell));
    }
    if (cell == cells.other()) {
      return cells.allKnown()
          ? "the rarer categories together"
          : "rarer and new categories together";
    }
    return cell == cells.unseen() ? "categories that training never held" : "missing values";
  }

  private static String capital(String sentence) {
    return Character.toUpperCase(sentence.charAt(0)) + sentence.substring(1);
  }
}
