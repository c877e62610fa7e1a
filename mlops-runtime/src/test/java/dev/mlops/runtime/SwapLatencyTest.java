package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.engine.EngineSession;
import dev.mlops.runtime.engine.onnx.ChildJvm;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.store.StoredVersion;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That a swap makes calls wait for nothing: {@link SwapLatency} says how it is measured. */
final class SwapLatencyTest {
  private static final double MOST_MS = 5;

  /** Pairs of blocks, so at least 20 blocks in turns. */
  private static final int QUIET = 10;

  @TempDir private Path folder;

  @Test
  @Tag("proof")
  void predict_aroundSwaps_isNoSlowerThanWithoutByFiveMilliseconds() throws Exception {
    ChildJvm.Result result = measure("free", "20", "22", "1");

    assumeTrue(
        result.figure("quiet") >= QUIET,
        "not judged: the machine was never quiet for long enough: " + result.output());
    assertThat(result.figure("median difference of p99.9"))
        .as(result.output())
        .isLessThanOrEqualTo(MOST_MS);
  }

  @Test
  @Tag("proof")
  void predict_whereACallerLoadsUnderALock_missesThatMark() throws Exception {
    ChildJvm.Result result = measure("locked", "5", "5", "1");

    assertThat(result.figure("median difference of p99.9"))
        .as(result.output())
        .isGreaterThan(MOST_MS);
  }

  /** Draws {@code docs/proof/swap-latency.svg} anew, into {@code target}. */
  @Test
  @Tag("soak")
  void picture_of50Swaps_isDrawn() throws Exception {
    Path picture = Path.of("target", "swap-latency.svg").toAbsolutePath();
    Files.deleteIfExists(picture);

    measure("picture", "50", picture.toString());

    assertThat(picture).content().contains("around 50 swaps");
  }

  /** Not by the clock: a load that does not end, and calls that go on all the same. */
  @Test
  void predict_whileALoadIsHeld_waitsForNothing() throws Exception {
    Swapping.publish(folder, 1, 16);
    Held engine = new Held();
    try (Swapping swapping = new Swapping(folder, engine)) {
      swapping.predict();
      engine.hold = true;
      FutureTask<?> swap = new FutureTask<>(swapping::swap);
      new Thread(swap).start();
      engine.loading.await();
      FutureTask<Long> calls = new FutureTask<>(() -> waitsOf(swapping));
      new Thread(calls).start();
      try {
        assertThat(calls.get(1, TimeUnit.MINUTES)).as("times the caller waited").isZero();
      } finally {
        engine.released.countDown();
      }
      swap.get();
      assertThat(swapping.predict().version().number()).isEqualTo("2");
    }
  }

  /** How often ten thousand calls made this thread wait. */
  private static long waitsOf(Swapping swapping) {
    swapping.predict();
    long before = waits();
    for (int i = 0; i < 10_000; i++) {
      assertThat(swapping.predict().version().number()).isEqualTo("1");
    }
    return waits() - before;
  }

  /** How often this thread waited for a monitor, a lock or a condition. */
  private static long waits() {
    ThreadInfo info =
        ManagementFactory.getThreadMXBean().getThreadInfo(Thread.currentThread().getId());
    return info.getBlockedCount() + info.getWaitedCount();
  }

  private ChildJvm.Result measure(String... how) throws Exception {
    Path store = folder.resolve("store");
    Swapping.publish(store, 4, 512);
    String[] arguments = new String[how.length + 1];
    arguments[0] = store.toString();
    System.arraycopy(how, 0, arguments, 1, how.length);
    ChildJvm.Result result =
        new ChildJvm(folder)
            .fixedHeap("512m")
            .within(Duration.ofMinutes(10))
            .run(SwapLatency.class, arguments);
    System.out.println(how[0] + ": " + result.output());
    assertThat(result.exit()).as(result.output()).isZero();
    return result;
  }

  /** Holds loads when told to, until they are released. */
  private static final class Held extends CountingEngine {
    final CountDownLatch loading = new CountDownLatch(1);
    final CountDownLatch released = new CountDownLatch(1);
    volatile boolean hold;

    Held() {
      super(OnnxRuntimeEngine.create());
    }

    @Override
    public EngineSession load(StoredVersion version, int slots) {
      if (hold) {
        loading.countDown();
        try {
          released.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      return super.load(version, slots);
    }
  }
}
