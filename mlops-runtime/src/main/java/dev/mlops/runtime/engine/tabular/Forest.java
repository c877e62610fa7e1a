package dev.mlops.runtime.engine.tabular;

import java.util.Arrays;

/**
 * Trees laid out for the walk. A leaf has 32 bits of the maker's choice: what it is worth, or where
 * that is written. Immutable; safe for all threads, each with a {@link Visit} of its own.
 */
abstract class Forest {
  /** Trees that are walked together, so that each hides the others' waits for memory. */
  static final int ABREAST = 8;

  final Slots slots;
  private final int trees;

  Forest(Splits splits, Slots slots) {
    this.slots = slots;
    this.trees = splits.roots.length;
  }

  int trees() {
    return trees;
  }

  /**
   * The best layout that the trees fit into.
   *
   * @param worth what leaves have, by node of the table
   */
  static Forest of(Splits splits, boolean single, int[] worth) {
    Slots slots = new Slots(splits);
    return single && PackedForest.fits(splits, slots)
        ? new PackedForest(splits, slots, worth)
        : new WideForest(splits, slots, worth, single);
  }

  abstract Visit visit(int targets);

  /** Takes up a row. */
  abstract void row(Registers registers, Value input, int row, Visit visit);

  /** Writes what each tree's leaf has. */
  abstract void leaves(Visit visit);

  /** The sum of what the leaves have as floats, one tree after the other. */
  abstract float sum(Visit visit);

  /**
   * Where a row's keys stand: first those of columns with NaN on top, then those with NaN at the
   * bottom, then one that is never below anything, for leaves.
   */
  static final class Slots {
    /** The columns that are asked for with NaN on top, in order. */
    final int[] high;

    /** And those with NaN at the bottom. */
    final int[] low;

    /** Two a column, NaN on top first. */
    private final int[] slots;

    Slots(Splits splits) {
      int columns = 0;
      for (int i = 0; i < splits.count; i++) {
        columns = Math.max(columns, splits.columns[i] + 1);
      }
      this.slots = new int[2 * columns];
      for (int i = 0; i < splits.count; i++) {
        slots[2 * splits.columns[i] + (splits.nanBelow[i] ? 1 : 0)] = 1;
      }
      this.high = number(0, 0);
      this.low = number(1, high.length);
    }

    private int[] number(int side, int from) {
      int[] asked = new int[slots.length / 2];
      int count = 0;
      for (int column = 0; column < asked.length; column++) {
        if (slots[2 * column + side] > 0) {
          slots[2 * column + side] = from + count;
          asked[count++] = column;
        }
      }
      return Arrays.copyOf(asked, count);
    }

    int count() {
      return high.length + low.length + 1;
    }

    int leaf() {
      return high.length + low.length;
    }

    int of(int column, boolean nanBelow) {
      return slots[2 * column + (nanBelow ? 1 : 0)];
    }
  }

  /** Gives each split's children two places side by side, near those that are asked with them. */
  static final class Places {
    final int[] roots;

    /** What stands at a place, as in {@link Splits}. */
    int[] at = new int[64];

    /** The place of the first of a split's two children. */
    final int[] children;

    int count;

    Places(Splits splits) {
      this.roots = new int[splits.roots.length];
      this.children = new int[splits.count];
      Arrays.fill(children, -1);
      put(-1); // place 0: a leaf of no tree
      for (int tree = 0; tree < roots.length; tree++) {
        roots[tree] = count;
        int next = count;
        put(splits.roots[tree]);
        for (; next < count; next++) {
          int split = at[next];
          if (split >= 0 && children[split] < 0) {
            children[split] = count;
            put(splits.notBelow[split]);
            put(splits.below[split]);
          }
        }
      }
    }

    private void put(int what) {
      if (count == at.length) {
        at = Arrays.copyOf(at, 2 * count);
      }
      at[count++] = what;
    }
  }
}
