package dev.mlops.runtime.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where real data lies: with the tests, or beside the repository. */
final class Fixtures {
  private Fixtures() {}

  /** A file or folder that lies with the tests. */
  static Path path(String name) {
    URL url = Fixtures.class.getResource("/fixtures/" + name);
    assertThat(url).as("test resource fixtures/%s", name).isNotNull();
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** The shared folder beside the repository; the test is skipped where there is none. */
  static Path shared() {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.isDirectory(folder.resolve("mlops-api"))) {
      folder = folder.getParent();
    }
    assumeTrue(folder != null, "not run inside the repository");
    Path shared = folder.resolveSibling("shared").resolve("fixtures");
    assumeTrue(
        Files.isDirectory(shared),
        "skipped: ../shared/fixtures, which holds data that may be read but not committed, is"
            + " not there");
    return shared;
  }
}
