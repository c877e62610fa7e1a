package dev.mlops.runtime.engine.tabular;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** Registers of its own and the steps of a plan. */
final class TabularSlot implements Slot {
  /**
   * Rows that the registers have room for, where more than one is asked for; larger batches are run
   * a block at a time. So what stands between input and output takes the same memory however large
   * a batch is, and stays in the caches.
   */
  static final int BLOCK = 64;

  private final String label;
  private final Step[] steps;
  private final Registers registers;
  private final Rim[] inputs;
  private final Rim[] outputs;
  private final Rim[] texts;
  private final boolean narrow;
  private int capacity;
  private int asked;
  private int ran;

  TabularSlot(String label, Plan plan, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    this.label = label;
    this.steps = plan.steps().toArray(new Step[0]);
    this.registers = plan.registers();
    this.inputs = rims(inputs, plan.inputs());
    this.outputs = rims(outputs, plan.outputs());
    this.texts = texts(this.inputs);
    this.narrow = anyNarrow(this.inputs) || anyNarrow(this.outputs);
  }

  private static Rim[] rims(List<TensorSpec> specs, List<Value> values) {
    Rim[] rims = new Rim[specs.size()];
    for (int i = 0; i < rims.length; i++) {
      rims[i] = new Rim(specs.get(i).name(), values.get(i));
    }
    return rims;
  }

  private static Rim[] texts(Rim[] rims) {
    List<Rim> texts = new ArrayList<>();
    for (Rim rim : rims) {
      if (rim.text()) {
        texts.add(rim);
      }
    }
    return texts.toArray(new Rim[0]);
  }

  private static boolean anyNarrow(Rim[] rims) {
    boolean any = false;
    for (Rim rim : rims) {
      any |= rim.isNarrow();
    }
    return any;
  }

  @Override
  public Tensor input(int tensor, int rows) {
    if (rows > capacity && capacity < BLOCK) {
      grow(rows);
    }
    if (rows < 1) {
      throw new IllegalArgumentException("rows was " + rows + " but must be at least 1");
    }
    if (rows != asked) {
      asked = rows;
      ran = 0;
    }
    try {
      return inputs[tensor].tensor(registers, rows);
    } catch (ArithmeticException e) {
      throw tooMany(rows, e);
    }
  }

  /** Capacity is what all registers have room for, also where memory ends half way. */
  private void grow(int rows) {
    int room = rows == 1 ? 1 : BLOCK;
    try {
      registers.grow(room);
    } catch (ArithmeticException e) {
      throw tooMany(room, e);
    }
    capacity = room;
  }

  private ModelFailedException tooMany(int rows, ArithmeticException e) {
    return new ModelFailedException(
        label + ": " + rows + " rows are more than an array holds; ask for fewer at a time", e);
  }

  @Override
  public Tensor input(int tensor, long[] shape) {
    throw new IllegalStateException(
        label + ": the inputs have the shapes the schema says; ask for them by the number of rows");
  }

  @Override
  public void run(int rows) {
    if (rows != asked) {
      throw new IllegalStateException(
          label
              + ": run of "
              + rows
              + " rows, but the inputs were last asked for with "
              + (asked == 0 ? "none" : asked));
    }
    ran = 0;
    for (Rim text : texts) {
      text.checkTexts(registers, rows);
    }
    try {
      if (narrow || rows > BLOCK) {
        runByBlocks(rows);
      } else {
        run(steps, registers, rows);
      }
    } catch (RuntimeException e) {
      throw new ModelFailedException(label + " failed in a run of " + rows + " rows: " + e, e);
    }
    ran = rows;
  }

  private static void run(Step[] steps, Registers registers, int rows) {
    for (Step step : steps) {
      step.run(registers, rows);
    }
  }

  private void runByBlocks(int rows) {
    for (Rim output : outputs) {
      output.tensor(registers, rows);
    }
    for (int first = 0; first < rows; first += BLOCK) {
      int some = Math.min(BLOCK, rows - first);
      for (Rim input : inputs) {
        if (rows > BLOCK || input.isNarrow()) {
          input.take(registers, first, some);
        }
      }
      run(steps, registers, some);
      for (Rim output : outputs) {
        if (rows > BLOCK || output.isNarrow()) {
          output.give(registers, first, some);
        }
      }
    }
  }

  @Override
  public Tensor output(int tensor) {
    if (ran == 0) {
      throw new IllegalStateException(label + ": there is no output before a run that succeeded");
    }
    return outputs[tensor].tensor(registers, ran);
  }

  /** It cannot: a run has an end that does not depend on what it reads. */
  @Override
  public boolean cancel() {
    return false;
  }
}
