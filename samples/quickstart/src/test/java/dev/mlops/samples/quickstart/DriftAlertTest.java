package dev.mlops.samples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.Baseline;
import dev.mlops.model.ModelPackage;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows: a feed that changes its unit is named, and the page is there. */
class DriftAlertTest {
  @Test
  void serve_feedInMetresPerSecond_alertsOfTheWindAlone(@TempDir Path folder) throws Exception {
    ModelStore store = DirectoryModelStore.at(folder.resolve("store"));
    store.publish(
        ModelPackage.of("storms", "2.0.0", Quickstart.SCHEMA)
            .model("onnx", Path.of("models", "2.0.0", "model.onnx"))
            .part(Baseline.fromCsv(Path.of("data", "storms-1975-1989.csv"), Quickstart.SCHEMA))
            .build());
    store.alias("storms", "champion").moveTo("2.0.0", "test", "served");
    List<Storm> feed =
        Observed.read(Path.of("data", "storms-1975-1989-unseen.csv")).stream()
            .map(row -> Quickstart.inMetresPerSecond(row.storm()))
            .toList();

    List<String> alerts = new ArrayList<>();
    DriftAlert.serve(store, feed, folder.resolve("drift.html"), alerts::add);

    assertThat(alerts).hasSize(1);
    assertThat(alerts.get(0)).startsWith("1 of 8 columns has drifted: wind;");
    assertThat(folder.resolve("drift.html")).content().contains("<svg", "wind");
  }
}
