package dev.mlops.runtime.serving;

import static dev.mlops.runtime.serving.TestRuntime.ONE;
import static dev.mlops.runtime.serving.TestRuntime.ROUTE;
import static dev.mlops.runtime.serving.TestRuntime.model;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.runtime.metrics.RuntimeMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A listener that is stuck for a minute, while versions are swapped and calls go on. A runtime
 * whose listener is not stuck does the same beside it, in turn.
 */
@Tag("proof")
class BlockedListenerTest {
  private static final Duration WARM = Duration.ofSeconds(5);
  private static final Duration BEFORE = Duration.ofSeconds(15);
  private static final Duration BLOCKED = Duration.ofSeconds(60);
  private static final int CALLS = 5_000;

  /** More than may wait for a listener, so that events are dropped. */
  private static final int SWAPS = 1_500;

  private static final int SWAPS_A_PAIR = 5;
  private static final int WAITING = 1_000;

  @RegisterExtension final TestRuntime stuck = new TestRuntime();
  @RegisterExtension final TestRuntime free = new TestRuntime();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Sticky sticky = new Sticky();
  private Routes stuckRoutes;
  private Routes freeRoutes;
  private ModelHandle<Row, Row> ofStuck;
  private ModelHandle<Row, Row> ofFree;
  private int swaps = 1; // each began to serve
  private long pairs;

  /** A listener that can be stuck. */
  private static final class Sticky implements RuntimeListener {
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch unblock = new CountDownLatch(1);
    final AtomicInteger told = new AtomicInteger();
    volatile boolean sticks;

