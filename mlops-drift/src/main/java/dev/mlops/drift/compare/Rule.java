package dev.mlops.drift.compare;

/**
 * What a verdict is held to.
 *
 * @param alpha the chance of a wrong DRIFT, and of a wrong STABLE, of one measure in one window
 * @param delta the change that matters, as a share from 0 to 1
 */
public record Rule(double alpha, double delta) {
  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if one is not between 0 and 1, exclusive, or alpha is above
   *     one half
   */
  public Rule {
    if (!(alpha > 0 && alpha <= 0.5)) {
      throw new IllegalArgumentException(
          "alpha is " + alpha + "; wanted a chance above 0 and at most 0.5, such as 0.01");
    }
    if (!(delta > 0 && delta < 1)) {
      throw new IllegalArgumentException(
          "delta is " + delta + "; wanted a share between 0 and 1, such as 0.05");
    }
  }
}
