package dev.mlops.runtime.codec;

import dev.mlops.engine.Tensor;
import dev.mlops.model.ElementType;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;

/** A tensor in the Java heap, for tests without an engine. */
public final class HeapTensor implements Tensor {
  private final ElementType type;
  private final long[] shape;
  private final Object memory;

  /** A tensor of zeros, or of empty texts. */
  public HeapTensor(ElementType type, long... shape) {
    this.type = type;
    this.shape = shape.clone();
    int n = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    this.memory =
        switch (type) {
          case FLOAT -> FloatBuffer.allocate(n);
          case DOUBLE -> DoubleBuffer.allocate(n);
          case FLOAT16, INT16 -> ShortBuffer.allocate(n);
          case INT32 -> IntBuffer.allocate(n);
          case INT64 -> LongBuffer.allocate(n);
          case INT8, UINT8, BOOL -> ByteBuffer.allocate(n);
          case TEXT -> {
            String[] texts = new String[n];
            Arrays.fill(texts, "");
            yield texts;
          }
        };
  }

  @Override
  public ElementType type() {
    return type;
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  @Override
  public FloatBuffer floats() {
    return memory(FloatBuffer.class, type == ElementType.FLOAT);
  }

  @Override
  public DoubleBuffer doubles() {
    return memory(DoubleBuffer.class, type == ElementType.DOUBLE);
  }

  @Override
  public LongBuffer longs() {
    return memory(LongBuffer.class, type == ElementType.INT64);
  }

  @Override
  public IntBuffer ints() {
    return memory(IntBuffer.class, type == ElementType.INT32);
  }

  @Override
  public ShortBuffer shorts() {
    return memory(ShortBuffer.class, type == ElementType.INT16 || type == ElementType.FLOAT16);
  }

  @Override
  public ByteBuffer bytes() {
    return memory(
        ByteBuffer.class,
        type == ElementType.INT8 || type == ElementType.UINT8 || type == ElementType.BOOL);
  }

  @Override
  public String[] texts() {
    return memory(String[].class, type == ElementType.TEXT);
  }

  private <T> T memory(Class<T> wanted, boolean fits) {
    if (!fits) {
      throw new IllegalStateException("a " + type + " tensor is no " + wanted.getSimpleName());
    }
    return wanted.cast(memory);
  }
}
