package dev.mlops.drift.compare;

import dev.mlops.drift.count.ColumnCells;
import java.util.List;

/**
 * A column's serving counts against its training counts.
 *
 * @param measures of a number: {@link #DISTANCE} (left out where one side has no finite value) and
 *     {@link #NOT_FINITE}; of a category: {@link #SHARE} and {@link #VARIATION}; none where one
 *     side has no rows
 * @param deciding the measure the verdict rests on, an index in {@code measures}; -1 if none
 * @param chiSquare over all cells
 * @param psi population stability index over all cells, a description and never a rule
 * @param jensenShannon divergence over all cells in bits, 0 to 1; a description and never a rule
 * @param level the verdict
 * @param reason the verdict's evidence in a sentence or two; where it cannot decide, what would
 *     suffice
 */
public record Comparison(
    Rule rule,
    List<Measure> measures,
    int deciding,
    ChiSquare chiSquare,
    double psi,
    double jensenShannon,
    Level level,
    String reason) {
  /** Kolmogorov and Smirnov's distance on the grid of edges, of finite values. */
  public static final String DISTANCE = "ks-distance";

  /** The change in the share of values that are missing, NaN or infinite. */
  public static final String NOT_FINITE = "not-finite-share";

  /** The largest change in the share of one cell. */
  public static final String SHARE = "largest-share-change";

  /** Half the sum of the absolute changes of all shares. */
  public static final String VARIATION = "total-variation";

  /**
   * Compares.
   *
   * @param cells of both
   * @param baseline training counts, one a cell
   * @param serving serving counts, one a cell
   */
  public static Comparison of(ColumnCells cells, long[] baseline, long[] serving, Rule rule) {
    return new Comparison(
        rule,
        List.of(),
        -1,
        new ChiSquare(0, 0, 1, new int[cells.size()]),
        0,
        0,
        Level.INSUFFICIENT,
        "nothing was compared");
  }
}
