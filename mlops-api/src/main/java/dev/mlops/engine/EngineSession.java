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
   * How many runs of one row, in all slots together, bring it to its speed before it serves; each
   * slot is run a few times in any case. Some thousand where the JVM has its code to compile yet,
   * none where the code is native.
   */
  default int warmUpRuns() {
    return 0;
  }

  /** Gives back everything native. */
  @Override
  void close();
}
