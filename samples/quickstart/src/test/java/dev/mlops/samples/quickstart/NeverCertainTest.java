package dev.mlops.samples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.Row;
import dev.mlops.model.ModelPackage;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gate that the guide shows lets a real version pass, or holds it back. */
class NeverCertainTest {
  private static final List<Row> STORMS =
      List.of(
          Row.of(
              "month",
              9,
              "hour",
              12,
              "lat",
              29.7,
              "long",
              -60.2,
              "wind",
              65,
              "pressure",
              979,
              "wind_change_6h",
              0,
              "pressure_change_6h",
              -5));

  @TempDir private Path folder;

  @Test
  void check_belowTheLimit_serves() {
    try (ModelRuntime runtime = runtime(0.999)) {
      assertThat(runtime.model("storms:2.0.0").version().number()).isEqualTo("2.0.0");
    }
  }

  @Test
  void check_aboveTheLimit_refusedWithTheEvidence() {
    try (ModelRuntime runtime = runtime(0.001)) {
      assertThatThrownBy(() -> runtime.model("storms:2.0.0"))
          .isInstanceOf(VersionRefusedException.class)
          .hasMessageContaining("never certain FAIL: highest probability 0.")
          .hasMessageContaining("over 1 storms, 0.001 allowed");
    }
  }

  private ModelRuntime runtime(double most) {
    ModelStore store = DirectoryModelStore.at(folder.resolve("store"));
    store.publish(
        ModelPackage.of("storms", "2.0.0", Quickstart.SCHEMA)
            .model("onnx", Path.of("models", "2.0.0", "model.onnx"))
            .build());
    return ModelRuntime.builder().store(store).gate(new NeverCertain(STORMS, most)).build();
  }
}
