package dev.mlops.runtime.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Whether the files a model points to are its own. An engine opens whatever a model names: versions
 * of ONNX Runtime read {@code ../secret} or an absolute path and gave it back as an output, and a
 * hard link is read by all of them. So every reference is checked before an engine sees the model.
 */
final class ExternalDataCheck {
  private static final int MOST_PROBLEMS = 100;
  private static final Set<String> KEYS =
      Set.of("location", "offset", "length", "checksum", "basepath");
  private static final int MOST_DIGITS = 18;

  private final Path base;
  private final String prefix;
  private final Set<String> listed;
  private final List<String> problems = new ArrayList<>();
  private final Map<String, OptionalLong> sizes = new HashMap<>();

  ExternalDataCheck(Path model, Path folder, Set<String> listed) {
    Path root = folder.toAbsolutePath().normalize();
    Path file = model.toAbsolutePath().normalize();
    if (!file.startsWith(root) || file.equals(root)) {
      throw new IllegalArgumentException(
          "the model was read from " + file + ", which is not in the folder " + root);
    }
    StringBuilder names = new StringBuilder();
    for (Path name : root.relativize(file)) {
      names.append(names.isEmpty() ? "" : "/").append(name);
    }
    this.prefix = names.substring(0, names.lastIndexOf("/") + 1);
    this.base = folder.toAbsolutePath();
    this.listed = listed;
  }

  List<String> check(List<ExternalTensor> tensors, List<String> compiled) {
    for (String node : compiled) {
      problems.add(
          node
              + " loads a compiled graph from a file of its own, which cannot be checked; export"
              + " the model without it");
    }
    for (ExternalTensor tensor : tensors) {
      if (problems.size() >= MOST_PROBLEMS) {
        problems.add("there may be more; only the first " + MOST_PROBLEMS + " are told");
        break;
      }
      check(tensor);
    }
    return List.copyOf(problems);
  }

  private void check(ExternalTensor tensor) {
    Map<String, String> values = new HashMap<>();
    for (ExternalTensor.Entry entry : tensor.entries()) {
      if (!KEYS.contains(entry.key())) {
        tell(tensor, "has the key " + Texts.quoted(entry.key()) + ", which means nothing");
        return;
      }
      if (values.putIfAbsent(entry.key(), entry.value()) != null) {
        tell(tensor, "has the key " + Texts.quoted(entry.key()) + " twice");
        return;
      }
    }
    String location = values.get("location");
    if (location == null) {
      tell(tensor, "does not say in which file");
      return;
    }
    OptionalLong size = sizes.get(location);
    if (size == null) {
      size = size(tensor, location);
      sizes.put(location, size);
    }
    if (size.isPresent()) {
      range(tensor, values, size.getAsLong());
    }
  }

  /** What is wrong with a location as text. */
  private static Optional<String> refuseName(String location) {
    if (location.isEmpty()) {
      return Optional.of("which names no file");
    }
    if (location.startsWith("/")) {
      return Optional.of("an absolute path; it must be relative to the model's folder");
    }
    for (char c : new char[] {'\\', ':', '\0'}) {
      if (location.indexOf(c) >= 0) {
        return Optional.of(
            "which holds "
                + (c == '\0' ? "a NUL" : "'" + c + "'")
                + "; names are separated by '/' and hold neither '\\' nor ':'");
      }
    }
    Set<String> names = new HashSet<>(List.of(location.split("/", -1)));
    if (names.contains("..")) {
      return Optional.of("which leads out of a folder; '..' is not allowed");
    }
    if (names.contains(".") || names.contains("")) {
      return Optional.of("which is not written plainly; leave out '.' and empty names");
    }
    return Optional.empty();
  }

  /** The size of the file at a location, or empty after telling why it is refused. */
  private OptionalLong size(ExternalTensor tensor, String location) {
    String path = prefix + location;
    String stands = "stands in " + Texts.quoted(location) + ", ";
    Optional<String> refusal = refuseName(location);
    if (refusal.isPresent()) {
      tell(tensor, stands + refusal.get());
      return OptionalLong.empty();
    }
    if (!listed.contains(path)) {
      tell(tensor, stands + "which is not among the package's files; add it to the package");
      return OptionalLong.empty();
    }
    try {
      Path at = base;
      String[] names = path.split("/", -1);
      for (int i = 0; i < names.length; i++) {
        at = at.resolve(names[i]);
        BasicFileAttributes attributes =
            Files.readAttributes(at, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        boolean last = i == names.length - 1;
        if (attributes.isSymbolicLink()) {
          tell(
              tensor,
              stands
                  + "and "
                  + Texts.quoted(names[i])
                  + " is a symbolic link; put the"
                  + (last ? " file" : " folder")
                  + " itself there");
          return OptionalLong.empty();
        }
        if (last ? !attributes.isRegularFile() : !attributes.isDirectory()) {
          tell(
              tensor,
              stands
                  + "and "
                  + Texts.quoted(names[i])
                  + " is not a "
                  + (last ? "regular file" : "folder"));
          return OptionalLong.empty();
        }
      }
      if (!at.toRealPath().startsWith(base.toRealPath())) {
        tell(tensor, stands + "which is outside the package's folder");
        return OptionalLong.empty();
      }
      if (at.getFileSystem().supportedFileAttributeViews().contains("unix")) {
        int links = (Integer) Files.getAttribute(at, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        if (links != 1) {
          tell(
              tensor,
              stands
                  + "a file with "
                  + links
                  + " hard links, so it can be changed or be"
                  + " read under another name; copy it");
          return OptionalLong.empty();
        }
      }
      return OptionalLong.of(Files.size(at));
    } catch (InvalidPathException e) {
      tell(tensor, stands + "which is no path on this machine: " + e.getReason());
    } catch (NoSuchFileException e) {
      tell(tensor, stands + "which is not there; add it to the package");
    } catch (IOException e) {
      tell(tensor, stands + "which cannot be looked at: " + e);
    }
    return OptionalLong.empty();
  }

  private void range(ExternalTensor tensor, Map<String, String> values, long size) {
    String location = Texts.quoted(values.getOrDefault("location", ""));
    for (String key : List.of("offset", "length")) {
      String value = values.getOrDefault(key, "0");
      if (!isNumber(value)) {
        tell(
            tensor,
            "has the "
                + key
                + " "
                + Texts.quoted(value)
                + "; wanted a whole number of bytes, at least 0");
        return;
      }
    }
    long offset = Long.parseLong(values.getOrDefault("offset", "0"));
    String given = values.get("length");
    if (given != null && tensor.bytes() >= 0 && Long.parseLong(given) != tensor.bytes()) {
      tell(
          tensor,
          "says it has "
              + given
              + " bytes in "
              + location
              + ", but its type and dimensions need "
              + tensor.bytes());
      return;
    }
    long length = given != null ? Long.parseLong(given) : Math.max(0, tensor.bytes());
    if (offset > size || length > size - offset) {
      tell(
          tensor,
          "stands in "
              + location
              + " at bytes "
              + offset
              + " to "
              + (offset + length)
              + ", but the file has "
              + size);
    }
  }

  private static boolean isNumber(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= MOST_DIGITS;
  }

  private void tell(ExternalTensor tensor, String what) {
    problems.add(tensor.where() + " " + what);
  }
}
