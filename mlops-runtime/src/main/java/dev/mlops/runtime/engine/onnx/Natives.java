package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OrtException;
import dev.mlops.engine.ModelFailedException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Native things in the order they were opened, to be closed once and in the opposite order. */
final class Natives implements AutoCloseable {
  private final String label;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  Natives(String label) {
    this.label = label;
  }

  <T extends AutoCloseable> T add(T opened) {
    open.push(opened);
    return opened;
  }

  /** Closes all of them, also those after one that fails to. */
  @Override
  public void close() {
    @Nullable ModelFailedException failed = null;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (OrtException e) {
        failed = keep(failed, Failures.of(label + " could not be closed", e));
      } catch (ModelFailedException e) {
        failed = keep(failed, e);
      } catch (Exception e) {
        failed = keep(failed, new ModelFailedException(label + " could not be closed: " + e, e));
      }
    }
    if (failed != null) {
      throw failed;
    }
  }

  /** Closes all of them because of a failure, which is the one to be told. */
  void closeAfter(Throwable failure) {
    try {
      close();
    } catch (ModelFailedException e) {
      failure.addSuppressed(e);
    }
  }

  private static ModelFailedException keep(
      @Nullable ModelFailedException first, ModelFailedException next) {
    if (first == null) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }
}
