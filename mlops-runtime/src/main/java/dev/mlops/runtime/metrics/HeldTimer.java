package dev.mlops.runtime.metrics;

import io.micrometer.core.instrument.Timer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** A timer of each registry that is bound, at hand: to record asks no registry for anything. */
final class HeldTimer {
  private volatile Timer[] timers = {};

  /** By one thread at a time. */
  void add(Timer timer) {
    Timer[] more = Arrays.copyOf(timers, timers.length + 1);
    more[timers.length] = timer;
    timers = more;
  }

  void record(long nanos) {
    for (Timer timer : timers) {
      timer.record(nanos, TimeUnit.NANOSECONDS);
    }
  }
}
