package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.runtime.onnx.OnnxSamples;
import dev.mlops.store.AliasLog;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelFileTest {
  @TempDir Path temp;

  @Test
  void at_onnxFile_oneVersionWithTheGraphsSchema() throws IOException {
    Path file = Files.copy(StormsPackage.model(1), temp.resolve("Storms v2.onnx"));

    ModelFile store = ModelFile.at(file);

    assertThat(store.models()).containsExactly("storms-v2");
    Version version = store.resolve(ModelRef.parse("storms-v2"));
    assertThat(version.number()).isEqualTo("21590f7954d7");
    assertThat(store.versions("storms-v2")).containsExactly(version);
    assertThat(store.versions("other")).isEmpty();
    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.version()).isEqualTo(version);
      assertThat(opened.format()).isEqualTo("onnx");
      assertThat(opened.model()).isEqualTo(opened.folder().resolve("Storms v2.onnx"));
      assertThat(opened.model()).hasSameBinaryContentAs(file);
      assertThat(opened.folder()).isNotEqualTo(temp.toRealPath());
      assertThat(opened.files()).containsExactly("Storms v2.onnx");
      assertThat(opened.schema().inputs().get(0).columns()).hasSize(8);
      assertThat(opened.goldenTolerance()).isEmpty();
      assertThat(opened.part("golden")).isEmpty();
    }
  }

  @Test
  void at_givenSchema_used() {
    ModelFile store = ModelFile.at(StormsPackage.model(1), StormsPackage.SCHEMA);

    try (StoredVersion opened = store.open(store.resolve(ModelRef.parse("model")))) {
      assertThat(opened.schema()).isEqualTo(StormsPackage.SCHEMA);
    }
  }

  @Test
  void at_schemaThatDoesNotFit_refused() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("feature", ElementType.FLOAT, "a", "b")
            .output("label", ElementType.INT64)
            .build();

    assertThatThrownBy(() -> ModelFile.at(StormsPackage.model(1), schema))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("feature");
  }

  @Test
  void at_otherFormat_needsSchema() throws IOException {
    Path file = Files.writeString(temp.resolve("net.PT"), "weights");

    assertThatThrownBy(() -> ModelFile.at(file))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "a model of format 'pt' does not say what goes in and comes out; only .onnx does. Use"
                + " ModelFile.at(file, schema)");
    ModelFile store = ModelFile.at(file, StormsPackage.SCHEMA);
    try (StoredVersion opened = store.open(store.resolve(ModelRef.parse("net")))) {
      assertThat(opened.format()).isEqualTo("pt");
    }
  }

  @Test
  void at_noFile_unavailable() {
    assertThatThrownBy(() -> ModelFile.at(temp.resolve("model.onnx")))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageStartingWith("Cannot read the model file " + temp.resolve("model.onnx"))
        .hasMessageEndingWith("Check the path");
  }

  @Test
  void at_noModel_corrupt() throws IOException {
    Path file = Files.writeString(temp.resolve("model.onnx"), "text that is no model");

    assertThatThrownBy(() -> ModelFile.at(file))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("is not an ONNX model");
  }

  @Test
  void at_folderWithOneModel_namedAfterTheFolder() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("churn.v2"));
    Files.copy(StormsPackage.model(1), folder.resolve("model.onnx"));
    Files.writeString(folder.resolve("notes.txt"), "not the model's");

    ModelFile store = ModelFile.at(folder);

    assertThat(store.models()).containsExactly("churn.v2");
    try (StoredVersion opened = store.open(store.resolve(ModelRef.parse("churn.v2")))) {
      assertThat(opened.files()).containsExactly("model.onnx");
      assertThat(opened.model()).isEqualTo(opened.folder().resolve("model.onnx"));
      assertThat(opened.folder()).isDirectoryNotContaining("glob:**notes.txt");
    }
  }

  @Test
  void at_folderWithTwoModels_refused() throws IOException {
    Files.copy(StormsPackage.model(1), temp.resolve("a.onnx"));
    Files.copy(StormsPackage.model(1), temp.resolve("b.onnx"));

    assertThatThrownBy(() -> ModelFile.at(temp))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "the folder "
                + temp
                + " must hold exactly one file that ends with .onnx, but it holds [a.onnx, b.onnx]");
  }

  @Test
  void at_weightsInASecondFile_areTheModelsToo() throws IOException {
    Path file = OnnxSamples.weightsBeside(temp);
    Files.writeString(temp.resolve("notes.txt"), "not the model's");

    ModelFile store = ModelFile.at(file);

    Version version = store.resolve(ModelRef.parse("model"));
    assertThat(version.number())
        .isEqualTo(
            Sha256.of(
                    (Sha256.of(Files.readAllBytes(file))
                            + "  model.onnx\n"
                            + Sha256.of(Files.readAllBytes(temp.resolve("weights.bin")))
                            + "  weights.bin\n")
                        .getBytes(StandardCharsets.UTF_8))
                .substring(0, 12));
    byte[] weights = Files.readAllBytes(temp.resolve("weights.bin"));
    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.files()).containsExactly("model.onnx", "weights.bin");
      Files.write(temp.resolve("weights.bin"), new byte[8]);
      assertThat(opened.folder().resolve("weights.bin")).hasBinaryContent(weights);
    }

    assertThatThrownBy(() -> store.open(version))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("weights.bin changed since it was first read");
    assertThat(ModelFile.at(file).resolve(ModelRef.parse("model")).number())
        .isNotEqualTo(version.number());
  }

  @Test
  void at_weightsReachOutside_corrupt() throws IOException {
    Path file = OnnxSamples.weightsBeside(temp);
    Path elsewhere =
        Files.move(
            temp.resolve("weights.bin"),
            Files.createDirectory(temp.resolve("elsewhere")).resolve("secret"));
    Files.createSymbolicLink(temp.resolve("weights.bin"), elsewhere);

    assertThatThrownBy(() -> ModelFile.at(file))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("is a symbolic link");
  }

  @Test
  void at_linkToTheModel_followed() throws IOException {
    Path blob = Files.copy(StormsPackage.model(1), temp.resolve("0123abcd"));
    Path link = Files.createSymbolicLink(temp.resolve("storms.onnx"), blob);

    ModelFile store = ModelFile.at(link);

    assertThat(store.models()).containsExactly("storms");
    try (StoredVersion opened = store.open(store.resolve(ModelRef.parse("storms")))) {
      assertThat(opened.format()).isEqualTo("onnx");
    }
  }

  @Test
  void resolve_anyReferenceToItsModel_theOneVersion() {
    ModelFile store = ModelFile.at(StormsPackage.model(1));
    Version version = store.resolve(ModelRef.parse("model"));

    assertThat(store.resolve(ModelRef.parse("model:1.0.0"))).isEqualTo(version);
    assertThat(store.resolve(ModelRef.parse("model@stable"))).isEqualTo(version);
    assertThat(store.resolve(ModelRef.parse("model@" + version.id()))).isEqualTo(version);
    assertThatThrownBy(() -> store.resolve(ModelRef.parse("storms")))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageStartingWith("No storms@champion; the store holds [model]");
    assertThatThrownBy(() -> store.resolve(ModelRef.parse("model@sha256:" + "0".repeat(64))))
        .isInstanceOf(ModelNotFoundException.class);
  }

  @Test
  void open_fileChanged_corrupt() throws IOException {
    Path file = Files.copy(StormsPackage.model(1), temp.resolve("m.onnx"));
    ModelFile store = ModelFile.at(file);
    Version version = store.resolve(ModelRef.parse("m"));
    Files.write(file, Files.readAllBytes(StormsPackage.model(2)));

    assertThatThrownBy(() -> store.open(version))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("m.onnx changed since it was first read: it had SHA-256 21590f79")
        .hasMessageEndingWith("make a new ModelFile for it");
    assertThat(ModelFile.at(file).resolve(ModelRef.parse("m")).id()).isNotEqualTo(version.id());
  }

  @Test
  void open_versionOfAnother_notFound() {
    ModelFile store = ModelFile.at(StormsPackage.model(1));
    Version other = ModelFile.at(StormsPackage.model(2)).resolve(ModelRef.parse("model"));

    assertThatThrownBy(() -> store.open(other)).isInstanceOf(ModelNotFoundException.class);
  }

  @Test
  void alias_any_oneRevisionThatCannotMove() {
    ModelFile store = ModelFile.at(StormsPackage.model(1));
    AliasLog alias = store.alias("model", "champion");

    assertThat(alias.head().orElseThrow().revision()).isEqualTo(1);
    assertThat(alias.head().orElseThrow().version())
        .isEqualTo(store.resolve(ModelRef.parse("model")));
    assertThat(alias.history()).hasSize(1);
    assertThat(store.alias("other", "champion").head()).isEmpty();
    assertThatThrownBy(() -> alias.moveTo("1.0.0", "anna", "?"))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageEndingWith(
            "nothing can be published or moved in it. Use DirectoryModelStore.at(folder)");
    assertThatThrownBy(() -> alias.moveTo(1, "1.0.0", "anna", "?"))
        .isInstanceOf(InvalidSettingsException.class);
  }

  @Test
  void publish_any_refused() {
    ModelFile store = ModelFile.at(StormsPackage.model(1));

    assertThatThrownBy(() -> store.publish(StormsPackage.of("1.0.0", 1).build()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageStartingWith("the store is the one file ");
  }

  @ParameterizedTest
  @CsvSource({
    "churn,churn",
    "Churn v2 (final),churn-v2-final",
    "..x..y.,x.y",
    "_a,a",
    "größe,gr-e",
    "CON,model-con",
    "com1.x,model-com1.x",
    "---,model",
  })
  void modelName_fileName_validName(String file, String name) {
    assertThat(ModelFile.modelName(file)).isEqualTo(name);
    assertThat(ModelRef.parse(name).model()).isEqualTo(name);
  }
}
