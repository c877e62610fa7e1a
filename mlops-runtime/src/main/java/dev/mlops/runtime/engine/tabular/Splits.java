package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.engine.tabular.TreeTable.Mode;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * Trees whose nodes all ask one thing: is the value's key below the node's?
 *
 * <p>A key is the whole number whose order among whole numbers is the value's among floats (or
 * doubles), with -0.0 as 0.0. So "at most t" is "below the key after t's", and "equal to t" is two
 * such questions; of a set, a search. NaN is above all other keys, or below all of them for the
 * nodes that send it there. That is exact for infinities, subnormals and neighbours, where
 * comparing floats with a moved threshold or the sign of a difference is not.
 *
 * <p>Where a tree goes on is said by a number: a split's place, or ~node for a leaf.
 */
final class Splits {
  /** What NaN is for splits that have it on top: never below. */
  static final long NEVER_BELOW = Long.MAX_VALUE;

  /** What it is for the others. */
  static final long ALWAYS_BELOW = Long.MIN_VALUE;

  private static final int MOST_SPLITS = 1 << 28;

  private final TreeTable table;
  private final long lowest;

  long[] keys;
  int[] columns;

  /** Whether NaN is below. */
  boolean[] nanBelow;

  int[] below;
  int[] notBelow;

  /** Steps from here to the deepest leaf. */
  int[] depths;

  int count;

  /** The start of each tree. */
  final int[] roots;

  Splits(TreeTable table) {
    this.table = table;
    this.lowest = key(Double.NEGATIVE_INFINITY);
    int room = Math.max(16, table.nodes());
    this.keys = new long[room];
    this.columns = new int[room];
    this.nanBelow = new boolean[room];
    this.below = new int[room];
    this.notBelow = new int[room];
    this.depths = new int[room];
    int[] at = new int[table.nodes()];
    for (int node : table.order()) {
      at[node] = table.modes[node] == Mode.LEAF ? ~node : splits(node, at);
    }
    this.roots = new int[table.roots.length];
    for (int tree = 0; tree < roots.length; tree++) {
      roots[tree] = at[table.roots[tree]];
    }
  }

  int depth(int at) {
    return at < 0 ? 0 : depths[at];
  }

  static int key(float value) {
    int bits = Float.floatToIntBits(value + 0.0f);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  static long key64(double value) {
    long bits = Double.doubleToLongBits(value + 0.0);
    return bits ^ (bits >> 63 & Long.MAX_VALUE);
  }

  private long key(double value) {
    return table.single ? key((float) value) : key64(value);
  }

  /**
   * The splits of one node. Its answer along the keys changes at some of them: first it is {@code
   * start}, from each of them on it is the other one.
   */
  private int splits(int node, int[] at) {
    double value = table.values[node];
    long own = key(value);
    boolean nan = table.missing[node];
    boolean start = false;
    long[] turns = {};
    double[] members = table.members[node];
    if (members != null) {
      turns = turns(members);
    } else if (table.modes[node] == Mode.NEQ) {
      start = true;
      turns = turns(value);
      nan = true;
    } else if (!Double.isNaN(value)) {
      switch (table.modes[node]) {
        case LT -> {
          start = true;
          turns = new long[] {own};
        }
        case LEQ -> {
          start = true;
          turns = new long[] {own + 1};
        }
        case GTE -> turns = new long[] {own};
        case GT -> turns = new long[] {own + 1};
        default -> throw new Unsupported("its node mode is " + table.modes[node]);
      }
    }
    boolean end = start ^ turns.length % 2 == 1;
    if (nan != start && nan != end) {
      long[] more = new long[turns.length + 1];
      System.arraycopy(turns, 0, more, 1, turns.length);
      more[0] = lowest;
      turns = more;
      start = nan;
    }
    return search(
        turns,
        0,
        turns.length,
        start,
        nan != end,
        table.features[node],
        at[table.yes[node]],
        at[table.otherwise[node]]);
  }

  /** Where the answer to "is it one of these" changes. */
  private long[] turns(double... members) {
    TreeMap<Long, Boolean> turns = new TreeMap<>();
    for (double member : members) {
      if (!Double.isNaN(member)) {
        turns.put(key(member), true);
      }
    }
    long[] all = new long[2 * turns.size()];
    int length = 0;
    for (long key : turns.keySet()) {
      if (length > 0 && all[length - 1] == key) {
        length--; // it goes on
      } else {
        all[length++] = key;
      }
      all[length++] = key + 1;
    }
    return Arrays.copyOf(all, length);
  }

  private int search(
      long[] turns, int from, int to, boolean start, boolean low, int column, int yes, int no) {
    if (from == to) {
      return start ^ from % 2 == 1 ? yes : no;
    }
    int middle = (from + to) >>> 1;
    int less = search(turns, from, middle, start, low, column, yes, no);
    int more = search(turns, middle + 1, to, start, low, column, yes, no);
    if (count == keys.length) {
      grow();
    }
    keys[count] = turns[middle];
    columns[count] = column;
    nanBelow[count] = low;
    below[count] = less;
    notBelow[count] = more;
    depths[count] = 1 + Math.max(depth(less), depth(more));
    return count++;
  }

  private void grow() {
    int room = 2 * count;
    if (room > MOST_SPLITS) {
      throw new Unsupported("it has too many nodes");
    }
    keys = Arrays.copyOf(keys, room);
    columns = Arrays.copyOf(columns, room);
    nanBelow = Arrays.copyOf(nanBelow, room);
    below = Arrays.copyOf(below, room);
    notBelow = Arrays.copyOf(notBelow, room);
    depths = Arrays.copyOf(depths, room);
  }
}
