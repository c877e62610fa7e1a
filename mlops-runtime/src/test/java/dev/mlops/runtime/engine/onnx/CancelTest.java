package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.runtime.onnx.SlowModels;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs that another thread ends. */
@Timeout(60)
final class CancelTest {
  private static final int CANCELS = 10_000;

  @TempDir Path folder;

  private final AtomicBoolean over = new AtomicBoolean();

  @AfterEach
  void stopCancelling() {
    over.set(true);
  }

  private static EngineSession load(Path model) {
    return OnnxRuntimeEngine.create().load(TestVersion.of(model), 1);
  }

  private static void run(Slot slot, float steps) {
    slot.input(0, 1).floats().put(0, steps);
    slot.run(1);
    assertThat(slot.output(0).floats().get(0)).isEqualTo(steps);
  }

  @Test
  void cancel_tenThousandTimesAtAnyMoment_runsEndOrAnswerAndTheSlotStaysUsable() throws Exception {
    Random random = new Random(12);
    AtomicInteger cancels = new AtomicInteger();
    int answered = 0;
    int ended = 0;
    try (EngineSession session = load(SlowModels.manyOperators(folder))) {
      Slot slot = session.slot(0);
      run(slot, 3);
      Thread canceller =
          new Thread(
              () -> {
                while (!over.get()) {
                  for (int spin = random.nextInt(2_000); spin > 0; spin--) {
                    Thread.onSpinWait();
                  }
                  slot.cancel();
                  cancels.incrementAndGet();
                }
              });
      canceller.start();
      while (cancels.get() < CANCELS || ended == 0) {
        try {
          run(slot, 10);
          answered++;
        } catch (ModelFailedException e) {
          assertThat(e).hasMessage("storms:1.0.0 failed on 1 row: the run was cancelled");
          assertThatThrownBy(() -> slot.output(0)).isInstanceOf(IllegalStateException.class);
          ended++;
        }
      }
      over.set(true);
      canceller.join();
      run(slot, 20); // a flag left set would end it
      assertThat(answered).isPositive();
    }
  }

  @Test
  void cancel_runWithoutEnd_endsAtItsNextOperator() throws Exception {
    try (EngineSession session = load(SlowModels.manyOperators(folder))) {
      Slot slot = session.slot(0);
      long worst = 0;
      for (int round = 0; round < 5; round++) {
        long nanos = cancelled(slot, SlowModels.FOR_EVER, 30);
        worst = Math.max(worst, nanos);
      }
      System.out.println("a run of many operators ended " + worst / 1e6 + " ms after its cancel");
      assertThat(worst).as("the run takes months").isLessThan(TimeUnit.SECONDS.toNanos(10));
      run(slot, 2);
    }
  }

  @Test
  void cancel_runOfOneOperator_goesOnToTheEndOfIt() throws Exception {
    float steps = 25_000;
    try (EngineSession session = load(SlowModels.oneOperator(folder))) {
      Slot slot = session.slot(0);
      long quickest = Long.MAX_VALUE;
      for (int i = 0; i < 3; i++) {
        long from = System.nanoTime();
        run(slot, steps);
        quickest = Math.min(quickest, System.nanoTime() - from);
      }
      long lasted = 0;
      // the operator has begun by then, unless the machine is busy
      for (int round = 0; round < 10 && lasted <= quickest * 3 / 5; round++) {
        long from = System.nanoTime();
        cancelled(slot, steps, 40);
        lasted = System.nanoTime() - from;
      }
      System.out.printf(
          "a run of one operator, %.0f ms when left alone, lasted %.0f ms%n",
          quickest / 1e6, lasted / 1e6);
      assertThat(lasted).isGreaterThan(quickest * 3 / 5);
      run(slot, 2);
    }
  }

  /** Runs, cancels some milliseconds after the start and says how long the end then took. */
  private static long cancelled(Slot slot, float steps, int milliseconds) throws Exception {
    CountDownLatch about = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    Thread runner =
        new Thread(
            () -> {
              about.countDown();
              try {
                run(slot, steps);
              } catch (ModelFailedException e) {
                assertThat(e).hasMessageEndingWith("the run was cancelled");
                done.countDown();
              }
            });
    runner.setDaemon(true);
    runner.start();
    about.await();
    runner.join(milliseconds); // the run is in native code by then, or soon
    long from = System.nanoTime();
    while (runner.isAlive()) {
      slot.cancel(); // a cancel before the run began is none
      Thread.onSpinWait();
    }
    assertThat(done.getCount()).as("the run was not ended").isZero();
    return System.nanoTime() - from;
  }
}
