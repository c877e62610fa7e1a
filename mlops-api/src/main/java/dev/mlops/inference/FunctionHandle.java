package dev.mlops.inference;

import dev.mlops.model.Version;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** A handle without a model behind it. */
final class FunctionHandle<I, O> implements ModelHandle<I, O> {
  private final Function<? super I, ? extends O> model;

  FunctionHandle(Function<? super I, ? extends O> model) {
    this.model = model;
  }

  @Override
  public Prediction<O> predict(I input, Call call) {
    return Prediction.of(model.apply(input));
  }

  @Override
  public List<Prediction<O>> predictAll(List<? extends I> inputs, Call call) {
    if (inputs.isEmpty()) {
      throw new InvalidInputException("the batch is empty; wanted at least one input");
    }
    return inputs.stream().map(input -> predict(input, call)).toList();
  }

  @Override
  public Version version() {
    return Prediction.of("").version();
  }

  @Override
  public ModelLease<I, O> lease(Duration atMost) {
    return new ModelLease<>() {
      @Override
      public Version version() {
        return FunctionHandle.this.version();
      }

      @Override
      public Prediction<O> predict(I input, Call call) {
        return FunctionHandle.this.predict(input, call);
      }

      @Override
      public void close() {}
    };
  }
}
