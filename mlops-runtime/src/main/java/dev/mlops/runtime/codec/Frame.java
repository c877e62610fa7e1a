package dev.mlops.runtime.codec;

import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ModelSchema;

/** One slot's tensors as codecs fill and read them, and the bits of what was missing. */
public final class Frame {
  private final ModelSchema schema;
  private final Slot slot;
  private final Tensor[] outputs;
  private int rows;

  /** A frame over a slot of a session loaded with this schema. */
  public Frame(ModelSchema schema, Slot slot) {
    this.schema = schema;
    this.slot = slot;
    this.outputs = new Tensor[schema.outputs().size()];
  }

  /** Runs the model on what was written. */
  public void run() {
    slot.run(rows);
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = slot.output(i);
    }
  }

  /** The rows written last. */
  public int rows() {
    return rows;
  }

  ModelSchema schema() {
    return schema;
  }
}
