package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.engine.onnx.ForwardingSlot;
import dev.mlops.store.StoredVersion;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A version has run in each of its slots before a caller can have one. */
class WarmUpTest {
  private static final int LARGEST = 37;

  @RegisterExtension final TestRuntime test = new TestRuntime();
  private final Queue<Run> runs = new ConcurrentLinkedQueue<>();
  private volatile @Nullable ModelHandle<Row, Row> model;

  /** A run of a version, and which version served at that time. */
  private record Run(String number, int slot, int rows, String serving) {}

  private final class Recording extends CountingEngine {
    Recording() {
      super(test.engine);
    }

    @Override
    public EngineSession load(StoredVersion version, int slots) {
      EngineSession session = super.load(version, slots);
      String number = version.version().number();
      return new Session(index -> recorded(session.slot(index), number, index), session::close);
    }
  }

  private Slot recorded(Slot slot, String number, int index) {
    return new ForwardingSlot(slot) {
      @Override
      public void run(int rows) {
        ModelHandle<Row, Row> served = model;
        String serving = served == null ? "none" : served.version().number();
        runs.add(new Run(number, index, rows, serving));
        super.run(rows);
      }
    };
  }

  private long runs(String number, int slot, int rows, String serving) {
    return runs.stream().filter(new Run(number, slot, rows, serving)::equals).count();
  }

  @Test
  void model_firstVersion_hasRunInEachSlotBeforeItServes() {
    test.slots = 3;
    test.engines = List.of(new Recording());
    Routes routes = test.serving("1");
    for (int slot = 0; slot < test.slots; slot++) {
      assertThat(runs("1", slot, 1, "none")).as("in slot %d", slot).isGreaterThanOrEqualTo(2);
    }
    assertThat(model(routes).version().number()).isEqualTo("1");
  }

  @Test
  void refresh_routeThatHasUsedBatches_runsThemInEachSlotOfTheNextVersionBeforeItServes() {
    test.slots = 3;
    test.engines = List.of(new Recording());
    Routes routes = test.serving("1", "2");
    ModelHandle<Row, Row> served = model(routes);
    model = served;
    served.predictAll(Collections.nCopies(LARGEST, ONE));
    served.predictAll(Collections.nCopies(5, ONE));
    test.store.move("2");
    routes.refresh(ROUTE);
    for (int slot = 0; slot < test.slots; slot++) {
      for (int rows : List.of(1, LARGEST)) {
        assertThat(runs("2", slot, rows, "1"))
            .as("of %d rows in slot %d", rows, slot)
            .isGreaterThanOrEqualTo(2);
      }
    }
    assertThat(served.version().number()).isEqualTo("2");
  }
}
