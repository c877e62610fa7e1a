package dev.mlops.runtime.store;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;

import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The storms models as a training job would publish them. */
final class StormsPackage {
  static final ModelSchema SCHEMA =
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

  private static final Path MODELS = Path.of("src/test/resources/fixtures/models");

  private StormsPackage() {}

  /** The model's file of a version of {@code storms}, 1 to 4. */
  static Path model(int version) {
    return MODELS.resolve("storms").resolve(Integer.toString(version)).resolve("model.onnx");
  }

  /** A package of {@code storms} with nothing but the model. */
  static ModelPackage.Builder of(String number, int version) {
    return ModelPackage.of("storms", number, SCHEMA).model("onnx", model(version));
  }

  /** The model's expected answers in the form of golden records. */
  static Path golden(Path folder, int version) {
    try {
      String expected = Files.readString(model(version).resolveSibling("expected.csv"));
      int end = expected.indexOf('\n');
      String header =
          expected
              .substring(0, end)
              .replace("expected_label", "expected.label")
              .replace("expected_proba_", "expected.probabilities.");
      return Files.writeString(folder.resolve("expected.csv"), header + expected.substring(end));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
