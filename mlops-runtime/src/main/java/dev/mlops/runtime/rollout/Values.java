package dev.mlops.runtime.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mlops.model.ElementType;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Text and JSON to the values a row holds: Double for floating types, Long for integers, Boolean,
 * String, and an array of such for a vector or an image. Failures are {@link
 * IllegalArgumentException}s that say what was wanted and never the value, which may be personal.
 */
final class Values {
  private Values() {}

  /** Whether a column of this tensor is one value, which a cell of a CSV file can hold. */
  static boolean single(TensorSpec tensor) {
    Shape shape = tensor.shape();
    return shape.elements() == tensor.columns().size();
  }

  /** The value of a cell that is not empty. */
  static Object cell(String cell, ElementType type) {
    if (type == ElementType.TEXT) {
      return cell;
    }
    if (type == ElementType.BOOL) {
      return truth(cell);
    }
    double number = number(cell);
    if (type.floating()) {
      return number;
    }
    try {
      return new BigDecimal(cell).longValueExact(); // 7.0 and 7e0 are whole
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException("is no whole number of 64 bits, wanted " + type, e);
    }
  }

  /** A number as Java, Python and R write it, not a finite one included. */
  static double number(String cell) {
    if (Written.NUMBER.matcher(cell).matches()) {
      return Double.parseDouble(cell);
    }
    return switch (cell.toLowerCase(Locale.ROOT)) {
      case "nan" -> Double.NaN;
      case "inf", "+inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
      case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw new IllegalArgumentException("is no number");
    };
  }

  /** The value of a JSON node that is not null; a vector may be nested as its shape is. */
  static Object json(JsonNode node, TensorSpec tensor) {
    if (single(tensor)) {
      return element(node, tensor.type());
    }
    if (!node.isArray()) {
      throw new IllegalArgumentException("is no array, wanted " + tensor.shape());
    }
    List<Object> flat = new ArrayList<>();
    flatten(node, tensor.type(), flat);
    long wanted = tensor.shape().elements();
    if (wanted >= 0 && wanted != flat.size()) {
      throw new IllegalArgumentException(
          "has " + flat.size() + " elements, wanted " + wanted + " for " + tensor.shape());
    }
    return array(flat, tensor.type());
  }

  /** A value made up for a column: the number in floating types, else zero, false or "". */
  static Object made(TensorSpec tensor, double number) {
    ElementType type = tensor.type();
    Object element =
        type.floating()
            ? (Object) number
            : type == ElementType.TEXT ? "" : type == ElementType.BOOL ? (Object) false : 0L;
    if (single(tensor)) {
      return element;
    }
    long size = 1;
    for (long dim : tensor.shape().dims()) {
      size *= dim < 0 ? 1 : dim; // an open axis has length 1
    }
    List<Object> elements = new ArrayList<>();
    for (long i = 0; i < size; i++) {
      elements.add(element);
    }
    return array(elements, type);
  }

  private static void flatten(JsonNode node, ElementType type, List<Object> flat) {
    for (JsonNode child : node) {
      if (child.isArray()) {
        flatten(child, type, flat);
      } else {
        flat.add(element(child, type));
      }
    }
  }

  private static Object element(JsonNode node, ElementType type) {
    if (type == ElementType.TEXT) {
      if (!node.isTextual()) {
        throw new IllegalArgumentException("is no text");
      }
      return node.textValue();
    }
    if (type == ElementType.BOOL && node.isBoolean()) {
      return node.booleanValue();
    }
    if (type.integral() && node.isIntegralNumber() && node.canConvertToLong()) {
      return node.longValue();
    }
    // JSON has no numbers that are not finite: they stand there as text
    if (node.isNumber() || (type.floating() && node.isTextual())) {
      return cell(node.asText(), type);
    }
    throw new IllegalArgumentException(
        "is no " + (type == ElementType.BOOL ? "boolean" : "number"));
  }

  private static Object array(List<Object> elements, ElementType type) {
    int size = elements.size();
    if (type.floating()) {
      double[] array = new double[size];
      for (int i = 0; i < size; i++) {
        array[i] = (Double) elements.get(i);
      }
      return array;
    }
    if (type == ElementType.TEXT) {
      return elements.toArray(new String[0]);
    }
    if (type == ElementType.BOOL) {
      boolean[] array = new boolean[size];
      for (int i = 0; i < size; i++) {
        array[i] = (Boolean) elements.get(i);
      }
      return array;
    }
    long[] array = new long[size];
    for (int i = 0; i < size; i++) {
      array[i] = (Long) elements.get(i);
    }
    return array;
  }

  /** How numbers are written; of no use to a version without golden records. */
  private static final class Written {
    static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
  }

  private static boolean truth(String cell) {
    return switch (cell.toLowerCase(Locale.ROOT)) {
      case "true", "1" -> true;
      case "false", "0" -> false;
      default -> throw new IllegalArgumentException("is neither true nor false");
    };
  }
}
