package dev.mlops.runtime.store;

import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the folder of one version, and never follows a link in it. */
final class PackageFolder {
  private PackageFolder() {}

  /**
   * The exact bytes of a small file.
   *
   * @throws NoSuchFileException if it is not there
   * @throws PackageCorruptException if it is no regular file, or too large to be JSON of ours
   */
  static byte[] bytes(Path file) throws IOException {
    return bytes(
        file, Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
  }

  /** The same of a file whose attributes, not those of what it links to, are known. */
  static byte[] bytes(Path file, BasicFileAttributes attributes) throws IOException {
    requireRegular(file, attributes);
    if (attributes.size() > JsonFields.LARGEST) {
      throw new PackageCorruptException(
          file
              + " has "
              + attributes.size()
              + " bytes; at most "
              + JsonFields.LARGEST
              + " are read");
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return in.readNBytes(JsonFields.LARGEST + 1);
    }
  }

  /**
   * Checks that a folder holds exactly the files its manifest lists, as long as it says, beside the
   * manifest and the signature, and no link of either kind. Their bytes are not read.
   *
   * @throws PackageCorruptException at the first difference, with the file's name
   */
  static void check(Path folder, Manifest manifest) throws IOException {
    Set<String> listed = new HashSet<>();
    Set<String> folders = new HashSet<>();
    for (Manifest.Entry entry : manifest.files()) {
      listed.add(entry.path());
      for (int end = entry.path().indexOf('/'); end >= 0; ) {
        folders.add(entry.path().substring(0, end));
        end = entry.path().indexOf('/', end + 1);
      }
    }
    Map<String, Long> sizes = walk(folder, listed, folders);
    for (Manifest.Entry entry : manifest.files()) {
      Long size = sizes.get(entry.path());
      if (size == null) {
        throw new PackageCorruptException(
            folder + ": file " + entry.path() + " is listed in the manifest but missing");
      }
      if (size != entry.size()) {
        throw new PackageCorruptException(
            folder
                + ": file "
                + entry.path()
                + " has "
                + size
                + " bytes, but the manifest says "
                + entry.size());
      }
    }
  }

  /** What is to be said of a file whose bytes are not those of the manifest. */
  static PackageCorruptException changed(Path folder, Manifest.Entry entry, String sha256) {
    return new PackageCorruptException(
        folder
            + ": file "
            + entry.path()
            + " has SHA-256 "
            + sha256
            + ", but the manifest says "
            + entry.sha256()
            + "; publish it again from its source");
  }

  /** A path of a manifest below a folder. */
  static Path resolve(Path folder, String path) {
    try {
      Path file = folder;
      for (String name : path.split("/", -1)) {
        file = file.resolve(name);
      }
      return file;
    } catch (InvalidPathException e) {
      throw new PackageCorruptException(
          "path '" + path + "' cannot be a file on this system: " + e.getReason(), e);
    }
  }

  private static Map<String, Long> walk(Path folder, Set<String> listed, Set<String> folders)
      throws IOException {
    boolean unix = folder.getFileSystem().supportedFileAttributeViews().contains("unix");
    Map<String, Long> sizes = new HashMap<>();
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            if (!dir.equals(folder) && !folders.contains(slashed(folder, dir))) {
              throw new PackageCorruptException(
                  folder + ": folder " + slashed(folder, dir) + " holds no listed file");
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String path = slashed(folder, file);
            requireRegular(file, attributes);
            if (unix
                && (Integer) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS)
                    != 1) {
              throw new PackageCorruptException(
                  folder
                      + ": file "
                      + path
                      + " has a second name somewhere (a hard link), through"
                      + " which it could change; copy it instead");
            }
            if (listed.contains(path)) {
              sizes.put(path, attributes.size());
            } else if (!path.equals(PackagePaths.MANIFEST)
                && !path.equals(PackagePaths.SIGNATURE)) {
              throw new PackageCorruptException(
                  folder + ": file " + path + " is not listed in the manifest");
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return sizes;
  }

  /** Refuses links, devices, pipes and folders. */
  static void requireRegular(Path file, BasicFileAttributes attributes) {
    if (attributes.isSymbolicLink()) {
      throw new PackageCorruptException(file + " is a link; a package holds regular files only");
    }
    if (!attributes.isRegularFile()) {
      throw new PackageCorruptException(
          file + " is no regular file; a package holds regular files only");
    }
  }

  private static String slashed(Path folder, Path file) {
    List<String> names = new ArrayList<>();
    folder.relativize(file).forEach(name -> names.add(name.toString()));
    return String.join("/", names);
  }
}
