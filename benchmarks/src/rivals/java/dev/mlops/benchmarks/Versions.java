package dev.mlops.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The rivals' versions, as the build has them. */
final class Versions {
  private Versions() {}

  static String of(String rival) {
    Properties versions = new Properties();
    try (InputStream in = Versions.class.getResourceAsStream("rivals.properties")) {
      versions.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return versions.getProperty(rival);
  }
}
