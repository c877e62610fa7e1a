package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Operands.Operand;

/**
 * What is made of two numbers. Chosen by a switch for each number, which the processor foresees:
 * that costs less than a call of a lambda, and nothing when a JVM starts.
 */
enum BinaryOperator {
  ADD,
  SUBTRACT,
  MULTIPLY,
  DIVIDE,
  /** With the sign of the first, and by way of double, as ONNX Runtime has it. */
  REMAINDER,
  /** With the sign of the second; of whole numbers alone. */
  MODULO,
  POWER,
  MAX,
  MIN,
  /** Of truth values alone. */
  AND,
  OR;

  /** As in float: a double has more than twice the digits, so rounding twice does no harm. */
  private float of(float a, float b) {
    return this == POWER && b == 3 ? a * a * a : (float) of((double) a, (double) b);
  }

  private double of(double a, double b) {
    return switch (this) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / b;
      case REMAINDER -> a % b;
      case POWER -> b == 2 ? a * a : b == 3 ? a * a * a : power(a, b);
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      case MODULO, AND, OR -> throw new IllegalStateException(this + " of numbers");
    };
  }

  private long of(long a, long b) {
    return switch (this) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / b;
      case REMAINDER -> (long) ((double) a % (double) b);
      case MODULO -> Math.floorMod(a, b);
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      case AND -> a & b;
      case OR -> a | b;
      case POWER -> throw new IllegalStateException(this + " of whole numbers");
    };
  }

  /** As C has it: 1 to whatever power is 1, and so is -1 to an infinite one. */
  private static double power(double base, double exponent) {
    if (base == 1 || (base == -1 && Double.isInfinite(exponent))) {
      return 1;
    }
    return Math.pow(base, exponent);
  }

  /** The loop over all rows of two operands of one type. */
  Step step(Operands in, Value out) {
    ElementType type = out.type();
    Operand x = in.get(0);
    Operand y = in.get(1);
    int a = x.register();
    int b = y.register();
    int o = out.register();
    int width = in.width();
    boolean perRow = in.extent().perRow();
    if (type == ElementType.FLOAT && in.straight()) {
      boolean flat = in.flat();
      return (r, rows) -> {
        if (flat || rows == 1 || !perRow) {
          run(r.floats[a], r.floats[b], r.floats[o], flat ? rows * width : width);
        } else {
          for (int row = 0; row < rows; row++) {
            run(
                r.floats[a],
                row * x.stride(),
                r.floats[b],
                row * y.stride(),
                r.floats[o],
                row * width,
                width);
          }
        }
      };
    }
    return (r, rows) -> {
      int n = perRow ? rows : 1;
      for (int row = 0, at = 0; row < n; row++) {
        for (int i = 0; i < width; i++, at++) {
          int p = x.place(row, i);
          int q = y.place(row, i);
          switch (type) {
            case FLOAT -> r.floats[o][at] = of(r.floats[a][p], r.floats[b][q]);
            case DOUBLE -> r.doubles[o][at] = of(r.doubles[a][p], r.doubles[b][q]);
            case INT32 -> r.longs[o][at] = (int) of(r.longs[a][p], r.longs[b][q]);
            default -> r.longs[o][at] = of(r.longs[a][p], r.longs[b][q]);
          }
        }
      }
    };
  }

  private void run(float[] a, int atA, float[] b, int atB, float[] out, int at, int n) {
    switch (this) {
      case ADD -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = a[atA + i] + b[atB + i];
        }
      }
      case SUBTRACT -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = a[atA + i] - b[atB + i];
        }
      }
      case MULTIPLY -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = a[atA + i] * b[atB + i];
        }
      }
      case DIVIDE -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = a[atA + i] / b[atB + i];
        }
      }
      default -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = of(a[atA + i], b[atB + i]);
        }
      }
    }
  }

  /** From the start of all three: with one index the compiler makes vector instructions of it. */
  private void run(float[] a, float[] b, float[] out, int n) {
    switch (this) {
      case ADD -> {
        for (int i = 0; i < n; i++) {
          out[i] = a[i] + b[i];
        }
      }
      case SUBTRACT -> {
        for (int i = 0; i < n; i++) {
          out[i] = a[i] - b[i];
        }
      }
      case MULTIPLY -> {
        for (int i = 0; i < n; i++) {
          out[i] = a[i] * b[i];
        }
      }
      default -> run(a, 0, b, 0, out, 0, n);
    }
  }
}
