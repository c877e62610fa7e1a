package dev.mlops.runtime.codec;

import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * A slot on heap tensors whose model is a function of them, for tests without an engine. Like a
 * real one it keeps an input's tensor while it is asked for with the same shape.
 */
public final class FakeSlot implements Slot {
  private final ModelSchema schema;
  private final BiConsumer<List<Tensor>, List<Tensor>> model;
  private final Tensor[] inputs;
  private final Tensor[] outputs;
  private int asks;

  /** A model that leaves its outputs zero, or empty. */
  public FakeSlot(ModelSchema schema) {
    this(schema, (in, out) -> {});
  }

  /**
   * A model.
   *
   * @param model is given the inputs and the outputs, an open axis of which has length 3
   */
  public FakeSlot(ModelSchema schema, BiConsumer<List<Tensor>, List<Tensor>> model) {
    this.schema = schema;
    this.model = model;
    this.inputs = new Tensor[schema.inputs().size()];
    this.outputs = new Tensor[schema.outputs().size()];
  }

  @Override
  public Tensor input(int tensor, int rows) {
    return input(tensor, filled(schema.inputs().get(tensor).shape(), rows));
  }

  @Override
  public Tensor input(int tensor, long[] shape) {
    asks++;
    Tensor kept = inputs[tensor];
    if (kept == null || !Arrays.equals(kept.shape(), shape)) {
      kept = new HeapTensor(schema.inputs().get(tensor).type(), shape);
      inputs[tensor] = kept;
    }
    return kept;
  }

  @Override
  public void run(int rows) {
    for (int i = 0; i < outputs.length; i++) {
      TensorSpec spec = schema.outputs().get(i);
      outputs[i] = new HeapTensor(spec.type(), filled(spec.shape(), rows));
    }
    model.accept(Arrays.asList(inputs), Arrays.asList(outputs));
  }

  @Override
  public Tensor output(int tensor) {
    return outputs[tensor];
  }

  @Override
  public boolean cancel() {
    return false;
  }

  /** How often an input was asked for. */
  public int asks() {
    return asks;
  }

  private static long[] filled(Shape shape, int rows) {
    return shape.dims().stream()
        .mapToLong(dim -> dim == Shape.ROWS ? rows : dim == Shape.ANY ? 3 : dim)
        .toArray();
  }
}
