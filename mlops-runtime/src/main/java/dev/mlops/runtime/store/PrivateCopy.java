package dev.mlops.runtime.store;

import dev.mlops.model.Version;
import dev.mlops.runtime.memory.ProcessMemory;
import dev.mlops.store.StoreUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * The files of a version, copied to where nobody else writes and digested on the way, so that what
 * was checked is what an engine reads. Gone when it is closed.
 */
final class PrivateCopy implements AutoCloseable {
  /** A file has another digest than the manifest says. */
  static final class ChangedException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Manifest.Entry file;
    private final String sha256;

    ChangedException(Manifest.Entry file, String sha256) {
      super("file " + file.path() + " has SHA-256 " + sha256);
      this.file = file;
      this.sha256 = sha256;
    }

    Manifest.Entry file() {
      return file;
    }

    /** The digest of what was read, which is at most one byte more than the manifest says. */
    String sha256() {
      return sha256;
    }
  }

  private static final int BUFFER = 1 << 16;

  private final ScratchFolder scratch;
  private final Disk disk;

  private PrivateCopy(ScratchFolder scratch, Disk disk) {
    this.scratch = scratch;
    this.disk = disk;
  }

  /**
   * Copies all files of a manifest.
   *
   * @throws IOException if a file cannot be read; as with every failure, nothing is left
   * @throws ChangedException if a file is not what the manifest says
   * @throws StoreUnavailableException if the copy cannot be written
   */
  static PrivateCopy of(Version version, Path from, Manifest manifest, Disk disk)
      throws IOException, ChangedException {
    ScratchFolder scratch;
    try {
      scratch = ScratchFolder.make(disk);
    } catch (IOException e) {
      throw unwritable(version, manifest, disk, e);
    }
    try {
      long free = scratch.content().toFile().getUsableSpace(); // 0 also where it cannot be told
      if (free > 0 && free < bytes(manifest)) { // rather than fill what others use too
        throw unwritable(version, manifest, disk, new IOException(free + " bytes are free there"));
      }
      Optional<ProcessMemory.Room> room = disk.memoryOf(scratch.content());
      if (room.isPresent() && room.get().free() < bytes(manifest)) {
        throw unwritable(
            version,
            manifest,
            disk,
            new IOException(
                "it lies in memory, and "
                    + room.get().free()
                    + " bytes are free of "
                    + room.get().source()));
      }
      PrivateCopy copy = new PrivateCopy(scratch, disk);
      for (Manifest.Entry entry : manifest.files()) {
        String sha256;
        try {
          sha256 = copy.add(PackageFolder.resolve(from, entry.path()), entry);
        } catch (UncheckedIOException e) {
          throw e.getCause();
        } catch (IOException e) {
          throw unwritable(version, manifest, disk, e);
        }
        if (!sha256.equals(entry.sha256())) {
          throw new ChangedException(entry, sha256);
        }
      }
      return copy;
    } catch (IOException | ChangedException | RuntimeException | Error e) {
      scratch.close();
      throw e;
    }
  }

  /** Where the files lie, as in the package. */
  Path folder() {
    return scratch.content();
  }

  @Override
  public void close() {
    scratch.close();
  }

  private String add(Path source, Manifest.Entry entry) throws IOException {
    Path file = place(entry.path());
    MessageDigest digest = Sha256.start();
    disk.createTemporary(file, new Original(source, entry.size(), digest));
    return Sha256.finish(digest);
  }

  private Path place(String path) throws IOException {
    Path file = folder();
    String[] names = path.split("/", -1);
    for (int i = 0; i < names.length; i++) {
      if (i > 0 && !Files.isDirectory(file)) {
        disk.createFolder(file);
      }
      file = file.resolve(names[i]);
    }
    return file;
  }

  /** What cannot be read of it is thrown unchecked, what cannot be written as it is. */
  private record Original(Path file, long size, MessageDigest digest) implements Disk.Content {
    @Override
    public void writeTo(OutputStream out) throws IOException {
      byte[] buffer = new byte[BUFFER];
      long left = size + 1; // a file that grows meanwhile is read one byte too far, and differs
      try (InputStream in = open()) {
        while (left > 0) {
          int read = read(in, buffer, (int) Math.min(buffer.length, left));
          if (read < 0) {
            break;
          }
          digest.update(buffer, 0, read);
          out.write(buffer, 0, read);
          left -= read;
        }
      }
    }

    private InputStream open() {
      try {
        return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static int read(InputStream in, byte[] buffer, int length) {
      try {
        return in.read(buffer, 0, length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static long bytes(Manifest manifest) {
    long sum = 0;
    for (Manifest.Entry file : manifest.files()) {
      sum += file.size();
    }
    return sum;
  }

  private static StoreUnavailableException unwritable(
      Version version, Manifest manifest, Disk disk, IOException e) throws IOException {
    if (e instanceof ClosedByInterruptException) {
      throw e; // no fault of the disk's
    }
    return new StoreUnavailableException(
        "Cannot copy "
            + version
            + " to a folder of its own in "
            + disk.temporary()
            + ", which takes "
            + bytes(manifest)
            + " bytes: "
            + e
            + ". Make room there, or set java.io.tmpdir to a folder that this process may write"
            + " to. Nothing was left there",
        e);
  }
}
