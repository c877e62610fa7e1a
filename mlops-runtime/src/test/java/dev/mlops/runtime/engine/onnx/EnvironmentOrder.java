package dev.mlops.runtime.engine.onnx;

import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.NoopTranslator;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import org.jspecify.annotations.Nullable;

/**
 * The application and this library both want ONNX Runtime's environment. Arguments: who comes
 * first, {@code application}, {@code library} or {@code both} at once; and how the application
 * asks: {@code plain}, {@code named} or with {@code threads} itself; through {@code djl}; or as a
 * library for embeddings does, with a session that it keeps and never closes ({@code kept}). Each
 * says how it went.
 */
final class EnvironmentOrder {
  private static final Path MODEL = TestVersion.fixture("storms/2/model.onnx");

  private static @Nullable OrtSession kept;

  private EnvironmentOrder() {}

  public static void main(String[] args) throws Exception {
    Runnable application = () -> System.out.println("application: " + ask(args[1]));
    Runnable library = () -> System.out.println("library: " + predict());
    switch (args[0]) {
      case "application" -> {
        application.run();
        library.run();
      }
      case "library" -> {
        library.run();
        application.run();
        library.run();
      }
      default -> {
        CyclicBarrier start = new CyclicBarrier(2);
        Thread other = new Thread(() -> await(start, application));
        other.start();
        await(start, library);
        other.join();
      }
    }
    application.run(); // also after what the library opened is closed
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().toLowerCase(Locale.ROOT).contains("mlops")) {
        thread.join(10_000);
        System.out.println(thread.isAlive() ? "left behind: " + thread : "");
      }
    }
  }

  private static void await(CyclicBarrier start, Runnable then) {
    try {
      start.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    then.run();
  }

  private static String ask(String how) {
    try {
      switch (how) {
        case "plain" -> OrtEnvironment.getEnvironment();
        case "named" ->
            OrtEnvironment.getEnvironment(
                OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "the application");
        case "djl" -> scoreWithDjl();
        case "kept" -> scoreWithKept();
        default -> {
          OrtEnvironment.ThreadingOptions options = new OrtEnvironment.ThreadingOptions();
          options.setGlobalIntraOpNumThreads(2);
          OrtEnvironment.getEnvironment(
              OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "the application", options);
        }
      }
      return "ok";
    } catch (Exception | LinkageError e) {
      return e + " " + e.getCause();
    }
  }

  private static void scoreWithDjl() throws Exception {
    try (Model model = Model.newInstance("storms", "OnnxRuntime")) {
      model.load(MODEL);
      try (Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator());
          NDManager manager = model.getNDManager().newSubManager()) {
        NDList answer =
            predictor.predict(new NDList(manager.create(new float[8], new Shape(1, 8))));
        if (answer.isEmpty()) {
          throw new IllegalStateException("DJL gave no answer");
        }
      }
    }
  }

  private static void scoreWithKept() throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OrtSession session = kept;
    if (session == null) {
      session = environment.createSession(MODEL.toString(), new OrtSession.SessionOptions());
      kept = session;
    }
    String name = session.getInputNames().iterator().next();
    try (OnnxTensor row = OnnxTensor.createTensor(environment, new float[1][8]);
        OrtSession.Result answer = session.run(Map.of(name, row))) {
      if (answer.size() == 0) {
        throw new IllegalStateException("no answer");
      }
    }
  }

  private static String predict() {
    TestVersion version = TestVersion.of(MODEL);
    try (EngineSession session = OnnxRuntimeEngine.create().load(version, 2)) {
      Slot slot = session.slot(1);
      slot.input(0, 1);
      slot.run(1);
      return "ok";
    } catch (RuntimeException e) {
      return e.toString();
    }
  }
}
