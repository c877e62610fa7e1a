package dev.mlops.samples.quickstart;

import dev.mlops.drift.DriftMonitor;
import dev.mlops.drift.Verdict;
import dev.mlops.drift.Window;
import dev.mlops.inference.ModelHandle;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** A service that is told when it is asked other things than its model was trained on. */
final class DriftAlert {
  private DriftAlert() {}

  /** Serves a feed; the store's champion has a baseline in its package. */
  static void serve(ModelStore store, List<Storm> feed, Path page, Consumer<String> alert) {
    // spotless:off
    // region drift
    try (DriftMonitor drift = DriftMonitor.builder()
            .window(Window.rows(2_000))
            .delta(0.1) // how far a column may move before it matters
            .onReport(report -> {
              if (report.level() == Verdict.Level.DRIFT) {
                alert.accept(report.toString());
                report.writeHtml(page);
              }
            })
            .build();
        ModelRuntime runtime = ModelRuntime.builder().store(store).observer(drift).build()) {
      ModelHandle<Storm, Forecast> storms = runtime.model("storms", Storm.class, Forecast.class);
      feed.forEach(storms::predict);
    }
    // endregion
    // spotless:on
  }
}
