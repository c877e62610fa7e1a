package dev.mlops.runtime.store;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A folder below the temporary one that only this process's user may enter and that is gone when it
 * is closed. What a process that was killed left of it, the next one to make such a folder removes.
 */
final class ScratchFolder implements AutoCloseable {
  /*
   * Whose a folder is, is told by a lock on the file "process.lock" in it: it ends when the process
   * does, however that ends, and other containers that share the disk see it too. Whoever can have
   * the lock of a folder may remove it.
   *
   * POSIX takes all locks on a file from a process that closes any channel to it, so nobody in the
   * JVM of the owner may as much as open that file. "jvm.lock" sees to that: it is locked first, and
   * the JVM itself tells its own threads, of any class loader, that it is taken. What other
   * processes see of that lock may be lost and does not matter.
   *
   * Between making a folder and locking it, another process may take it for left over. It removes
   * the lock files before it lets go of their locks; so whoever has both locks and still sees the
   * files has the folder, and a maker who has not makes another.
   */

  private static final String PREFIX = "mlops-";
  private static final int ATTEMPTS = 1_000;

  private final Disk disk;
  private final Path folder;
  private final FileLock jvm; // held, as the JVM itself may hold it weakly
  private final FileLock process;

  private ScratchFolder(Disk disk, Path folder, FileLock jvm, FileLock process) {
    this.disk = disk;
    this.folder = folder;
    this.jvm = jvm;
    this.process = process;
  }

  /** Makes one, and removes those that belong to nobody. */
  static ScratchFolder make(Disk disk) throws IOException {
    Path parent = disk.temporary();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<ScratchFolder> made = claimNew(disk.createPrivateFolder(parent, PREFIX), disk);
      if (made.isPresent()) {
        ScratchFolder scratch = made.get();
        try {
          removeLeftovers(parent, scratch);
          disk.createFolder(scratch.content());
          return scratch;
        } catch (IOException | RuntimeException | Error e) {
          scratch.close();
          throw e;
        }
      }
    }
    throw new IOException("other processes removed " + ATTEMPTS + " new folders in " + parent);
  }

  /** Where its maker writes. */
  Path content() {
    return folder.resolve("files");
  }

  /** Removes it with all in it; a second time does nothing. */
  @Override
  public void close() {
    if (!process.isValid()) {
      return;
    }
    try {
      try {
        disk.remove(content());
        disk.remove(
            processLock(folder)); // after the content, so that a rest is known for left over
        disk.remove(jvmLock(folder));
      } finally {
        process.acquiredBy().close();
        jvm.acquiredBy().close();
      }
      disk.removeEmpty(folder); // its maker may have come for it since the locks were let go of
    } catch (DirectoryNotEmptyException e) {
      log().log(Level.DEBUG, "{0} is somebody else's by now", folder);
    } catch (IOException e) {
      log().log(Level.WARNING, "could not remove " + folder + "; a later process tries again", e);
    }
  }

  private static Optional<ScratchFolder> claimNew(Path folder, Disk disk) throws IOException {
    try {
      return claim(folder, disk);
    } catch (IOException | RuntimeException | Error e) {
      try {
        disk.remove(folder);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** The folder as the caller's own, unless it is somebody's or gone. */
  private static Optional<ScratchFolder> claim(Path folder, Disk disk) throws IOException {
    Optional<FileLock> jvm = lock(jvmLock(folder), disk);
    if (jvm.isEmpty()) {
      return Optional.empty();
    }
    Optional<FileLock> process = Optional.empty();
    boolean claimed = false;
    try {
      process = lock(processLock(folder), disk);
      claimed = process.isPresent() && present(jvmLock(folder)) && present(processLock(folder));
    } finally {
      if (!claimed) {
        if (process.isPresent()) {
          process.get().acquiredBy().close();
        }
        jvm.get().acquiredBy().close();
      }
    }
    return claimed
        ? Optional.of(new ScratchFolder(disk, folder, jvm.get(), process.get()))
        : Optional.empty();
  }

  /** The lock of a file, with an open channel; empty if it is taken, or the folder gone. */
  private static Optional<FileLock> lock(Path file, Disk disk) throws IOException {
    FileChannel channel;
    try {
      channel = disk.openLock(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // a thread of this JVM has it
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
    return Optional.ofNullable(lock);
  }

  private static void removeLeftovers(Path parent, ScratchFolder ours) {
    String[] names = parent.toFile().list(); // a stream takes a fresh JVM longer, a glob any
    if (names == null) {
      log().log(Level.DEBUG, "could not look for folders left over in {0}", parent);
      return;
    }
    for (String name : names) {
      if (!name.startsWith(PREFIX)) {
        continue;
      }
      Path each = parent.resolve(name);
      if (!each.equals(ours.folder)) {
        removeIfLeft(each, ours);
      }
    }
  }

  private static void removeIfLeft(Path folder, ScratchFolder ours) {
    try {
      // where anybody may write, only its owner can put something else in a folder's place
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
          || !owner(folder).equals(owner(ours.folder))) {
        return;
      }
      if (!present(jvmLock(folder)) && !present(processLock(folder))) {
        ours.disk.removeEmpty(folder); // the locks are the first things in it and the last
        return;
      }
      Optional<ScratchFolder> left = claim(folder, ours.disk);
      if (left.isPresent()) {
        left.get().close();
      }
    } catch (DirectoryNotEmptyException e) {
      // somebody's who calls his folders like ours, or it was locked just now
    } catch (IOException e) {
      log().log(Level.DEBUG, "could not see whether " + folder + " is left over", e);
    }
  }

  /** The number of the user, where users have one: to look up a name can take long. */
  private static Optional<Object> owner(Path folder) throws IOException {
    return folder.getFileSystem().supportedFileAttributeViews().contains("unix")
        ? Optional.of(Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS))
        : Optional.empty();
  }

  private static boolean present(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static Path jvmLock(Path folder) {
    return folder.resolve("jvm.lock");
  }

  private static Path processLock(Path folder) {
    return folder.resolve("process.lock");
  }

  private static System.Logger log() {
    return System.getLogger(ScratchFolder.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
