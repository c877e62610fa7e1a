package dev.mlops.store;

import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * A version that was opened: its files lie verified in a folder of its own that nobody else writes
 * to and that holds no links. Owned by whoever opened it; the files may be gone after {@link
 * #close()}.
 */
public interface StoredVersion extends AutoCloseable {
  /** Which version it is. */
  Version version();

  /** The columns in and out. */
  ModelSchema schema();

  /** The model's format, such as {@code onnx}. */
  String format();

  /** The folder with the files, as they lie in the package. */
  Path folder();

  /** The model's own file, or its folder where it is several files. */
  Path model();

  /**
   * The paths of all files the manifest lists, relative to the folder, with {@code /} between
   * folders.
   */
  Set<String> files();

  /**
   * Opens the part with a role.
   *
   * @return the caller's to close; empty if the package has none
   * @throws IllegalArgumentException if several files share the role; read those from the folder
   */
  Optional<InputStream> part(String role);

  /**
   * The path of the part with a role, as {@link #files()} spells it; empty if the package has none.
   *
   * @throws IllegalArgumentException if several files share the role
   */
  Optional<String> partPath(String role);

  /**
   * How far golden records may be off; empty without golden records. See {@code
   * ModelPackage.Builder.golden}.
   */
  OptionalDouble goldenTolerance();

  @Override
  void close();
}
