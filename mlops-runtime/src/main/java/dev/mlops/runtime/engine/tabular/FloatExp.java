package dev.mlops.runtime.engine.tabular;

/**
 * e to the power of a float, rounded as the C library of most Linux systems rounds it, and with it
 * ONNX Runtime there: some one in a thousand results differs from the nearest float by its last
 * bit.
 *
 * <p>That is 2 to the power of the whole 32nds from a table, times a cubic for what is left of less
 * than half a 32nd.
 */
final class FloatExp {
  private static final int PARTS = 32;
  private static final double PARTS_A_UNIT = PARTS * 0x1.71547652b82fep0; // 1 / ln 2

  /** Added and taken away again, it leaves a whole number, which stands in the lowest bits. */
  private static final double ROUND = 0x1.8p52;

  private static final double FIRST = 0x1.62e42ff0c52d6p-1 / PARTS;
  private static final double SECOND = 0x1.ebfce50fac4f3p-3 / PARTS / PARTS;
  private static final double THIRD = 0x1.c6af84b912394p-5 / PARTS / PARTS / PARTS;

  /** Beyond them it is infinite, or nothing. */
  private static final float MOST = 0x1.62e42ep6f;

  private static final float LEAST = -0x1.9fe368p6f;

  private static final double[] POWERS = new double[PARTS];

  static {
    for (int i = 0; i < PARTS; i++) {
      POWERS[i] = Math.pow(2, (double) i / PARTS);
    }
  }

  private FloatExp() {}

  static float of(float x) {
    if (!(x <= MOST)) {
      return x + Float.POSITIVE_INFINITY; // NaN stays NaN
    }
    if (x < LEAST) {
      return 0;
    }
    double scaled = PARTS_A_UNIT * x;
    double rounded = scaled + ROUND;
    int parts = (int) Double.doubleToRawLongBits(rounded);
    double rest = scaled - (rounded - ROUND);
    long exponent = (long) (parts >> 5) << 52;
    double power =
        Double.longBitsToDouble(Double.doubleToRawLongBits(POWERS[parts & PARTS - 1]) + exponent);
    double square = rest * rest;
    return (float) (((THIRD * rest + SECOND) * square + (FIRST * rest + 1)) * power);
  }
}
