package dev.mlops.runtime.memory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Files in which the kernel tells numbers; what cannot be read or understood is absent. */
final class KernelText {
  /** The most digits of an unsigned 64-bit number. */
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,20}");

  private static final Pattern BLANKS = Pattern.compile("[ \t]+");

  private KernelText() {}

  /** A file's text. */
  static Optional<String> read(Path file) {
    try {
      return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** A path below another; empty if this file system cannot name it. */
  static Optional<Path> below(Path folder, String path) {
    try {
      return Optional.of(folder.resolve(path.replaceFirst("^/+", "")).normalize());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** A number that stands alone in a text; one beyond 63 bits is the largest there is. */
  static OptionalLong number(String text) {
    String digits = text.strip();
    if (!NUMBER.matcher(digits).matches()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.parseLong(digits));
    } catch (NumberFormatException e) {
      return OptionalLong.of(Long.MAX_VALUE);
    }
  }

  /** The number that is all a file holds. */
  static OptionalLong number(Path file) {
    return read(file).map(KernelText::number).orElse(OptionalLong.empty());
  }

  /**
   * The number behind a key, as in {@code VmRSS: 1024 kB} or {@code inactive_file 1024}; in bytes
   * where kilobytes are said.
   */
  static OptionalLong valueOf(String key, String text) {
    for (String line : (Iterable<String>) text.lines()::iterator) {
      String[] words = BLANKS.split(line, -1);
      if (words.length >= 2 && words[0].equals(key)) {
        OptionalLong value = number(words[1]);
        boolean kilobytes = words.length > 2 && words[2].equals("kB");
        return kilobytes && value.isPresent()
            ? OptionalLong.of(times1024(value.getAsLong()))
            : value;
      }
    }
    return OptionalLong.empty();
  }

  private static long times1024(long value) {
    return value > Long.MAX_VALUE >> 10 ? Long.MAX_VALUE : value << 10;
  }
}
