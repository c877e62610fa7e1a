package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the steps of a run read and write: one array a value, row behind row. Of one slot, and so of
 * one thread at a time; arrays of constants are shared and only read.
 */
final class Registers {
  final float[][] floats;
  final double[][] doubles;

  /** Whole numbers of any size, and truth values as 0 and 1. */
  final long[][] longs;

  final String[][] texts;

  /** What a step keeps between its lines, by its own number. */
  final @Nullable Object[] scratch;

  private final List<Value> values;

  Registers(List<Value> values, int scratch) {
    this.values = values;
    this.floats = new float[values.size()][];
    this.doubles = new double[values.size()][];
    this.longs = new long[values.size()][];
    this.texts = new String[values.size()][];
    this.scratch = new Object[scratch];
    for (Value value : values) {
      if (value.constant() != null) {
        set(value.register(), value.constant());
      }
    }
  }

  /** Makes room for so many rows; what inputs held stays where it was. */
  void grow(int rows) {
    grow(values, rows);
  }

  /** Of some values alone. */
  void grow(List<Value> some, int rows) {
    for (Value value : some) {
      if (!value.isConstant()) {
        int length = Math.multiplyExact(value.width(), value.extent().perRow() ? rows : 1);
        Object array = array(value.type(), length);
        Object before = get(value);
        if (before != null) {
          System.arraycopy(
              before, 0, array, 0, Math.min(Array.getLength(before), Array.getLength(array)));
        }
        set(value.register(), array);
      }
    }
  }

  /** The array of a value. */
  @Nullable Object get(Value value) {
    int at = value.register();
    return switch (value.type()) {
      case FLOAT -> floats[at];
      case DOUBLE -> doubles[at];
      case TEXT -> texts[at];
      default -> longs[at];
    };
  }

  /** The array of a value that has one by now. */
  Object array(Value value) {
    return Objects.requireNonNull(get(value), "grow() comes first");
  }

  /** A new one. */
  static Object array(ElementType type, int length) {
    return switch (type) {
      case FLOAT -> new float[length];
      case DOUBLE -> new double[length];
      case TEXT -> {
        String[] blank = new String[length];
        Arrays.fill(blank, "");
        yield blank;
      }
      default -> new long[length];
    };
  }

  private void set(int at, Object array) {
    if (array instanceof float[] f) {
      floats[at] = f;
    } else if (array instanceof double[] d) {
      doubles[at] = d;
    } else if (array instanceof long[] l) {
      longs[at] = l;
    } else {
      texts[at] = (String[]) array;
    }
  }
}
