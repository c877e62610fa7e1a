package dev.mlops.runtime.codec;

/** Puts one input into a row of a frame that was begun. */
interface InputWriter<I> {
  void write(I input, Frame to, int row);
}
