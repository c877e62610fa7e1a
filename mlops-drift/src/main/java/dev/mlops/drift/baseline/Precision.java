package dev.mlops.drift.baseline;

import dev.mlops.model.ElementType;

/**
 * What a number becomes in the type a model reads, as its exact double: cells are cut there, or the
 * same data in two types would fall into different cells.
 */
final class Precision {
  private static final int HALF_DIGITS = 10;
  private static final int HALF_LEAST_EXPONENT = -14;
  /* Halfway between the largest half and what would be the next: from here on it rounds up. */
  private static final double HALF_OVERFLOW = 65520;

  private Precision() {}

  /**
   * The value the model reads: floating types rounded, infinite where the type cannot hold it;
   * whole numbers as they are. Minus zero is zero.
   */
  static double round(double value, ElementType type) {
    double rounded =
        switch (type) {
          case FLOAT -> (float) value;
          case FLOAT16 -> half(value);
          default -> value;
        };
    return rounded + 0.0;
  }

  /**
   * A value below this one and not below the next smaller one that the type has: no value of the
   * type lies between. Minus infinity below the least double.
   */
  static double below(double value, ElementType type) {
    double below =
        switch (type) {
          case FLOAT -> Math.nextDown((float) value);
          case FLOAT16 -> value - halfStepBelow(value);
          case DOUBLE, TEXT -> Math.nextDown(value);
          case INT8, INT16, INT32, INT64, UINT8, BOOL -> value - 1;
        };
    // beyond the least float, and beyond 2^53 where value - 1 is the value
    return below < value && Double.isFinite(below) ? below + 0.0 : Math.nextDown(value) + 0.0;
  }

  /** The distance to the next larger value of the type, no finer than a float's. */
  static double step(double value, ElementType type) {
    return type == ElementType.FLOAT16 ? halfStep(value) : Math.ulp((float) value);
  }

  private static double half(double value) {
    double size = Math.abs(value);
    if (!(size < HALF_OVERFLOW)) {
      return Double.isNaN(value) ? value : Math.copySign(Double.POSITIVE_INFINITY, value);
    }
    double step = halfStep(value);
    return Math.rint(value / step) * step; // powers of two: both are exact
  }

  private static double halfStep(double value) {
    int exponent = Math.max(Math.getExponent(value), HALF_LEAST_EXPONENT);
    return Math.scalb(1.0, exponent - HALF_DIGITS);
  }

  private static double halfStepBelow(double value) {
    double step = halfStep(value);
    boolean firstOfItsExponent =
        value > 0
            && Math.getExponent(value) > HALF_LEAST_EXPONENT
            && value == Math.scalb(1.0, Math.getExponent(value));
    return firstOfItsExponent ? step / 2 : step;
  }
}