    @Override
    public void happened(LifecycleEvent event) {
      told.incrementAndGet();
      if (sticks) {
        entered.countDown();
        try {
          unblock.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  /**
   * Pairs of blocks of calls, the stuck runtime's with the free one's.
   *
   * @param slower pairs where the stuck one took more than 1.1 times as long
   * @param faster pairs where the free one did
   */
  private record Times(int pairs, double median, int slower, int faster) {
    static Times of(double[] ratios) {
      double[] sorted = ratios.clone();
      Arrays.sort(sorted);
      return new Times(
          sorted.length,
          sorted[sorted.length / 2],
          (int) Arrays.stream(sorted).filter(ratio -> ratio > 1.1).count(),
          (int) Arrays.stream(sorted).filter(ratio -> ratio < 1 / 1.1).count());
    }

    /** The share of slow pairs beyond what a busy machine makes of two that are alike. */
    double excess() {
      return (double) (slower - faster) / pairs;
    }

    /** The variance of {@link #excess} where each uneven pair is as likely slow as fast. */
    double variance() {
      return (double) (slower + faster) / pairs / pairs;
    }
  }

  @BeforeEach
  void serve() {
    RuntimeMetrics metrics = new RuntimeMetrics();
    metrics.bindTo(registry);
    RuntimeMetrics beside = new RuntimeMetrics();
    beside.bindTo(new SimpleMeterRegistry()); // so that both record what they time
    stuck.listeners.add(0, sticky); // before all others
    stuck.listeners.add(metrics);
    free.listeners.add(new Sticky());
    free.listeners.add(beside);
    stuckRoutes = stuck.serving("1", "2");
    freeRoutes = free.serving("1", "2");
    ofStuck = model(stuckRoutes);
    ofFree = model(freeRoutes);
  }

  @Test
  void listener_blockedForAMinute_slowsNothingAndCostsNobodyElseACount() throws Exception {
    Times warm = run(WARM, 0);
    Times before = run(BEFORE, SWAPS);
    await("the listener was told all", sticky.told::get, stuck.events::size);
    int toldBefore = stuck.events.size();
    long heapBefore = heap();

    sticky.sticks = true;
    swap(1);
    sticky.entered.await();
    Times during = run(BLOCKED, SWAPS);
    await("metrics: swaps", this::countedSwaps, () -> swaps);
    await("events of who listens too", stuck.events::size, () -> swaps);
    long grown = heap() - heapBefore;
    long dropped = stuckRoutes.health().droppedEvents();
    int offered = stuck.events.size() - toldBefore;
    double spread = 3 * Math.sqrt(before.variance() + during.variance());
    System.out.printf(
        "warm %s%nbefore %s, excess %.4f%nblocked %s, excess %.4f, bound %.4f above%n"
            + "swaps %d, dropped %d, heap grown by %.2f MB%n",
        warm,
        before,
        before.excess(),
        during,
        during.excess(),
        spread,
        swaps,
        dropped,
        grown / 1048576.0);

    assertThat(calls()).as("metrics: calls").isEqualTo(pairs * CALLS);
    assertThat(rows()).as("metrics: rows").isEqualTo(pairs * CALLS);
    assertThat(swaps).isGreaterThan(2 * SWAPS);
    // one is in its hands, and a thousand wait
    assertThat(dropped).isEqualTo(offered - 1 - WAITING).isPositive();
    assertThat(grown).as("bytes of heap, after a collection").isLessThan(16 << 20);
    // two runtimes that are alike differ by some percent, which is the same before and after
    assertThat(during.median() / before.median()).as("of the medians").isLessThan(1.10);
    /*
     * A busy machine makes slow blocks by itself, and more in one minute than in another, but as
     * many of the free runtime's as of the other's. So slow pairs are counted beyond fast ones, and
     * compared with those before the listener was stuck, which takes away what else tells the two
     * runtimes apart. Three standard errors of such a difference: alike, one run in 700 is above.
     */
    assertThat(during.excess())
        .as("share of blocks slower by more than a tenth, beyond those faster")
        .isLessThanOrEqualTo(before.excess() + spread);

    sticky.unblock.countDown();
    int kept = toldBefore + 1 + WAITING;
    await("the blocked one was told what was kept", sticky.told::get, () -> kept);
    assertThat(stuckRoutes.health().droppedEvents()).isEqualTo(dropped);
    stuckRoutes.close(Duration.ofSeconds(10));
    assertThat(registry.getMeters()).isEmpty();
  }

  /** Calls both in turn for so long, and swaps versions between the first pairs. */
  private Times run(Duration time, int toSwap) {
    double[] ratios = new double[100_000];
    int made = 0;
    int left = toSwap;
    long end = System.nanoTime() + time.toNanos();
    while (left > 0 || (System.nanoTime() - end < 0 && made < ratios.length)) {
      boolean stuckFirst = made % 2 == 0;
      long first = block(stuckFirst ? ofStuck : ofFree);
      long second = block(stuckFirst ? ofFree : ofStuck);
      ratios[made++] = stuckFirst ? (double) first / second : (double) second / first;
      int now = Math.min(left, SWAPS_A_PAIR);
      swap(now);
      left -= now;
    }
    pairs += made;
    return Times.of(Arrays.copyOf(ratios, made));
  }

  private static long block(ModelHandle<Row, Row> model) {
    long start = System.nanoTime();
    for (int i = 0; i < CALLS; i++) {
      model.predict(ONE);
    }
    return System.nanoTime() - start;
  }

  private void swap(int times) {
    for (int i = 0; i < times; i++) {
      String next = swaps % 2 == 0 ? "1" : "2";
      stuck.store.move(next);
      free.store.move(next);
      stuckRoutes.refresh(ROUTE);
      freeRoutes.refresh(ROUTE);
      swaps++;
    }
  }

  private long countedSwaps() {
    return (long)
        registry.get("mlops.swaps").functionCounters().stream()
            .mapToDouble(FunctionCounter::count)
            .sum();
  }

  private long calls() {
    return registry.get("mlops.calls").timers().stream().mapToLong(Timer::count).sum();
  }

  private long rows() {
    return (long)
        registry.get("mlops.predictions").functionCounters().stream()
            .mapToDouble(FunctionCounter::count)
            .sum();
  }

  private static long heap() {
    WeakReference<Object> witness = new WeakReference<>(new Object());
    for (int i = 0; i < 50 && witness.get() != null; i++) {
      System.gc();
    }
    assertThat(witness.get()).as("something was collected").isNull();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static void await(String what, LongSupplier seen, LongSupplier wanted) {
    long patience = System.nanoTime() + 20_000_000_000L;
    while (seen.getAsLong() != wanted.getAsLong()) {
      if (System.nanoTime() - patience > 0) {
        assertThat(seen.getAsLong()).as(what).isEqualTo(wanted.getAsLong());
      }
      Thread.onSpinWait();
    }
  }
}
