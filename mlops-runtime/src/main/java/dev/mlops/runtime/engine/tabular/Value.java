package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import org.jspecify.annotations.Nullable;

/**
 * A value of a plan: where a run keeps it, and what is known of it before.
 *
 * @param register its place in {@link Registers}
 * @param width how many elements a row has, or the whole
 * @param constant the array, where it is the same in every run: {@code float[]}, {@code double[]},
 *     {@code String[]}, or {@code long[]} for whole numbers and truth values. Where the extent is
 *     per row, it is one row, and all rows are equal to it
 */
record Value(int register, ElementType type, Extent extent, int width, @Nullable Object constant) {
  Value(int register, ElementType type, Extent extent, @Nullable Object constant) {
    this(register, type, extent, extent.width(), constant); // once: each call asks for it
  }

  boolean isConstant() {
    return constant != null;
  }

  /** Whether every row is the one in {@link #constant}. */
  boolean isUniform() {
    return isConstant() && extent.perRow();
  }

  /** Whether it is a shape in which the number of rows stands as {@link Extent#ROWS}. */
  boolean hasRowsMark() {
    boolean has = false;
    if (constant instanceof long[] longs) {
      for (long number : longs) {
        has |= number == Extent.ROWS;
      }
    }
    return has;
  }

  /** The same elements with other axes. */
  Value as(Extent other) {
    return new Value(register, type, other, constant);
  }

  /** In words, for messages. */
  @Override
  public String toString() {
    return type + " " + extent;
  }
}
