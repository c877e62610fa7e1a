package dev.mlops.runtime.memory;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** The kernel's files of one layout, kept in one file: {@code == path} begins each. */
final class KernelTree {
  private KernelTree() {}

  /** Lays the files of a layout out below a folder, and returns it. */
  static Path unpack(String layout, Path folder) {
    try (InputStream in =
        Objects.requireNonNull(
            KernelTree.class.getResourceAsStream("/memory/" + layout + ".txt"), layout)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      String[] files = text.split("(?m)^== ", -1);
      for (int i = 1; i < files.length; i++) {
        int end = files[i].indexOf('\n');
        write(folder, files[i].substring(0, end), files[i].substring(end + 1));
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes one file of the kernel's. */
  static void write(Path folder, String path, String text) {
    try {
      Path file = folder.resolve(path);
      Files.createDirectories(Objects.requireNonNull(file.getParent()));
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
