package dev.mlops.model;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * A tensor's shape, with one axis at most that counts the rows of a call.
 *
 * @param dims each a length of at least 0, {@link #ROWS} for the row axis (once at most), or {@link
 *     #ANY} for a length that may differ from call to call
 */
public record Shape(List<Long> dims) {
  /** The axis that counts the rows of a call. */
  public static final long ROWS = -1;

  /** An axis whose length may differ from call to call. */
  public static final long ANY = -2;

  /**
   * Checks the axes.
   *
   * @throws IllegalArgumentException if a length is negative and neither {@link #ROWS} nor {@link
   *     #ANY}, or if {@link #ROWS} stands there twice
   */
  public Shape {
    dims = List.copyOf(dims);
    int rows = 0;
    for (long dim : dims) {
      if (dim < ANY) {
        throw new IllegalArgumentException(
            "axis length " + dim + " is not valid: wanted 0 or more, Shape.ROWS or Shape.ANY");
      }
      if (dim == ROWS) {
        rows++;
      }
    }
    if (rows > 1) {
      throw new IllegalArgumentException(
          "shape " + text(dims) + " has " + rows + " row axes; at most one can count the rows");
    }
  }

  /** Rows first, then the given axes: {@code perRow(1, 8, 8)} is {@code [rows, 1, 8, 8]}. */
  public static Shape perRow(long... rest) {
    List<Long> dims = new ArrayList<>(rest.length + 1);
    dims.add(ROWS);
    for (long dim : rest) {
      dims.add(dim);
    }
    return new Shape(dims);
  }

  /** One tensor for the whole call, however many rows it has: {@code perCall()} is a scalar. */
  public static Shape perCall(long... all) {
    Shape shape = of(all);
    if (shape.rowAxis() >= 0) {
      throw new IllegalArgumentException(
          "shape " + shape + " has a row axis; perCall is for tensors without one");
    }
    return shape;
  }

  /** The axes as given, with {@link #ROWS} anywhere: {@code of(2, ROWS, 128)}. */
  public static Shape of(long... dims) {
    List<Long> list = new ArrayList<>(dims.length);
    for (long dim : dims) {
      list.add(dim);
    }
    return new Shape(list);
  }

  /** The index of the row axis, or -1 where the tensor has none. */
  public int rowAxis() {
    return dims.indexOf(ROWS);
  }

  /**
   * The number of elements for one row, or of the whole tensor where it has no row axis; -1 if an
   * axis is {@link #ANY}.
   *
   * @throws ArithmeticException if the product is above {@code Long.MAX_VALUE}
   */
  public long elements() {
    long product = 1;
    for (long dim : dims) {
      if (dim == ANY) {
        return -1;
      }
      if (dim != ROWS) {
        product = Math.multiplyExact(product, dim);
      }
    }
    return product;
  }

  /** For people: {@code [rows, 8]}, with {@code ?} for {@link #ANY}. */
  @Override
  public String toString() {
    return text(dims);
  }

  private static String text(List<Long> dims) {
    StringJoiner text = new StringJoiner(", ", "[", "]");
    for (long dim : dims) {
      text.add(dim == ROWS ? "rows" : dim == ANY ? "?" : Long.toString(dim));
    }
    return text.toString();
  }

  // Written out, as what the compiler makes of a record costs a fresh JVM 20 ms at its first use.

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Shape shape && dims.equals(shape.dims);
  }

  @Override
  public int hashCode() {
    return dims.hashCode();
  }
}
