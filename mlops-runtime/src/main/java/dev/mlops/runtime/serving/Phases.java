package dev.mlops.runtime.serving;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** How long each phase of a swap took; a phase that comes again adds up. */
final class Phases {
  private final Map<String, Duration> took = new LinkedHashMap<>();
  private long since = System.nanoTime();

  /** Ends a phase that began when the one before ended. */
  void end(String phase) {
    long now = System.nanoTime();
    took.put(phase, took.getOrDefault(phase, Duration.ZERO).plusNanos(now - since));
    since = now;
  }

  Map<String, Duration> took() {
    return took;
  }
}
