package dev.mlops.drift.compare;

import java.util.Arrays;

/** Training and serving counts over the same cells. */
final class ContingencyTable {
  private final long[] baseline;
  private final long[] serving;
  private final long baselineRows;
  private final long rows;

  /** A table over these counts; they are read, not copied. */
  ContingencyTable(long[] baseline, long[] serving) {
    this.baseline = baseline;
    this.serving = serving;
    this.baselineRows = Arrays.stream(baseline).sum();
    this.rows = Arrays.stream(serving).sum();
  }

  /** The same cells from one to before another one, a table of their own. */
  ContingencyTable range(int from, int to) {
    return new ContingencyTable(
        Arrays.copyOfRange(baseline, from, to), Arrays.copyOfRange(serving, from, to));
  }

  int size() {
    return serving.length;
  }

  long baseline(int cell) {
    return baseline[cell];
  }

  long serving(int cell) {
    return serving[cell];
  }

  long baselineRows() {
    return baselineRows;
  }

  long rows() {
    return rows;
  }

  /** Whether one of the sides has no rows. */
  boolean oneSided() {
    return rows == 0 || baselineRows == 0;
  }

  /** Whether a cell holds nothing on either side. */
  boolean empty(int cell) {
    return baseline[cell] == 0 && serving[cell] == 0;
  }

  /** sqrt(1/n + 1/N): how far chance moves a share, but for the share's own deviation. */
  double scale() {
    return Math.sqrt(1.0 / rows + 1.0 / baselineRows);
  }

  /** A cell's share of the serving rows less its share of the training rows. */
  double change(int cell) {
    return change(serving[cell], baseline[cell]);
  }

  /**
   * What some rows' share changed by, right to the last bits even where both shares are nearly the
   * same: (a·N - b·n) / (n·N), where the products are not rounded before they are subtracted.
   */
  double change(long servingCount, long baselineCount) {
    double product = (double) baselineCount * rows;
    double rounding = Math.fma((double) -baselineCount, (double) rows, product);
    double difference = Math.fma((double) servingCount, (double) baselineRows, -product) + rounding;
    return difference / ((double) rows * baselineRows);
  }

  /** A cell's share on the side where it is the larger one; 0 where a side has no rows. */
  double largerShare(int cell) {
    return oneSided()
        ? 0
        : Math.max((double) serving[cell] / rows, (double) baseline[cell] / baselineRows);
  }

  /** The share of all rows of both sides. */
  double pooled(long servingCount, long baselineCount) {
    return ((double) servingCount + baselineCount) / ((double) rows + baselineRows);
  }

  /** sqrt(m·(1 - m)) with a cell's pooled share m. */
  double deviation(int cell) {
    return deviation(serving[cell], baseline[cell]);
  }

  /** sqrt(m·(1 - m)) with the pooled share m. */
  double deviation(long servingCount, long baselineCount) {
    double share = pooled(servingCount, baselineCount);
    return Math.sqrt(share * (1 - share));
  }
}
