package dev.mlops.drift.count;

import dev.mlops.observe.Observation;

/**
 * A column of floats as the recorder looks its values up: the cells are those that {@link
 * NumberCells} says.
 */
final class FloatColumn {
  /*
   * What a look-up costs is how long its loads wait for one another, more so where a model has just
   * driven the tables from the cache. So all it needs stands in one long, the line of the value's
   * bucket, and what is needed to find that stands in this object.
   *
   * A line, from above: the bits of an edge as a float, whether to ask the cells instead, 15 bits
   * that hold 1 if another edge lies just below it, and the number of the first edge of the bucket
   * or after it. Of two edges in a bucket, as a value that is often met brings them, the first lies
   * just below the second with no float between, so that the second alone decides as well.
   */
  private static final int ASK = 1 << 31;
  private static final int TWO = 16;

  private final int column;
  private final NumberCells cells;
  private final int start;
  private final double origin;
  private final long flip;
  private final int shift;
  private final int first;
  private final long[] lines;

  /** Whether any bucket holds two edges. */
  private final boolean twos;

  /**
   * A column.
   *
   * @param start of its cells among all that are counted
   */
  FloatColumn(int column, NumberCells cells, int start) {
    this.column = column;
    this.cells = cells;
    this.start = start;
    NumberCells.Buckets buckets = cells.buckets();
    this.origin = buckets.origin();
    this.flip = buckets.flip();
    this.shift = buckets.shift();
    double[] edges = cells.edges();
    boolean parted = !buckets.equals(NumberCells.Buckets.NONE); // else none ends before infinity
    this.first = parted ? buckets.number(edges[0]) : 0;
    this.lines = new long[parted ? buckets.number(edges[edges.length - 1]) - first + 1 : 0];
    boolean twos = false;
    for (int bucket = 0, from = 0; bucket < lines.length; bucket++) {
      int to = from;
      while (to < edges.length && buckets.number(edges[to]) - first == bucket) {
        to++;
      }
      boolean two = to - from == 2 && edges[from] == Math.nextDown((float) edges[to - 1]);
      lines[bucket] = line(two ? edges[to - 1] : edges[from], two, to - from > (two ? 2 : 1), from);
      twos |= two;
      from = to;
    }
    this.twos = twos;
  }

  private static long line(double edge, boolean two, boolean ask, int from) {
    int rest = (ask || (float) edge != edge ? ASK : 0) | (two ? 1 << TWO : 0) | from;
    return (long) Float.floatToRawIntBits((float) edge) << Integer.SIZE | (rest & 0xFFFF_FFFFL);
  }

  /** Its index among the input columns. */
  int column() {
    return column;
  }

  /** Where its value is counted. */
  int cell(float value, Observation seen, int row) {
    int bucket = (int) ((Double.doubleToRawLongBits(value - origin) ^ flip) >> shift) - first;
    // infinity and NaN lie behind all buckets, or before them with a sign
    if (bucket >= 0 && bucket < lines.length) {
      long line = lines[bucket];
      int rest = (int) line;
      if (rest >= 0) {
        int edge = (int) (line >>> Integer.SIZE);
        int above = Float.floatToRawIntBits(Float.intBitsToFloat(edge) - value); // never minus zero
        int at = (char) rest + (above >>> 31);
        if (twos) {
          int two = rest >> TWO;
          at += two - (two & (-above >>> 31));
        }
        return start + at;
      }
    }
    return asked(value, seen, row);
  }

  private int asked(float value, Observation seen, int row) {
    return start
        + (Float.isNaN(value) && seen.missing(row, column) ? cells.missing() : cells.cell(value));
  }
}
