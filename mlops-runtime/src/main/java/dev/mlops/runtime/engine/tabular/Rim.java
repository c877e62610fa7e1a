package dev.mlops.runtime.engine.tabular;

import dev.mlops.engine.Tensor;
import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.SlotTensor;
import java.lang.reflect.Array;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A value that the caller fills or reads. It is the register's own array, but for batches that are
 * run block by block, and for the narrow whole numbers, which registers keep as {@code long}.
 */
final class Rim {
  private final String name;
  private final Value value;

  /** What the caller sees of a narrow type; null for the others. */
  private @Nullable Buffer narrow;

  /** Of all rows, where they are more than the registers have room for; null until then. */
  private @Nullable Object whole;

  private @Nullable Object array;
  private @Nullable SlotTensor tensor;
  private int rows;

  Rim(String name, Value value) {
    this.name = name;
    this.value = value;
  }

  /** Whether what the caller sees is a copy however few rows there are. */
  boolean isNarrow() {
    return switch (value.type()) {
      case INT8, UINT8, BOOL, INT16, INT32 -> true;
      default -> false;
    };
  }

  /** The tensor for a number of rows: the same as long as that and the register's array are. */
  Tensor tensor(Registers registers, int rows) {
    Object memory = memory(registers, rows);
    SlotTensor now = tensor;
    if (now == null || rows != this.rows || memory != array) {
      now = make(memory, rows);
    }
    return now;
  }

  private Object memory(Registers registers, int rows) {
    return rows > TabularSlot.BLOCK && !isNarrow() ? whole(rows) : registers.array(value);
  }

  private Object whole(int rows) {
    int length = Math.multiplyExact(rows, value.width());
    Object now = whole;
    if (now == null || Array.getLength(now) < length) {
      now = Registers.array(value.type(), length);
      whole = now;
    }
    return now;
  }

  private SlotTensor make(Object memory, int rows) {
    int elements = Math.multiplyExact(rows, value.width());
    SlotTensor made =
        memory instanceof String[] texts
            ? SlotTensor.of(name, shape(rows), texts)
            : SlotTensor.of(name, value.type(), shape(rows), buffer(memory, elements));
    array = memory;
    tensor = made;
    this.rows = rows;
    return made;
  }

  private long[] shape(int rows) {
    List<Integer> dims = value.extent().dims();
    long[] shape = new long[dims.size() + 1];
    shape[0] = rows;
    for (int i = 0; i < dims.size(); i++) {
      shape[i + 1] = dims.get(i);
    }
    return shape;
  }

  /** As long as the tensor and no longer: beyond it stand rows of calls before. */
  private Buffer buffer(Object memory, int elements) {
    if (memory instanceof float[] floats) {
      return FloatBuffer.wrap(floats, 0, elements).slice();
    }
    if (memory instanceof double[] doubles) {
      return DoubleBuffer.wrap(doubles, 0, elements).slice();
    }
    if (value.type() == ElementType.INT64) {
      return LongBuffer.wrap((long[]) memory, 0, elements).slice();
    }
    Buffer made = narrow(elements);
    narrow = made;
    return made;
  }

  private Buffer narrow(int length) {
    return switch (value.type()) {
      case INT32 -> IntBuffer.allocate(length);
      case INT16 -> ShortBuffer.allocate(length);
      default -> ByteBuffer.allocate(length);
    };
  }

  /**
   * Sees that no text was left out.
   *
   * @throws IllegalStateException if one is null, which only a caller's own codec can put there
   */
  void checkTexts(Registers registers, int rows) {
    String[] texts = (String[]) memory(registers, rows);
    int count = rows * value.width();
    for (int i = 0; i < count; i++) {
      if (texts[i] == null) {
        throw new IllegalStateException("element " + i + " of text input '" + name + "' is null");
      }
    }
  }

  boolean text() {
    return value.type() == ElementType.TEXT;
  }

  /** Brings rows that the caller filled in to the register. */
  void take(Registers registers, int first, int rows) {
    int at = first * value.width();
    int count = rows * value.width();
    if (!isNarrow()) {
      System.arraycopy(Objects.requireNonNull(whole), at, registers.array(value), 0, count);
      return;
    }
    long[] to = registers.longs[value.register()];
    Buffer from = narrow;
    if (from instanceof IntBuffer ints) {
      for (int i = 0; i < count; i++) {
        to[i] = ints.get(at + i);
      }
    } else if (from instanceof ShortBuffer shorts) {
      for (int i = 0; i < count; i++) {
        to[i] = shorts.get(at + i);
      }
    } else if (from instanceof ByteBuffer bytes) {
      int mask = value.type() == ElementType.INT8 ? -1 : 0xff;
      boolean truth = value.type() == ElementType.BOOL;
      for (int i = 0; i < count; i++) {
        int b = bytes.get(at + i) & mask;
        to[i] = truth && b != 0 ? 1 : b;
      }
    }
  }

  /** Brings rows of the register to where the caller reads; the tensor of all is made before. */
  void give(Registers registers, int first, int rows) {
    int at = first * value.width();
    int count = rows * value.width();
    if (!isNarrow()) {
      System.arraycopy(registers.array(value), 0, Objects.requireNonNull(whole), at, count);
      return;
    }
    long[] from = registers.longs[value.register()];
    Buffer to = narrow;
    if (to instanceof IntBuffer ints) {
      for (int i = 0; i < count; i++) {
        ints.put(at + i, (int) from[i]);
      }
    } else if (to instanceof ShortBuffer shorts) {
      for (int i = 0; i < count; i++) {
        shorts.put(at + i, (short) from[i]);
      }
    } else if (to instanceof ByteBuffer bytes) {
      for (int i = 0; i < count; i++) {
        bytes.put(at + i, (byte) from[i]);
      }
    }
  }
}
