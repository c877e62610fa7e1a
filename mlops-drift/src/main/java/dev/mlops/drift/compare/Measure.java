package dev.mlops.drift.compare;

/**
 * One way in which a column changed: how much, between which bounds, and how surprising that is.
 *
 * @param name which: see {@link Comparison}
 * @param effect the change, as a share from 0 to 1
 * @param lower what the change is at least, beyond chance: DRIFT where this is above delta
 * @param upper what it is at most, beyond chance: STABLE where this is below delta; NaN where this
 *     measure can only say DRIFT
 * @param pValue the chance of an effect as large without any change
 * @param cell where the change is: the cell at whose upper edge the distance is largest, or whose
 *     share changed most; -1 where it is in no one cell
 * @param rows serving rows it rests on
 * @param baselineRows training rows it rests on
 * @param level what it says by itself
 */
public record Measure(
    String name,
    double effect,
    double lower,
    double upper,
    double pValue,
    int cell,
    long rows,
    long baselineRows,
    Level level) {
  /** A measure whose level follows from its bounds; without an upper bound it is never STABLE. */
  static Measure of(
      String name,
      double effect,
      double lower,
      double upper,
      double pValue,
      int cell,
      ContingencyTable table,
      Rule rule) {
    Level level =
        lower > rule.delta()
            ? Level.DRIFT
            : upper < rule.delta() ? Level.STABLE : Level.INSUFFICIENT;
    return new Measure(
        name, effect, lower, upper, pValue, cell, table.rows(), table.baselineRows(), level);
  }
}
