package dev.mlops.runtime.codec;

import dev.mlops.inference.InvalidInputException;
import java.util.List;

/**
 * Fills a slot from inputs of one type and reads answers of another, bound to one schema. Public
 * for the serving package alone. Safe for several threads, each with a frame of its own.
 *
 * @param <I> what goes in
 * @param <O> what comes out
 */
public interface BoundCodec<I, O> {
  /**
   * Fills the frame with one row, without allocating where the input does not ask for it.
   *
   * @throws InvalidInputException if the input does not fit; the frame may be half filled and must
   *     not be run
   */
  void write(I input, Frame to);

  /**
   * Fills the frame with a chunk of a batch.
   *
   * @param from index of the chunk's first input
   * @param rows at least 1
   * @throws InvalidInputException if an input does not fit; the message names its index in the
   *     whole list
   */
  void write(List<? extends I> inputs, int from, int rows, Frame to);

  /** Reads the answer to a row of the frame that was run; it keeps nothing of the frame. */
  O read(Frame from, int row);
}
