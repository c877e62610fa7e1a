package dev.mlops.runtime.engine.onnx;

import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.runtime.onnx.OnnxModel;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A model's files as a version, without a store. */
public final class TestVersion implements StoredVersion {
  private final Path folder;
  private final Path model;
  private final ModelSchema schema;
  private final String format;

  private TestVersion(Path folder, Path model, ModelSchema schema, String format) {
    this.folder = folder;
    this.model = model;
    this.schema = schema;
    this.format = format;
  }

  /** A model file, its schema the graph's. */
  public static TestVersion of(Path model) {
    return of(model, OnnxModel.read(model).schema());
  }

  /** A model file or folder. */
  public static TestVersion of(Path model, ModelSchema schema) {
    Path folder = Objects.requireNonNull(model.toAbsolutePath().getParent());
    return new TestVersion(folder, model, schema, "onnx");
  }

  /** Bytes written to {@code model.onnx} in a folder, the schema the graph's. */
  public static TestVersion of(Path folder, byte[] model) {
    return of(write(folder, model));
  }

  /** The same with a schema of its own. */
  public static TestVersion of(Path folder, byte[] model, ModelSchema schema) {
    return of(write(folder, model), schema);
  }

  private static Path write(Path folder, byte[] model) {
    try {
      return Files.write(folder.resolve("model.onnx"), model);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  TestVersion format(String other) {
    return new TestVersion(folder, model, schema, other);
  }

  /** A file among the fixture models, such as {@code storms/2/model.onnx}. */
  public static Path fixture(String path) {
    URL url = TestVersion.class.getResource("/fixtures/models/" + path);
    try {
      return Path.of(Objects.requireNonNull(url, path).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Version version() {
    return new Version("storms", "1.0.0", "sha256:" + "0".repeat(64));
  }

  @Override
  public ModelSchema schema() {
    return schema;
  }

  @Override
  public String format() {
    return format;
  }

  @Override
  public Path folder() {
    return folder;
  }

  @Override
  public Path model() {
    return model;
  }

  @Override
  public Set<String> files() {
    try (Stream<Path> all = Files.walk(folder)) {
      Set<String> names = new TreeSet<>();
      all.filter(Files::isRegularFile)
          .forEach(file -> names.add(folder.relativize(file).toString().replace('\\', '/')));
      return names;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Optional<InputStream> part(String role) {
    return Optional.empty();
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
