package dev.mlops.runtime.engine;

import dev.mlops.engine.Tensor;
import dev.mlops.model.ElementType;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import org.jspecify.annotations.Nullable;

/** A tensor's memory as the runtime sees it. */
public final class SlotTensor implements Tensor {
  private final String name;
  private final ElementType type;
  private final long[] shape;
  private final @Nullable Buffer elements;
  private final String @Nullable [] texts;

  private SlotTensor(
      String name,
      ElementType type,
      long[] shape,
      @Nullable Buffer elements,
      String @Nullable [] texts) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.elements = elements;
    this.texts = texts;
  }

  /** Of any type but text; the buffer is of the class the type asks for. */
  public static SlotTensor of(String name, ElementType type, long[] shape, Buffer elements) {
    return new SlotTensor(name, type, shape, elements, null);
  }

  /** Of text. */
  public static SlotTensor of(String name, long[] shape, String[] texts) {
    return new SlotTensor(name, ElementType.TEXT, shape, null, texts);
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
    if (elements instanceof FloatBuffer floats) {
      return floats;
    }
    throw not("floats()");
  }

  @Override
  public DoubleBuffer doubles() {
    if (elements instanceof DoubleBuffer doubles) {
      return doubles;
    }
    throw not("doubles()");
  }

  @Override
  public LongBuffer longs() {
    if (elements instanceof LongBuffer longs) {
      return longs;
    }
    throw not("longs()");
  }

  @Override
  public IntBuffer ints() {
    if (elements instanceof IntBuffer ints) {
      return ints;
    }
    throw not("ints()");
  }

  @Override
  public ShortBuffer shorts() {
    if (elements instanceof ShortBuffer shorts) {
      return shorts;
    }
    throw not("shorts()");
  }

  @Override
  public ByteBuffer bytes() {
    if (elements instanceof ByteBuffer bytes) {
      return bytes;
    }
    throw not("bytes()");
  }

  @Override
  public String[] texts() {
    if (texts != null) {
      return texts;
    }
    throw not("texts()");
  }

  private IllegalStateException not(String accessor) {
    return new IllegalStateException(
        "tensor '" + name + "' is " + type + " and has no " + accessor);
  }
}
