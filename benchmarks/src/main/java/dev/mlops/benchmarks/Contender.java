package dev.mlops.benchmarks;

/** A way to score the rows of a subject, beside others. */
interface Contender extends AutoCloseable {
  /**
   * Makes ready for batches of a size.
   *
   * @return for one thread
   */
  Calls calls(int rows) throws Exception;

  @Override
  default void close() {}

  /** Calls of one batch size. */
  interface Calls extends AutoCloseable {
    /**
     * Scores a batch, the rows from {@code batch} times its size on.
     *
     * @param into the probability of the second class, row by row
     */
    void score(int batch, float[] into) throws Exception;

    @Override
    default void close() {}
  }
}
