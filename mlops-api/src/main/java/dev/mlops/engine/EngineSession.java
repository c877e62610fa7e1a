package dev.mlops.engine;

/** One version loaded into an engine. The runtime closes it once, when no slot is in use. */
public interface EngineSession extends AutoCloseable {
  /**
   * One of its slots, always the same object for an index.
   *
   * @param index from 0 to the number of slots it was loaded with, exclusive
   */
  Slot slot(int index);

  /**
   * What there is to say about how it runs beyond the engine's name, in words for people; empty for
   * nothing.
   */
  default String detail() {
    return "";
  }

  /**
   * How many runs of one row it is to have before a swap to it, beyond a few in each slot: some ten
   * thousand where the JVM has its code to compile yet, none where the code is native. They may be
   * cut short.
   */
  default int warmUpRuns() {
    return 0;
  }

  /** Gives back everything native. */
  @Override
  void close();
}
