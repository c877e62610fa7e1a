package dev.mlops.samples.operations;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;

import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The training job's side: versions in a store on a disk that can go away. */
final class Releases {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input(
              "features",
              FLOAT,
              "month",
              "hour",
              "lat",
              "long",
              "wind",
              "pressure",
              "wind_change_6h",
              "pressure_change_6h")
          .optional("wind_change_6h", "pressure_change_6h")
          .categorical("month")
          .output("label", INT64)
          .output("probabilities", FLOAT, "0", "1")
          .score("probabilities.1")
          .build();

  private final Path models;
  private final Path disk;
  private final Path away;
  private final ModelStore store;

  /**
   * Releases of nothing yet.
   *
   * @param models a folder for each version's files
   * @param disk where the store is to be
   */
  Releases(Path models, Path disk) {
    this.models = models;
    this.disk = disk;
    this.away = disk.resolveSibling("not-mounted");
    this.store = DirectoryModelStore.at(disk);
  }

  ModelStore store() {
    return store;
  }

  void publish(String number, String folder) {
    store.publish(
        ModelPackage.of("storms", number, SCHEMA)
            .model("onnx", models.resolve(folder).resolve("model.onnx"))
            .golden(models.resolve(folder).resolve("golden.csv"), 1e-5)
            .build());
  }

  void champion(String number, String actor, String reason) {
    store.alias("storms", "champion").moveTo(number, actor, reason);
  }

  void unmount() throws IOException {
    Files.move(disk, away);
  }

  void mount() throws IOException {
    Files.move(away, disk);
  }
}
