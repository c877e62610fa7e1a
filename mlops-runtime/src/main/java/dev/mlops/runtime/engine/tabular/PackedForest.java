package dev.mlops.runtime.engine.tabular;

import java.util.Arrays;

/**
 * The fast layout: a node is one long of its key (32 bits), the slot of the row's key (12) and the
 * place of its two children (20), which stand side by side, "not below" first. A leaf points at
 * itself, by the slot that is never below; where others have the key, it has what it is worth. So
 * eight trees take a fixed number of steps together, and nothing is left to guess for the
 * processor.
 */
final class PackedForest extends Forest {
  private static final int SLOT = 20;
  private static final int CHILD = (1 << SLOT) - 1;
  private static final int MOST_SLOTS = 1 << 12;

  /** From this depth on it pays to look whether all have arrived. */
  private static final int DEEP = 10;

  /** Steps from one look to the next. */
  private static final int STRIDE = 4;

  private final long[] nodes;
  private final int[] high;
  private final int[] low;

  /** In the trees' order, filled up with leaves that are worth nothing. */
  private final int[] roots;

  private final int[] steps;

  /** The same by depth, and which tree each is. */
  private final int[] byDepth;

  private final int[] stepsByDepth;
  private final int[] trees;
  private final boolean deep;

  static boolean fits(Splits splits, Slots slots) {
    return slots.count() <= MOST_SLOTS && 2L * splits.count + splits.roots.length < CHILD;
  }

  PackedForest(Splits splits, Slots slots, int[] worth) {
    super(splits, slots);
    this.high = slots.high;
    this.low = slots.low;
    Places places = new Places(splits);
    this.nodes = new long[places.count];
    for (int place = 1; place < nodes.length; place++) {
      int at = places.at[place];
      nodes[place] =
          at < 0
              ? node(worth[~at], slots.leaf(), place)
              : node(
                  (int) splits.keys[at],
                  slots.of(splits.columns[at], splits.nanBelow[at]),
                  places.children[at]);
    }
    nodes[0] = node(0, slots.leaf(), 0);
    int count = places.roots.length;
    int all = (count + ABREAST - 1) / ABREAST * ABREAST;
    int[] depths = new int[all]; // those that fill the last group up end at once
    int[] sortedDepths = new int[all];
    long[] order = new long[count];
    for (int tree = 0; tree < count; tree++) {
      depths[tree] = splits.depth(splits.roots[tree]);
      order[tree] = (long) depths[tree] << 32 | tree;
    }
    Arrays.sort(order);
    this.roots = Arrays.copyOf(places.roots, all);
    this.byDepth = new int[all];
    this.trees = new int[all];
    for (int i = 0; i < all; i++) {
      trees[i] = i < count ? (int) order[i] : i;
      byDepth[i] = roots[trees[i]];
      sortedDepths[i] = depths[trees[i]];
    }
    this.steps = steps(depths);
    this.stepsByDepth = steps(sortedDepths);
    this.deep = count > 0 && sortedDepths[count - 1] >= DEEP;
  }

  private static long node(int key, int slot, int child) {
    return (long) key << 32 | (long) slot << SLOT | child;
  }

  /** How many each group takes of those that go abreast. */
  private static int[] steps(int[] depths) {
    int[] steps = new int[depths.length / ABREAST];
    for (int i = 0; i < depths.length; i++) {
      steps[i / ABREAST] = Math.max(steps[i / ABREAST], depths[i]);
    }
    return steps;
  }

  @Override
  Visit visit(int targets) {
    Visit visit = new Visit(slots.count(), 0, roots.length, targets);
    visit.keys[slots.leaf()] = Integer.MAX_VALUE;
    return visit;
  }

  @Override
  void row(Registers registers, Value input, int row, Visit visit) {
    int from = row * input.width();
    switch (input.type()) {
      case FLOAT -> keys(registers.floats[input.register()], from, visit.keys);
      default -> keys(registers.longs[input.register()], from, visit.keys);
    }
  }

  private void keys(float[] values, int from, int[] keys) {
    for (int i = 0; i < high.length; i++) {
      keys[i] = Splits.key(values[from + high[i]]);
    }
    for (int i = 0; i < low.length; i++) {
      float value = values[from + low[i]];
      int key = Splits.key(value);
      keys[high.length + i] = Float.isNaN(value) ? Integer.MIN_VALUE : key;
    }
  }

  private void keys(long[] values, int from, int[] keys) {
    for (int i = 0; i < high.length; i++) {
      keys[i] = Splits.key((float) values[from + high[i]]);
    }
    for (int i = 0; i < low.length; i++) {
      keys[high.length + i] = Splits.key((float) values[from + low[i]]);
    }
  }

