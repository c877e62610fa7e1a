package dev.mlops.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.runtime.store.ModelFile;
import dev.mlops.store.StoredVersion;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A baseline on its way from training rows into a package and out of it. */
final class BaselineTest {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input(
              "features",
              ElementType.FLOAT,
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
          .output("label", ElementType.INT64)
          .output("probabilities", ElementType.FLOAT, "0", "1")
          .score("probabilities.1")
          .build();

  @TempDir Path temp;

  @Test
  void baseline_isThePartOfAPackageThatReadsItAgain() throws Exception {
    Baseline baseline = Baseline.fromCsv(Fixtures.committed("datasets/storms/train.csv"), SCHEMA);
    DirectoryModelStore store = DirectoryModelStore.at(temp);
    ModelPackage storms =
        ModelPackage.of("storms", "2.0.0", SCHEMA)
            .model("onnx", Fixtures.committed("models/storms/2/model.onnx"))
            .part(baseline)
            .build();

    Version version = store.publish(storms);

    assertThat(store.publish(storms)).as("the same package").isEqualTo(version);
    try (StoredVersion opened = store.open(store.resolve(ModelRef.parse("storms:2.0.0")));
        InputStream in = opened.part("baseline").orElseThrow()) {
      assertThat(opened.partPath("baseline")).contains("baseline.json");
      Baseline again = Baseline.read(in);
      assertThat(again.digest()).isEqualTo(baseline.digest());
      assertThat(again.rows()).isEqualTo(1500);
      assertThat(bytes(again)).isEqualTo(bytes(baseline));
    }
  }

  @Test
  void digest_isTheSha256OfTheBytesWritten() throws Exception {
    Baseline baseline = Baseline.fromCsv(Fixtures.committed("datasets/storms/train.csv"), SCHEMA);

    assertThat(baseline.digest())
        .isEqualTo(
            "sha256:"
                + HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes(baseline))));
    assertThat(bytes(baseline)).as("the same each time").isEqualTo(bytes(baseline));
  }

  @Test
  void baseline_withARealModel_holdsItsScores() throws Exception {
    try (ModelRuntime runtime =
        ModelRuntime.over(ModelFile.at(Fixtures.committed("models/storms/2/model.onnx"), SCHEMA))) {
      ModelHandle<Row, Row> storms = runtime.model("model");

      Baseline baseline =
          Baseline.fromCsv(Fixtures.committed("datasets/storms/train.csv"), SCHEMA, storms);

      var score = baseline.profile().score().orElseThrow();
      assertThat(score.name()).isEqualTo("probabilities.1");
      assertThat(score.rows()).isEqualTo(1500);
      var moments = score.moments().orElseThrow();
      assertThat(moments.mean()).as("484 of 1,500 intensify").isBetween(0.31, 0.34);
      assertThat(moments.least()).isBetween(0.0, 0.1);
      assertThat(moments.greatest()).isBetween(0.9, 1.0);
      assertThat(
              bytes(
                  Baseline.fromCsv(
                      Fixtures.committed("datasets/storms/train.csv"), SCHEMA, storms)))
          .isEqualTo(bytes(baseline));
    }
  }

  @Test
  void baseline_ofTheModelsSchema_watchesItsInputs() throws Exception {
    Baseline baseline = Baseline.fromCsv(Fixtures.committed("datasets/storms/train.csv"), SCHEMA);

    assertThat(baseline.profile().columns())
        .extracting(column -> column.name())
        .containsExactly(
            "month",
            "hour",
            "lat",
            "long",
            "wind",
            "pressure",
            "wind_change_6h",
            "pressure_change_6h");
    assertThat(baseline.profile().score()).isEmpty();
    assertThat(baseline.role()).isEqualTo("baseline");
    assertThat(baseline.path()).isEqualTo("baseline.json");
  }

  @Test
  void read_somethingElse_saysWhatWasWanted() {
    assertThatThrownBy(() -> Baseline.read(new ByteArrayInputStream(new byte[] {'{', '}'})))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage("the baseline cannot be read: form is missing");
  }

  private static byte[] bytes(Baseline baseline) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    baseline.writeTo(out);
    return out.toByteArray();
  }
}
