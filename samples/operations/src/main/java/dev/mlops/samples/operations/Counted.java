package dev.mlops.samples.operations;

import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import dev.mlops.store.StoredVersion;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** An observer that counts: whatever was answered it must have been told of before it is closed. */
final class Counted implements VersionObserver.Factory {
  private final Timeline timeline;
  private final LongAdder all = new LongAdder();
  private final CountDownLatch batch = new CountDownLatch(1);

  Counted(Timeline timeline) {
    this.timeline = timeline;
  }

  long rows() {
    return all.sum();
  }

  /** Waits until a batch is under way. */
  void awaitBatch() throws InterruptedException {
    if (!batch.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("no batch came");
    }
  }

  @Override
  public Optional<VersionObserver> open(String route, StoredVersion version, int slots) {
    String number = version.version().number();
    LongAdder own = new LongAdder();
    return Optional.of(
        new VersionObserver() {
          @Override
          public void observed(Observation seen) {
            own.add(seen.rows());
            all.add(seen.rows());
            if (seen.rows() > 1) {
              batch.countDown();
            }
          }

          @Override
          public void close() {
            timeline.add(
                "observer",
                "of %s is closed; it was told of %,d rows".formatted(number, own.sum()));
          }
        });
  }
}
