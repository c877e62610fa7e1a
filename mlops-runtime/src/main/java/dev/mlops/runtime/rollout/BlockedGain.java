package dev.mlops.runtime.rollout;

import java.util.HashMap;
import java.util.Map;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * The mean of gains a row and its 95 % interval, where rows of one block depend on each other and
 * blocks do not: of one customer, one storm, one day.
 *
 * <p>With n rows in B blocks, S_b the sum and n_b the number of the gains in block b, and m their
 * mean over all rows, the variance of m is B/(B-1) · Σ (S_b - m·n_b)² / n² (the linearised variance
 * of a ratio of block totals), and the interval is Student's with B - 1 degrees of freedom. Used by
 * one thread; memory grows with the blocks, not with the rows.
 */
final class BlockedGain {
  private static final double UPPER = 0.975;

  private static final class Block {
    private double sum;
    private long rows;
  }

  private final Map<String, Block> blocks = new HashMap<>();
  private double total;
  private long rows;

  /** Counts one row. */
  void add(String block, double gain) {
    Block counted = blocks.computeIfAbsent(block, name -> new Block());
    counted.sum += gain;
    counted.rows++;
    total += gain;
    rows++;
  }

  long rows() {
    return rows;
  }

  int blocks() {
    return blocks.size();
  }

  /** The mean gain a row; NaN without rows. */
  double mean() {
    return total / rows;
  }

  /** The standard error of the mean; NaN with fewer than two blocks. */
  double error() {
    int count = blocks.size();
    double mean = mean();
    double squares = 0;
    for (Block block : blocks.values()) {
      double off = block.sum - mean * block.rows;
      squares += off * off;
    }
    return count < 2 ? Double.NaN : Math.sqrt(squares * count / (count - 1)) / rows;
  }

  /** Half the length of the interval; NaN with fewer than two blocks. */
  double margin() {
    return blocks.size() < 2
        ? Double.NaN
        : TDistribution.of(blocks.size() - 1).inverseCumulativeProbability(UPPER) * error();
  }
}
