package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import org.jspecify.annotations.Nullable;

/**
 * A value of a plan: where a run keeps it, and what is known of it before.
 *
 * @param register its place in {@link Registers}
 * @param constant the array, where it is the same in every run: {@code float[]}, {@code double[]},
 *     {@code String[]}, or {@code long[]} for whole numbers and truth values
 */
record Value(int register, ElementType type, Extent extent, @Nullable Object constant) {
  int width() {
    return extent.width();
  }

  boolean isConstant() {
    return constant != null;
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
