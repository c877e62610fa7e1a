package dev.mlops.drift.count;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Numbers as text, the same on every JDK: {@link Double#toString} writes some numbers otherwise
 * from 19 on, and what is digested must not depend on that.
 */
public final class Decimal {
  private static final int MOST_DIGITS = 17;
  private static final double WHOLE = 1e15;

  private Decimal() {}

  /**
   * The fewest decimal digits that are read back as the same double, as JSON writes a number: whole
   * ones without a fraction, zero without a sign.
   *
   * @throws IllegalArgumentException if the value is not finite, which JSON cannot say
   */
  public static String of(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(value + " is no finite number, wanted one");
    }
    if (value == (long) value && Math.abs(value) < WHOLE) {
      return Long.toString((long) value);
    }
    BigDecimal exact = new BigDecimal(value);
    for (int digits = 1; digits < MOST_DIGITS; digits++) {
      BigDecimal rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (rounded.doubleValue() == value) {
        return rounded.toString();
      }
    }
    return exact.round(new MathContext(MOST_DIGITS, RoundingMode.HALF_EVEN)).toString();
  }
}
