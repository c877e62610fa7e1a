package dev.mlops.runtime.onnx;

import java.util.Arrays;
import java.util.function.LongConsumer;

/** Numbers out of a file, as they come. */
final class Numbers implements LongConsumer {
  private static final int FIRST = 16;

  private long[] all = new long[0];
  private int size;

  @Override
  public void accept(long number) {
    if (size == all.length) {
      all = Arrays.copyOf(all, Math.max(FIRST, Math.multiplyExact(size, 2)));
    }
    all[size++] = number;
  }

  long[] toArray() {
    return Arrays.copyOf(all, size);
  }

  /** What they are as the bits of floats. */
  float[] floats() {
    float[] floats = new float[size];
    for (int i = 0; i < size; i++) {
      floats[i] = Float.intBitsToFloat((int) all[i]);
    }
    return floats;
  }

  /** What they are as the bits of doubles. */
  double[] doubles() {
    double[] doubles = new double[size];
    for (int i = 0; i < size; i++) {
      doubles[i] = Double.longBitsToDouble(all[i]);
    }
    return doubles;
  }
}
