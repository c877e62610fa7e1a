package dev.mlops.runtime.onnx;

import org.jspecify.annotations.Nullable;

/**
 * A tensor whose numbers stand in the file.
 *
 * @param type its element type, by ONNX's number
 * @param dims its axes; none for a single number
 * @param values a {@code float[]}, {@code double[]} or {@code String[]}, or a {@code long[]} for
 *     whole numbers and truth values; null where they are of another type, or are not in the file
 */
@SuppressWarnings("ArrayRecordComponent") // read where it is made, and never compared
public record OnnxConstant(int type, long[] dims, @Nullable Object values) {
  public static final int FLOAT = 1;
  public static final int UINT8 = 2;
  public static final int INT32 = 6;
  public static final int INT64 = 7;
  public static final int STRING = 8;
  public static final int BOOL = 9;
  public static final int DOUBLE = 11;

  /** How many elements its axes say it has. */
  public long elements() {
    long product = 1;
    for (long dim : dims) {
      product *= dim;
    }
    return product;
  }
}
