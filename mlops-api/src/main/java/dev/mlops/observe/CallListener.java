package dev.mlops.observe;

import dev.mlops.model.MlopsException;

/**
 * Is told how calls went, on the callers' own threads and by many at once: it must be fast and must
 * not block. What it throws is swallowed.
 */
public interface CallListener {
  /**
   * A call was answered.
   *
   * @param nanos from its beginning to its answer, in nanoseconds
   * @param rows 1 for a single prediction
   */
  void answered(long nanos, int rows);

  /**
   * A call failed.
   *
   * @param code that of the exception, such as {@code overloaded}; {@code other} if it is none of
   *     this library's
   */
  void failed(MlopsException.Kind kind, String code);

  /**
   * A call found no slot free and waited for one, whatever came of it.
   *
   * @param nanos how long, in nanoseconds
   */
  void waited(long nanos);

  /** An observer threw, so what it was told of this call is lost to it. */
  void unobserved();

  /** The version has ended on this route; no call comes after this. */
  void close();
}
