package dev.mlops.inference;

import dev.mlops.engine.Slot;
import java.util.List;

/**
 * Puts inputs into tensors and reads answers out, for what records and rows cannot say. Used by
 * several threads at once, each with a slot of its own.
 *
 * @param <I> what goes in
 * @param <O> what comes out
 */
public interface Codec<I, O> {
  /**
   * Fills every input of a slot, asking for each with {@code in.size()} rows.
   *
   * @param in at least one input, at most 1,024
   * @throws InvalidInputException if an input does not fit
   */
  void write(List<? extends I> in, Slot to);

  /**
   * Reads the answer to one input; nothing of the slot may be kept.
   *
   * @param row from 0, as the inputs stood
   */
  O read(Slot from, int row);
}
