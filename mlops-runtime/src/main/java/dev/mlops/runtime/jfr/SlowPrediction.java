package dev.mlops.runtime.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.SettingDefinition;
import jdk.jfr.Timespan;

/**
 * A call that took long. It is made when the call has ended, and an event cannot be begun in the
 * past, so the time is a field, and what counts as slow a setting of its own beside the recorder's
 * threshold.
 */
@Name("mlops.SlowPrediction")
@Label("Slow Prediction")
@Description("A call that took longer than the setting 'slowerThan'")
@Category("mlops")
final class SlowPrediction extends Event {
  @Label("Route")
  String route = "";

  @Label("Version")
  String version = "";

  @Label("Rows")
  int rows;

  @Label("Took")
  @Timespan(Timespan.NANOSECONDS)
  long took;

  static boolean wanted() {
    return new SlowPrediction().isEnabled();
  }

  /** Asked by the recorder, before it writes the event. */
  @Name("slowerThan")
  @Label("Slower Than")
  @SettingDefinition
  boolean slowerThan(SlowerThan setting) {
    return setting.holds(took);
  }
}
