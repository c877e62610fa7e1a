package dev.mlops.drift;

import static dev.mlops.drift.TestVersion.ROUTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.inference.Traffic;
import dev.mlops.observe.VersionObserver;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The listener, and the threads that look and that tell it. */
@Timeout(60)
class DriftListenerTest {
  private static final Instant NOON = Instant.parse("2026-03-29T12:00:00Z");

  @TempDir Path folder;
  private final List<DriftReport> told = new ArrayList<>();

  private static VersionObserver open(DriftMonitor monitor, TestVersion version, int slots) {
    return monitor.open(ROUTE, version, slots).orElseThrow();
  }

  @Test
  void listener_thatThrows_isToldTheNext() {
    DriftMonitor monitor =
        DriftMonitor.builder()
            .clock(() -> NOON)
            .onReport(
                report -> {
                  told.add(report);
                  throw new IllegalStateException("the pager is out of paper");
                })
            .unstarted();
    TestVersion version = TestVersion.without("1");
    open(monitor, version, 1);
    monitor.rotate(ROUTE, version.version());
    monitor.rotate(ROUTE, version.version());
    monitor.look(false);
    monitor.tellAll();
    assertThat(told).hasSize(2);
  }

  @Test
  void close_endsWindowsTellsThemAndCountsNoMore() {
    DriftMonitor monitor = DriftMonitor.builder().onReport(told::add).build();
    TestVersion version = TestVersion.of("1", folder);
    VersionObserver observer = open(monitor, version, 1);
    observer.observed(TestRows.of(6));
    monitor.close();
    monitor.close();
    assertThat(told).hasSize(1);
    assertThat(told.get(0).rows()).isEqualTo(6);
    assertThat(told.get(0).complete()).isFalse();
    observer.observed(TestRows.of(6));
    observer.close();
    assertThat(monitor.report(ROUTE, version.version()).rows()).isZero();
    assertThat(monitor.open(ROUTE, version, 1)).isEmpty();
  }

  @Test
  void thread_ofTheMonitor_tellsTheListenerWithoutBeingAskedByHand() throws Exception {
    BlockingQueue<String> threads = new LinkedBlockingQueue<>();
    try (DriftMonitor monitor =
        DriftMonitor.builder()
            .window(Window.rows(100))
            .onReport(
                report ->
                    threads.add(
                        Thread.currentThread().getName() + " " + Thread.currentThread().isDaemon()))
            .build()) {
      VersionObserver observer = open(monitor, TestVersion.of("1", folder), 2);
      for (int i = 0; i < 300; i++) {
        observer.observed(new TestRows(i % 2, i, 1, Traffic.LIVE));
      }
      assertThat(threads.poll(30, TimeUnit.SECONDS)).isEqualTo("mlops-drift-listener true");
    }
  }

  @Test
  void clock_thatFailsOnce_endsNoThreadAndLosesNothing() throws Exception {
    BlockingQueue<DriftReport> reports = new LinkedBlockingQueue<>();
    AtomicInteger asked = new AtomicInteger();
    try (DriftMonitor monitor =
        DriftMonitor.builder()
            .window(Window.rows(100))
            .onReport(reports::add)
            .clock(
                () -> {
                  if (Thread.currentThread().getName().equals("mlops-drift")
                      && asked.incrementAndGet() == 1) {
                    throw new IllegalStateException("no time server");
                  }
                  return NOON;
                })
            .build()) {
      open(monitor, TestVersion.of("1", folder), 1).observed(TestRows.of(100));
      assertThat(reports.poll(30, TimeUnit.SECONDS)).isNotNull();
    }
    assertThat(asked.get()).isGreaterThan(1);
    assertThat(reports).isEmpty();
  }

  @Test
  void listener_thatBlocks_losesNoCountAndHoldsUpNoReport() throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    BlockingQueue<DriftReport> reports = new LinkedBlockingQueue<>();
    TestVersion version = TestVersion.of("1", folder);
    try (DriftMonitor monitor =
        DriftMonitor.builder()
            .window(Window.rows(1_000))
            .onReport(
                report -> {
                  reports.add(report);
                  blocked.countDown();
                  try {
                    release.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                })
            .build()) {
      VersionObserver observer = open(monitor, version, 1);
      observer.observed(TestRows.of(1_000));
      blocked.await();
      observer.observed(TestRows.of(4_000)); // its window ends while the listener is busy
      while (monitor.history(ROUTE, version.version()).size() < 2) {
        Thread.onSpinWait();
      }
      observer.observed(TestRows.of(500));
      assertThat(monitor.report(ROUTE, version.version()).rows()).isEqualTo(500);
      release.countDown();
    }
    assertThat(reports).extracting(DriftReport::rows).containsExactly(1_000L, 4_000L, 500L);
  }

  @Test
  void rotate_byTheListener_isNotToldToItAgain() throws Exception {
    BlockingQueue<Long> rows = new LinkedBlockingQueue<>();
    DriftMonitor[] self = new DriftMonitor[1];
    TestVersion version = TestVersion.without("1");
    try (DriftMonitor monitor =
        DriftMonitor.builder()
            .window(Window.rows(10))
            .onReport(
                report -> rows.add(report.rows() + self[0].rotate(ROUTE, version.version()).rows()))
            .build()) {
      self[0] = monitor;
      open(monitor, version, 1).observed(TestRows.of(10));
      assertThat(rows.poll(30, TimeUnit.SECONDS)).isEqualTo(10L);
    }
    assertThat(rows).isEmpty();
  }

  @Test
  void close_byTheListener_endsTheThread() throws Exception {
    BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
    DriftMonitor[] self = new DriftMonitor[1];
    DriftMonitor monitor =
        DriftMonitor.builder()
            .onReport(
                report -> {
                  self[0].close();
                  threads.add(Thread.currentThread());
                })
            .build();
    self[0] = monitor;
    TestVersion version = TestVersion.without("1");
    open(monitor, version, 1);
    monitor.rotate(ROUTE, version.version());
    threads.take().join();
  }
}
