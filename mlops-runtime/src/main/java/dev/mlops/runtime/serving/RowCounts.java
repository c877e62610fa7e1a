package dev.mlops.runtime.serving;

import java.util.Arrays;

/**
 * How many rows the runs of a route have had: the largest number, and the last few others. A model
 * can be slow, or fail, at one it has not run before, so the next version is warmed up with them.
 */
final class RowCounts {
  private static final int KEPT = 8;

  /** The largest first, then the newest. */
  private volatile int[] counts = {1};

  /** A run had so many rows; a race with another loses a hint at most. */
  void add(int rows) {
    int[] known = counts;
    for (int count : known) {
      if (count == rows) {
        return;
      }
    }
    int[] more = Arrays.copyOf(known, Math.min(KEPT, known.length + 1));
    System.arraycopy(known, 1, more, 2, more.length - 2);
    more[0] = Math.max(known[0], rows);
    more[1] = Math.min(known[0], rows);
    counts = more;
  }

  int largest() {
    return counts[0];
  }

  /** The largest first; at least one. */
  int[] all() {
    return counts.clone();
  }
}
