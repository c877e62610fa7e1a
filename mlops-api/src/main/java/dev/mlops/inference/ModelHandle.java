package dev.mlops.inference;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.model.Version;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * What an application keeps of a model: it answers with whatever version its route serves now. Safe
 * for all threads; a call never waits for a version to be loaded or swapped, and each answer names
 * the one version that gave it.
 *
 * <p>Calls from within an observer, a codec or a gate throw {@link IllegalStateException}: they
 * would wait for themselves.
 *
 * @param <I> what goes in: a record, or {@link Row}
 * @param <O> what comes out: a record, or {@link Row}
 */
public interface ModelHandle<I, O> {
  /** Scores one input; see {@link #predict(Object, Call)}. */
  default Prediction<O> predict(I input) {
    return predict(input, Call.with());
  }

  /**
   * Scores one input.
   *
   * @param input read, not kept
   * @return the caller's to keep
   * @throws InvalidInputException if the input does not fit the schema
   * @throws OverloadedException if no slot came free within the call's limit
   * @throws DeadlineException if the call's time was over while the model ran, or its thread was
   *     interrupted; the interrupt stays set
   * @throws ModelUnavailableException if the route serves no version yet
   * @throws ModelFailedException if the model failed
   */
  Prediction<O> predict(I input, Call call);

  /** Scores many inputs; see {@link #predictAll(List, Call)}. */
  default List<Prediction<O>> predictAll(List<? extends I> inputs) {
    return predictAll(inputs, Call.with());
  }

  /**
   * Scores many inputs with one version, in order, whatever is swapped meanwhile. Runs in chunks of
   * at most 1,024 rows and lets other callers in between, so a long batch delays nobody. The limit
   * covers each wait for a slot by itself, and gives the run of a chunk as many times itself as the
   * chunk has rows.
   *
   * @param inputs at least one; read, not kept
   * @return one prediction an input, in the same order
   * @throws InvalidInputException if it is empty, or an input does not fit the schema: the message
   *     names its row; observers may have been told of chunks before it
   * @throws OverloadedException if no slot came free within the call's limit
   * @throws DeadlineException if a chunk's time was over while the model ran, or the thread was
   *     interrupted; the interrupt stays set
   * @throws ModelUnavailableException if the route serves no version yet
   * @throws ModelFailedException if the model failed
   */
  List<Prediction<O>> predictAll(List<? extends I> inputs, Call call);

  /**
   * The version its route serves now.
   *
   * @throws ModelUnavailableException if it serves none yet
   */
  Version version();

  /**
   * Takes the version that serves now for several calls.
   *
   * @param atMost how long it may be held; a lease that is not closed by then is ended, and the
   *     event {@code LeaseExpired} names who took it
   * @return the caller's to close
   * @throws IllegalArgumentException if the time is zero or negative
   * @throws OverloadedException if the runtime is closed
   * @throws ModelUnavailableException if the route serves no version yet
   */
  ModelLease<I, O> lease(Duration atMost);

  /**
   * The same handle with an answer for the times when the model has none: the route serves no
   * version yet, no slot came free, the call's time was over, the model failed. What is wrong with
   * the input is still thrown. Such a prediction is one of version {@code fallback:0}, and no
   * observer is told of it.
   *
   * @param fallback makes the answer from the input, on the caller's thread; what it throws, the
   *     call throws
   */
  default ModelHandle<I, O> orElse(Function<? super I, ? extends O> fallback) {
    return new FallbackHandle<>(this, fallback);
  }

  /**
   * A handle that answers by a function, for tests of code that takes one. Its predictions are
   * those of {@link Prediction#of(Object)}; what the function throws, the call throws.
   */
  static <I, O> ModelHandle<I, O> of(Function<? super I, ? extends O> model) {
    return new FunctionHandle<>(model);
  }
}
