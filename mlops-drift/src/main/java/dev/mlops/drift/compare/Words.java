package dev.mlops.drift.compare;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers as a reader wants them: rounded, but never so far that they would say something else. */
final class Words {
  private static final int FIGURES = 3;
  private static final int MOST_FIGURES = 17;
  private static final int EDGE_FIGURES = 6;
  private static final int LONGEST_LABEL = 40;

  private Words() {}

  /** A share of all rows, such as {@code 12.3 %}; 0 and 100 only where it is none or all. */
  static String percent(double share) {
    BigDecimal exact =
        BigDecimal.valueOf(share).movePointRight(2).setScale(10, RoundingMode.HALF_EVEN);
    BigDecimal rounded = exact.setScale(1, RoundingMode.HALF_EVEN);
    BigDecimal rest = BigDecimal.valueOf(100).subtract(exact);
    if (rounded.signum() == 0 && exact.signum() != 0) {
      rounded = exact.round(new MathContext(1, RoundingMode.HALF_EVEN));
    } else if (rounded.intValue() == 100 && rest.signum() != 0) {
      rounded =
          BigDecimal.valueOf(100).subtract(rest.round(new MathContext(1, RoundingMode.HALF_EVEN)));
    }
    return plain(rounded) + " %";
  }

  /** A number beside a limit: as many figures as show on which side of it the number is. */
  static String figure(double value, double limit) {
    BigDecimal exact = BigDecimal.valueOf(value);
    int side = Double.compare(value, limit);
    int figures = FIGURES;
    BigDecimal rounded;
    do {
      rounded = exact.round(new MathContext(figures++, RoundingMode.HALF_EVEN));
    } while (Double.compare(rounded.doubleValue(), limit) != side && figures <= MOST_FIGURES);
    return plain(rounded);
  }

  static String figure(double value) {
    return plain(BigDecimal.valueOf(value));
  }

  static String twoFigures(double value) {
    return plain(new BigDecimal(value).round(new MathContext(2, RoundingMode.HALF_EVEN)));
  }

  /** About so many, to two figures; a part of one is one. */
  static String about(double count) {
    return about(count, RoundingMode.HALF_EVEN);
  }

  /** About so many or a few more, to two figures. */
  static String aboutAtLeast(double count) {
    return about(count, RoundingMode.CEILING);
  }

  private static String about(double count, RoundingMode rounding) {
    BigDecimal rounded =
        new BigDecimal(count).round(new MathContext(2, rounding)).setScale(0, RoundingMode.CEILING);
    return String.format(Locale.ROOT, "%,d", rounded.toBigInteger());
  }

  /** So many of a unit whose name is a plural. */
  static String count(long count, String unit) {
    return count(count) + " " + (count == 1 ? unit.substring(0, unit.length() - 1) : unit);
  }

  static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** How sure a bound is that fails with this chance. */
  static String confidence(double alpha) {
    return plain(BigDecimal.ONE.subtract(BigDecimal.valueOf(alpha)).movePointRight(2)) + " %";
  }

  /**
   * The values above one edge up to another one: {@code between 25 and 30}, or {@code at 30} where
   * no other value lies there.
   */
  static String between(double above, double upTo) {
    if (neighbours(above, upTo)) {
      return "at " + edge(upTo, EDGE_FIGURES);
    }
    int figures = EDGE_FIGURES;
    while (edge(above, figures).equals(edge(upTo, figures)) && figures < MOST_FIGURES) {
      figures++;
    }
    return "between " + edge(above, figures) + " and " + edge(upTo, figures);
  }

  /** Whether no other float32 or no other double lies between these. */
  static boolean neighbours(double value, double next) {
    return Math.nextUp((float) value) == next || Math.nextUp(value) == next;
  }

  static String edge(double edge) {
    return edge(edge, EDGE_FIGURES);
  }

  private static String edge(double edge, int figures) {
    BigDecimal rounded =
        new BigDecimal(edge).round(new MathContext(figures, RoundingMode.HALF_EVEN));
    double size = Math.abs(edge);
    boolean readable = size == 0 || (size >= 1e-6 && size < 1e15);
    return readable ? plain(rounded) : rounded.stripTrailingZeros().toString();
  }

  /** A category's name in quotes, cut where it is long, on one line. */
  static String quoted(String category) {
    String line = category.replaceAll("\\p{Cntrl}", " ");
    if (line.codePointCount(0, line.length()) > LONGEST_LABEL) {
      line = line.substring(0, line.offsetByCodePoints(0, LONGEST_LABEL - 1)) + "…";
    }
    return "'" + line + "'";
  }

  private static String plain(BigDecimal number) {
    return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
  }
}
