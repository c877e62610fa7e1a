package dev.mlops.drift.compare;

import org.apache.commons.statistics.distribution.ChiSquaredDistribution;

/**
 * Pearson's chi-square of homogeneity of two rows of counts, no continuity correction, cells with
 * small expected counts merged.
 *
 * @param statistic 0 where fewer than two groups of cells are left
 * @param freedom degrees of freedom: groups less one
 * @param pValue 1 where there is no freedom
 * @param groups for each cell, the number of the group it was merged into, or -1 for a cell that
 *     holds nothing on either side
 */
public record ChiSquare(double statistic, int freedom, double pValue, int[] groups) {
  /** Tests these groups of cells. */
  static ChiSquare of(ContingencyTable table, int[] groups) {
    int count = 0;
    for (int group : groups) {
      count = Math.max(count, group + 1);
    }
    long[] serving = new long[count];
    long[] baseline = new long[count];
    for (int cell = 0; cell < groups.length; cell++) {
      if (groups[cell] >= 0) {
        serving[groups[cell]] += table.serving(cell);
        baseline[groups[cell]] += table.baseline(cell);
      }
    }
    if (count < 2) {
      return new ChiSquare(0, 0, 1, groups);
    }
    // Both sides' (observed - expected)² / expected of a group, summed: n N change² / (n + N) m.
    double sum = 0;
    for (int group = 0; group < count; group++) {
      double change = table.change(serving[group], baseline[group]);
      sum += change * change / table.pooled(serving[group], baseline[group]);
    }
    double scale = table.scale();
    double statistic = sum / (scale * scale);
    int freedom = count - 1;
    return new ChiSquare(
        statistic,
        freedom,
        ChiSquaredDistribution.of(freedom).survivalProbability(statistic),
        groups);
  }
}
