package dev.mlops.engine;

import dev.mlops.model.ElementType;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/**
 * A slot's own memory for one tensor, in row-major order. The buffers are the tensor: what is put
 * into an input is what the model reads, and an output is valid until the slot runs again. They may
 * be direct or on the heap. Only the accessor of the tensor's own type works; the others throw
 * {@link IllegalStateException}. Element i of the tensor is element i of the buffer: use absolute
 * positions, whatever position and limit say.
 */
public interface Tensor {
  /** The type of the elements. */
  ElementType type();

  /** The shape now, the row axis filled in; the caller's to keep. */
  long[] shape();

  /** The elements of a FLOAT tensor. */
  FloatBuffer floats();

  /** The elements of a DOUBLE tensor. */
  DoubleBuffer doubles();

  /** The elements of an INT64 tensor. */
  LongBuffer longs();

  /** The elements of an INT32 tensor. */
  IntBuffer ints();

  /** The elements of an INT16 tensor, or the bits of a FLOAT16 one. */
  ShortBuffer shorts();

  /** The elements of an INT8, UINT8 or BOOL tensor; true is 1. */
  ByteBuffer bytes();

  /**
   * The elements of a TEXT tensor; at least as long as the tensor, elements beyond it mean nothing.
   * Never null within it.
   */
  String[] texts();
}
