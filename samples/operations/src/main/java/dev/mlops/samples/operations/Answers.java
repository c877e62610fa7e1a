package dev.mlops.samples.operations;

import java.util.LinkedHashMap;
import java.util.Map;

/** What the callers got. */
final class Answers {
  private static final long PATIENCE_MILLIS = 60_000;

  private final Map<String, Long> byVersion = new LinkedHashMap<>();
  private long answered;
  private long failed;

  synchronized void answered(String version, long rows) {
    byVersion.merge(version, rows, Long::sum);
    answered += rows;
    notifyAll();
  }

  synchronized void missed() {
    failed++;
  }

  synchronized long answered() {
    return answered;
  }

  synchronized long failed() {
    return failed;
  }

  /** How many each version has answered; the fallback is none of them. */
  synchronized Map<String, Long> byVersion() {
    return new LinkedHashMap<>(byVersion);
  }

  /** Waits until the callers have so many more. */
  synchronized void awaitMore(long rows) throws InterruptedException {
    long wanted = answered + rows;
    long end = System.currentTimeMillis() + PATIENCE_MILLIS;
    while (answered < wanted) {
      long left = end - System.currentTimeMillis();
      if (left <= 0) {
        throw new IllegalStateException(answered + " answers, wanted " + wanted + " by now");
      }
      wait(left);
    }
  }
}
