package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.store.AliasLog;
import dev.mlops.store.Revision;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Form 1 of packages and aliases against files that are never made again. */
final class PackageFormTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final String STORMS =
      "sha256:16e0009ea114cccea508f90b8dd2ec830ee0d04ef49294adbd2323b94edfb17c";

  @TempDir Path temp;

  @Test
  void publish_goldenFacts_sameBytesAsGolden() throws IOException {
    DirectoryModelStore store = DirectoryModelStore.at(temp);

    Version version = store.publish(goldenPackage());

    Path published = temp.resolve("storms/versions/1.0.0");
    Path golden = GOLDEN.resolve("package-form1-storms");
    for (String file : new String[] {"manifest.json", "model.onnx", "golden.csv"}) {
      assertThat(published.resolve(file)).hasSameBinaryContentAs(golden.resolve(file));
    }
    assertThat(version.id()).isEqualTo(STORMS);
  }

  @Test
  void open_goldenPackage_readsWhatItSays() throws IOException {
    DirectoryModelStore store = storeOf("package-form1-storms", "storms", "1.0.0");

    Version version = store.resolve(ModelRef.parse("storms:1.0.0"));
    assertThat(version.id()).isEqualTo(STORMS);
    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.schema()).isEqualTo(StormsPackage.SCHEMA);
      assertThat(opened.files()).containsExactly("golden.csv", "model.onnx");
      assertThat(opened.goldenTolerance()).hasValue(1e-5);
    }
  }

  @Test
  void open_manifestOfAnotherWriter_sameFactsOtherId() throws IOException {
    DirectoryModelStore store = storeOf("package-form1-other-writer", "storms", "1.0.0");

    Version version = store.resolve(ModelRef.parse("storms:1.0.0"));
    assertThat(version.id()).isNotEqualTo(STORMS);
    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.schema()).isEqualTo(StormsPackage.SCHEMA);
      assertThat(opened.files()).containsExactly("golden.csv", "model.onnx");
      assertThat(opened.goldenTolerance()).hasValue(1e-5);
    }
  }

  @Test
  void moveTo_goldenFacts_sameBytesAsGolden() throws IOException {
    copy(GOLDEN.resolve("package-form1-storms"), temp.resolve("storms/versions/1.0.0"));
    copy(GOLDEN.resolve("package-form1-storms"), temp.resolve("storms/versions/2.0.0"));
    Instant[] now = {Instant.parse("2026-11-24T09:00:00Z")};
    InstantSource clock = () -> now[0];
    AliasLog alias = new DirectoryModelStore(temp, clock, new Disk()).alias("storms", "champion");

    alias.moveTo("1.0.0", "ci", "first release");
    now[0] = Instant.parse("2026-11-24T10:30:00.250Z");
    alias.moveTo(1, "2.0.0", "anna", "\"more\" years – 1975…1989");

    for (String file : new String[] {"0000000001.json", "0000000002.json"}) {
      assertThat(temp.resolve("storms/aliases/champion").resolve(file))
          .hasSameBinaryContentAs(GOLDEN.resolve("alias-form1-champion").resolve(file));
    }
  }

  @Test
  void history_goldenRevisions_readsWhatTheySay() throws IOException {
    copy(GOLDEN.resolve("alias-form1-champion"), temp.resolve("storms/aliases/champion"));

    assertThat(DirectoryModelStore.at(temp).alias("storms", "champion").history())
        .containsExactly(
            new Revision(
                1,
                new Version("storms", "1.0.0", STORMS),
                "ci",
                "first release",
                Instant.parse("2026-11-24T09:00:00Z")),
            new Revision(
                2,
                new Version("storms", "2.0.0", STORMS),
                "anna",
                "\"more\" years – 1975…1989",
                Instant.parse("2026-11-24T10:30:00.250Z")));
  }

  private ModelPackage goldenPackage() {
    Path train = Path.of("src/test/resources/fixtures/datasets/storms/train.csv");
    Version parent =
        new Version(
            "storms",
            "0.9.0",
            "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    return StormsPackage.of("1.0.0", 1)
        .golden(StormsPackage.golden(temp, 1), 1e-5)
        .createdAt(Instant.parse("2026-11-24T08:00:00Z"))
        .lineage(
            facts ->
                facts
                    .parameter("solver", "lbfgs – \"limited\" memory")
                    .parameter("C", 1.0)
                    .parameter("max_iter", 1000)
                    .parameter("class_weight", false)
                    .metric("log_loss", 0.4599)
                    .metric("auc", 0.85)
                    .dataset("train", train)
                    .code("4f1c2e9", false)
                    .parent(parent))
        .build();
  }

  private DirectoryModelStore storeOf(String golden, String model, String number)
      throws IOException {
    copy(GOLDEN.resolve(golden), temp.resolve(model).resolve("versions").resolve(number));
    return DirectoryModelStore.at(temp);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }
}
