package dev.mlops.drift.count;

/**
 * The cells of one column: each value, and each missing one, lands in exactly one of them.
 * Immutable; safe for all threads.
 */
public sealed interface ColumnCells permits NumberCells, CategoryCells {
  /** How many cells there are; they are numbered from 0. */
  int size();

  /** The cell of a value that is missing; the last one. */
  int missing();
}
