package dev.mlops.runtime.codec;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An input column and the rules for what may be put there: any number whose value its type holds,
 * floating types rounded; no fraction into an integer; NaN and the infinities only where it is
 * optional; null only where it is optional, which sets its bit and shows the model NaN or empty
 * text.
 *
 * <p>A record, because the JIT trusts its fields to be constant: the composed handles of a {@link
 * RecordWriter} then lose every test made on them. {@code base} is where the row begins in the
 * tensor.
 *
 * @param position the column's place in its row of the tensor
 * @param index its place among all input columns
 * @param scalar whether it is one element a row, rather than a vector or an image
 * @param least the least whole number its type holds
 * @param most the largest whole number its type holds
 */
record InputColumn(
    String name,
    String qualified,
    ElementType type,
    boolean optional,
    Shape shape,
    int tensor,
    int position,
    int index,
    boolean scalar,
    Layout layout,
    long least,
    long most) {

  /** All input columns of a schema, in order; an axis that it leaves open is a problem. */
  static List<InputColumn> of(ModelSchema schema, List<String> problems) {
    List<InputColumn> columns = new ArrayList<>();
    for (int t = 0; t < schema.inputs().size(); t++) {
      TensorSpec tensor = schema.inputs().get(t);
      if (tensor.shape().elements() < 0) {
        problems.add(
            "input '%s' %s has an open axis, which rows and records cannot fill; use a Codec"
                .formatted(tensor.name(), tensor.shape()));
      }
      Layout layout = Layout.of(tensor);
      boolean scalar = tensor.shape().elements() == tensor.columns().size();
      for (int c = 0; c < tensor.columns().size(); c++) {
        ColumnSpec column = tensor.columns().get(c);
        columns.add(
            new InputColumn(
                column.name(),
                tensor.name() + "." + column.name(),
                column.type(),
                column.optional(),
                tensor.shape(),
                t,
                c,
                columns.size(),
                scalar,
                layout,
                least(column.type()),
                most(column.type())));
      }
    }
    return columns;
  }

  private static long least(ElementType type) {
    return switch (type) {
      case INT8 -> Byte.MIN_VALUE;
      case INT16 -> Short.MIN_VALUE;
      case INT32 -> Integer.MIN_VALUE;
      case UINT8, BOOL -> 0;
      default -> Long.MIN_VALUE;
    };
  }

  private static long most(ElementType type) {
    return switch (type) {
      case INT8 -> Byte.MAX_VALUE;
      case UINT8 -> 255;
      case BOOL -> 1;
      case INT16 -> Short.MAX_VALUE;
      case INT32 -> Integer.MAX_VALUE;
      default -> Long.MAX_VALUE;
    };
  }

  /** Where a row begins, for a column of one element a row. */
  int base(int row) {
    return layout.perRow() ? row * layout.inner() : 0;
  }

  /* What a record's components are given: the tensor's memory, and where the row begins in it. */

  static Object memory(InputColumn of, Frame in) {
    return in.input(of.tensor);
  }

  static int base(InputColumn of, Frame in, int row) {
    return of.base(row);
  }

  /* What a record's components are put with, by the type of value and memory. */

  static void put(InputColumn to, float value, FloatBuffer memory, int base, Frame in, int row) {
    if (!Float.isFinite(value) && !to.optional) {
      throw to.notFinite(value, in, row);
    }
    memory.put(base + to.position, value);
  }

  static void put(InputColumn to, double value, FloatBuffer memory, int base, Frame in, int row) {
    float rounded = (float) value;
    if (!Float.isFinite(rounded)) {
      to.checkInfinite(value, in, row);
    }
    memory.put(base + to.position, rounded);
  }

  static void put(InputColumn to, long value, FloatBuffer memory, int base, Frame in, int row) {
    memory.put(base + to.position, (float) value);
  }

  static void put(InputColumn to, double value, DoubleBuffer memory, int base, Frame in, int row) {
    if (!Double.isFinite(value) && !to.optional) {
      throw to.notFinite(value, in, row);
    }
    memory.put(base + to.position, value);
  }

  static void put(InputColumn to, long value, DoubleBuffer memory, int base, Frame in, int row) {
    memory.put(base + to.position, (double) value);
  }

  static void put(InputColumn to, double value, ShortBuffer memory, int base, Frame in, int row) {
    if (to.type == ElementType.FLOAT16) {
      short half = Half.of(value);
      if (!Float.isFinite(Half.value(half))) {
        to.checkInfinite(value, in, row);
      }
      memory.put(base + to.position, half);
    } else {
      memory.put(base + to.position, (short) to.whole(value, in, row));
    }
  }

  static void put(InputColumn to, long value, ShortBuffer memory, int base, Frame in, int row) {
    if (to.type == ElementType.FLOAT16) {
      put(to, (double) value, memory, base, in, row);
    } else {
      memory.put(base + to.position, (short) to.inRange(value, in, row));
    }
  }

  static void put(InputColumn to, double value, ByteBuffer memory, int base, Frame in, int row) {
    memory.put(base + to.position, (byte) to.whole(value, in, row));
  }

  static void put(InputColumn to, long value, ByteBuffer memory, int base, Frame in, int row) {
    memory.put(base + to.position, (byte) to.inRange(value, in, row));
  }

  static void put(InputColumn to, double value, IntBuffer memory, int base, Frame in, int row) {
    memory.put(base + to.position, (int) to.whole(value, in, row));
  }

  static void put(InputColumn to, long value, IntBuffer memory, int base, Frame in, int row) {
    memory.put(base + to.position, (int) to.inRange(value, in, row));
  }

  static void put(InputColumn to, double value, LongBuffer memory, int base, Frame in, int row) {
    memory.put(base + to.position, to.whole(value, in, row));
  }

  static void put(InputColumn to, long value, LongBuffer memory, int base, Frame in, int row) {
    memory.put(base + to.position, value);
  }

  static void put(
      InputColumn to, @Nullable String value, String[] memory, int base, Frame in, int row) {
    if (value == null) {
      putMissing(to, memory, base, in, row);
    } else {
      memory[base + to.position] = value;
    }
  }

  /** Puts what stands for a missing value, for a column of one element a row. */
  static void putMissing(InputColumn to, Object memory, int base, Frame in, int row) {
    to.checkMissing(in, row);
    to.putNothing(memory, base + to.position);
  }

  /** Puts a vector or an image: an array in row-major order. */
  static void putArray(InputColumn to, @Nullable Object array, Object memory, Frame in, int row) {
    Layout layout = to.layout;
    int inner = layout.inner();
    if (array == null) {
      to.checkMissing(in, row);
      for (int i = 0; i < layout.elements(); i++) {
        to.putNothing(memory, layout.position(row, in.rows(), i));
      }
      return;
    }
    int length = Array.getLength(array);
    if (length != layout.elements()) {
      throw in.refused(
          row,
          "column '%s' was given %d elements; %s %s takes %d a row"
              .formatted(to.name, length, to.type, to.shape, layout.elements()));
    }
    for (int block = 0; block < layout.outer(); block++) {
      int from = block * inner;
      to.copy(array, from, memory, layout.position(row, in.rows(), from), inner, in, row);
    }
  }

  /** Puts whatever a row holds. */
  void putValue(@Nullable Object value, Frame in, int row) {
    Object memory = in.input(tensor);
    if (!scalar) {
      if (value != null && !value.getClass().isArray()) {
        throw wrongType(value, in, row);
      }
      putArray(this, value, memory, in, row);
    } else if (value == null) {
      putMissing(this, memory, base(row), in, row);
    } else {
      putObject(value, memory, base(row), in, row);
    }
  }

  private void putObject(Object value, Object memory, int base, Frame in, int row) {
    if (value instanceof String text && type == ElementType.TEXT) {
      ((String[]) memory)[base + position] = text;
    } else if (type == ElementType.TEXT) {
      throw wrongType(value, in, row);
    } else if (value instanceof Double || value instanceof Float) {
      putNumber(((Number) value).doubleValue(), memory, base, in, row);
    } else if (value instanceof BigDecimal || value instanceof BigInteger) {
      putBig((Number) value, memory, base, in, row);
    } else if (value instanceof Number number) {
      // of a number of unknown class, the long is the value where both agree on it
      long whole = number.longValue();
      double rounded = number.doubleValue();
      if ((double) whole == rounded) {
        putNumber(whole, memory, base, in, row);
      } else {
        putNumber(rounded, memory, base, in, row);
      }
    } else if (value instanceof Boolean truth) {
      putNumber(truth ? 1L : 0L, memory, base, in, row);
    } else {
      throw wrongType(value, in, row);
    }
  }

  private void putBig(Number value, Object memory, int base, Frame in, int row) {
    if (type == ElementType.FLOAT) {
      // by way of a double it would be rounded twice
      float rounded = value.floatValue();
      if (Float.isInfinite(rounded)) {
        throw beyond(in, row);
      }
      put(this, rounded, (FloatBuffer) memory, base, in, row);
    } else if (type.floating()) {
      double rounded = value.doubleValue();
      if (Double.isInfinite(rounded)) {
        throw beyond(in, row);
      }
      putNumber(rounded, memory, base, in, row);
    } else {
      BigDecimal exact = value instanceof BigDecimal big ? big : new BigDecimal((BigInteger) value);
      if (exact.signum() != 0 && exact.stripTrailingZeros().scale() > 0) {
        throw fraction(in, row);
      }
      if (exact.compareTo(BigDecimal.valueOf(least)) < 0
          || exact.compareTo(BigDecimal.valueOf(most)) > 0) {
        throw beyond(in, row);
      }
      putNumber(exact.longValue(), memory, base, in, row);
    }
  }

  private void putNumber(double value, Object memory, int base, Frame in, int row) {
    switch (type) {
      case FLOAT -> put(this, value, (FloatBuffer) memory, base, in, row);
      case DOUBLE -> put(this, value, (DoubleBuffer) memory, base, in, row);
      case FLOAT16, INT16 -> put(this, value, (ShortBuffer) memory, base, in, row);
      case INT8, UINT8, BOOL -> put(this, value, (ByteBuffer) memory, base, in, row);
      case INT32 -> put(this, value, (IntBuffer) memory, base, in, row);
      case INT64 -> put(this, value, (LongBuffer) memory, base, in, row);
      case TEXT -> throw wrongType(value, in, row);
    }
  }

  private void putNumber(long value, Object memory, int base, Frame in, int row) {
    switch (type) {
      case FLOAT -> put(this, value, (FloatBuffer) memory, base, in, row);
      case DOUBLE -> put(this, value, (DoubleBuffer) memory, base, in, row);
      case FLOAT16, INT16 -> put(this, value, (ShortBuffer) memory, base, in, row);
      case INT8, UINT8, BOOL -> put(this, value, (ByteBuffer) memory, base, in, row);
      case INT32 -> put(this, value, (IntBuffer) memory, base, in, row);
      case INT64 -> put(this, value, (LongBuffer) memory, base, in, row);
      case TEXT -> throw wrongType(value, in, row);
    }
  }

  private void putNothing(Object memory, int at) {
    switch (type) {
      case FLOAT -> ((FloatBuffer) memory).put(at, Float.NaN);
      case DOUBLE -> ((DoubleBuffer) memory).put(at, Double.NaN);
      case FLOAT16 -> ((ShortBuffer) memory).put(at, Half.of(Double.NaN));
      case TEXT -> ((String[]) memory)[at] = "";
      default -> throw new IllegalStateException(type + " columns cannot be missing");
    }
  }

  /* The arrays of the tensor's own type are moved as a whole, others an element at a time. */
  private void copy(Object array, int from, Object memory, int at, int n, Frame in, int row) {
    if (type == ElementType.FLOAT && array instanceof float[] values) {
      for (int i = from; i < from + n && !optional; i++) {
        if (!Float.isFinite(values[i])) {
          throw notFinite(values[i], in, row);
        }
      }
      ((FloatBuffer) memory).put(at, values, from, n);
    } else if (type == ElementType.DOUBLE && array instanceof double[] values) {
      for (int i = from; i < from + n && !optional; i++) {
        if (!Double.isFinite(values[i])) {
          throw notFinite(values[i], in, row);
        }
      }
      ((DoubleBuffer) memory).put(at, values, from, n);
    } else if (type == ElementType.INT64 && array instanceof long[] values) {
      ((LongBuffer) memory).put(at, values, from, n);
    } else if (type == ElementType.INT32 && array instanceof int[] values) {
      ((IntBuffer) memory).put(at, values, from, n);
    } else if ((type == ElementType.INT8 || type == ElementType.UINT8)
        && array instanceof byte[] values) {
      ((ByteBuffer) memory).put(at, values, from, n); // Java's bytes carry unsigned ones as bits
    } else if (array instanceof float[] values && type != ElementType.TEXT) {
      for (int i = 0; i < n; i++) {
        putNumber((double) values[from + i], memory, at + i, in, row);
      }
    } else if (array instanceof double[] values && type != ElementType.TEXT) {
      for (int i = 0; i < n; i++) {
        putNumber(values[from + i], memory, at + i, in, row);
      }
    } else if (array instanceof long[] values && type != ElementType.TEXT) {
      for (int i = 0; i < n; i++) {
        putNumber(values[from + i], memory, at + i, in, row);
      }
    } else if (array instanceof int[] values && type != ElementType.TEXT) {
      for (int i = 0; i < n; i++) {
        putNumber((long) values[from + i], memory, at + i, in, row);
      }
    } else if (array instanceof boolean[] values && type != ElementType.TEXT) {
      for (int i = 0; i < n; i++) {
        putNumber(values[from + i] ? 1L : 0L, memory, at + i, in, row);
      }
    } else {
      for (int i = 0; i < n; i++) {
        Object value = Array.get(array, from + i);
        if (value == null) {
          throw in.refused(row, "column '%s' has an element that is null".formatted(name));
        }
        putObject(value, memory, at + i, in, row);
      }
    }
  }

  private long whole(double value, Frame in, int row) {
    if (!Double.isFinite(value)) {
      throw notFinite(value, in, row);
    }
    if (value != Math.rint(value)) {
      throw fraction(in, row);
    }
    // 2^63 is a double but no long, and the cast would quietly make it the largest one
    if (value < -0x1p63 || value >= 0x1p63) {
      throw beyond(in, row);
    }
    return inRange((long) value, in, row);
  }

  private long inRange(long value, Frame in, int row) {
    if (value < least || value > most) {
      throw beyond(in, row);
    }
    return value;
  }

  private void checkMissing(Frame in, int row) {
    if (!optional) {
      throw in.refused(
          row,
          "column '%s' was null; %s that is not optional needs a value".formatted(name, kind()));
    }
    in.markMissing(row, index);
  }

  /* A value that became NaN or infinite: was it so before, and is that allowed? */
  private void checkInfinite(double value, Frame in, int row) {
    if (Double.isFinite(value)) {
      throw beyond(in, row);
    }
    if (!optional) {
      throw notFinite(value, in, row);
    }
  }

  private InvalidInputException notFinite(double value, Frame in, int row) {
    return in.refused(
        row,
        "column '%s' was %s; %s that is not optional takes finite numbers"
            .formatted(name, Double.isNaN(value) ? "NaN" : "infinite", kind()));
  }

  private InvalidInputException beyond(Frame in, int row) {
    return in.refused(row, "column '%s' was a number that %s does not hold".formatted(name, type));
  }

  private InvalidInputException fraction(Frame in, int row) {
    return in.refused(
        row,
        "column '%s' was a number with a fraction; %s takes whole numbers".formatted(name, kind()));
  }

  private InvalidInputException wrongType(Object value, Frame in, int row) {
    return in.refused(
        row,
        "column '%s' was of type %s; %s takes %s"
            .formatted(name, value.getClass().getSimpleName(), kind(), taken()));
  }

  /** The type and, where it is not one element a row, the shape. */
  String described() {
    return scalar ? type.name() : type + " " + shape;
  }

  /** The type in words, as messages put it: {@code a FLOAT column}. */
  String kind() {
    return (type.name().startsWith("I") ? "an " : "a ") + type + " column";
  }

  /** What a row may give. */
  private String taken() {
    String one = type == ElementType.TEXT ? "text" : "a number";
    return scalar
        ? one
        : "an array of %d %s"
            .formatted(layout.elements(), type == ElementType.TEXT ? "texts" : "numbers");
  }
}
