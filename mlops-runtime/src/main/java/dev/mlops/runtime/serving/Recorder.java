package dev.mlops.runtime.serving;

import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.runtime.jfr.JfrListener;
import java.util.Optional;

/**
 * Whether the JDK's recorder wants slow predictions. To time a call takes two looks at the clock,
 * so calls are timed only while it does; a recording may begin at any time, so the {@link Watch}
 * asks at each of its looks.
 */
final class Recorder {
  private final JfrListener listener;
  private volatile boolean wanted;

  Recorder(JfrListener listener) {
    this.listener = listener;
  }

  boolean wanted() {
    return wanted;
  }

  void look() {
    wanted = listener.slowPredictionsWanted();
  }

  Optional<CallListener> calls(String route, Version version) {
    return listener.calls(route, version);
  }
}
