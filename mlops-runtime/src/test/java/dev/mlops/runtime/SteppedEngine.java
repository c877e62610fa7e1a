package dev.mlops.runtime;

import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ModelSchema;
import dev.mlops.store.StoredVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A real engine whose sessions are counted and whose steps can be made to fail. */
final class SteppedEngine implements Engine {
  private final Engine engine;
  private final Steps steps;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int opened;
  private int live;

  SteppedEngine(Engine engine, Steps steps) {
    this.engine = engine;
    this.steps = steps;
  }

  /** Sessions that were opened so far. */
  int opened() {
    lock.lock();
    try {
      return opened;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until so many sessions are open, and tells how many are. */
  int awaitLive(int wanted) throws InterruptedException {
    long left = TimeUnit.SECONDS.toNanos(15);
    lock.lock();
    try {
      while (live != wanted && left > 0) {
        left = changed.awaitNanos(left);
      }
      return live;
    } finally {
      lock.unlock();
    }
  }

  private void count(int by) {
    lock.lock();
    try {
      opened += Math.max(0, by);
      live += by;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String name() {
    return engine.name();
  }

  @Override
  public Set<String> formats() {
    return engine.formats();
  }

  @Override
  public Optional<String> declines(StoredVersion version) {
    steps.step("engine.declines");
    return engine.declines(version);
  }

  @Override
  public ModelSchema describe(StoredVersion version) {
    steps.step("engine.describe");
    return engine.describe(version);
  }

  @Override
  public EngineSession load(StoredVersion version, int slots) {
    steps.step("engine.load");
    EngineSession session = engine.load(version, slots);
    count(1);
    return new Session(session, slots);
  }

  private final class Session implements EngineSession {
    private final EngineSession session;
    private final List<Slot> slots = new ArrayList<>();

    Session(EngineSession session, int count) {
      this.session = session;
      for (int i = 0; i < count; i++) {
        slots.add(new SteppedSlot(session.slot(i)));
      }
    }

    @Override
    public Slot slot(int index) {
      steps.step("session.slot");
      return slots.get(index);
    }

    @Override
    public void close() {
      session.close();
      count(-1);
      steps.step("session.close");
    }
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
