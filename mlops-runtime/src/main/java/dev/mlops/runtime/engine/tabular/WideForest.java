package dev.mlops.runtime.engine.tabular;

/** The roomy layout: for doubles, and for what is too large for {@link PackedForest}. */
final class WideForest extends Forest {
  private final boolean single;

  /** By place: the key, the slot of the row's key, and the place of the two children. */
  private final long[] keys;

  private final int[] slot;
  private final int[] child;
  private final int[] roots;

  WideForest(Splits splits, Slots slots, int[] worth, boolean single) {
    super(splits, slots);
    this.single = single;
    Places places = new Places(splits);
    this.roots = places.roots;
    this.keys = new long[places.count];
    this.slot = new int[places.count];
    this.child = new int[places.count];
    for (int place = 1; place < places.count; place++) {
      int at = places.at[place];
      if (at < 0) {
        keys[place] = worth[~at];
        slot[place] = slots.leaf();
        child[place] = place;
      } else {
        keys[place] = splits.keys[at];
        slot[place] = slots.of(splits.columns[at], splits.nanBelow[at]);
        child[place] = places.children[at];
      }
    }
  }

  @Override
  Visit visit(int targets) {
    Visit visit = new Visit(0, slots.count(), roots.length, targets);
    visit.wideKeys[slots.leaf()] = Splits.NEVER_BELOW;
    return visit;
  }

  @Override
  void row(Registers registers, Value input, int row, Visit visit) {
    int from = row * input.width();
    int[] high = slots.high;
    int[] low = slots.low;
    for (int i = 0; i < high.length; i++) {
      visit.wideKeys[i] = key(value(registers, input, from + high[i]));
    }
    for (int i = 0; i < low.length; i++) {
      double value = value(registers, input, from + low[i]);
      visit.wideKeys[high.length + i] = Double.isNaN(value) ? Splits.ALWAYS_BELOW : key(value);
    }
  }

  private static double value(Registers registers, Value input, int at) {
    return switch (input.type()) {
      case FLOAT -> registers.floats[input.register()][at];
      case DOUBLE -> registers.doubles[input.register()][at];
      default -> (float) registers.longs[input.register()][at];
    };
  }

  private long key(double value) {
    return single ? Splits.key((float) value) : Splits.key64(value);
  }

  @Override
  void leaves(Visit visit) {
    long[] row = visit.wideKeys;
    for (int tree = 0; tree < roots.length; tree++) {
      int at = roots[tree];
      int to = child[at];
      while (to != at) {
        at = row[slot[at]] < keys[at] ? to + 1 : to;
        to = child[at];
      }
      visit.leaves[tree] = (int) keys[at];
    }
  }

  @Override
  float sum(Visit visit) {
    leaves(visit);
    float sum = 0;
    for (int leaf : visit.leaves) {
      sum += Float.intBitsToFloat(leaf);
    }
    return sum;
  }
}
