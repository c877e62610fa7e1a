package dev.mlops.inference;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A row over a map of its own. */
final class MapRow implements Row {
  private final Map<String, @Nullable Object> values;

  private MapRow(Map<String, @Nullable Object> values) {
    this.values = values;
  }

  static Row of(@Nullable Object... nameThenValue) {
    if (nameThenValue.length % 2 != 0) {
      throw new IllegalArgumentException(
          "names and values come in turn, but there were "
              + nameThenValue.length
              + ": the last name has no value");
    }
    Map<String, @Nullable Object> values = new LinkedHashMap<>(nameThenValue.length);
    for (int i = 0; i < nameThenValue.length; i += 2) {
      if (!(nameThenValue[i] instanceof String name)) {
        throw new IllegalArgumentException(
            "argument " + i + " should be a column's name but is " + typeOf(nameThenValue[i]));
      }
      if (values.containsKey(name)) {
        throw new IllegalArgumentException("column '" + name + "' stands there twice");
      }
      values.put(name, nameThenValue[i + 1]);
    }
    return new MapRow(values);
  }

  static Row of(Map<String, ?> values) {
    return new MapRow(new LinkedHashMap<>(values));
  }

  @Override
  public Set<String> columns() {
    return Collections.unmodifiableSet(values.keySet());
  }

  @Override
  public @Nullable Object value(String column) {
    Object value = values.get(column);
    if (value == null && !values.containsKey(column)) {
      throw new InvalidInputException(
          "no column '" + column + "' in this row; it has " + values.keySet());
    }
    return value;
  }

  @Override
  public double number(String column) {
    Object value = value(column);
    if (value == null) {
      return Double.NaN;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    if (value instanceof Boolean truth) {
      return truth ? 1 : 0;
    }
    throw wrong(column, value, "a number");
  }

  @Override
  public String text(String column) {
    Object value = value(column);
    if (value == null || value.getClass().isArray()) {
      throw wrong(column, value, "text");
    }
    return value.toString();
  }

  @Override
  public float[] floats(String column) {
    Object array = array(column);
    if (array instanceof float[] floats) {
      return floats.clone();
    }
    float[] result = new float[Array.getLength(array)];
    IntFunction<Number> element = numbers(column, array);
    for (int i = 0; i < result.length; i++) {
      result[i] = element.apply(i).floatValue();
    }
    return result;
  }

  @Override
  public double[] doubles(String column) {
    Object array = array(column);
    double[] result = new double[Array.getLength(array)];
    IntFunction<Number> element = numbers(column, array);
    for (int i = 0; i < result.length; i++) {
      result[i] = element.apply(i).doubleValue();
    }
    return result;
  }

  @Override
  public long[] longs(String column) {
    Object array = array(column);
    long[] result = new long[Array.getLength(array)];
    IntFunction<Number> element = numbers(column, array);
    for (int i = 0; i < result.length; i++) {
      Number number = element.apply(i);
      result[i] = number.longValue();
      if (number.doubleValue() != (double) result[i]) {
        throw new InvalidInputException(
            "column '" + column + "' has no whole number at index " + i + "; wanted whole numbers");
      }
    }
    return result;
  }

  @Override
  public boolean missing(String column) {
    return value(column) == null;
  }

  /** The names and values; arrays by their elements. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "{", "}");
    values.forEach(
        (name, value) -> {
          String inBrackets = Arrays.deepToString(new Object[] {value});
          text.add(name + "=" + inBrackets.substring(1, inBrackets.length() - 1));
        });
    return text.toString();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof MapRow that
        && values.keySet().equals(that.values.keySet())
        && values.keySet().stream()
            .allMatch(name -> Objects.deepEquals(values.get(name), that.values.get(name)));
  }

  @Override
  public int hashCode() {
    int hash = 0;
    for (Map.Entry<String, @Nullable Object> entry : values.entrySet()) {
      hash += entry.getKey().hashCode() ^ Arrays.deepHashCode(new Object[] {entry.getValue()});
    }
    return hash; // of any order, as a map's
  }

  private Object array(String column) {
    Object value = value(column);
    if (value == null || !value.getClass().isArray()) {
      throw wrong(column, value, "an array of numbers");
    }
    return value;
  }

  private static IntFunction<Number> numbers(String column, Object array) {
    return i -> {
      Object element = Array.get(array, i);
      if (element instanceof Number number) {
        return number;
      }
      if (element instanceof Boolean truth) {
        return truth ? 1 : 0;
      }
      throw wrong(column, array, "an array of numbers");
    };
  }

  /** The type and never the value, which may be personal. */
  private static String typeOf(@Nullable Object value) {
    return value == null ? "missing" : value.getClass().getSimpleName();
  }

  private static InvalidInputException wrong(String column, @Nullable Object value, String wanted) {
    return new InvalidInputException(
        "column '" + column + "' is " + typeOf(value) + "; wanted " + wanted);
  }
}
