package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.RunOptions;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The options of a slot's runs, through which another thread may end one.
 *
 * <p>The runner goes IDLE -> RUNNING and back by compare-and-set. A canceller that finds RUNNING
 * takes it to CANCELLING, sets the flag and says CANCELLED; a runner that meets either waits for
 * the latter, which is one native call away, and clears the flag. So a canceller touches the
 * options only while the runner stands still for it: never when they are closed, never so that it
 * ends a later run.
 */
final class Termination {
  private static final int IDLE = 0;
  private static final int RUNNING = 1;
  private static final int CANCELLING = 2;
  private static final int CANCELLED = 3;

  private final RunOptions options;
  private final AtomicInteger state = new AtomicInteger(IDLE);

  Termination(RunOptions options) {
    this.options = options;
  }

  RunOptions options() {
    return options;
  }

  /** A run begins. */
  void begin() {
    state.lazySet(RUNNING); // nothing is lost where a canceller sees it a moment later
  }

  /**
   * A run is over.
   *
   * @return whether it was asked to end
   */
  boolean end() {
    if (state.compareAndSet(RUNNING, IDLE)) {
      return false;
    }
    while (state.get() != CANCELLED) {
      Thread.onSpinWait();
    }
    try {
      options.setTerminate(false);
    } catch (OrtException e) {
      throw new IllegalStateException("the terminate flag of a run cannot be cleared", e);
    }
    state.set(IDLE);
    return true;
  }

  /** Asks a run in progress to end; from any thread. */
  void cancel() {
    if (state.compareAndSet(RUNNING, CANCELLING)) {
      try {
        options.setTerminate(true);
      } catch (OrtException e) {
        throw new IllegalStateException("the terminate flag of a run cannot be set", e);
      } finally {
        state.set(CANCELLED);
      }
    }
  }
}
