package dev.mlops.runtime.onnx;

import dev.mlops.model.ElementType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The element types of ONNX, by the number that stands in files. */
enum TensorType {
  UNDEFINED("undefined", 0),
  FLOAT("float", 32, ElementType.FLOAT),
  UINT8("uint8", 8, ElementType.UINT8),
  INT8("int8", 8, ElementType.INT8),
  UINT16("uint16", 16),
  INT16("int16", 16, ElementType.INT16),
  INT32("int32", 32, ElementType.INT32),
  INT64("int64", 64, ElementType.INT64),
  STRING("string", 0, ElementType.TEXT),
  BOOL("bool", 8, ElementType.BOOL),
  FLOAT16("float16", 16, ElementType.FLOAT16),
  DOUBLE("double", 64, ElementType.DOUBLE),
  UINT32("uint32", 32),
  UINT64("uint64", 64),
  COMPLEX64("complex64", 64),
  COMPLEX128("complex128", 128),
  BFLOAT16("bfloat16", 16),
  FLOAT8E4M3FN("float8e4m3fn", 8),
  FLOAT8E4M3FNUZ("float8e4m3fnuz", 8),
  FLOAT8E5M2("float8e5m2", 8),
  FLOAT8E5M2FNUZ("float8e5m2fnuz", 8),
  UINT4("uint4", 4),
  INT4("int4", 4),
  FLOAT4E2M1("float4e2m1", 4);

  private final String text;
  private final int bits;
  private final Optional<ElementType> ours;

  TensorType(String text, int bits) {
    this.text = text;
    this.bits = bits;
    this.ours = Optional.empty();
  }

  TensorType(String text, int bits, ElementType ours) {
    this.text = text;
    this.bits = bits;
    this.ours = Optional.of(ours);
  }

  /** What ONNX calls the type of this number, also where it is one we do not know. */
  static String name(long number) {
    TensorType type = known(number);
    return type == null ? "type number " + number : type.text;
  }

  /** Our type for the one of this number; empty where we have none. */
  static Optional<ElementType> ours(long number) {
    TensorType type = known(number);
    return type == null ? Optional.empty() : type.ours;
  }

  /** Bits an element takes in raw data; 0 where that is not fixed or not known. */
  static int bits(long number) {
    TensorType type = known(number);
    return type == null ? 0 : type.bits;
  }

  private static @Nullable TensorType known(long number) {
    TensorType[] all = values();
    return number >= 0 && number < all.length ? all[(int) number] : null;
  }
}
