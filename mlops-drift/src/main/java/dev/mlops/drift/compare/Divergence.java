package dev.mlops.drift.compare;

/** Distances of two rows of shares that describe and do not decide. */
final class Divergence {
  /** What a share is raised to before its logarithm is taken. */
  private static final double FLOOR = 1e-4;

  /** From where on two shares are far apart: one is three times the other. */
  private static final double FAR = 0.5;

  private Divergence() {}

  /**
   * Population stability index: {@code Σ (q - p) ln(q / p)}, p of training, q of serving, each
   * raised to at least 1e-4 and not normalised again. 0 where one side has no rows.
   */
  static double psi(ContingencyTable table) {
    if (table.oneSided()) {
      return 0;
    }
    double sum = 0;
    for (int cell = 0; cell < table.size(); cell++) {
      double p = Math.max(FLOOR, (double) table.baseline(cell) / table.baselineRows());
      double q = Math.max(FLOOR, (double) table.serving(cell) / table.rows());
      sum += (q - p) * Math.log(q / p);
    }
    return sum;
  }

  /**
   * Jensen and Shannon's divergence in bits: {@code ½ Σ p log2(p / m) + ½ Σ q log2(q / m)} with
   * {@code m = (p + q) / 2} and {@code 0 log 0 = 0}. 0 where one side has no rows.
   *
   * <p>Computed cell by cell with {@code u = (q - p) / (p + q)} as {@code (p + q) / 4 · (2 u
   * atanh(u) + ln(1 - u²))}: sums of logarithms of nearly equal shares would cancel. Of shares far
   * apart they do not, and u would round to 1.
   */
  static double jensenShannon(ContingencyTable table) {
    if (table.oneSided()) {
      return 0;
    }
    double nats = 0;
    for (int cell = 0; cell < table.size(); cell++) {
      double p = (double) table.baseline(cell) / table.baselineRows();
      double q = (double) table.serving(cell) / table.rows();
      if (p == 0 || q == 0) {
        nats += (p + q) / 2 * Math.log(2);
      } else {
        double u = table.change(cell) / (p + q);
        nats +=
            Math.abs(u) > FAR
                ? (p * Math.log(2 * p / (p + q)) + q * Math.log(2 * q / (p + q))) / 2
                : (p + q) / 4 * (u * (Math.log1p(u) - Math.log1p(-u)) + Math.log1p(-u * u));
      }
    }
    return nats / Math.log(2);
  }
}
