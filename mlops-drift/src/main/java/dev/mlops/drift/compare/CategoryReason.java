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
          + surelyAbove(" Together the shares moved")
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
        + surelyAbove(". That share changed")
        + (variation.effect() > MORE_THAN_ONE * share.effect()
            ? " " + wouldHaveToChange(variation)
            : "");
  }

  @Override
  String stable() {
    return surelyBelow(changedMost())
        + " Together the shares moved by "
        + figure(measures.get(1).effect())
        + ".";
  }

  @Override
  String insufficient() {
    return open(changedMost(), "rows", this::exceeded);
  }

  private String changedMost() {
    return measure.cell() < 0
        ? "The shares changed"
        : capital(name(measure.cell())) + " changed most, " + fromTo(measure.cell()) + ":";
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

  private static String wouldHaveToChange(Measure variation) {
    return Words.percent(variation.effect())
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
