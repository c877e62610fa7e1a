package dev.mlops.runtime.codec;

/** IEEE 754 binary16 as its bits in a short; Java has it from 20 on. */
final class Half {
  private static final int FRACTION_BITS = 10;
  private static final int BIAS = 15;
  private static final int INFINITY = 0x7c00;
  private static final int QUIET_NAN = 0x7e00;
  private static final double LEAST_NORMAL = 0x1p-14;
  /* Halfway between the largest half and what would be the next: from here on it rounds up. */
  private static final double OVERFLOW = 65520;

  private Half() {}

  /** The nearest half, ties to even; infinite where a half cannot hold it. */
  static short of(double value) {
    int sign = (int) (Double.doubleToRawLongBits(value) >>> 48) & 0x8000;
    double size = Math.abs(value);
    int bits;
    if (Double.isNaN(value)) {
      bits = QUIET_NAN;
    } else if (size >= OVERFLOW) {
      bits = INFINITY;
    } else if (size < LEAST_NORMAL) {
      bits = (int) Math.rint(size * 0x1p24);
    } else {
      // scaling by a power of two is exact, so this rounds once; a carry moves into the exponent
      int exponent = Math.getExponent(size);
      int significand = (int) Math.rint(Math.scalb(size, FRACTION_BITS - exponent));
      bits = ((exponent + BIAS - 1) << FRACTION_BITS) + significand;
    }
    return (short) (sign | bits);
  }

  /** The exact value. */
  static float value(short half) {
    int exponent = (half >> FRACTION_BITS) & 0x1f;
    int fraction = half & 0x3ff;
    float size;
    if (exponent == 0) {
      size = fraction * 0x1p-24f;
    } else if (exponent == 0x1f) {
      size = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else {
      size = Math.scalb(0x400 + fraction, exponent - BIAS - FRACTION_BITS);
    }
    return half < 0 ? -size : size;
  }
}
