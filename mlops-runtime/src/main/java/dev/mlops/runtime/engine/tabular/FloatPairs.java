package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.engine.tabular.Operands.Operand;

/** A loop that makes each number of two others. */
interface FloatPairs {
  /** So many numbers from places of their own on. */
  void run(float[] a, int atA, float[] b, int atB, float[] out, int at, int n);

  /** From the start of all three: with one index the compiler makes vector instructions of it. */
  default void run(float[] a, float[] b, float[] out, int n) {
    run(a, 0, b, 0, out, 0, n);
  }

  interface One {
    float of(float a, float b);
  }

  /** Calls for each; for what is rare. */
  static FloatPairs of(One one) {
    return (a, atA, b, atB, out, at, n) -> {
      for (int i = 0; i < n; i++) {
        out[at + i] = one.of(a[atA + i], b[atB + i]);
      }
    };
  }

  FloatPairs ADD =
      new FloatPairs() {
        @Override
        public void run(float[] a, int atA, float[] b, int atB, float[] out, int at, int n) {
          for (int i = 0; i < n; i++) {
            out[at + i] = a[atA + i] + b[atB + i];
          }
        }

        @Override
        public void run(float[] a, float[] b, float[] out, int n) {
          for (int i = 0; i < n; i++) {
            out[i] = a[i] + b[i];
          }
        }
      };

  FloatPairs SUB =
      new FloatPairs() {
        @Override
        public void run(float[] a, int atA, float[] b, int atB, float[] out, int at, int n) {
          for (int i = 0; i < n; i++) {
            out[at + i] = a[atA + i] - b[atB + i];
          }
        }

        @Override
        public void run(float[] a, float[] b, float[] out, int n) {
          for (int i = 0; i < n; i++) {
            out[i] = a[i] - b[i];
          }
        }
      };

  FloatPairs MUL =
      new FloatPairs() {
        @Override
        public void run(float[] a, int atA, float[] b, int atB, float[] out, int at, int n) {
          for (int i = 0; i < n; i++) {
            out[at + i] = a[atA + i] * b[atB + i];
          }
        }

        @Override
        public void run(float[] a, float[] b, float[] out, int n) {
          for (int i = 0; i < n; i++) {
            out[i] = a[i] * b[i];
          }
        }
      };

  FloatPairs DIV =
      new FloatPairs() {
        @Override
        public void run(float[] a, int atA, float[] b, int atB, float[] out, int at, int n) {
          for (int i = 0; i < n; i++) {
            out[at + i] = a[atA + i] / b[atB + i];
          }
        }

        @Override
        public void run(float[] a, float[] b, float[] out, int n) {
          for (int i = 0; i < n; i++) {
            out[i] = a[i] / b[i];
          }
        }
      };

  /** The loop over all rows of two operands. */
  static Step step(Operands in, int o, FloatPairs loop) {
    Operand x = in.get(0);
    Operand y = in.get(1);
    int a = x.register();
    int b = y.register();
    int width = in.width();
    boolean flat = in.flat();
    boolean perRow = in.extent().perRow();
    if (in.straight()) {
      return (r, rows) -> {
        if (flat) {
          loop.run(r.floats[a], r.floats[b], r.floats[o], rows * width);
        } else if (rows == 1 || !perRow) {
          loop.run(r.floats[a], r.floats[b], r.floats[o], width);
        } else {
          float[] first = r.floats[a];
          float[] second = r.floats[b];
          float[] out = r.floats[o];
          for (int row = 0; row < rows; row++) {
            loop.run(first, row * x.stride(), second, row * y.stride(), out, row * width, width);
          }
        }
      };
    }
    return (r, rows) -> {
      int n = perRow ? rows : 1;
      for (int row = 0; row < n; row++) {
        for (int i = 0; i < width; i++) {
          loop.run(
              r.floats[a],
              row * x.stride() + x.map()[i],
              r.floats[b],
              row * y.stride() + y.map()[i],
              r.floats[o],
              row * width + i,
              1);
        }
      }
    };
  }
}
