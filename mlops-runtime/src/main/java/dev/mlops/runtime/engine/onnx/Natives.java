package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import dev.mlops.engine.ModelFailedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Native things in the order they were opened, to be closed once and in the opposite order.
 *
 * <p>Every native thing is added as soon as it is there. What an Error, such as the end of the
 * stack, keeps from being closed stays here for the next close: its own or its parent's. A value is
 * never closed twice: ONNX Runtime would write to the log, on the stack of a caller.
 */
final class Natives implements AutoCloseable {
  private final String label;
  private final Consumer<AutoCloseable> watch;
  private final @Nullable Natives parent;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  Natives(String label) {
    this(label, thing -> {});
  }

  /** Natives that tell of each thing as it is added; what the watch throws is as if it failed. */
  Natives(String label, Consumer<AutoCloseable> watch) {
    this(label, watch, null);
  }

  private Natives(String label, Consumer<AutoCloseable> watch, @Nullable Natives parent) {
    this.label = label;
    this.watch = watch;
    this.parent = parent;
  }

  /** Natives that are closed with these, unless they were before; then they are off the books. */
  Natives child() {
    Natives child = new Natives(label, watch, this);
    open.push(child);
    return child;
  }

  /** Takes over a thing; if even that fails, the thing is closed. */
  <T extends AutoCloseable> T add(T opened) {
    try {
      watch.accept(opened);
      open.push(opened);
      return opened;
    } catch (RuntimeException | Error e) {
      try {
        opened.close();
      } catch (Exception suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** Closes all of them, also those after one that fails to. */
  @Override
  public void close() {
    @Nullable ModelFailedException failed = null;
    @Nullable Error error = null;
    for (int left = open.size(); left > 0 && !open.isEmpty(); left--) {
      AutoCloseable thing = open.getFirst();
      try {
        // an Error may have come between its close and its removal
        if (!(thing instanceof OnnxValue value && value.isClosed())) {
          thing.close();
        }
        open.removeFirstOccurrence(thing); // a child has gone by itself
      } catch (Error e) {
        error = error == null ? e : error;
        open.removeFirst();
        open.addLast(thing);
      } catch (Exception e) {
        open.removeFirstOccurrence(thing);
        failed = keep(failed, e);
      }
    }
    if (error != null) {
      throw error;
    }
    if (parent != null) {
      parent.open.removeFirstOccurrence(this);
    }
    if (failed != null) {
      throw failed;
    }
  }

  /** Closes all of them because of a failure, which is the one to be told. */
  void closeAfter(Throwable failure) {
    try {
      close();
    } catch (ModelFailedException | Error e) {
      if (e != failure) {
        failure.addSuppressed(e);
      }
    }
  }

  private ModelFailedException keep(@Nullable ModelFailedException first, Exception next) {
    ModelFailedException failure =
        next instanceof ModelFailedException told
            ? told
            : next instanceof OrtException e
                ? Failures.of(label + " could not be closed", e)
                : new ModelFailedException(label + " could not be closed: " + next, next);
    if (first == null) {
      return failure;
    }
    first.addSuppressed(failure);
    return first;
  }
}
