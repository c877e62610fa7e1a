package dev.mlops.inference;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.model.Version;
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
   * @throws DeadlineException if the thread was interrupted while it waited; the interrupt stays
   *     set
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
   * covers the waits for slots, each by itself.
   *
   * @param inputs at least one; read, not kept
   * @return one prediction an input, in the same order
   * @throws InvalidInputException if it is empty, or an input does not fit the schema: the message
   *     names its row; observers may have been told of chunks before it
   * @throws OverloadedException if no slot came free within the call's limit
   * @throws DeadlineException if the thread was interrupted; the interrupt stays set
   * @throws ModelFailedException if the model failed
   */
  List<Prediction<O>> predictAll(List<? extends I> inputs, Call call);

  /** The version its route serves now. */
  Version version();

  /**
   * A handle that answers by a function, for tests of code that takes one. Its predictions are
   * those of {@link Prediction#of(Object)}; what the function throws, the call throws.
   */
  static <I, O> ModelHandle<I, O> of(Function<? super I, ? extends O> model) {
    return new FunctionHandle<>(model);
  }
}
