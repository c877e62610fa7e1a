package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.observe.LifecycleEvent;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A listener that is stuck for a minute, while versions are swapped and calls go on. */
@Tag("proof")
class BlockedListenerTest {
  private static final Duration BLOCKED = Duration.ofSeconds(60);
  private static final int CALLS = 20_000;

  @RegisterExtension final TestRuntime blocked = new TestRuntime();
  @RegisterExtension final TestRuntime free = new TestRuntime();

  @Test
  void listener_blockedForAMinute_slowsNoPredictionAndLosesNoCount() {
    CountDownLatch unblock = new CountDownLatch(1);
    AtomicInteger swaps = new AtomicInteger();
    blocked.listeners.add(
        event -> {
          awaitQuietly(unblock);
          if (event instanceof LifecycleEvent.Swapped) {
            swaps.incrementAndGet();
          }
        });
    Routes one = blocked.serving("1", "2");
    Routes other = free.serving("1", "2");
    ModelHandle<Row, Row> ofBlocked = model(one);
    ModelHandle<Row, Row> ofFree = model(other);
    long end = System.nanoTime() + BLOCKED.toNanos();
    double[] ratios = new double[10_000];
    int blocks = 0;
    while (System.nanoTime() - end < 0) {
      long with;
      long without;
      if (blocks % 2 == 0) {
        with = block(ofBlocked);
        without = block(ofFree);
      } else {
        without = block(ofFree);
        with = block(ofBlocked);
      }
      ratios[blocks++ % ratios.length] = (double) with / without;
      if (blocks <= 100) {
        for (TestRuntime test : new TestRuntime[] {blocked, free}) {
          test.store.move(blocks % 2 == 0 ? "1" : "2");
        }
        one.refresh(ROUTE);
        other.refresh(ROUTE);
      }
    }
    int made = Math.min(blocks, ratios.length);
    double[] sorted = Arrays.copyOf(ratios, made);
    Arrays.sort(sorted);
    double median = sorted[made / 2];
    System.out.printf(
        "listener blocked for %s: %d paired blocks of %d calls, median ratio %.3f%n",
        BLOCKED, blocks, CALLS, median);
    long answered =
        one.health().routes().get(0).versions().stream().mapToLong(v -> v.predictions()).sum();
    // the versions that serve and are retained were both there from the start
    assertThat(answered).isEqualTo((long) blocks * CALLS);
    assertThat(median).as("with a blocked listener against without").isLessThan(1.10);
    unblock.countDown();
    Optional<String> last = Optional.empty();
    for (int i = 0; i <= Math.min(blocks, 100); i++) {
      last = Optional.of(blocked.next(LifecycleEvent.Swapped.class).report().to().number());
    }
    assertThat(last).isPresent();
    assertThat(one.health().droppedEvents()).isZero();
  }

  private static long block(ModelHandle<Row, Row> model) {
    long start = System.nanoTime();
    for (int i = 0; i < CALLS; i++) {
      model.predict(ONE);
    }
    return System.nanoTime() - start;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
