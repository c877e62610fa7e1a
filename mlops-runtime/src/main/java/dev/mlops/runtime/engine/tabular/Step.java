package dev.mlops.runtime.engine.tabular;

/**
 * One operator, ready to run. Holds only what is the same for every run; safe for all threads, each
 * with registers of its own.
 */
interface Step {
  /**
   * Puts what it keeps between its lines into a slot's registers, once, before they are run: a run
   * that had to look would have a branch that is taken once a version, which throws away what the
   * JVM compiled for the version before.
   */
  default void open(Registers registers) {}

  /** Reads its inputs' registers and writes its outputs' for rows from 0. */
  void run(Registers registers, int rows);
}
