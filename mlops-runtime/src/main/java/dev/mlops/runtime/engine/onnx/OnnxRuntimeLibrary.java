package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OrtEnvironment;
import dev.mlops.engine.ModelFailedException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * ONNX Runtime as it stands on the class path. Loads without it: ONNX Runtime's types are touched
 * in {@link #environment()} alone.
 */
final class OnnxRuntimeLibrary {
  private static final String ENTRY = "ai.onnxruntime.OrtEnvironment";

  /*
   * Versions from 1.29.0 on put the process's command line on the stack as they start: 4 kB of it
   * run over the stack of an ordinary Java thread, and the JVM is gone. It costs address space, and
   * memory only where it is touched.
   */
  private static final long STACK_BYTES = 64L << 20;

  private static final String NAME = "mlops-onnxruntime-start";

  private static final String DJL_ENGINE = "ai.djl.onnxruntime.engine.OrtEngineProvider";

  private final boolean telemetrySettled;
  private @Nullable OrtEnvironment environment;

  OnnxRuntimeLibrary(boolean telemetrySettled) {
    this.telemetrySettled = telemetrySettled;
  }

  /** Why ONNX Runtime cannot be used, found out without loading anything native. */
  Optional<String> problem() {
    Class<?> entry;
    try {
      entry = Class.forName(ENTRY, false, OnnxRuntimeLibrary.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      return Optional.of(
          "ONNX Runtime is not on the class path; add the dependency "
              + OnnxRuntimeVersions.DEPENDENCY);
    }
    return version(entry.getPackage()).flatMap(this::refusal);
  }

  /** Its jar's own word; none when it was packed into another jar, whose manifest is not its. */
  private static Optional<String> version(@Nullable Package code) {
    return code != null
            && code.getImplementationTitle() != null
            && code.getImplementationTitle().startsWith("onnxruntime")
        ? Optional.ofNullable(code.getImplementationVersion())
        : Optional.empty();
  }

  private Optional<String> refusal(String version) {
    return OnnxRuntimeVersions.refusal(version, telemetrySettled);
  }

  /**
   * ONNX Runtime's environment: one for the process, ours or whoever asked first. It is asked for
   * without threading options, which would fail where another library has it already; it is never
   * closed, and cannot be.
   *
   * @throws ModelFailedException if it does not start, is of a version that is not used, or the JVM
   *     is shutting down
   */
  synchronized OrtEnvironment environment() {
    if (leaving()) {
      throw new ModelFailedException(
          "the JVM is shutting down, and nothing is loaded any more; close the runtime before"
              + " System.exit, or with the server, and ask for nothing after it",
          null);
    }
    OrtEnvironment started = environment;
    if (started == null) {
      started = start();
      sayWhoMustBeFirst();
      Optional<String> refusal = refusal(started.getVersion());
      if (refusal.isPresent()) {
        throw new ModelFailedException(refusal.get(), null);
      }
      environment = started;
    }
    return started;
  }

  /*
   * ONNX Runtime frees its environment in a shutdown hook of its own, beside all other hooks and
   * before threads that go on: a session that is opened after it can end the JVM by a signal.
   */
  private static boolean leaving() {
    try {
      // was never registered, so this only asks
      Runtime.getRuntime().removeShutdownHook(new Thread());
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  private static OrtEnvironment start() {
    boolean shared =
        OrtEnvironment.class.getClassLoader() != OnnxRuntimeLibrary.class.getClassLoader();
    FutureTask<OrtEnvironment> task =
        new FutureTask<>(shared ? UntiedStart.environment() : OrtEnvironment::getEnvironment);
    Thread thread =
        shared
            ? UntiedStart.thread(task, NAME, STACK_BYTES)
            : new Thread(null, task, NAME, STACK_BYTES, false);
    thread.setDaemon(true);
    // ONNX Runtime's shutdown hook inherits it, and would hold the caller's for ever
    thread.setContextClassLoader(OrtEnvironment.class.getClassLoader());
    thread.start();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true; // it is over within a second, and half started is of no use
        } catch (ExecutionException e) {
          throw notStarted(e.getCause() == null ? e : e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /*
   * DJL asks for the environment with threading options, which fails for good where there is one
   * already. It is not started here: it would report to its vendor, and make threads, that nobody
   * asked us for.
   */
  private static void sayWhoMustBeFirst() {
    try {
      var unused = Class.forName(DJL_ENGINE, false, OnnxRuntimeLibrary.class.getClassLoader());
      log()
          .log(
              Level.INFO,
              "DJL's engine for ONNX Runtime is on the class path. If it has not been started yet it"
                  + " cannot be any more in this JVM: where both are used, start it before the first"
                  + " model is loaded, with ai.djl.engine.Engine.getEngine(\"OnnxRuntime\")");
    } catch (ClassNotFoundException e) {
      // the usual case
    }
  }

  static ModelFailedException notStarted(Throwable cause) {
    StringBuilder why = new StringBuilder();
    for (Throwable t = cause; t != null; t = t.getCause()) {
      why.append(why.isEmpty() ? "" : "; ").append(t);
    }
    return new ModelFailedException(
        "ONNX Runtime does not start ("
            + why
            + "). Its natives are for Linux with glibc 2.28 or later (not musl), macOS on ARM and"
            + " Windows, all 64-bit. They are unpacked to the folder for temporary files, "
            + System.getProperty("java.io.tmpdir")
            + ", which must exist, have 30 MB free and allow execution; name another with"
            + " -Djava.io.tmpdir. Where none allows it, unpack them from its jar beforehand and name"
            + " their folder with -Donnxruntime.native.path; java.io.tmpdir must still be a folder"
            + " that can be written. Where another class loader of this JVM has loaded"
            + " them from the same place (onnxruntime.native.path), put ONNX Runtime into a class"
            + " loader that both share",
        cause);
  }

  private static System.Logger log() {
    return System.getLogger(
        OnnxRuntimeLibrary.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
