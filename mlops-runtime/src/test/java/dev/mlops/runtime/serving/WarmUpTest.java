package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.engine.onnx.ForwardingSlot;
import dev.mlops.store.StoredVersion;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
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
      for (int rows : List.of(1, 5, LARGEST)) {
        assertThat(runs("2", slot, rows, "1"))
            .as("of %d rows in slot %d", rows, slot)
            .isGreaterThanOrEqualTo(rows == 5 ? 1 : 2);
      }
    }
    assertThat(served.version().number()).isEqualTo("2");
  }

  @Test
  void refresh_batchThatFailed_isNotHeldAgainstTheNextVersion() {
    Routes routes = test.serving("1", "2");
    test.engine.failAboveRows("1", 1);
    test.engine.failAboveRows("2", 1);
    assertThatThrownBy(() -> model(routes).predictAll(List.of(ONE, ONE)))
        .isInstanceOf(ModelFailedException.class);
    test.store.move("2");
    assertThat(routes.refresh(ROUTE).swapped()).isTrue();
  }

  @Test
  void refresh_longBatch_warmsWhatIsLeftOfItAsWell() {
    test.slots = 1;
    test.engines = List.of(new Recording());
    Routes routes = test.serving("1", "2");
    model(routes).predictAll(Collections.nCopies(LoadedVersion.CHUNK + LARGEST, ONE));
    test.store.move("2");
    routes.refresh(ROUTE);
    assertThat(runs("2", 0, LARGEST, "none")).isOne();
    assertThat(runs("2", 0, LoadedVersion.CHUNK, "none")).isEqualTo(2);
  }

  @Test
  void refresh_afterGatesAndObservers_aRowInEachSlotComesLast() {
    test.slots = 3;
    test.engines = List.of(new Recording());
    AtomicInteger before = new AtomicInteger();
    test.gates.add(
        TestRuntime.gate(
            "mine",
            false,
            candidate -> {
              before.set(runs.size());
              return Gate.Outcome.PASS;
            }));
    test.observers.add(
        (route, version, slots) -> {
          before.set(runs.size());
          return Optional.empty();
        });
    Routes routes = test.serving("1", "2");
    model = model(routes);
    test.store.move("2");
    SwapReport report = routes.refresh(ROUTE);
    List<Run> last = List.copyOf(runs).subList(before.get(), runs.size());
    assertThat(last)
        .containsOnly(new Run("2", 0, 1, "1"), new Run("2", 1, 1, "1"), new Run("2", 2, 1, "1"));
    assertThat(report.phases().keySet())
        .containsExactly("open", "load", "warm", "gates", "publish");
  }

  @Test
  void refresh_versionThatAnotherRouteServes_doesNotRunInItsSlots() {
    test.engines = List.of(new Recording());
    Routes routes = test.serving("1", "2");
    routes.handle("m:2", Row.class, Row.class);
    runs.clear();
    test.store.move("2");
    assertThat(routes.refresh(ROUTE).swapped()).isTrue();
    assertThat(runs).noneMatch(run -> run.rows() == 1); // gates run both of their samples at once
  }

  @Test
  void refresh_versionThatAnotherRouteServes_isRunWithTheBatchesOfThisOne() {
    test.engine.failAboveRows("2", 5);
    Routes routes = test.serving("1", "2");
    routes.handle("m:2", Row.class, Row.class);
    model(routes).predictAll(Collections.nCopies(LARGEST, ONE));
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("(alone and in batches of 37, as this route uses)");
    assertThat(model(routes).predictAll(Collections.nCopies(LARGEST, ONE))).hasSize(LARGEST);
  }

  @Test
  void refresh_backToTheVersionKeptWarm_isRunWithTheBatchesSince() {
    test.engine.failAboveRows("1", 5);
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    routes.refresh(ROUTE);
    model(routes).predictAll(Collections.nCopies(LARGEST, ONE));
    test.store.move("1");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(ModelFailedException.class);
    assertThat(model(routes).predictAll(Collections.nCopies(LARGEST, ONE))).hasSize(LARGEST);
    assertThat(test.engine.opened).hasValue(2);
  }

  @Test
  void refresh_failsInTheLastRun_isNotServedAndLeavesNothingOpen() {
    test.loadFailed = true;
    AtomicInteger open = test.observe();
    test.observers.add(
        (route, version, slots) -> {
          if (version.version().number().equals("2")) {
            test.engine.failAboveRows("2", 0);
          }
          return Optional.empty();
        });
    Routes routes = test.serving("1", "2");
    test.store.move("2");
    assertThatThrownBy(() -> routes.refresh(ROUTE)).isInstanceOf(ModelFailedException.class);
    assertThat(model(routes).predict(ONE).version().number()).isEqualTo("1");
    assertThat(open).hasValue(1);
    routes.close(Duration.ofSeconds(20));
    assertThat(test.engine.live()).isZero();
  }
}
