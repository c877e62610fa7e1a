package dev.mlops.runtime.jfr;

import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.observe.RuntimeListener;
import java.util.Optional;

/**
 * Writes what happens to versions, and slow predictions, to the JDK's Flight Recorder; {@code
 * docs/metrics.md} lists the events. Where no recording was ever started it does nothing and costs
 * nothing, and the same where the JDK has no module {@code jdk.jfr}. Safe for all threads.
 */
public final class JfrListener implements RuntimeListener {
  /*
   * Nothing here may need jdk.jfr to be linked: whatever does is in JfrEvents and the events, which
   * are not loaded before a recorder runs. A recorder that starts later meets them when the next
   * event is written.
   */
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private static boolean recording() {
    return PRESENT && JfrEvents.recorderRuns();
  }

  @Override
  public void happened(LifecycleEvent event) {
    if (recording()) {
      JfrEvents.write(event);
    }
  }

  /**
   * Whether a recording wants slow predictions at this moment. It may change whenever a recording
   * starts or ends, and then {@link #calls} answers otherwise than before.
   */
  public boolean slowPredictionsWanted() {
    return recording() && SlowPrediction.wanted();
  }

  /** What is told of calls; empty while no recording wants slow predictions. */
  @Override
  public Optional<CallListener> calls(String route, Version version) {
    return slowPredictionsWanted()
        ? Optional.of(new SlowPredictions(route, version.number()))
        : Optional.empty();
  }
}
