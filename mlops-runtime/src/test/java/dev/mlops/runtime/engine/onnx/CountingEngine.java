package dev.mlops.runtime.engine.onnx;

import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.model.ModelSchema;
import dev.mlops.store.StoredVersion;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** An engine that counts its sessions. */
public final class CountingEngine implements Engine {
  private final Engine engine;
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();

  /** Counts what another engine opens. */
  public CountingEngine(Engine engine) {
    this.engine = engine;
  }

  /** Sessions that were loaded. */
  public int opened() {
    return opened.get();
  }

  /** Sessions that were closed, a session that was closed twice counted twice. */
  public int closed() {
    return closed.get();
  }

  /** Sessions that are open. */
  public int live() {
    return opened.get() - closed.get();
  }

  /**
   * Waits until no more sessions are open than are to be.
   *
   * @return whether that was so within half a minute
   */
  public boolean awaitLive(int most) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (live() > most) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      Thread.onSpinWait();
    }
    return true;
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
    return engine.declines(version);
  }

  @Override
  public ModelSchema describe(StoredVersion version) {
    return engine.describe(version);
  }

  @Override
  public long memory(StoredVersion version, int slots) {
    return engine.memory(version, slots);
  }

  @Override
  public EngineSession load(StoredVersion version, int slots) {
    EngineSession session = engine.load(version, slots);
    opened.incrementAndGet();
    return new EngineSession() {
      @Override
      public Slot slot(int index) {
        return session.slot(index);
      }

      @Override
      public void close() {
        session.close();
        closed.incrementAndGet();
      }
    };
  }
}
