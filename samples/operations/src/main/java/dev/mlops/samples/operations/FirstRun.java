package dev.mlops.samples.operations;

import dev.mlops.inference.ModelHandle;
import dev.mlops.observe.LifecycleEvent.Failed;
import dev.mlops.observe.LifecycleEvent.Refused;
import dev.mlops.observe.LifecycleEvent.Swapped;
import dev.mlops.runtime.ModelRuntime;
import java.time.Duration;

/** The service starts without its store, follows the alias, and is rolled back by a person. */
record FirstRun(
    ModelRuntime runtime, Releases releases, Answers answers, Timeline timeline, long pause) {

  void tell() throws Exception {
    timeline.tell("disk", "is not mounted, so the store is down");
    Load load = comesUp();
    refuses();
    follows();
    rollsBack();
    load.stop();
    timeline.tell("anna", "sends the callers elsewhere and restarts the service");
  }

  private Load comesUp() throws Exception {
    // spotless:off
    // region degraded
    ModelHandle<Storm, Forecast> storms =
        runtime.model("storms@champion", Storm.class, Forecast.class)
            .orElse(storm -> new Forecast(0, 0.22f)); // how often it happens, whatever the storm
    // endregion
    // spotless:on
    timeline.tell("service", "starts all the same, and answers by its fallback");
    Load load = Load.on(storms, answers, timeline);
    timeline.until(Failed.class);
    answers.awaitMore(pause);
    timeline.tell("disk", "is mounted again");
    releases.mount();
    runtime.awaitReady(Duration.ofSeconds(60));
    timeline.until(Swapped.class);
    answers.awaitMore(pause);
    return load;
  }

  private void refuses() throws Exception {
    timeline.tell("ci", "moves the alias to 1.1.0, an export that went wrong");
    releases.champion("1.1.0", "ci", "nightly export");
    timeline.until(Refused.class);
    answers.awaitMore(pause);
  }

  private void follows() throws Exception {
    timeline.tell("ci", "moves the alias to 2.0.0");
    releases.champion("2.0.0", "ci", "boosted trees");
    timeline.until(Swapped.class);
    answers.awaitMore(pause);
  }

  private void rollsBack() throws Exception {
    timeline.tell("anna", "sees odd forecasts and rolls back");
    // region rollback
    runtime.rollback("storms@champion", "odd forecasts near the coast");
    // endregion
    timeline.until(Swapped.class);
    answers.awaitMore(pause);
  }
}
