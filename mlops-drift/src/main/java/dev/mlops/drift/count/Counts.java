package dev.mlops.drift.count;

import java.util.Arrays;
import java.util.List;

/**
 * How many values of each watched column fell into each of its cells. Counts are added exactly and
 * in any order: however a stream is split among recorders and in whatever order their counts are
 * added, the sum is the same. Not safe for several threads at once.
 */
public final class Counts {
  /** Where the cells of each column begin in {@link #cells}; the last entry is their number. */
  private final int[] starts;

  private final long[] cells;
  private long rows;
  private long lost;

  /** Nothing counted yet, for these columns. */
  public Counts(List<Watched> columns) {
    this.starts = starts(columns);
    this.cells = new long[starts[columns.size()]];
  }

  /**
   * Where the cells of each column begin when they stand one after the other, and where they end.
   */
  static int[] starts(List<Watched> columns) {
    int[] starts = new int[columns.size() + 1];
    for (int i = 0; i < columns.size(); i++) {
      starts[i + 1] = Math.addExact(starts[i], columns.get(i).cells().size());
    }
    return starts;
  }

  /** The rows that were counted. */
  public long rows() {
    return rows;
  }

  /** Rows of which nothing was counted, since they could not be read. */
  public long lost() {
    return lost;
  }

  /**
   * The counts of one column, one a cell, a copy; their sum is {@link #rows()}.
   *
   * @param index in the list of watched columns
   */
  public long[] column(int index) {
    return Arrays.copyOfRange(cells, starts[index], starts[index + 1]);
  }

  /**
   * Adds other counts to these.
   *
   * @throws IllegalArgumentException if they are of other columns, as far as their cells tell;
   *     nothing was added
   */
  public void add(Counts other) {
    requireShape(other.starts);
    add(other.cells, 0, other.rows);
    addLost(other.lost);
  }

  void requireShape(int[] other) {
    if (!Arrays.equals(starts, other)) {
      throw new IllegalArgumentException(
          "counts of columns with %s cells, wanted %s; only counts of the same baseline are added"
              .formatted(sizes(other), sizes(starts)));
    }
  }

  void addLost(long more) {
    lost += more;
  }

  /** Adds rows whose cells, of all columns, stand in {@code from} at this index and after it. */
  void add(long[] from, int at, long counted) {
    for (int i = 0; i < cells.length; i++) {
      cells[i] += from[at + i];
    }
    rows += counted;
  }

  private static String sizes(int[] starts) {
    int[] sizes = new int[starts.length - 1];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = starts[i + 1] - starts[i];
    }
    return Arrays.toString(sizes);
  }
}
