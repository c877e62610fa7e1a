package dev.mlops.runtime.engine.onnx;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import java.nio.file.Path;
import java.util.Arrays;

/** Says what the engine says of a model, loads it and runs it once; in a JVM of its own. */
final class PredictOnce {
  private PredictOnce() {}

  public static void main(String[] args) {
    OnnxRuntimeEngine.Builder builder = OnnxRuntimeEngine.builder();
    if (Arrays.asList(args).contains("--allow-telemetry")) {
      builder.allowTelemetry();
    }
    OnnxRuntimeEngine engine = builder.build();
    TestVersion version = TestVersion.of(Path.of(args[0]));
    System.out.println("formats " + engine.formats());
    System.out.println("describes " + engine.describe(version).outputs().size() + " outputs");
    System.out.println("declines " + engine.declines(version).orElse("no"));
    try (EngineSession session = engine.load(version, 1)) {
      Slot slot = session.slot(0);
      slot.input(0, 1);
      slot.run(1);
      System.out.println("predicts " + Arrays.toString(slot.output(1).shape()));
    } catch (ModelFailedException e) {
      System.out.println("refuses " + e.getMessage());
    }
  }
}
