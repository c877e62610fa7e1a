package dev.mlops.inference;

import dev.mlops.model.MlopsException;
import dev.mlops.model.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A handle that answers by a function where the one behind it cannot. */
final class FallbackHandle<I, O> implements ModelHandle<I, O> {
  private final ModelHandle<I, O> handle;
  private final Function<? super I, ? extends O> fallback;

  FallbackHandle(ModelHandle<I, O> handle, Function<? super I, ? extends O> fallback) {
    this.handle = handle;
    this.fallback = fallback;
  }

  @Override
  public Prediction<O> predict(I input, Call call) {
    try {
      return handle.predict(input, call);
    } catch (MlopsException e) {
      requireNotOfTheInput(e);
      return Prediction.fallback(fallback.apply(input));
    }
  }

  @Override
  public List<Prediction<O>> predictAll(List<? extends I> inputs, Call call) {
    try {
      return handle.predictAll(inputs, call);
    } catch (MlopsException e) {
      requireNotOfTheInput(e);
      List<Prediction<O>> answers = new ArrayList<>(inputs.size());
      for (I input : inputs) {
        answers.add(Prediction.fallback(fallback.apply(input)));
      }
      return answers;
    }
  }

  @Override
  public Version version() {
    return handle.version();
  }

  @Override
  public ModelLease<I, O> lease(Duration atMost) {
    try {
      return new FallbackLease(handle.lease(atMost));
    } catch (MlopsException e) {
      requireNotOfTheInput(e);
      return new FallbackLease(ModelHandle.<I, O>of(this::never).lease(atMost));
    }
  }

  private O never(I input) {
    throw new ModelUnavailableException("there was no version to lease", null);
  }

  private final class FallbackLease implements ModelLease<I, O> {
    private final ModelLease<I, O> lease;

    FallbackLease(ModelLease<I, O> lease) {
      this.lease = lease;
    }

    @Override
    public Version version() {
      return lease.version();
    }

    @Override
    public Prediction<O> predict(I input, Call call) {
      try {
        return lease.predict(input, call);
      } catch (MlopsException e) {
        requireNotOfTheInput(e);
        return Prediction.fallback(fallback.apply(input));
      }
    }

    @Override
    public void close() {
      lease.close();
    }
  }

  private static void requireNotOfTheInput(MlopsException e) {
    if (e.kind() == MlopsException.Kind.INPUT) {
      throw e;
    }
  }
}
