package dev.mlops.drift.baseline;

import dev.mlops.model.ElementType;
import java.math.BigDecimal;
import java.util.Locale;

/**
 * The text of a cell as a number. Failures are {@link IllegalArgumentException}s that say what was
 * wanted and never the value, which may be personal.
 */
final class CsvValues {
  private static final int FITS_A_LONG = 18;

  private CsvValues() {}

  /** A number as Java, Python and R write it, one that is not finite included. */
  static double number(String cell) {
    if (onlyOf(cell, true)) {
      try {
        return Double.parseDouble(cell);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("is no number", e);
      }
    }
    return switch (cell.toLowerCase(Locale.ROOT)) {
      case "nan" -> Double.NaN;
      case "inf", "+inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
      case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw new IllegalArgumentException("is no number");
    };
  }

  /** A whole number that the type holds; 7.0 and 7e0 are whole. */
  static long whole(String cell, ElementType type) {
    long value;
    if (cell.length() <= FITS_A_LONG && onlyOf(cell, false)) {
      value = Long.parseLong(cell);
    } else {
      number(cell);
      try {
        value = new BigDecimal(cell).longValueExact();
      } catch (ArithmeticException | NumberFormatException e) {
        throw new IllegalArgumentException("is no whole number of 64 bits, wanted " + type, e);
      }
    }
    long least = least(type);
    long most = most(type);
    if (value < least || value > most) {
      throw new IllegalArgumentException("is beyond " + type + ", " + least + " to " + most);
    }
    return value;
  }

  /** True, false, 1 or 0. */
  static boolean truth(String cell) {
    return switch (cell.toLowerCase(Locale.ROOT)) {
      case "true", "1" -> true;
      case "false", "0" -> false;
      default -> throw new IllegalArgumentException("is neither true nor false");
    };
  }

  /** Leaves out what Java's parsers take beside decimal digits: hexadecimal, suffixes, blanks. */
  private static boolean onlyOf(String cell, boolean fractions) {
    for (int i = 0; i < cell.length(); i++) {
      char c = cell.charAt(i);
      boolean digit = c >= '0' && c <= '9';
      boolean sign = c == '-' || c == '+';
      if (!digit && !(fractions && (sign || c == '.' || c == 'e' || c == 'E'))) {
        return false;
      }
    }
    return !cell.isEmpty();
  }

  private static long least(ElementType type) {
    return switch (type) {
      case INT8 -> Byte.MIN_VALUE;
      case INT16 -> Short.MIN_VALUE;
      case INT32 -> Integer.MIN_VALUE;
      case UINT8 -> 0;
      default -> Long.MIN_VALUE;
    };
  }

  private static long most(ElementType type) {
    return switch (type) {
      case INT8 -> Byte.MAX_VALUE;
      case UINT8 -> 255;
      case INT16 -> Short.MAX_VALUE;
      case INT32 -> Integer.MAX_VALUE;
      default -> Long.MAX_VALUE;
    };
  }
}
