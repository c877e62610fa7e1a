package dev.mlops.runtime.store;

import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.PackagePart;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A folder of a store in which something is made ready, out of sight of readers. Closing removes
 * what was not moved away.
 */
final class Staging implements AutoCloseable {
  /** No model's name begins with a dot, so this is no model. */
  static final String FOLDER = ".staging";

  /** What its maker has not touched for this long is left over from a process that died. */
  private static final Duration STALE = Duration.ofDays(1);

  private final Disk disk;
  private final Path folder;
  private final Set<Path> folders = new LinkedHashSet<>();

  private Staging(Disk disk, Path folder) {
    this.disk = disk;
    this.folder = folder;
    folders.add(folder);
  }

  static Staging open(Path root, Disk disk, Instant now) throws IOException {
    Path all = root.resolve(FOLDER);
    disk.createFolders(all);
    removeStale(all, disk, now.minus(STALE));
    return new Staging(disk, disk.createTemporaryFolder(all, "p"));
  }

  Path folder() {
    return folder;
  }

  /** Copies a file in and says what went by. */
  Manifest.Entry copy(ModelPackage.Source source) throws IOException {
    Path file = place(source.path());
    Counted[] counted = new Counted[1];
    disk.create(
        file,
        out -> {
          counted[0] = new Counted(out);
          pour(source, counted[0]);
        });
    return counted[0].entry(source.path(), source.role());
  }

  /** Has a part write itself and says what went by. */
  Manifest.Entry make(PackagePart part) throws IOException {
    Path file = place(part.path());
    Counted[] counted = new Counted[1];
    disk.create(
        file,
        out -> {
          counted[0] = new Counted(out);
          write(part, counted[0]);
        });
    return counted[0].entry(part.path(), part.role());
  }

  /** What {@link #copy} would say, without a copy. */
  static Manifest.Entry measure(ModelPackage.Source source) throws IOException {
    Counted counted = new Counted(OutputStream.nullOutputStream());
    pour(source, counted);
    return counted.entry(source.path(), source.role());
  }

  /** What {@link #make} would say, without a file. */
  static Manifest.Entry measure(PackagePart part) throws IOException {
    Counted counted = new Counted(OutputStream.nullOutputStream());
    write(part, counted);
    return counted.entry(part.path(), part.role());
  }

  Path create(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    disk.create(file, out -> out.write(bytes));
    return file;
  }

  /** Everything made so far is on the disk, names included, when this returns. */
  void force() throws IOException {
    for (Path made : folders) {
      disk.force(made);
    }
  }

  @Override
  public void close() {
    try {
      disk.remove(folder);
    } catch (IOException e) {
      // Readers do not look here, and the next publisher removes it when it is old.
      System.getLogger(Staging.class.getName())
          .log(System.Logger.Level.WARNING, "could not remove " + folder, e);
    }
  }

  private Path place(String path) throws IOException {
    Path file = folder;
    String[] names = path.split("/", -1);
    for (int i = 0; i < names.length; i++) {
      if (i > 0 && folders.add(file)) {
        disk.createFolder(file);
      }
      file = file.resolve(names[i]);
    }
    return file;
  }

  private static void removeStale(Path all, Disk disk, Instant before) throws IOException {
    try (DirectoryStream<Path> old = Files.newDirectoryStream(all)) {
      for (Path each : old) {
        try {
          if (Files.getLastModifiedTime(each, LinkOption.NOFOLLOW_LINKS)
              .toInstant()
              .isBefore(before)) {
            disk.remove(each);
          }
        } catch (IOException e) {
          // Somebody else removes it too, or nobody may: no reason to refuse a publication.
          System.getLogger(Staging.class.getName())
              .log(System.Logger.Level.DEBUG, "could not remove " + each, e);
        }
      }
    }
  }

  /*
   * A failure to read is the publisher's, a failure to write the store's: the first is told here,
   * the second goes up as it is.
   */
  private static void pour(ModelPackage.Source source, OutputStream out) throws IOException {
    try (InputStream in = open(source)) {
      byte[] buffer = new byte[1 << 16];
      for (int read = read(source, in, buffer); read >= 0; read = read(source, in, buffer)) {
        out.write(buffer, 0, read);
      }
    }
  }

  private static InputStream open(ModelPackage.Source source) {
    try {
      return Files.newInputStream(source.file());
    } catch (IOException e) {
      throw unreadable(source, e);
    }
  }

  private static int read(ModelPackage.Source source, InputStream in, byte[] buffer) {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      throw unreadable(source, e);
    }
  }

  private static InvalidSettingsException unreadable(ModelPackage.Source source, IOException e) {
    return new InvalidSettingsException(
        "file " + source.file() + " for role " + source.role() + " cannot be read: " + e);
  }

  private static void write(PackagePart part, Counted out) throws IOException {
    try {
      part.writeTo(out);
    } catch (IOException e) {
      if (out.failure != null) {
        throw out.failure;
      }
      throw new InvalidSettingsException(
          "part " + part.path() + " of role " + part.role() + " could not be made: " + e);
    }
  }

  /** Counts and digests what goes by, and remembers if the file behind it failed. */
  private static final class Counted extends OutputStream {
    private final OutputStream out;
    private final MessageDigest digest = Sha256.start();
    private long size;
    private @Nullable IOException failure;

    Counted(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (failure != null) {
        throw failure;
      }
      try {
        out.write(bytes, from, length);
      } catch (IOException e) {
        failure = e;
        throw e;
      }
      digest.update(bytes, from, length);
      size += length;
    }

    Manifest.Entry entry(String path, String role) {
      return new Manifest.Entry(path, size, Sha256.finish(digest), role);
    }
  }
}
