package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import java.util.Locale;
import java.util.concurrent.CyclicBarrier;

/**
 * The application and this library both want ONNX Runtime's environment. Arguments: who comes
 * first, {@code application}, {@code library} or {@code both} at once; and how the application
 * asks, {@code plain}, {@code named} or {@code threads}. Each says how it went.
 */
final class EnvironmentOrder {
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
        default -> {
          OrtEnvironment.ThreadingOptions options = new OrtEnvironment.ThreadingOptions();
          options.setGlobalIntraOpNumThreads(2);
          OrtEnvironment.getEnvironment(
              OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "the application", options);
        }
      }
      return "ok";
    } catch (OrtException | RuntimeException e) {
      return e.toString();
    }
  }

  private static String predict() {
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/2/model.onnx"));
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
