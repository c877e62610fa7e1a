package dev.mlops.runtime.engine.onnx;

import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.model.ModelSchema;
import dev.mlops.store.StoredVersion;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * Has another engine do the work, and counts its sessions. An engine of a test extends it by what
 * it does otherwise.
 */
public class CountingEngine implements Engine {
  private final Engine engine;
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();

  /** A session by its two methods. */
  public record Session(IntFunction<Slot> slots, Runnable end) implements EngineSession {
    @Override
    public Slot slot(int index) {
      return slots.apply(index);
    }

    @Override
    public void close() {
      end.run();
    }
  }

  /** Counts what another engine opens. */
  public CountingEngine(Engine engine) {
    this.engine = engine;
  }

  /** Sessions that were loaded. */
  public final int opened() {
    return opened.get();
  }

  /** Sessions that were closed, a session that was closed twice counted twice. */
  public final int closed() {
    return closed.get();
  }

  /** Sessions that are open. */
  public final int live() {
    return opened.get() - closed.get();
  }

  /**
   * Waits until so many sessions are open.
   *
   * @return whether that was so within half a minute
   */
  public final boolean awaitLive(int wanted) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (live() != wanted) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      Thread.onSpinWait();
    }
    return true;
  }

  @Override
  public final String name() {
    return engine.name();
  }

  @Override
  public final Set<String> formats() {
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
  public final long memory(StoredVersion version, int slots) {
    return engine.memory(version, slots);
  }

  @Override
  public EngineSession load(StoredVersion version, int slots) {
    EngineSession session = engine.load(version, slots);
    opened.incrementAndGet();
    return new Session(
        session::slot,
        () -> {
          session.close();
          closed.incrementAndGet();
        });
  }
}
