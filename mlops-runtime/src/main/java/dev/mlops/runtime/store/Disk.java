package dev.mlops.runtime.store;

import dev.mlops.runtime.memory.ProcessMemory;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Every change a directory store makes to its file system, in one place, so that a test can make
 * each of them fail. Files and folders of the store get the permissions the process's mask allows:
 * other users' processes may have to read them.
 */
class Disk {
  private static final Set<PosixFilePermission> OWNERS =
      EnumSet.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  /** Writes to a new file. */
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Makes a file that was not there, with all its bytes on the disk when this returns. */
  void create(Path file, Content content) throws IOException {
    create(file, content, true);
  }

  /** Makes a file that was not there and need not outlive the process: no disk is waited for. */
  void createTemporary(Path file, Content content) throws IOException {
    create(file, content, false);
  }

  private static void create(Path file, Content content, boolean lasting) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
      content.writeTo(out);
      out.flush();
      if (lasting) {
        channel.force(true);
      }
    }
  }

  /** Where a process keeps what need not outlive it. */
  Path temporary() {
    return Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
  }

  /** Makes a folder with a name of its own that only this process's user may enter. */
  Path createPrivateFolder(Path parent, String prefix) throws IOException {
    // Nothing hangs on a name that cannot be guessed, for one that is taken is refused; what makes
    // such names for a temporary folder of the JDK's takes a fresh JVM some milliseconds.
    long name = ThreadLocalRandom.current().nextLong();
    Path folder = parent.resolve(prefix + Long.toUnsignedString(name));
    return posix(parent)
        ? Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNERS))
        : Files.createDirectory(folder);
  }

  /** Makes a folder with a name of its own. */
  Path createTemporaryFolder(Path parent, String prefix) throws IOException {
    FileAttribute<?>[] attributes =
        posix(parent)
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxrwxrwx"))
            }
            : new FileAttribute<?>[0];
    return Files.createTempDirectory(parent, prefix, attributes);
  }

  /** Makes a folder and those above it that are not there, and writes down that they are. */
  void createFolders(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.getParent();
    if (parent != null) {
      createFolders(parent);
    }
    try {
      Files.createDirectory(folder);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
    }
    if (parent != null) {
      force(parent);
    }
  }

  /** Makes one folder that was not there; fails if it was. */
  void createFolder(Path folder) throws IOException {
    Files.createDirectory(folder);
  }

  /** Opens a file to be locked, made if it is not there; not through a link. */
  FileChannel openLock(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
  }

  /** Writes down which names a folder holds. */
  void force(Path folder) throws IOException {
    if (posix(folder)) { // elsewhere a folder cannot be opened, nor need it be
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** Gives a file or folder another name at once; a folder that is not empty is never replaced. */
  void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Gives a file a second name; fails if the name is taken. */
  void link(Path file, Path name) throws IOException {
    Files.createLink(name, file);
  }

  /**
   * The memory that files of a folder are taken from, where they lie in memory: it counts to the
   * limit of the container, whose end is the end of the process. Empty for any other folder.
   */
  Optional<ProcessMemory.Room> memoryOf(Path folder) {
    try {
      String type = Files.getFileStore(folder).type();
      return type.equals("tmpfs") || type.equals("ramfs")
          ? ProcessMemory.ofThisProcess().room()
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // some containers do not show what is mounted
    }
  }

  /**
   * Removes a folder that has nothing in it, if it is there.
   *
   * @throws java.nio.file.DirectoryNotEmptyException if it has, and all of it stays
   */
  void removeEmpty(Path folder) throws IOException {
    Files.deleteIfExists(folder);
  }

  /** Removes a file, or a folder with all in it, as far as possible. */
  void remove(Path fileOrFolder) throws IOException {
    if (!Files.exists(fileOrFolder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        fileOrFolder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) { // somebody else removes it too
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
              throws IOException {
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static boolean posix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
