package dev.mlops.runtime.engine.tabular;

/**
 * One operator, ready to run. Holds only what is the same for every run; safe for all threads, each
 * with registers of its own.
 */
interface Step {
  /** Reads its inputs' registers and writes its outputs' for rows from 0. */
  void run(Registers registers, int rows);
}
