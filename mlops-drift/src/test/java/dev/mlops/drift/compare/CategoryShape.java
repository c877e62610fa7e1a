package dev.mlops.drift.compare;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** A category column with known shares, the largest first. */
enum CategoryShape {
  FIVE_EVEN("5, even"),
  FIVE_SKEWED("5, skewed"),
  FORTY_EVEN("40, even"),
  FORTY_SKEWED("40, skewed");

  private final String label;

  CategoryShape(String label) {
    this.label = label;
  }

  String label() {
    return label;
  }

  double[] shares() {
    return normalised(
        switch (this) {
          case FIVE_EVEN -> IntStream.range(0, 5).mapToDouble(k -> 1).toArray();
          case FIVE_SKEWED -> new double[] {50, 25, 13, 8, 4};
          case FORTY_EVEN -> IntStream.range(0, 40).mapToDouble(k -> 1).toArray();
          case FORTY_SKEWED -> IntStream.range(0, 40).mapToDouble(k -> 1.0 / (k + 1)).toArray();
        });
  }

  /** The largest share grows by so much, the others give it in proportion. */
  double[] withMore(double more) {
    double[] changed = shares();
    for (int i = 1; i < changed.length; i++) {
      changed[i] *= (1 - changed[0] - more) / (1 - changed[0]);
    }
    changed[0] += more;
    return changed;
  }

  /** Every second category is gone, the others take its share in proportion. */
  double[] everySecondGone() {
    double[] changed = shares();
    for (int i = 1; i < changed.length; i += 2) {
      changed[i] = 0;
    }
    return normalised(changed);
  }

  /** All shares change a little, every second one up, so that the total variation is this. */
  double[] spread(double variation) {
    double[] changed = shares();
    for (int i = 0; i < changed.length; i++) {
      changed[i] += (i % 2 == 0 ? -2 : 2) * variation / changed.length;
    }
    return changed;
  }

  /** How often each category is drawn. */
  static long[] draw(SplittableRandom random, double[] shares, int rows) {
    double[] upTo = shares.clone();
    Arrays.parallelPrefix(upTo, Double::sum);
    long[] counts = new long[shares.length];
    for (int row = 0; row < rows; row++) {
      int at = Arrays.binarySearch(upTo, random.nextDouble());
      counts[Math.min(at < 0 ? -at - 1 : at + 1, counts.length - 1)]++;
    }
    return counts;
  }

  private static double[] normalised(double[] weights) {
    double sum = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(weight -> weight / sum).toArray();
  }
}
