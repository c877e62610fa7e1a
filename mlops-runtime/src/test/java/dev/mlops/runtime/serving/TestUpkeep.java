package dev.mlops.runtime.serving;

import java.time.Duration;

/** Settings of what a runtime does by itself, for tests. */
final class TestUpkeep {
  /** Nothing happens but what the test asks for. */
  static final Settings.Upkeep NOTHING =
      new Settings.Upkeep(Duration.ZERO, false, false, false, false);

  private TestUpkeep() {}
}
