package dev.mlops.drift;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.inference.Row;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Real data and models, for the tests of all packages. */
public final class Fixtures {
  /** A record of a storm as storms 2.0.0 takes it. */
  public static final Row STORM =
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
          null);

  private Fixtures() {}

  /** A file of the class path. */
  public static Path resource(String path) {
    try {
      return Path.of(
          Objects.requireNonNull(Fixtures.class.getClassLoader().getResource(path), path).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One of the fixtures that are committed: storms and their models. */
  public static Path committed(String path) {
    return resource("fixtures/" + path);
  }

  /** One that may be read but not committed; skips the test where the folder is absent. */
  public static Path shared(String path) {
    Path file = Path.of("..", "..", "shared", "fixtures").resolve(path);
    assumeTrue(Files.exists(file), () -> "skipped: " + file + " is read from there and is absent");
    return file;
  }
}
