package dev.mlops.inference;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One row by column names: what goes into a model, or came out of it. Immutable as far as its
 * values are.
 *
 * <p>A number of any Java type is taken where its value fits the column; text must be text; null is
 * missing, and an optional column may be left out. A column that is a vector or an image takes an
 * array in row-major order. A row of answers finds a column also as {@code tensor.column}.
 */
public interface Row {
  /**
   * A row from names and values in turn: {@code Row.of("age", 41, "plan", "family")}.
   *
   * @throws IllegalArgumentException if a name is no text, stands there twice, or the last one has
   *     no value
   */
  static Row of(@Nullable Object... nameThenValue) {
    return MapRow.of(nameThenValue);
  }

  /** A row of a map's values; the map is copied. */
  static Row of(Map<String, ?> values) {
    return MapRow.of(values);
  }

  /** The names of its columns. */
  Set<String> columns();

  /**
   * The value as it is.
   *
   * @return null if it is missing
   * @throws InvalidInputException if there is no such column
   */
  @Nullable Object value(String column);

  /**
   * The value as a number; true is 1, and a missing number is NaN. A whole number beyond 2^53 is
   * rounded: {@link #value} has it exactly.
   *
   * @throws InvalidInputException if there is no such column, or it is no number
   */
  double number(String column);

  /**
   * The value as text; a number as Java writes it.
   *
   * @throws InvalidInputException if there is no such column, or it is an array or missing
   */
  String text(String column);

  /**
   * The values of a vector, in row-major order; true is 1. The array is the caller's to keep.
   *
   * @throws InvalidInputException if there is no such column, or it is no array of numbers
   */
  float[] floats(String column);

  /** The values of a vector; see {@link #floats(String)}. */
  double[] doubles(String column);

  /**
   * The values of a vector of whole numbers; see {@link #floats(String)}.
   *
   * @throws InvalidInputException also if they are no whole numbers
   */
  long[] longs(String column);

  /**
   * Whether the value is missing; NaN is not.
   *
   * @throws InvalidInputException if there is no such column
   */
  boolean missing(String column);
}