  /** The difference is taken of longs, where it cannot overflow: its sign is the answer. */
  private static int next(long node, int[] keys) {
    return ((int) node & CHILD) + (int) ((keys[(int) node >>> SLOT] - (node >> 32)) >>> 63);
  }

  @Override
  float sum(Visit visit) {
    return deep ? patientSum(visit) : sum(visit.keys);
  }

  private float sum(int[] keys) {
    long[] nodes = this.nodes;
    int[] roots = this.roots;
    float sum = 0;
    for (int t = 0; t < roots.length; t += ABREAST) {
      int a = roots[t];
      int b = roots[t + 1];
      int c = roots[t + 2];
      int d = roots[t + 3];
      int e = roots[t + 4];
      int f = roots[t + 5];
      int g = roots[t + 6];
      int h = roots[t + 7];
      for (int left = steps[t / ABREAST]; left > 0; left--) {
        a = next(nodes[a], keys);
        b = next(nodes[b], keys);
        c = next(nodes[c], keys);
        d = next(nodes[d], keys);
        e = next(nodes[e], keys);
        f = next(nodes[f], keys);
        g = next(nodes[g], keys);
        h = next(nodes[h], keys);
      }
      sum += worth(nodes[a]);
      sum += worth(nodes[b]);
      sum += worth(nodes[c]);
      sum += worth(nodes[d]);
      sum += worth(nodes[e]);
      sum += worth(nodes[f]);
      sum += worth(nodes[g]);
      sum += worth(nodes[h]);
    }
    return sum;
  }

  private static float worth(long leaf) {
    return Float.intBitsToFloat((int) (leaf >> 32));
  }

  private float patientSum(Visit visit) {
    leaves(visit);
    int[] leaves = visit.leaves;
    float sum = 0;
    for (int leaf : leaves) {
      sum += Float.intBitsToFloat(leaf);
    }
    return sum;
  }

  /** Trees of one depth together; every four steps it looks whether all have arrived. */
  @Override
  void leaves(Visit visit) {
    long[] nodes = this.nodes;
    int[] keys = visit.keys;
    int[] roots = this.byDepth;
    int[] trees = this.trees;
    int[] leaves = visit.leaves;
    for (int t = 0; t < roots.length; t += ABREAST) {
      int a = roots[t];
      int b = roots[t + 1];
      int c = roots[t + 2];
      int d = roots[t + 3];
      int e = roots[t + 4];
      int f = roots[t + 5];
      int g = roots[t + 6];
      int h = roots[t + 7];
      int left = stepsByDepth[t / ABREAST];
      int moved = left;
      while (moved != 0) {
        for (int stride = Math.min(left, STRIDE) - 1; stride > 0; stride--) {
          a = next(nodes[a], keys);
          b = next(nodes[b], keys);
          c = next(nodes[c], keys);
          d = next(nodes[d], keys);
          e = next(nodes[e], keys);
          f = next(nodes[f], keys);
          g = next(nodes[g], keys);
          h = next(nodes[h], keys);
        }
        left -= STRIDE;
        moved = 0;
        int aa = next(nodes[a], keys);
        int bb = next(nodes[b], keys);
        int cc = next(nodes[c], keys);
        int dd = next(nodes[d], keys);
        int ee = next(nodes[e], keys);
        int ff = next(nodes[f], keys);
        int gg = next(nodes[g], keys);
        int hh = next(nodes[h], keys);
        if (left > 0) {
          moved =
              (a ^ aa) | (b ^ bb) | (c ^ cc) | (d ^ dd) | (e ^ ee) | (f ^ ff) | (g ^ gg) | (h ^ hh);
        }
        a = aa;
        b = bb;
        c = cc;
        d = dd;
        e = ee;
        f = ff;
        g = gg;
        h = hh;
      }
      leaves[trees[t]] = (int) (nodes[a] >> 32);
      leaves[trees[t + 1]] = (int) (nodes[b] >> 32);
      leaves[trees[t + 2]] = (int) (nodes[c] >> 32);
      leaves[trees[t + 3]] = (int) (nodes[d] >> 32);
      leaves[trees[t + 4]] = (int) (nodes[e] >> 32);
      leaves[trees[t + 5]] = (int) (nodes[f] >> 32);
      leaves[trees[t + 6]] = (int) (nodes[g] >> 32);
      leaves[trees[t + 7]] = (int) (nodes[h] >> 32);
    }
  }
}
