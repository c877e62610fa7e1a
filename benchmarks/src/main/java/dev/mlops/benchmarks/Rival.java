package dev.mlops.benchmarks;

/**
 * Another library that scores trees, found by {@link java.util.ServiceLoader}: those of the profile
 * {@code rivals}.
 */
interface Rival {
  /** Its name and version. */
  String name();

  /** Its licence, and what is downloaded for it. */
  String terms();

  /**
   * Loads the trees in its own format.
   *
   * @param rows what will be scored
   */
  Contender load(Trees trees, float[][] rows) throws Exception;
}
