package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.mlops.model.ElementType;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Objects;

/** Element types in ONNX Runtime's words, and memory as tensors of them. */
final class Elements {
  private Elements() {}

  /** Bytes of an element; 0 for text, which has no memory of ours. */
  static int bytes(ElementType type) {
    return switch (type) {
      case INT8, UINT8, BOOL -> 1;
      case INT16, FLOAT16 -> 2;
      case FLOAT, INT32 -> 4;
      case DOUBLE, INT64 -> 8;
      case TEXT -> 0;
    };
  }

  static OnnxJavaType java(ElementType type) {
    return switch (type) {
      case FLOAT -> OnnxJavaType.FLOAT;
      case DOUBLE -> OnnxJavaType.DOUBLE;
      case FLOAT16 -> OnnxJavaType.FLOAT16;
      case INT8 -> OnnxJavaType.INT8;
      case INT16 -> OnnxJavaType.INT16;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case UINT8 -> OnnxJavaType.UINT8;
      case BOOL -> OnnxJavaType.BOOL;
      case TEXT -> OnnxJavaType.STRING;
    };
  }

  /** The first elements of a piece of direct memory. */
  static Buffer view(ElementType type, ByteBuffer memory, int elements) {
    ByteBuffer bytes = memory.slice(0, elements * bytes(type)).order(ByteOrder.nativeOrder());
    return switch (type) {
      case FLOAT -> bytes.asFloatBuffer();
      case DOUBLE -> bytes.asDoubleBuffer();
      case INT64 -> bytes.asLongBuffer();
      case INT32 -> bytes.asIntBuffer();
      case INT16, FLOAT16 -> bytes.asShortBuffer();
      case INT8, UINT8, BOOL -> bytes;
      case TEXT -> throw new IllegalArgumentException("text has no memory of ours");
    };
  }

  /** A tensor over a view, which it keeps alive; a change of the one is a change of the other. */
  static OnnxTensor over(OrtEnvironment environment, ElementType type, Buffer view, long[] shape)
      throws OrtException {
    return switch (type) {
      case FLOAT -> OnnxTensor.createTensor(environment, (FloatBuffer) view, shape);
      case DOUBLE -> OnnxTensor.createTensor(environment, (DoubleBuffer) view, shape);
      case INT64 -> OnnxTensor.createTensor(environment, (LongBuffer) view, shape);
      case INT32 -> OnnxTensor.createTensor(environment, (IntBuffer) view, shape);
      case INT16, FLOAT16 ->
          OnnxTensor.createTensor(environment, (ShortBuffer) view, shape, java(type));
      case INT8, UINT8, BOOL ->
          OnnxTensor.createTensor(environment, (ByteBuffer) view, shape, java(type));
      case TEXT -> throw new IllegalArgumentException("text has no memory of ours");
    };
  }

  /** A copy on the heap of a tensor that ONNX Runtime made. */
  static Buffer copy(ElementType type, OnnxTensor tensor) {
    return Objects.requireNonNull(
        switch (type) {
          case FLOAT -> tensor.getFloatBuffer();
          case DOUBLE -> tensor.getDoubleBuffer();
          case INT64 -> tensor.getLongBuffer();
          case INT32 -> tensor.getIntBuffer();
          case INT16, FLOAT16 -> tensor.getShortBuffer();
          case INT8, UINT8, BOOL -> tensor.getByteBuffer();
          case TEXT -> throw new IllegalArgumentException("text is read as text");
        });
  }
}
