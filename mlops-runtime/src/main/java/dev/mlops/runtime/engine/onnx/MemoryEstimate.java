package dev.mlops.runtime.engine.onnx;

import dev.mlops.runtime.engine.ModelFiles;
import dev.mlops.runtime.onnx.OnnxContents;

/** What loading a model adds to resident memory, at its highest, from what its file is made of. */
final class MemoryEstimate {
  /*
   * Measured on ONNX Runtime 1.28.0 with the options of OnnxSession, JDK 17 and glibc 2.36 on
   * x86-64; the table is in docs/proof/memory-sessions.md.
   *
   * Weights are in memory twice for a moment, one tensor after the other: 1.2 times the file for
   * 50 matrices of 4 MB, 2.0 for one of 200 MB and for each small network. Convolutions are laid out
   * anew before the first form goes: 3.0. Weights in other files are mapped or read once: 1.0 to
   * 1.1. A tree's node or a word of a table, each with a text, keeps 200 bytes; what is no weight is
   * taken apart while it loads, at 9 to 13 times its size in the file. A graph's node takes 4 KB.
   */
  private static final double WEIGHTS = 2.1;
  private static final double CONVOLUTIONS = 3.2;
  private static final double OUTSIDE = 1.1;
  private static final double REST = 2;
  private static final double REST_AT_LOAD = 9;
  private static final long TEXT = 170;
  private static final long NODE = 4_500;
  private static final long SESSION = 200_000;
  private static final long FIRST_SESSION = 3_000_000;

  private MemoryEstimate() {}

  /** Bytes; a little more than what was measured for models of each kind, up to twice as much. */
  static long of(ModelFiles files, int slots) {
    OnnxContents contents = files.contents();
    long file = files.fileBytes();
    long rest = Math.max(0, file - contents.weights());
    double stays =
        SESSION
            + contents.weights() * (contents.convolutions() ? CONVOLUTIONS : WEIGHTS)
            + (files.bytes() - file) * OUTSIDE
            + rest * REST
            + contents.texts() * TEXT
            + contents.nodes() * NODE;
    double loading = FIRST_SESSION + rest * REST_AT_LOAD;
    double buffers = (double) slots * OnnxSlot.memoryAtOnce(files.schema());
    return (long) (OnnxSession.sessions(files, slots) * stays + loading + buffers);
  }
}
