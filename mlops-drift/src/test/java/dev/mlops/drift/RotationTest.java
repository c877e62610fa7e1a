package dev.mlops.drift;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.report.Evidence;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Windows that end under the threads that predict. */
class RotationTest {
  private static final int ROTATIONS = 1_000;

  @Test
  @Timeout(300)
  void twoPredictingThreads_underAThousandRotations_loseNoCount(@TempDir Path folder)
      throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (ServedModel storms = ServedModel.storms(folder, 0.1)) {
      AtomicLong predicted = new AtomicLong();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        running.add(
            threads.submit(
                () -> {
                  while (!stop.get()) {
                    storms.handle.predict(Fixtures.STORM);
                    predicted.incrementAndGet();
                  }
                }));
      }
      List<DriftReport> windows = new ArrayList<>();
      long before = 0;
      for (int i = 0; i < ROTATIONS; i++) {
        while (predicted.get() < before + 20) {
          Thread.onSpinWait(); // so that each rotation meets predictions
        }
        windows.add(storms.rotate());
        before = predicted.get();
      }
      stop.set(true);
      for (Future<?> thread : running) {
        thread.get();
      }
      windows.add(storms.rotate());

      assertThat(windows.stream().mapToLong(DriftReport::rows).sum()).isEqualTo(predicted.get());
      assertThat(windows.subList(0, ROTATIONS)).allMatch(window -> window.rows() > 0);
      for (DriftReport window : windows) {
        for (Evidence.Column column : window.evidence().columns()) {
          assertThat(LongStream.of(column.compared().orElseThrow().counts()).sum())
              .isEqualTo(window.rows());
        }
      }
    } finally {
      stop.set(true);
      threads.shutdownNow();
    }
  }
}
