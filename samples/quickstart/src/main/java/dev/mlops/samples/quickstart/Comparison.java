package dev.mlops.samples.quickstart;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Two versions on the same labelled rows: the log loss of each, and how much the newer one gains,
 * with an interval that takes blocks of rows as independent, not rows.
 *
 * @param period which rows
 * @param rows how many
 * @param older the log loss of the older version
 * @param newer the log loss of the newer version
 * @param low lower end of the 95 % interval of the gain
 * @param high its upper end
 * @param blocks how many blocks the rows fell into
 */
record Comparison(
    String period, int rows, double older, double newer, double low, double high, int blocks) {

  double gain() {
    return older - newer;
  }

  String inWords() {
    if (low > 0) {
      return "2.0.0 is better";
    }
    return high < 0 ? "1.0.0 is better" : "the data cannot decide";
  }

  /** {@code 1990-2000 2,866 0.4817 0.4456 +0.0361 [+0.0200, +0.0522] 2.0.0 is better}. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%-10s %6d   %.4f   %.4f   %+.4f [%+.4f, %+.4f]   %s",
        period,
        rows,
        older,
        newer,
        gain(),
        low,
        high,
        inWords());
  }

  static double logLoss(boolean truth, double probability) {
    return -Math.log(Math.max(truth ? probability : 1 - probability, 1e-15));
  }

  /** Adds up rows of one period. */
  static final class Sums {
    private final String period;
    private final Map<String, double[]> blocks = new LinkedHashMap<>(); // sum of gains, rows
    private int rows;
    private double older;
    private double newer;

    Sums(String period) {
      this.period = period;
    }

    void add(String block, boolean truth, double olderProbability, double newerProbability) {
      double lossOlder = logLoss(truth, olderProbability);
      double lossNewer = logLoss(truth, newerProbability);
      rows++;
      older += lossOlder;
      newer += lossNewer;
      double[] sum = blocks.computeIfAbsent(block, b -> new double[2]);
      sum[0] += lossOlder - lossNewer;
      sum[1]++;
    }

    Comparison result() {
      double mean = (older - newer) / rows;
      double squares = 0;
      for (double[] block : blocks.values()) {
        double off = block[0] - mean * block[1];
        squares += off * off;
      }
      int count = blocks.size();
      double error = Math.sqrt(count / (count - 1.0) * squares) / rows;
      double reach = TDistribution.of(count - 1).inverseCumulativeProbability(0.975) * error;
      return new Comparison(
          period, rows, older / rows, newer / rows, mean - reach, mean + reach, count);
    }
  }
}
