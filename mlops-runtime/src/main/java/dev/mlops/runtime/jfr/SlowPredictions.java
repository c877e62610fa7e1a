package dev.mlops.runtime.jfr;

import dev.mlops.model.MlopsException;
import dev.mlops.observe.CallListener;

/** Writes the slow calls of a version on a route. */
final class SlowPredictions implements CallListener {
  private final String route;
  private final String version;

  SlowPredictions(String route, String version) {
    this.route = route;
    this.version = version;
  }

  @Override
  public void answered(long nanos, int rows) {
    SlowPrediction event = new SlowPrediction();
    event.took = nanos; // what the setting looks at
    if (event.shouldCommit()) {
      event.route = route;
      event.version = version;
      event.rows = rows;
      event.commit();
    }
  }

  @Override
  public void failed(MlopsException.Kind kind, String code) {}

  @Override
  public void waited(long nanos) {}

  @Override
  public void unobserved() {}

  @Override
  public void close() {}
}
