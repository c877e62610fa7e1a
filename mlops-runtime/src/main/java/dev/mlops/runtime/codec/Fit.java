package dev.mlops.runtime.codec;

import dev.mlops.model.ElementType;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.stream.Collectors;

/** Which Java types of a record's components fit which columns. */
final class Fit {
  private static final List<Class<?>> NUMBERS =
      List.of(
          float.class, double.class, long.class, int.class, short.class, byte.class, boolean.class);
  private static final List<Class<?>> ARRAYS =
      List.of(
          float[].class, double[].class, long[].class, int[].class, byte[].class, boolean[].class);

  private Fit() {}

  /** Whether a component of this type can fill a column: a single value is checked later. */
  static boolean fills(InputColumn column, Class<?> type) {
    if (column.type() == ElementType.TEXT) {
      return type == (column.scalar() ? String.class : String[].class);
    }
    return column.scalar() ? NUMBERS.contains(plain(type)) : ARRAYS.contains(type);
  }

  /** For messages: the types that fill a column. */
  static String filledBy(InputColumn column) {
    if (column.type() == ElementType.TEXT) {
      return column.scalar() ? "String" : "String[]";
    }
    return column.scalar()
        ? "a number: " + names(NUMBERS) + " or one of their boxes"
        : names(ARRAYS);
  }

  /**
   * The types that hold every value of a column, so that reading never loses anything; the boxes of
   * those that have one hold them too.
   */
  static List<Class<?>> holding(ElementType type, boolean scalar) {
    if (scalar) {
      return switch (type) {
        case FLOAT, FLOAT16 -> List.of(float.class, double.class);
        case DOUBLE -> List.of(double.class);
        case INT8 ->
            List.of(byte.class, short.class, int.class, long.class, float.class, double.class);
        case UINT8, INT16 -> List.of(short.class, int.class, long.class, float.class, double.class);
        case INT32 -> List.of(int.class, long.class, double.class);
        case INT64 -> List.of(long.class);
        case BOOL -> List.of(boolean.class);
        case TEXT -> List.of(String.class);
      };
    }
    return switch (type) {
      case FLOAT, FLOAT16 -> List.of(float[].class, double[].class);
      case DOUBLE -> List.of(double[].class);
      case INT8, UINT8 -> // Java's bytes carry unsigned ones as bits
          List.of(byte[].class, int[].class, long[].class, float[].class, double[].class);
      case INT16 -> List.of(int[].class, long[].class, float[].class, double[].class);
      case INT32 -> List.of(int[].class, long[].class, double[].class);
      case INT64 -> List.of(long[].class);
      case BOOL -> List.of(boolean[].class);
      case TEXT -> List.of(String[].class);
    };
  }

  /** The primitive behind a box; any other type as it is. */
  static Class<?> plain(Class<?> type) {
    return MethodType.methodType(type).unwrap().returnType();
  }

  /** For messages: {@code float, double or long}. */
  static String names(List<Class<?>> types) {
    String last = types.get(types.size() - 1).getSimpleName();
    if (types.size() == 1) {
      return last;
    }
    return types.subList(0, types.size() - 1).stream()
            .map(Class::getSimpleName)
            .collect(Collectors.joining(", "))
        + " or "
        + last;
  }
}
