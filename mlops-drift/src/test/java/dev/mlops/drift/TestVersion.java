package dev.mlops.drift;

import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.store.StoredVersion;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** A version of two numbers and a text, with a baseline or without. */
final class TestVersion implements StoredVersion {
  static final String ROUTE = "fruit@champion";
  static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("size", ElementType.FLOAT)
          .input("weight", ElementType.FLOAT)
          .input("kind", ElementType.TEXT)
          .optional("weight")
          .output("price", ElementType.FLOAT)
          .score("price")
          .build();

  private final Version version;
  private final ModelSchema schema;
  private final Optional<byte[]> baseline;

  private TestVersion(String number, ModelSchema schema, Optional<byte[]> baseline) {
    this.schema = schema;
    this.version = new Version("fruit", number, "sha256:" + "0".repeat(63) + number.charAt(0));
    this.baseline = baseline;
  }

  static TestVersion without(String number) {
    return new TestVersion(number, SCHEMA, Optional.empty());
  }

  static TestVersion of(String number, String baseline) {
    return new TestVersion(number, SCHEMA, Optional.of(baseline.getBytes(StandardCharsets.UTF_8)));
  }

  /** Its baseline: 1,000 rows, sizes 0 to 9 and weights 0 to 99 as often as each other. */
  static TestVersion of(String number, Path folder) {
    try {
      StringBuilder csv = new StringBuilder("size,weight,kind\n");
      for (int i = 0; i < 1_000; i++) {
        csv.append(i % 10).append(',').append(i % 100).append(',');
        csv.append(i % 4 == 0 ? "pear" : "apple").append('\n');
      }
      Path file = Files.writeString(folder.resolve("train.csv"), csv);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      Baseline.fromCsv(file, SCHEMA).writeTo(bytes);
      return new TestVersion(number, SCHEMA, Optional.of(bytes.toByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same package under another schema. */
  TestVersion as(ModelSchema other) {
    return new TestVersion(version.number(), other, baseline);
  }

  @Override
  public Version version() {
    return version;
  }

  @Override
  public ModelSchema schema() {
    return schema;
  }

  @Override
  public String format() {
    return "none";
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
    return role.equals("baseline") ? baseline.map(ByteArrayInputStream::new) : Optional.empty();
  }

  @Override
  public Optional<String> partPath(String role) {
    return Optional.empty();
  }

  @Override
  public OptionalDouble goldenTolerance() {
    return OptionalDouble.empty();
  }

  @Override
  public void close() {}
}
