package dev.mlops.inference;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.model.Version;

/**
 * Several calls on one version, whatever is swapped meanwhile: a conversation, a recurrent state, a
 * comparison of two inputs. Close it as soon as the last call is done; a version that was replaced
 * stays loaded for its leases, though never longer than they may last or the drain time allows.
 *
 * <p>It takes no slot between two calls. Safe for all threads.
 *
 * @param <I> what goes in
 * @param <O> what comes out
 */
public interface ModelLease<I, O> extends AutoCloseable {
  /** The version, the same to the end. */
  Version version();

  /** Scores one input; see {@link #predict(Object, Call)}. */
  default Prediction<O> predict(I input) {
    return predict(input, Call.with());
  }

  /**
   * Scores one input with the lease's version.
   *
   * @param input read, not kept
   * @throws DeadlineException if the lease's time is over, or the call's
   * @throws OverloadedException if no slot came free within the call's limit, or the version was
   *     closed as its drain time was over: take another lease
   * @throws InvalidInputException if the input does not fit the schema
   * @throws ModelFailedException if the model failed
   * @throws IllegalStateException if the lease was closed
   */
  Prediction<O> predict(I input, Call call);

  /** Gives the version up, once however often asked. A call that runs is not disturbed. */
  @Override
  void close();
}
