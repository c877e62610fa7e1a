package dev.mlops.drift.compare;

/** Kolmogorov's limiting distribution of sqrt(n·N / (n + N)) times the distance. */
final class Kolmogorov {
  /** Where one series takes over from the other; there both need few terms. */
  private static final double CROSSING = 1.1;

  private static final double EIGHTH_OF_PI_SQUARED = Math.PI * Math.PI / 8;
  private static final double NEGLIGIBLE = 1e-18;

  private Kolmogorov() {}

  /**
   * The chance Q(t) of a value of at least t.
   *
   * <p>Large t: {@code 2 Σ (-1)^(j-1) exp(-2 j² t²)}, whose terms fall fast. Small t: one less
   * {@code sqrt(2π)/t Σ exp(-(2j-1)² π² / (8 t²))}, the same function by Jacobi's identity, where
   * the first series would need ever more terms that cancel.
   */
  static double survival(double t) {
    if (t <= 0) {
      return 1;
    }
    return t < CROSSING ? 1 - below(t) : above(t);
  }

  private static double below(double t) {
    double sum = 0;
    double term = 1;
    for (int odd = 1; term > NEGLIGIBLE * sum; odd += 2) {
      term = Math.exp(-EIGHTH_OF_PI_SQUARED * odd * odd / (t * t));
      sum += term;
      if (term == 0) {
        break;
      }
    }
    return Math.sqrt(2 * Math.PI) / t * sum;
  }

  private static double above(double t) {
    double sum = 0;
    double sign = 1;
    double term = 1;
    for (int j = 1; term > NEGLIGIBLE * sum; j++) {
      term = Math.exp(-2.0 * j * j * t * t);
      sum += sign * term;
      sign = -sign;
      if (term == 0) {
        break;
      }
    }
    return 2 * sum;
  }
}
