package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.Version;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirectoryModelStoreTest {
  @TempDir Path temp;
  private Path root;
  private DirectoryModelStore store;

  @BeforeEach
  void open() {
    root = temp.resolve("models");
    store = DirectoryModelStore.at(root);
  }

  @Test
  void publish_storms_openedWithAllItSays() throws IOException {
    Version version =
        store.publish(
            StormsPackage.of("1.0.0", 1).golden(StormsPackage.golden(temp, 1), 1e-5).build());

    assertThat(version.toString()).isEqualTo("storms:1.0.0");
    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.version()).isEqualTo(version);
      assertThat(opened.schema()).isEqualTo(StormsPackage.SCHEMA);
      assertThat(opened.format()).isEqualTo("onnx");
      assertThat(opened.folder()).isEqualTo(root.resolve("storms/versions/1.0.0"));
      assertThat(opened.model()).hasSameBinaryContentAs(StormsPackage.model(1));
      assertThat(opened.files()).containsExactly("golden.csv", "model.onnx");
      assertThat(opened.goldenTolerance()).hasValue(1e-5);
      assertThat(opened.partPath("golden")).hasValue("golden.csv");
      assertThat(opened.part("golden").orElseThrow().readAllBytes())
          .isEqualTo(Files.readAllBytes(temp.resolve("expected.csv")));
      assertThat(opened.part("baseline")).isEmpty();
    }
    assertThat(root.resolve(".staging")).isEmptyDirectory();
  }
}
