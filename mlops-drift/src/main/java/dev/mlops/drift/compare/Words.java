package dev.mlops.drift.compare;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;

/** Numbers as a reader wants them: rounded, but never so far that they would say something else. */
final class Words {
  private static final int FIGURES = 3;
  private static final int MOST_FIGURES = 17;
  private static final int EDGE_FIGURES = 6;

  /**
   * The second part of the way to the next value reads as the next; a tenth of a cell is little.
   */
  private static final int HALF = 2;

  private static final int SMALL_PART = 10;
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
   * The values above the edge before this one, up to this one, in words that are true of any type:
   * {@code above 25 and up to 30}, or {@code at 30} where no other value lies there.
   */
  static String between(double[] edges, int to) {
    if (alone(edges, to)) {
      return "at " + edge(edges, to);
    }
    return "above " + edge(edges, to - 1) + " and " + upTo(edges, to);
  }

  /** The end of a cell: {@code up to 30}, or {@code below 31} where that is the next value. */
  static String upTo(double[] edges, int to) {
    return justBelowTheNext(edges, to)
        ? "below " + edge(edges, to + 1)
        : "up to " + edge(edges, to);
  }

  /** Whether no other float32 or no other double lies between these. */
  private static boolean neighbours(double value, double next) {
    return Math.nextUp((float) value) == next || Math.nextUp(value) == next;
  }

  /** Whether this cell holds one value alone, as far as can be told without the type. */
  static boolean alone(double[] edges, int cell) {
    return neighbours(edges[cell - 1], edges[cell]);
  }

  /** Whether the next cell holds one value alone, just below which this edge lies. */
  static boolean justBelowTheNext(double[] edges, int at) {
    return at + 1 < edges.length && alone(edges, at + 1);
  }

  /**
   * An edge in as few figures as say the same: what is written is not below the edge, since the
   * edge's own value belongs to what lies up to it, and above it only by a small part of the cells
   * on either side. One that shuts in a cell of one value is written so that it reads as that
   * value.
   */
  static String edge(double[] edges, int at) {
    double edge = edges[at];
    BigDecimal written = BigDecimal.valueOf(edge);
    for (BigDecimal whole : List.of(shortest(edge), written)) {
      int least =
          readable(whole)
              ? Math.max(EDGE_FIGURES, whole.precision() - whole.scale())
              : EDGE_FIGURES;
      for (int figures = least; figures <= MOST_FIGURES; figures++) {
        BigDecimal rounded = whole.round(new MathContext(figures, RoundingMode.CEILING));
        if ((at == 0 || near(rounded, edge, edges[at - 1]))
            && (at == edges.length - 1 || near(rounded, edge, edges[at + 1]))) {
          return number(rounded);
        }
      }
    }
    return number(written);
  }

  /** What a float32 is written as in the decimals of its own type; else those of a double. */
  private static BigDecimal shortest(double edge) {
    return (float) edge == edge
        ? new BigDecimal(Float.toString((float) edge))
        : BigDecimal.valueOf(edge);
  }

  /** Whether a number reads as this edge and not as something on the way to that other one. */
  private static boolean near(BigDecimal written, double edge, double other) {
    boolean alone = neighbours(Math.min(edge, other), Math.max(edge, other));
    BigDecimal exact = new BigDecimal(edge);
    BigDecimal room = exact.subtract(new BigDecimal(other)).abs();
    return written
            .subtract(exact)
            .abs()
            .multiply(BigDecimal.valueOf(alone ? HALF : SMALL_PART))
            .compareTo(room)
        < 0;
  }

  /** Whether a number is best written without an exponent, down to ones at least. */
  private static boolean readable(BigDecimal number) {
    double size = Math.abs(number.doubleValue());
    return size == 0 || (size >= 1e-6 && size < 1e15);
  }

  private static String number(BigDecimal number) {
    return readable(number) ? plain(number) : number.stripTrailingZeros().toString();
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
