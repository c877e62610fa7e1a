package dev.mlops.runtime.engine.onnx;

import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;

/** Has another slot do the work; a test extends it by what it does otherwise. */
public class ForwardingSlot implements Slot {
  private final Slot slot;

  /** Forwards to a slot. */
  public ForwardingSlot(Slot slot) {
    this.slot = slot;
  }

  @Override
  public final Tensor input(int tensor, int rows) {
    return slot.input(tensor, rows);
  }

  @Override
  public final Tensor input(int tensor, long[] shape) {
    return slot.input(tensor, shape);
  }

  @Override
  public void run(int rows) {
    slot.run(rows);
  }

  @Override
  public Tensor output(int tensor) {
    return slot.output(tensor);
  }

  @Override
  public boolean cancel() {
    return slot.cancel();
  }
}
