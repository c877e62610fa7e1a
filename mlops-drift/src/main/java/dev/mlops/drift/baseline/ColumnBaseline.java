package dev.mlops.drift.baseline;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.ColumnCells;
import dev.mlops.model.ElementType;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

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

  /**
   * The baseline of a column that measures something, cut at its own values.
   *
   * <p>With N finite values in order, edges lie at {@code x[ceil(i N / 64) - 1]} for i from 1 to
   * 63. A value that at least N/64 of the rows have, and at least two, has a cell to itself: edges
   * at the value and just below it, where no value of the type lies between. So have the least one
   * and the greatest one, beyond which are the guards. Equal edges are one.
   *
   * @param values what was seen, read and not kept: each is rounded to the type; NaN and the
   *     infinities, also those that rounding makes, have cells of their own
   * @param missing how many values were missing
   * @throws IllegalArgumentException if the type is TEXT
   */
  public static ColumnBaseline ofNumbers(
      String name, ElementType type, double[] values, long missing) {
    return numbers(name, type, values, missing).cut();
  }

  /**
   * The baseline of what a model computes: as {@link #ofNumbers}, but each edge lies midway between
   * the two neighbouring values it parts, and the outermost ones a little outside. A score moves in
   * its last digits with the engine and the size of a batch, and would fall beside an edge that is
   * one of its values.
   */
  public static ColumnBaseline ofScores(
      String name, ElementType type, double[] values, long missing) {
    return numbers(name, type, values, missing).cutMidway();
  }

  /**
   * The baseline of a column that names something. The 100 most frequent categories, of equally
   * frequent ones the first by code point, have a cell each. The others count as other; up to
   * 10,000 of them are known by name, so that what is unseen can be told. Beyond that none is
   * named, and nothing counts as unseen.
   *
   * @param counts how often each category was seen, by its label: for numbers that of {@link
   *     CategoryCells#label}
   * @param missing how many values were missing
   * @throws IllegalArgumentException if a category was seen less than once
   */
  public static ColumnBaseline ofCategories(
      String name, ElementType type, Map<String, Long> counts, long missing) {
    CategoryColumn column = new CategoryColumn(name, type);
    counts.forEach(
        (category, rows) -> {
          if (rows < 1) {
            throw new IllegalArgumentException(
                "a category of column '%s' was seen %d times; leave it out".formatted(name, rows));
          }
          column.add(category, rows);
        });
    column.addMissing(missing);
    return column.cut();
  }

  private static NumberColumn numbers(
      String name, ElementType type, double[] values, long missing) {
    NumberColumn column = new NumberColumn(name, type);
    for (double value : values) {
      column.add(value);
    }
    column.addMissing(missing);
    return column;
  }

  /** The rows that were counted: the sum of the counts. */
  public long rows() {
    return LongStream.of(counts).sum();
  }
}
