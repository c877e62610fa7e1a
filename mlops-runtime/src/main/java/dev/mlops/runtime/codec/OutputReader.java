package dev.mlops.runtime.codec;

/** Reads the answer to a row of a frame that was run. */
interface OutputReader<O> {
  O read(Frame from, int row);
}
