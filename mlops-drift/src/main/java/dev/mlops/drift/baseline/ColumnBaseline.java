package dev.mlops.drift.baseline;

import dev.mlops.drift.count.ColumnCells;
import dev.mlops.model.ElementType;
import java.util.Optional;

/**
 * One column of the training data.
 *
 * @param name the column's, in the schema
 * @param type the type the model reads it in
 * @param cells where its values are counted
 * @param counts of the training data, one a cell; not to be changed
 * @param moments of its finite values; empty for a column that names something, or without such
 *     values
 */
public record ColumnBaseline(
    String name, ElementType type, ColumnCells cells, long[] counts, Optional<Moments> moments) {
  /**
   * Of the finite values, as the model reads them.
   *
   * @param deviation the standard deviation, with n - 1; 0 for a single value
   */
  public record Moments(double mean, double deviation, double least, double greatest) {}

  /** The rows that were counted: the sum of the counts. */
  public long rows() {
    long rows = 0;
    for (long count : counts) {
      rows += count;
    }
    return rows;
  }
}
