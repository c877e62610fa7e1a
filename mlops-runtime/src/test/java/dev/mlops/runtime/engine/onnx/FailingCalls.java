package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.SlowModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Many calls that throw, three times over, and by how many bytes they leave this JVM larger each
 * time at least: what leaks does so every time, what the JVM compiles and loads it does once.
 * Arguments: what they are, and how many. {@code raw} is the control: calls of ONNX Runtime whose
 * results stay open.
 */
final class FailingCalls {
  private FailingCalls() {}

  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory("failing");
    int calls = Integer.parseInt(args[1]);
    try (AutoCloseableCall call =
        switch (args[0]) {
          case "text" -> text(folder);
          case "cancelled" -> cancelled(folder);
          case "failing" -> failing();
          default -> raw();
        }) {
      long least = Long.MAX_VALUE;
      for (int window = 0; window < 3; window++) {
        long before = resident();
        repeat(call, calls);
        least = Math.min(least, resident() - before);
      }
      System.out.println(least);
    }
    System.exit(0);
  }

  private static long resident() {
    Resident.bytes();
    Resident.trim();
    return Resident.bytes();
  }

  private interface AutoCloseableCall extends AutoCloseable {
    void call() throws Exception;

    @Override
    default void close() {}
  }

  private static void repeat(AutoCloseableCall call, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      call.call();
    }
  }

  /** A text that the model would not see as it is, after one that already is a tensor. */
  private static AutoCloseableCall text(Path folder) {
    byte[] model =
        OnnxGraph.named("texts")
            .input("a", OnnxGraph.STRING, "batch")
            .input("b", OnnxGraph.STRING, "batch")
            .node("Identity", List.of("a"), List.of("y"))
            .node("Identity", List.of("b"), List.of("z"))
            .output("y", OnnxGraph.STRING, "batch")
            .output("z", OnnxGraph.STRING, "batch")
            .toBytes();
    Slot slot = load(TestVersion.of(folder, model)).slot(0);
    return () -> {
      slot.input(0, 1).texts()[0] = "a text of some length, so that it counts".repeat(8);
      slot.input(1, 1).texts()[0] = "\0";
      try {
        slot.run(1);
        throw new AssertionError("no failure");
      } catch (InvalidInputException e) {
        // what was wanted
      }
    };
  }

  private static AutoCloseableCall cancelled(Path folder) {
    Slot slot = load(TestVersion.of(SlowModels.manyOperators(folder))).slot(0);
    AtomicBoolean over = new AtomicBoolean();
    Thread canceller =
        new Thread(
            () -> {
              while (!over.get()) {
                slot.cancel();
              }
            });
    canceller.setDaemon(true);
    canceller.start();
    return new AutoCloseableCall() {
      @Override
      public void call() {
        slot.input(0, 1).floats().put(0, SlowModels.FOR_EVER);
        try {
          slot.run(1);
          throw new AssertionError("no failure");
        } catch (ModelFailedException e) {
          // what was wanted
        }
      }

      @Override
      public void close() {
        over.set(true);
      }
    };
  }

  private static AutoCloseableCall failing() {
    Slot slot =
        load(TestVersion.of(TestVersion.fixture("storms/broken/fails_at_run.onnx"))).slot(0);
    return () -> {
      slot.input(0, 3);
      try {
        slot.run(3);
        throw new AssertionError("no failure");
      } catch (ModelFailedException e) {
        // what was wanted
      }
    };
  }

  private static AutoCloseableCall raw() throws Exception {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OrtSession session =
        environment.createSession(TestVersion.fixture("storms/2/model.onnx").toString());
    String input = session.getInputNames().iterator().next();
    return () -> {
      OnnxTensor tensor = OnnxTensor.createTensor(environment, new float[1][8]);
      session.run(Map.of(input, tensor));
    };
  }

  private static EngineSession load(TestVersion version) {
    return OnnxRuntimeEngine.create().load(version, 1);
  }
}
