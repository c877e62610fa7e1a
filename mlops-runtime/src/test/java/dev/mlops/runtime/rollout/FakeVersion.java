package dev.mlops.runtime.rollout;

import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.store.StoredVersion;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** An opened version that is its schema and golden records, nothing else. */
record FakeVersion(ModelSchema schema, String goldenPath, String golden, double tolerance)
    implements StoredVersion {

  static FakeVersion without(ModelSchema schema) {
    return new FakeVersion(schema, null, null, 0);
  }

  static FakeVersion csv(ModelSchema schema, double tolerance, String... lines) {
    return new FakeVersion(schema, "golden.csv", String.join("\n", lines) + "\n", tolerance);
  }

  static FakeVersion jsonl(ModelSchema schema, double tolerance, String... lines) {
    return new FakeVersion(schema, "golden.jsonl", String.join("\n", lines) + "\n", tolerance);
  }

  /** Its golden records are there, but the disk fails at each read. */
  static FakeVersion unreadable(ModelSchema schema, String goldenPath) {
    return new FakeVersion(schema, goldenPath, null, 0);
  }

  @Override
  public Version version() {
    return new Version("storms", "2.0.0", "sha256:" + "2".repeat(64));
  }

  @Override
  public String format() {
    return "fake";
  }

  @Override
  public Path folder() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Path model() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Set<String> files() {
    return Set.of();
  }

  @Override
  public Optional<InputStream> part(String role) {
    return partPath(role)
        .map(
            path ->
                golden == null
                    ? new Unreadable()
                    : new ByteArrayInputStream(golden.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public Optional<String> partPath(String role) {
    return role.equals(ModelPackage.GOLDEN_ROLE)
        ? Optional.ofNullable(goldenPath)
        : Optional.empty();
  }

  @Override
  public OptionalDouble goldenTolerance() {
    return goldenPath == null ? OptionalDouble.empty() : OptionalDouble.of(tolerance);
  }

  @Override
  public void close() {}

  private static final class Unreadable extends InputStream {
    @Override
    public int read() throws IOException {
      throw new IOException("Input/output error");
    }

    @Override
    public int read(byte[] to, int from, int most) throws IOException {
      return read();
    }
  }
}
