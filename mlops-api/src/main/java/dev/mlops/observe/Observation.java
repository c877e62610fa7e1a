package dev.mlops.observe;

import dev.mlops.inference.Traffic;
import java.util.Optional;

/**
 * A view of what a version was given and what it answered: one call, or one chunk of a batch. Valid
 * only during {@link VersionObserver#observed}. Values are as the model saw them: a float32 as its
 * exact double, an integer beyond 2^53 as the nearest double. Input columns stand in the order of
 * the schema, all tensors together.
 */
public interface Observation {
  /** Which part of the traffic it belongs to. */
  Traffic traffic();

  /** The slot that ran it: from 0 to the number the observer was opened with, exclusive. */
  int slot();

  /** The number of rows. */
  int rows();

  /** A value that is one number; NaN where it is missing. */
  double number(int row, int column);

  /**
   * The values of a row in all FLOAT columns that have one a row, at once: the same that {@link
   * #number} gives for each, and quicker.
   *
   * @param into gets each at the index of its column, as far as it reaches; what stands at the
   *     indexes of other columns stays
   */
  void floats(int row, float[] into);

  /** Whether the caller left the value out. NaN is a value, and is not missing. */
  boolean missing(int row, int column);

  /** A value that is text; empty where it is missing. */
  String text(int row, int column);

  /** One element of a vector or an image, in row-major order. */
  double element(int row, int column, int index);

  /** The number of elements of a value: 1 for a number or a text. */
  int size(int row, int column);

  /** The score the schema names; NaN where it names none. */
  double score(int row);

  /** The call's key. */
  Optional<String> key();

  /** The call's segment. */
  Optional<String> segment();

  /** The receipt's text, the same the caller is given. */
  String receipt(int row);
}
