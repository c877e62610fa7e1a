package dev.mlops.runtime.serving;

import java.util.function.LongSupplier;

/** The JVM's clock of nanoseconds. */
final class NanoClock implements LongSupplier {
  @Override
  public long getAsLong() {
    return System.nanoTime();
  }
}
