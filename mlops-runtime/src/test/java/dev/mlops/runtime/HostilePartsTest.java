package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mlops.inference.Call;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelPackage;
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.store.DirectoryModelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user plugs in fails where it is least expected; no version, slot or session is lost. */
final class HostilePartsTest {
  private static final String ROUTE = "m@champion";
  private static final Row ROW = Row.of("x", 3);

  @TempDir private Path folder;
  private DirectoryModelStore store;
  private final Steps steps = new Steps();
  private final SteppedEngine engine = new SteppedEngine(OnnxRuntimeEngine.create(), steps);

  @BeforeEach
  void publish() {
    store = DirectoryModelStore.at(folder.resolve("store"));
    for (int k = 1; k <= 2; k++) {
      store.publish(
          ModelPackage.of("m", k + ".0.0", FaultBed.SCHEMA)
              .model("onnx", FaultBed.times(folder.resolve(k + ".onnx"), k))
              .build());
    }
    store.alias("m", "champion").moveTo("1.0.0", "test", "first");
  }

  private ModelRuntime.Builder builder() {
    return ModelRuntime.builder().store(store).engine(engine).slots(1).keepWarm(Duration.ZERO);
  }

  private static double answer(ModelHandle<Row, Row> model) {
    return model.predict(ROW, Call.with().within(Duration.ZERO)).value().number("y");
  }

  @Test
  void refresh_observerFactoryThrowsError_sameRevisionServesAtTheNextRefresh() {
    AtomicBoolean broken = new AtomicBoolean();
    VersionObserver.Factory factory =
        (route, version, slots) -> {
          if (broken.get()) {
            throw new NoClassDefFoundError("in a test");
          }
          return Optional.empty();
        };
    try (ModelRuntime runtime = builder().observer(factory).build()) {
      ModelHandle<Row, Row> model = runtime.model(ROUTE);
      store.alias("m", "champion").moveTo("2.0.0", "test", "next");
      broken.set(true);
      var unused = catchThrowable(() -> runtime.refresh(ROUTE)); // serves without it, or throws
      broken.set(false);

      runtime.refresh(ROUTE);

      assertThat(model.version().number()).isEqualTo("2.0.0");
      assertThat(answer(model)).isEqualTo(6);
    }
  }

  @Test
  void refresh_observerThrowsErrorAtItsClose_sessionOfTheOldVersionIsClosed() throws Exception {
    VersionObserver.Factory factory = (route, version, slots) -> Optional.of(new ThrowsAtClose());
    try (ModelRuntime runtime = builder().observer(factory).build()) {
      ModelHandle<Row, Row> model = runtime.model(ROUTE);
      store.alias("m", "champion").moveTo("2.0.0", "test", "next");
      runtime.refresh(ROUTE);

      assertThat(engine.awaitLive(1)).isTrue();
      assertThat(answer(model)).isEqualTo(6);
    }
  }

  @Test
  void close_engineThrowsWhenToldToCancel_sessionIsClosedWhenTheCallHasEnded() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    steps.arm(
        (what, number) -> {
          if (what.equals("slot.cancel")) {
            throw new IllegalStateException("in a test");
          }
          if (what.equals("slot.run") && Thread.currentThread().getName().equals("stuck")) {
            inside.countDown();
            await(goOn);
          }
        });
    ModelRuntime runtime = builder().build();
    ModelHandle<Row, Row> model = runtime.model(ROUTE);
    Thread stuck = new Thread(() -> model.predict(ROW), "stuck");
    stuck.start();
    await(inside);
    runtime.close(Duration.ZERO);
    goOn.countDown();
    stuck.join();

    assertThat(engine.awaitLive(0)).isTrue();
  }

  @Test
  void refresh_interruptedWhileItsGateWaitsForASlot_sameRevisionIsTriedAgain() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    CountDownLatch gate = new CountDownLatch(1);
    steps.arm(
        (what, number) -> {
          if (what.equals("slot.run") && Thread.currentThread().getName().equals("slow")) {
            inside.countDown();
            await(goOn);
          }
        });
    try (ModelRuntime runtime = builder().gate(new Compares(gate)).build()) {
      ModelHandle<Row, Row> model = runtime.model(ROUTE);
      Thread slow = new Thread(() -> model.predict(ROW), "slow");
      slow.start();
      await(inside);
      store.alias("m", "champion").moveTo("2.0.0", "test", "next");
      AtomicReference<@Nullable Throwable> refused = new AtomicReference<>();
      Thread refreshing =
          new Thread(() -> refused.set(catchThrowable(() -> runtime.refresh(ROUTE))));
      refreshing.start();
      await(gate);
      refreshing.interrupt();
      refreshing.join();
      assertThat(refused.get()).isNotNull();
      goOn.countDown();
      slow.join();

      runtime.refresh(ROUTE); // the interrupt said nothing about the version

      assertThat(answer(model)).isEqualTo(6);
    }
  }

  @Test
  void predictAll_listWhoseSizeThrowsInTheMiddle_givesItsSlotBack() {
    try (ModelRuntime runtime = builder().build()) {
      ModelHandle<Row, Row> model = runtime.model(ROUTE);
      for (int most = 0; most < 12; most++) {
        int good = most;
        List<Row> rows =
            new AbstractList<>() {
              private int asked;

              @Override
              public Row get(int index) {
                return ROW;
              }

              @Override
              public int size() {
                if (asked++ == good) {
                  throw new IllegalStateException("in a test, the session it reads from is closed");
                }
                return 2;
              }
            };
        var unused =
            catchThrowable(() -> model.predictAll(rows, Call.with().within(Duration.ZERO)));

        assertThat(catchThrowable(() -> answer(model)))
            .as("after size() threw when asked for the %d. time", good + 1)
            .isNull();
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(20, TimeUnit.SECONDS)) {
        throw new AssertionError("it took too long");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static final class ThrowsAtClose implements VersionObserver {
    @Override
    public void observed(Observation seen) {}

    @Override
    public void close() {
      throw new AssertionError("in a test");
    }
  }

  private record Compares(CountDownLatch begun) implements Gate {
    @Override
    public String name() {
      return "compares";
    }

    @Override
    public boolean compares() {
      return true;
    }

    @Override
    public Result check(Candidate candidate) {
      if (candidate.active().isEmpty()) {
        return skipped("nothing is active");
      }
      begun.countDown();
      candidate.predictActive(List.of(ROW));
      return pass("compared");
    }
  }
}
