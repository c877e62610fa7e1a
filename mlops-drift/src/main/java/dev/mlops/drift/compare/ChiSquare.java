package dev.mlops.drift.compare;

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
public record ChiSquare(double statistic, int freedom, double pValue, int[] groups) {}
