package dev.mlops.engine;

/**
 * One set of a session's buffers, used by one thread at a time: fill the inputs, run, read the
 * outputs. The runtime sees to the one thread, so a slot locks nothing. Tensors are counted in the
 * order of the schema the session was loaded with.
 */
public interface Slot {
  /**
   * The memory of an input that has a row axis or none, made ready for a number of rows.
   *
   * @param tensor index in the schema's inputs
   * @param rows at least 1
   * @return the same object as long as no other row count is asked for; then contents are what they
   *     were, otherwise anything
   */
  Tensor input(int tensor, int rows);

  /**
   * The memory of an input whose shape the schema leaves open.
   *
   * @param tensor index in the schema's inputs
   * @param shape every axis filled in
   */
  Tensor input(int tensor, long[] shape);

  /**
   * Runs the model. An input stays as it was last asked for and filled, so one that did not change
   * need not be asked for again as long as the row count is the same.
   *
   * @param rows the number of rows the inputs were last asked for with
   * @throws ModelFailedException if the engine fails, or was cancelled; the slot stays usable. A
   *     text that the engine cannot carry is an {@code InvalidInputException} instead
   */
  void run(int rows);

  /**
   * What came out.
   *
   * @param tensor index in the schema's outputs
   * @return valid until the next run
   */
  Tensor output(int tensor);

  /**
   * Asks a run in progress to end, from any thread at any time, also after the session was closed.
   * The run ends at the next point where the engine looks, such as between two operators: one long
   * operator goes on to its end. A run that finds no such point gives its answer.
   *
   * <p>Nothing is remembered: without a run in progress it does nothing, and a run that begins
   * afterwards is not ended. As it can come late, it may also end a run that began in the meantime.
   * Whoever needs the slot free asks again until it is.
   *
   * @return false if this engine cannot; the run then goes on to its own end
   */
  boolean cancel();
}
