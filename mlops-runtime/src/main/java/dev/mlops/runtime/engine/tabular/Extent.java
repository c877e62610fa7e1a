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
  /**
   * Stands for the number of rows among the numbers of a shape that is known but for that. It is no
   * number: only what makes or reads shapes may see it.
   */
  static final long ROWS = 0x726f7773_6d61726bL; // no length, and none that a file holds by chance

  /** Axes beside the rows; what is done for each element is done for each of them. */
  private static final int MOST_AXES = 16;

  Extent {
    if (dims.size() > MOST_AXES) {
      throw new Unsupported("it has " + dims.size() + " axes; run here are up to " + MOST_AXES);
    }
  }

  static Extent rows(Integer... dims) {
    return new Extent(true, List.of(dims));
  }

  static Extent fixed(Integer... dims) {
    return new Extent(false, List.of(dims));
  }

  /** Of a tensor in the file. */
  static Extent fixed(long[] dims) {
    return new Extent(false, lengths(dims, 0));
  }

  /**
   * Of a shape, in which {@link #ROWS} may stand first.
   *
   * @throws Unsupported if it stands elsewhere, or a length is none
   */
  static Extent ofShape(long[] shape) {
    boolean perRow = shape.length > 0 && shape[0] == ROWS;
    return new Extent(perRow, lengths(shape, perRow ? 1 : 0));
  }

  private static List<Integer> lengths(long[] shape, int from) {
    List<Integer> dims = new ArrayList<>();
    for (int i = from; i < shape.length; i++) {
      if (shape[i] == ROWS) {
        throw new Unsupported("it moves the rows to another axis than the first");
      }
      if (shape[i] < 0 || shape[i] > Integer.MAX_VALUE) {
        throw new Unsupported("the length " + shape[i] + " of an axis is out of range");
      }
      dims.add((int) shape[i]);
    }
    return List.copyOf(dims);
  }

  /** All axes, with {@link #ROWS} for the rows. */
  long[] shape() {
    long[] shape = new long[rank()];
    int at = 0;
    if (perRow) {
      shape[at++] = ROWS;
    }
    for (int dim : dims) {
      shape[at++] = dim;
    }
    return shape;
  }

  /** Rows or not as this, with other axes behind. */
  Extent with(List<Integer> others) {
    return new Extent(perRow, List.copyOf(others));
  }

  /**
   * Which of {@link #dims} an axis is that a node names, counted from the end where negative.
   *
   * @throws Unsupported if it is the one of the rows, or there is none such
   */
  int axis(long named) {
    long axis = named < 0 ? named + rank() : named;
    if (axis < 0 || axis >= rank()) {
      throw new Unsupported("there is no axis " + named + " in " + this);
    }
    if (perRow && axis == 0) {
      throw new Unsupported("it works across the rows");
    }
    return (int) axis - (perRow ? 1 : 0);
  }

  /** The product of the axes from one to before another. */
  int width(int from, int to) {
    long width = 1;
    for (int dim : dims.subList(from, to)) {
      width *= dim;
      if (width > Integer.MAX_VALUE) {
        throw new Unsupported("it has more elements than an array holds: " + this);
      }
    }
    return (int) width;
  }

  /** Elements of a row, or of the whole. */
  int width() {
    return width(0, dims.size());
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
