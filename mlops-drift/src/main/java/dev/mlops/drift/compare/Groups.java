package dev.mlops.drift.compare;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Which cells are tested together, so that each group's expected count on the side with fewer rows,
 * {@code min(n, N) · pooled count / (n + N)}, is at least 5. One entry a cell: its group, or -1
 * where it holds nothing on either side. Groups are numbered in the order of their first cells.
 */
final class Groups {
  private static final int LEAST_EXPECTED = 5;
  private static final int NONE = -1;

  private Groups() {}

  /** Every cell that holds something is a group. */
  static int[] single(ContingencyTable table) {
    int[] groups = new int[table.size()];
    int next = 0;
    for (int cell = 0; cell < groups.length; cell++) {
      groups[cell] = table.empty(cell) ? NONE : next++;
    }
    return groups;
  }

  /**
   * Merges neighbours. From the first cell on, cells are added to a group until it is large enough,
   * then the next one begins; what is left at the end and is too small joins the last group.
   */
  static int[] neighbours(ContingencyTable table) {
    int[] groups = new int[table.size()];
    int group = 0;
    double pooled = 0;
    for (int cell = 0; cell < groups.length; cell++) {
      if (table.empty(cell)) {
        groups[cell] = NONE;
        continue;
      }
      groups[cell] = group;
      pooled += pooled(table, cell);
      if (!small(table, pooled)) {
        group++;
        pooled = 0;
      }
    }
    if (pooled > 0 && group > 0) {
      int left = group;
      for (int cell = 0; cell < groups.length; cell++) {
        groups[cell] = Math.min(groups[cell], left - 1);
      }
    }
    return groups;
  }

  /**
   * Merges the smallest into the next smallest until none is too small or one is left. Size is the
   * pooled count; of two that are equal, the one with the earlier first cell is the smaller.
   */
  static int[] smallest(ContingencyTable table) {
    record Group(double pooled, int first) {}
    int[] parent = new int[table.size()];
    PriorityQueue<Group> queue =
        new PriorityQueue<>(
            Comparator.comparingDouble(Group::pooled).thenComparingInt(Group::first));
    for (int cell = 0; cell < parent.length; cell++) {
      parent[cell] = cell;
      if (!table.empty(cell)) {
        queue.add(new Group(pooled(table, cell), cell));
      }
    }
    while (queue.size() > 1 && small(table, queue.element().pooled())) {
      Group smallest = queue.remove();
      Group next = queue.remove();
      int first = Math.min(smallest.first(), next.first());
      parent[Math.max(smallest.first(), next.first())] = first;
      queue.add(new Group(smallest.pooled() + next.pooled(), first));
    }
    int[] groups = new int[parent.length];
    Arrays.fill(groups, NONE);
    int found = 0;
    for (int cell = 0; cell < parent.length; cell++) {
      if (!table.empty(cell)) {
        groups[cell] = parent[cell] == cell ? found++ : groups[parent[cell]];
      }
    }
    return groups;
  }

  private static double pooled(ContingencyTable table, int cell) {
    return (double) table.serving(cell) + table.baseline(cell);
  }

  private static boolean small(ContingencyTable table, double pooled) {
    double fewer = Math.min(table.rows(), table.baselineRows());
    return fewer * pooled < LEAST_EXPECTED * ((double) table.rows() + table.baselineRows());
  }
}
