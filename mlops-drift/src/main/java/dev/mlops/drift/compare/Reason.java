package dev.mlops.drift.compare;

import dev.mlops.drift.count.ColumnCells;
import java.util.List;

/** A verdict's evidence in words. */
final class Reason {
  private Reason() {}

  static String of(
      ColumnCells cells,
      ContingencyTable table,
      List<Measure> measures,
      int deciding,
      Level level,
      Rule rule) {
    if (deciding < 0) {
      return "no rows to compare";
    }
    Measure measure = measures.get(deciding);
    return "%s: %s is %.3g, at least %.3g, at most %.3g; delta is %s"
        .formatted(
            level,
            measure.name(),
            measure.effect(),
            measure.lower(),
            measure.upper(),
            rule.delta());
  }
}
