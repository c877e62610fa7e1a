package dev.mlops.runtime.codec;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One row of answers, copied out of the tensors. Values are kept in the type of their column: a
 * FLOAT is a Float, an integer of any width a Long, a vector an array.
 */
final class AnswerRow implements Row {
  /** The columns that all rows of one codec share. */
  static final class Names {
    private final ModelSchema schema;
    private final OutputColumn[] columns;
    private final Set<String> names;

    Names(ModelSchema schema) {
      this.schema = schema;
      this.columns = OutputColumn.of(schema).toArray(new OutputColumn[0]);
      Set<String> all = new LinkedHashSet<>();
      for (OutputColumn column : columns) {
        all.add(column.name());
      }
      this.names = Collections.unmodifiableSet(all);
    }

    Row read(Frame from, int row) {
      Object[] values = new Object[columns.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = value(columns[i], from, row);
      }
      return new AnswerRow(this, values);
    }

    private static Object value(OutputColumn column, Frame from, int row) {
      if (!column.scalar()) {
        Class<?> array = Fit.holding(column.type(), false).get(0);
        return OutputColumn.array(column, array.getComponentType(), from, row);
      }
      return switch (column.type()) {
        case FLOAT, FLOAT16 -> OutputColumn.number32(column, from, row);
        case DOUBLE -> OutputColumn.number64(column, from, row);
        case INT8, UINT8, INT16, INT32, INT64 -> OutputColumn.whole(column, from, row);
        case BOOL -> OutputColumn.truth(column, from, row);
        case TEXT -> OutputColumn.text(column, from, row);
      };
    }
  }

  private final Names names;
  private final Object[] values;

  private AnswerRow(Names names, Object[] values) {
    this.names = names;
    this.values = values;
  }

  @Override
  public Set<String> columns() {
    return names.names;
  }

  @Override
  public @Nullable Object value(String column) {
    Object value = values[index(column)];
    return value.getClass().isArray() ? copy(value) : value;
  }

  @Override
  public double number(String column) {
    int index = index(column);
    if (values[index] instanceof Number number) {
      return number.doubleValue();
    }
    if (values[index] instanceof Boolean truth) {
      return truth ? 1 : 0;
    }
    throw wrong(index, "number");
  }

  @Override
  public String text(String column) {
    int index = index(column);
    if (!names.columns[index].scalar()) {
      throw wrong(index, "text");
    }
    return values[index].toString();
  }

  @Override
  public float[] floats(String column) {
    int index = index(column);
    if (values[index] instanceof float[] floats) {
      return floats.clone();
    }
    Object array = numbers(index);
    float[] copy = new float[Array.getLength(array)];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = (float) element(index, array, i);
    }
    return copy;
  }

  @Override
  public double[] doubles(String column) {
    int index = index(column);
    Object array = numbers(index);
    double[] copy = new double[Array.getLength(array)];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = element(index, array, i);
    }
    return copy;
  }

  @Override
  public long[] longs(String column) {
    int index = index(column);
    if (values[index] instanceof long[] longs) {
      return longs.clone();
    }
    if (!names.columns[index].type().integral()) {
      throw wrong(index, "array of whole numbers");
    }
    Object array = numbers(index);
    long[] copy = new long[Array.getLength(array)];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = (long) element(index, array, i);
    }
    return copy;
  }

  @Override
  public boolean missing(String column) {
    index(column);
    return false;
  }

  /** The names and values, as a map's. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < values.length; i++) {
      text.append(i == 0 ? "" : ", ").append(names.columns[i].name()).append('=');
      Object shown = values[i] instanceof byte[] ? longs(names.columns[i].name()) : values[i];
      String array = Arrays.deepToString(new Object[] {shown});
      text.append(array, 1, array.length() - 1);
    }
    return text.append('}').toString();
  }

  /** Whether the other is a row of answers with the same columns and values. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AnswerRow that
        && (names == that.names || names.schema.outputs().equals(that.names.schema.outputs()))
        && Arrays.deepEquals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.deepHashCode(values);
  }

  private int index(String column) {
    Optional<ModelSchema.Place> place = names.schema.output(column);
    if (place.isEmpty()) {
      throw new InvalidInputException(
          "no column '%s' among the answers; there are %s".formatted(column, names.names));
    }
    return place.get().index();
  }

  private Object numbers(int index) {
    OutputColumn column = names.columns[index];
    if (column.scalar() || column.type() == ElementType.TEXT) {
      throw wrong(index, "array of numbers");
    }
    return values[index];
  }

  /* Bytes are read as their column means them; everything else as it is. */
  private double element(int index, Object array, int i) {
    if (array instanceof byte[] bytes && names.columns[index].type() == ElementType.UINT8) {
      return bytes[i] & 0xff;
    }
    if (array instanceof boolean[] truths) {
      return truths[i] ? 1 : 0;
    }
    return Array.getDouble(array, i);
  }

  private static Object copy(Object array) {
    int length = Array.getLength(array);
    Object copy = Array.newInstance(array.getClass().getComponentType(), length);
    System.arraycopy(array, 0, copy, 0, length);
    return copy;
  }

  private InvalidInputException wrong(int index, String wanted) {
    OutputColumn column = names.columns[index];
    return new InvalidInputException(
        "column '%s' is %s, no %s".formatted(column.name(), column.described(), wanted));
  }
}
