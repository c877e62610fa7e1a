package dev.mlops.runtime;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Call;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Duration;

/** Serves a version and predicts once, or says why not; in a JVM of its own. */
final class PredictTwin {
  private PredictTwin() {}

  public static void main(String[] args) {
    try (ModelRuntime runtime =
        ModelRuntime.builder()
            .store(DirectoryModelStore.at(Path.of(args[0])))
            .engine(OnnxRuntimeEngine.create()) // whose library has to be unpacked somewhere
            .build()) {
      var model = runtime.model(TwinModel.NAME + ":1");
      var answer = model.predict(TwinModel.ROW, Call.with().within(Duration.ofSeconds(5)));
      System.out.println("answers " + answer.value().number("y"));
      System.out.println("processors " + Runtime.getRuntime().availableProcessors());
      System.out.println("home " + System.getProperty("user.home"));
    } catch (ModelFailedException | StoreUnavailableException e) {
      System.out.println("says " + e.getMessage());
    }
  }
}
