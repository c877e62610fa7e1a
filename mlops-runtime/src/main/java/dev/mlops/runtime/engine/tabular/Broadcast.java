package dev.mlops.runtime.engine.tabular;

import java.util.ArrayList;
import java.util.List;

/**
 * How the axes of several values fit together, as NumPy has it: from the last axis on, where each
 * is of one length or of length 1.
 *
 * @param extent what comes out
 * @param from the axes of what goes in, all as many as come out but for the rows
 */
record Broadcast(Extent extent, List<List<Integer>> from) {
  /**
   * Looks at several values at once.
   *
   * @throws Unsupported if they do not fit, or might only for some number of rows
   */
  static Broadcast of(List<Extent> extents) {
    int rank = extents.stream().mapToInt(Extent::rank).max().orElseThrow();
    boolean perRow = extents.stream().anyMatch(Extent::perRow);
    int axes = perRow ? rank - 1 : rank;
    List<List<Integer>> from = new ArrayList<>();
    for (Extent extent : extents) {
      List<Integer> dims = new ArrayList<>();
      for (int i = extent.rank(); i < rank; i++) {
        dims.add(1);
      }
      if (extent.perRow() && !dims.isEmpty()) {
        throw misfit(extents); // the rows would meet another axis
      }
      dims.addAll(extent.dims());
      if (perRow && !extent.perRow() && dims.remove(0) != 1) {
        throw misfit(extents);
      }
      from.add(dims);
    }
    List<Integer> out = new ArrayList<>();
    for (int i = 0; i < axes; i++) {
      int length = 1;
      for (List<Integer> dims : from) {
        int dim = dims.get(i);
        if (dim != 1) {
          if (length != 1 && length != dim) {
            throw misfit(extents);
          }
          length = dim;
        }
      }
      out.add(length);
    }
    return new Broadcast(new Extent(perRow, List.copyOf(out)), from);
  }

  private static Unsupported misfit(List<Extent> extents) {
    return new Unsupported("its inputs do not fit whatever the number of rows: " + extents);
  }

  /** Which element of an input's row goes to each of the result's. */
  int[] map(int input) {
    List<Integer> dims = from.get(input);
    int[] strides = new int[dims.size()];
    int stride = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      strides[i] = dims.get(i) == 1 ? 0 : stride;
      stride *= dims.get(i);
    }
    return Moves.walk(extent.dims(), strides);
  }
}
