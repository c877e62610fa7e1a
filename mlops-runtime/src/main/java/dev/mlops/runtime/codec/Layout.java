package dev.mlops.runtime.codec;

import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;

/**
 * Where a row's elements lie in a tensor: {@code outer} blocks of {@code inner} elements, a block's
 * next row right behind it. With the row axis first it is one block.
 *
 * @param perRow whether the tensor has a row axis; without one its elements are every row's
 * @param outer the product of the axes before the row axis
 * @param inner the product of the axes behind it
 */
record Layout(boolean perRow, int outer, int inner) {
  /** The layout of a tensor; one of no elements where the schema leaves an axis open. */
  static Layout of(TensorSpec spec) {
    Shape shape = spec.shape();
    long[] dims = new long[shape.dims().size()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape.dims().get(i);
    }
    return of(shape.rowAxis(), dims);
  }

  /**
   * The layout of a tensor.
   *
   * @param rowAxis -1 for none
   * @param dims the length of each axis, that of the row axis is not looked at
   * @throws ArithmeticException if a row has more than 2^31 - 1 elements
   */
  static Layout of(int rowAxis, long[] dims) {
    int outer = 1;
    int inner = 1;
    for (int i = 0; i < dims.length; i++) {
      int length = i == rowAxis ? 1 : Math.toIntExact(Math.max(0, dims[i]));
      if (i < rowAxis) {
        outer = Math.multiplyExact(outer, length);
      } else {
        inner = Math.multiplyExact(inner, length);
      }
    }
    return new Layout(rowAxis >= 0, outer, inner);
  }

  /** The elements of a row. */
  int elements() {
    return outer * inner;
  }

  /** Where an element of a row lies, in a tensor of so many rows. */
  int position(int row, int rows, int index) {
    if (!perRow) {
      return index;
    }
    return outer == 1
        ? row * inner + index
        : ((index / inner) * rows + row) * inner + index % inner;
  }
}
