package dev.mlops.runtime.engine.tabular;

import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;

/** Two slots of one model, by the number of rows. */
final class SplitSlot implements Slot {
  private final Slot few;
  private final Slot many;
  private final int mostFew;
  private Slot asked;
  private Slot ran;

  /**
   * Both must not be in use elsewhere.
   *
   * @param mostFew up to so many rows go to the first
   */
  SplitSlot(Slot few, Slot many, int mostFew) {
    this.few = few;
    this.many = many;
    this.mostFew = mostFew;
    this.asked = few;
    this.ran = few;
  }

  private Slot of(int rows) {
    return rows <= mostFew ? few : many;
  }

  @Override
  public Tensor input(int tensor, int rows) {
    asked = of(rows);
    return asked.input(tensor, rows);
  }

  @Override
  public Tensor input(int tensor, long[] shape) {
    return few.input(tensor, shape);
  }

  @Override
  public void run(int rows) {
    ran = asked; // also where the run fails: what the other gave before is no answer to it
    asked.run(rows);
  }

  @Override
  public Tensor output(int tensor) {
    return ran.output(tensor);
  }

  /** A run of few rows ends by itself, and soon. */
  @Override
  public boolean cancel() {
    return many.cancel();
  }
}
