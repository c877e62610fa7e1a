package dev.mlops.runtime.engine.tabular;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A plan with its slots; with another engine's session behind it where that one takes batches. */
final class TabularSession implements EngineSession {
  private static final int WARM_UP_RUNS = 50_000;

  private final List<Slot> slots;
  private final @Nullable EngineSession behind;
  private final String detail;

  TabularSession(List<Slot> slots, @Nullable EngineSession behind, String detail) {
    this.slots = List.copyOf(slots);
    this.behind = behind;
    this.detail = detail;
  }

  @Override
  public Slot slot(int index) {
    return slots.get(index);
  }

  @Override
  public String detail() {
    return detail;
  }

  /**
   * The JVM compiles a method for good after some thousand loops and calls in it, and needs some
   * tens of milliseconds for it meanwhile.
   */
  @Override
  public int warmUpRuns() {
    return WARM_UP_RUNS;
  }

  @Override
  public void close() {
    if (behind != null) {
      behind.close();
    }
  }
}
