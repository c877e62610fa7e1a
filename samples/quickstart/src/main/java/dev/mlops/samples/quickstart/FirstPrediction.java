package dev.mlops.samples.quickstart;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.ModelFile;
import java.nio.file.Path;

/** A prediction from a bare model file: the schema is read from the model itself. */
public final class FirstPrediction {
  private FirstPrediction() {}

  /** Prints how likely a storm's wind is to grow. */
  public static void main(String[] args) {
    System.out.println(grows(Path.of("models", "storms.onnx")));
  }

  static double grows(Path file) {
    // spotless:off
    // region first-prediction
    try (ModelRuntime runtime = ModelRuntime.over(ModelFile.at(file))) { // storms.onnx
      ModelHandle<Row, Row> storms = runtime.model("storms");
      Row storm = Row.of(
          "month", 9, "hour", 12, "lat", 29.7, "long", -60.2, "status", "hurricane",
          "wind", 65, "pressure", 979, "wind_change_6h", 0, "pressure_change_6h", -5);
      return storms.predict(storm).value().number("probabilities.1");
    }
    // endregion
    // spotless:on
  }
}
