package dev.mlops.engine;

/** One version loaded into an engine. The runtime closes it once, when no slot is in use. */
public interface EngineSession extends AutoCloseable {
  /**
   * One of its slots, always the same object for an index.
   *
   * @param index from 0 to the number of slots it was loaded with, exclusive
   */
  Slot slot(int index);

  /** Gives back everything native. */
  @Override
  void close();
}
