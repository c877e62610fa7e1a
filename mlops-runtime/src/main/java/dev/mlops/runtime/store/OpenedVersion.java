package dev.mlops.runtime.store;

import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** A version whose files were all checked and lie in a copy that goes with it. */
final class OpenedVersion implements StoredVersion {
  private final Version version;
  private final Manifest manifest;
  private final PrivateCopy copy;
  private final Set<String> files;

  OpenedVersion(Version version, Manifest manifest, PrivateCopy copy) {
    this.version = version;
    this.manifest = manifest;
    this.copy = copy;
    Set<String> paths = new LinkedHashSet<>();
    for (Manifest.Entry file : manifest.files()) {
      paths.add(file.path());
    }
    this.files = Collections.unmodifiableSet(paths);
  }

  @Override
  public Version version() {
    return version;
  }

  @Override
  public ModelSchema schema() {
    return manifest.schema();
  }

  @Override
  public String format() {
    return manifest.format();
  }

  @Override
  public Path folder() {
    return copy.folder();
  }

  @Override
  public Path model() {
    return PackageFolder.resolve(folder(), manifest.entry());
  }

  @Override
  public Set<String> files() {
    return files;
  }

  @Override
  public Optional<InputStream> part(String role) {
    Optional<String> path = partPath(role);
    if (path.isEmpty()) {
      return Optional.empty();
    }
    Path file = PackageFolder.resolve(folder(), path.get());
    try {
      return Optional.of(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS));
    } catch (NoSuchFileException e) {
      throw new PackageCorruptException(
          version + ": file " + path.get() + " was there when it was opened and is gone", e);
    } catch (IOException e) {
      throw new StoreUnavailableException(version + ": cannot read " + file + ": " + e, e);
    }
  }

  @Override
  public Optional<String> partPath(String role) {
    List<String> paths = manifest.paths(role);
    if (paths.size() > 1) {
      throw new IllegalArgumentException(
          version
              + " has "
              + paths.size()
              + " files of role '"
              + role
              + "', "
              + paths
              + "; a part is one file, read these from folder()");
    }
    return paths.isEmpty() ? Optional.empty() : Optional.of(paths.get(0));
  }

  @Override
  public OptionalDouble goldenTolerance() {
    return manifest.tolerance();
  }

  @Override
  public void close() {
    copy.close();
  }

  @Override
  public String toString() {
    return version + " in " + folder();
  }
}
