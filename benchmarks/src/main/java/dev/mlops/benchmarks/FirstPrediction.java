package dev.mlops.benchmarks;

import dev.mlops.inference.ModelHandle;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.ModelFile;
import java.nio.file.Path;

/**
 * From {@code main} to the first prediction of a fresh JVM, by phase: prints nanoseconds. The rows
 * and the model file are made before the clock starts, which loads none of our or the engine's
 * classes.
 */
public final class FirstPrediction {
  static final String[] PHASES = {"read the file", "build the runtime", "load", "predict"};

  private FirstPrediction() {}

  /**
   * Takes a model file of 30 floats, which {@link Report} or {@link Rivals} has made, and the
   * engine to ask first, one of {@link Engines#NAMES}; without one the runtime has its own.
   */
  public static void main(String[] args) {
    long start = System.nanoTime();
    ModelFile store = ModelFile.at(Path.of(args[0]), Subject.matrixSchema());
    long read = System.nanoTime();
    ModelRuntime.Builder builder = ModelRuntime.builder().store(store);
    if (args.length > 1) {
      builder.engine(Engines.of(args[1]));
    }
    try (ModelRuntime runtime = builder.build()) {
      long built = System.nanoTime();
      ModelHandle<Tumor, Forecast> handle = runtime.model("model", Tumor.class, Forecast.class);
      long loaded = System.nanoTime();
      Forecast forecast = handle.predict(Tumor.of(new float[30])).value();
      long predicted = System.nanoTime();
      System.out.printf(
          "%d %d %d %d %s%n",
          read - start, built - read, loaded - built, predicted - loaded, forecast);
    }
  }
}
