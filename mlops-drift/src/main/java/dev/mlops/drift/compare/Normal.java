package dev.mlops.drift.compare;

import org.apache.commons.statistics.distribution.NormalDistribution;

/** The standard normal distribution's upper tail. */
final class Normal {
  private static final NormalDistribution STANDARD = NormalDistribution.of(0, 1);

  private Normal() {}

  /** The chance of a value above this one. */
  static double survival(double x) {
    return STANDARD.survivalProbability(x);
  }

  /** The value that is exceeded with this chance: z(1 - chance). */
  static double exceededWith(double chance) {
    return STANDARD.inverseSurvivalProbability(chance);
  }
}
