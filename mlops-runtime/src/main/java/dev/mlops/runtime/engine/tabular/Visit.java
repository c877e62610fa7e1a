package dev.mlops.runtime.engine.tabular;

/** What the walk of one row through a forest needs beside the forest: of one slot. */
final class Visit {
  /** The row's keys, by slot; as ints where those are enough. */
  final int[] keys;

  final long[] wideKeys;

  /** What the leaves have where the row ended, by tree. */
  final int[] leaves;

  /** Sums and the like, by target. */
  final float[] floats;

  final double[] scores;

  /** Which targets any leaf had something to say of. */
  final boolean[] told;

  Visit(int keys, int wideKeys, int trees, int targets) {
    this.keys = new int[keys];
    this.wideKeys = new long[wideKeys];
    this.leaves = new int[trees];
    this.floats = new float[targets];
    this.scores = new double[targets];
    this.told = new boolean[targets];
  }
}
