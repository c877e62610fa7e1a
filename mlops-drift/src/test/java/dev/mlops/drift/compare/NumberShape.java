package dev.mlops.drift.compare;

import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A number column whose true distances are known: each is made of a normal deviate by a function
 * that never falls, so that a shift of the deviate by some sigma moves all of them alike.
 */
enum NumberShape {
  NORMAL("normal", 0),
  LOGNORMAL("lognormal", 0),
  INTEGERS("integers with ties", 0),
  HALF("point mass of one half", 0),
  MISSING("normal, 30 % missing", 0.3);

  /** Sigma of the integers: about 80 of them are seen. */
  private static final int TIES = 10;

  private final String label;
  private final double missing;

  NumberShape(String label, double missing) {
    this.label = label;
    this.missing = missing;
  }

  String label() {
    return label;
  }

  /** The share of rows without a value. */
  double missing() {
    return missing;
  }

  double draw(SplittableRandom random, double shift) {
    double z = random.nextGaussian() + shift;
    return switch (this) {
      case NORMAL, MISSING -> z;
      case LOGNORMAL -> Math.exp(z);
      case INTEGERS -> Math.rint(50 + TIES * z);
      case HALF -> Math.max(0, z);
    };
  }

  /** The true distance that a shift makes. */
  double distance(double shift) {
    if (this == INTEGERS) {
      return IntStream.range(-5 * TIES, 5 * TIES)
          .mapToDouble(k -> (k + 0.5) / TIES)
          .map(x -> Normal.survival(x - shift) - Normal.survival(x))
          .max()
          .orElseThrow();
    }
    return 1 - 2 * Normal.survival(shift / 2); // at half the shift, on either side of a mass at 0
  }

  /** The shift that makes this true distance. */
  double shiftTo(double distance) {
    double low = 0;
    double high = 1;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (distance(middle) < distance) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }
}
