package dev.mlops.drift.count;

import java.util.Arrays;

/**
 * The cells of a column that measures something. Finite values first: with edges {@code e[0] < e[1]
 * < …} cell 0 holds {@code x <= e[0]}, cell i holds {@code e[i-1] < x <= e[i]} and the last finite
 * cell holds what is greater than all edges. Then one cell each for minus infinity, infinity, NaN
 * and missing. In a baseline the first edge lies just below the least value and the last is the
 * greatest, so the first and the last finite cell are guards that training left empty.
 *
 * <p>Values are those the model reads: a float32 as its exact double. Minus zero is zero.
 */
public final class NumberCells implements ColumnCells {
  private static final int SPECIAL = 4;

  private final double[] edges;

  /**
   * Cells with these edges.
   *
   * @param edges finite and ascending, no two equal; none at all leaves one finite cell
   * @throws IllegalArgumentException if they are not
   */
  public NumberCells(double... edges) {
    this.edges = edges.clone();
    for (int i = 0; i < edges.length; i++) {
      if (!Double.isFinite(edges[i]) || (i > 0 && edges[i] <= edges[i - 1])) {
        throw new IllegalArgumentException(
            "edge %d is %s after %s; wanted finite edges that ascend"
                .formatted(i, edges[i], i == 0 ? "nothing" : edges[i - 1]));
      }
    }
  }

  /** The edges, a copy. */
  public double[] edges() {
    return edges.clone();
  }

  /** How many cells hold finite values: one more than there are edges. */
  public int finite() {
    return edges.length + 1;
  }

  /** The cell of a value; NaN has its own, and is not missing. */
  public int cell(double value) {
    if (Math.abs(value) <= Double.MAX_VALUE) {
      int at = Arrays.binarySearch(edges, value + 0.0); // + 0.0: minus zero is zero
      return at >= 0 ? at : -at - 1;
    }
    return Double.isNaN(value) ? nan() : value > 0 ? infinity() : minusInfinity();
  }

  /** The cell of minus infinity. */
  public int minusInfinity() {
    return edges.length + 1;
  }

  /** The cell of infinity. */
  public int infinity() {
    return edges.length + 2;
  }

  /** The cell of NaN that was given as a value. */
  public int nan() {
    return edges.length + 3;
  }

  @Override
  public int missing() {
    return edges.length + SPECIAL;
  }

  @Override
  public int size() {
    return edges.length + 1 + SPECIAL;
  }
}
