package dev.mlops.runtime.engine.tabular;

import java.util.ArrayList;
import java.util.List;

/**
 * The axes of a value. All that is run here is rows by rows: a first axis that counts them, and the
 * others of a fixed length.
 *
 * @param perRow whether the first axis counts rows; it is not among the others
 * @param dims the other axes, or all of a value that is the same for every row
 */
record Extent(boolean perRow, List<Integer> dims) {
  static Extent rows(Integer... dims) {
    return new Extent(true, List.of(dims));
  }

  static Extent fixed(Integer... dims) {
    return new Extent(false, List.of(dims));
  }

  /** Of a tensor in the file. */
  static Extent fixed(long[] dims) {
    List<Integer> all = new ArrayList<>();
    for (long dim : dims) {
      all.add(Math.toIntExact(dim));
    }
    return new Extent(false, List.copyOf(all));
  }

  /** Elements of a row, or of the whole. */
  int width() {
    int width = 1;
    for (int dim : dims) {
      width = Math.multiplyExact(width, dim);
    }
    return width;
  }

  /** How many axes there are. */
  int rank() {
    return dims.size() + (perRow ? 1 : 0);
  }

  /** Such as {@code [rows, 30]}. */
  @Override
  public String toString() {
    List<String> axes = new ArrayList<>();
    if (perRow) {
      axes.add("rows");
    }
    dims.forEach(dim -> axes.add(String.valueOf(dim)));
    return axes.toString();
  }
}
