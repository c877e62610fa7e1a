package dev.mlops.runtime;

import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.store.StoredVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A real engine whose steps can be made to fail. */
final class SteppedEngine extends CountingEngine {
  private final Steps steps;

  SteppedEngine(Engine engine, Steps steps) {
    super(engine);
    this.steps = steps;
  }

  @Override
  public Optional<String> declines(StoredVersion version) {
    steps.step("engine.declines");
    return super.declines(version);
  }

  @Override
  public ModelSchema describe(StoredVersion version) {
    steps.step("engine.describe");
    return super.describe(version);
  }

  @Override
  public EngineSession load(StoredVersion version, int slots) {
    steps.step("engine.load");
    EngineSession session = super.load(version, slots);
    List<Slot> stepped = new ArrayList<>();
    for (int i = 0; i < slots; i++) {
      stepped.add(new SteppedSlot(session.slot(i)));
    }
    return new Session(
        index -> {
          steps.step("session.slot");
          return stepped.get(index);
        },
        () -> {
          session.close();
          steps.step("session.close");
        });
  }

  private final class SteppedSlot implements Slot {
    private final Slot slot;

    SteppedSlot(Slot slot) {
      this.slot = slot;
    }

    @Override
    public Tensor input(int tensor, int rows) {
      steps.step("slot.input");
      return slot.input(tensor, rows);
    }

    @Override
    public Tensor input(int tensor, long[] shape) {
      steps.step("slot.input");
      return slot.input(tensor, shape);
    }

    @Override
    public void run(int rows) {
      steps.step("slot.run");
      slot.run(rows);
    }

    @Override
    public Tensor output(int tensor) {
      steps.step("slot.output");
      return slot.output(tensor);
    }

    @Override
    public boolean cancel() {
      steps.step("slot.cancel");
      return slot.cancel();
    }
  }
}
