package dev.mlops.benchmarks;

import java.util.List;

/** The bare engine, used without us. */
interface ByHand<I> extends AutoCloseable {
  Forecast predict(I input);

  /** At most {@link Subject#BATCH} at once. */
  List<Forecast> predictAll(List<I> inputs);

  @Override
  void close();
}
