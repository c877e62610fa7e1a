package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page about the package form says what is so. */
final class PackageDocTest {
  private static final Path PAGE = Path.of("../docs/formats/package.md");

  @TempDir Path temp;

  @Test
  void pythonOnThePage_publishes_aVersionThatOpens() throws Exception {
    Path root = temp.resolve("models");
    Path script = Files.writeString(temp.resolve("publish.py"), script());

    String printed = python(script, root, "weather/storms", "1.0.0", StormsPackage.model(1));

    DirectoryModelStore store = DirectoryModelStore.at(root);
    Version version = store.resolve(ModelRef.parse("weather/storms:1.0.0"));
    assertThat(printed.strip()).isEqualTo(version.id());
    assertThat(store.models()).containsExactly("weather/storms");
    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.schema()).isEqualTo(StormsPackage.SCHEMA);
      assertThat(opened.model()).hasSameBinaryContentAs(StormsPackage.model(1));
    }
    assertThat(root.resolve(".staging")).isEmptyDirectory();
  }

  private static String script() throws IOException {
    String page = Files.readString(PAGE);
    int start = page.indexOf("```python\n") + "```python\n".length();
    return page.substring(start, page.indexOf("```", start));
  }

  private String python(Path script, Path root, String model, String number, Path file)
      throws Exception {
    Path output = temp.resolve("output.txt");
    Process process;
    try {
      process =
          new ProcessBuilder(
                  "python3", script.toString(), root.toString(), model, number, file.toString())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException e) {
      Assumptions.abort("python3 is not on this machine, so the page's script was not run: " + e);
      return "";
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    String printed = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }
}
