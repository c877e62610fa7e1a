package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OrtEnvironment;
import dev.mlops.engine.ModelFailedException;
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
   * @throws ModelFailedException if it does not start, or is of a version that is not used
   */
  synchronized OrtEnvironment environment() {
    OrtEnvironment started = environment;
    if (started == null) {
      started = start();
      Optional<String> refusal = refusal(started.getVersion());
      if (refusal.isPresent()) {
        throw new ModelFailedException(refusal.get(), null);
      }
      environment = started;
    }
    return started;
  }

  private static OrtEnvironment start() {
    FutureTask<OrtEnvironment> task = new FutureTask<>(OrtEnvironment::getEnvironment);
    Thread thread = new Thread(null, task, "mlops-onnxruntime-start", STACK_BYTES, false);
    thread.setDaemon(true);
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

  static ModelFailedException notStarted(Throwable cause) {
    StringBuilder why = new StringBuilder();
    for (Throwable t = cause; t != null; t = t.getCause()) {
      why.append(why.isEmpty() ? "" : "; ").append(t);
    }
    return new ModelFailedException(
        "ONNX Runtime does not start ("
            + why
            + "). Its natives are for Linux with glibc 2.28 or later (not musl), macOS on ARM and"
            + " Windows, all 64-bit, and are unpacked to the folder for temporary files, which must"
            + " have 30 MB and allow execution. Where another class loader of this JVM has loaded"
            + " them from the same place (onnxruntime.native.path), put ONNX Runtime into a class"
            + " loader that both share",
        cause);
  }
}
