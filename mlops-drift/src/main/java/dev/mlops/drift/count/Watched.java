package dev.mlops.drift.count;

import dev.mlops.model.ElementType;

/**
 * A column to be counted.
 *
 * @param column its index among all input columns of the schema, or {@link #SCORE}
 * @param cells where its values are counted
 * @param type what the model reads it as: TEXT is asked for as text, all else as a number
 */
public record Watched(int column, ColumnCells cells, ElementType type) {
  /** In place of an index: the score. */
  public static final int SCORE = -1;

  /**
   * Checks that such a column can be counted.
   *
   * @throws IllegalArgumentException if it cannot
   */
  public Watched {
    if (column < SCORE) {
      throw new IllegalArgumentException(
          "column was %d; wanted the index of an input column, or %d for the score"
              .formatted(column, SCORE));
    }
    if (type == ElementType.TEXT && (column == SCORE || cells instanceof NumberCells)) {
      throw new IllegalArgumentException(
          (column == SCORE ? "the score" : "column " + column)
              + " is TEXT, which is no number; wanted category cells of an input column for it");
    }
  }

  boolean text() {
    return type == ElementType.TEXT;
  }
}
