package dev.mlops.runtime.store;

import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which paths a package may hold: those that mean the same file on every operating system, and
 * never one outside the package.
 */
final class PackagePaths {
  /** The manifest's own file name. */
  static final String MANIFEST = "manifest.json";

  /** Kept for a signature over the package; never listed. */
  static final String SIGNATURE = "model.sig";

  private static final int LONGEST_NAME = 255;
  private static final int LONGEST_PATH = 1024;
  private static final String DEVICE_DIGITS = "0123456789\u00b9\u00b2\u00b3";

  private PackagePaths() {}

  /** What is wrong with a set of paths; empty if nothing is. */
  static List<String> problems(Iterable<String> paths) {
    List<String> problems = new ArrayList<>();
    Map<String, String> spelled = new HashMap<>();
    Map<String, Boolean> folders = new HashMap<>();
    for (String path : paths) {
      String problem = problem(path);
      if (!problem.isEmpty()) {
        problems.add("path '" + printable(path) + "' " + problem);
        continue;
      }
      // Each folder on the way is looked at too: a/x and A/y share a folder on some systems.
      for (int end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
        take(path.substring(0, end), true, spelled, folders, problems);
      }
      take(path, false, spelled, folders, problems);
    }
    return problems;
  }

  /** Code points in order, which {@code String.compareTo} does not give beyond the first plane. */
  static int compare(String a, String b) {
    return Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
  }

  private static void take(
      String path,
      boolean folder,
      Map<String, String> spelled,
      Map<String, Boolean> folders,
      List<String> problems) {
    String key = folded(path);
    String other = spelled.putIfAbsent(key, path);
    if (other == null) {
      folders.put(key, folder);
    } else if (!other.equals(path)) {
      problems.add(
          "paths '" + other + "' and '" + path + "' would be one file where case does not count");
    } else if (!folder || !Boolean.TRUE.equals(folders.get(key))) {
      problems.add("path '" + path + "' stands there twice");
    }
  }

  private static String folded(String path) {
    String once = Normalizer.normalize(path, Normalizer.Form.NFC);
    String same = once.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    return Normalizer.normalize(same, Normalizer.Form.NFC);
  }

  private static String problem(String path) {
    CharsetEncoder utf8 = StandardCharsets.UTF_8.newEncoder();
    if (!utf8.canEncode(path)) {
      return "holds half of a surrogate pair";
    }
    if (path.getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH) {
      return "is longer than " + LONGEST_PATH + " bytes";
    }
    String folded = folded(path);
    if (folded.equals(MANIFEST) || folded.equals(SIGNATURE)) {
      return "is taken by the package form itself";
    }
    for (String name : path.split("/", -1)) {
      String problem = nameProblem(name);
      if (!problem.isEmpty()) {
        return problem;
      }
    }
    return "";
  }

  private static String nameProblem(String name) {
    if (name.isEmpty()) {
      return "has an empty name in it; wanted names joined by single '/', none at either end";
    }
    if (name.equals(".") || name.equals("..")) {
      return "has '" + name + "' in it; wanted a path from the package's folder downwards";
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < ' ' || c == 0x7f || "\\:*?\"<>|".indexOf(c) >= 0) {
        return "has the character "
            + (c < ' ' || c == 0x7f ? String.format(Locale.ROOT, "U+%04X", (int) c) : "'" + c + "'")
            + " in it, which not every system allows";
      }
    }
    if (name.endsWith(".") || name.endsWith(" ")) {
      return "has a name that ends with a dot or a blank, which not every system keeps";
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
      return "has a name longer than " + LONGEST_NAME + " bytes";
    }
    if (isDevice(name.toLowerCase(Locale.ROOT))) {
      return "has '" + name + "' in it, a device on Windows";
    }
    return "";
  }

  /** Whether Windows takes a name in lower case for a device, whatever its extension. */
  static boolean isDevice(String name) {
    int dot = name.indexOf('.');
    String stem = dot < 0 ? name : name.substring(0, dot);
    return switch (stem) {
      case "con", "prn", "aux", "nul" -> true;
      default ->
          stem.length() == 4
              && (stem.startsWith("com") || stem.startsWith("lpt"))
              && DEVICE_DIGITS.indexOf(stem.charAt(3)) >= 0;
    };
  }

  private static String printable(String path) {
    StringBuilder text = new StringBuilder();
    path.codePoints()
        .limit(200)
        .forEach(
            c -> {
              if (c < ' ' || c == 0x7f || Character.getType(c) == Character.SURROGATE) {
                text.append(String.format(Locale.ROOT, "\\u%04x", c));
              } else {
                text.appendCodePoint(c);
              }
            });
    return text.toString();
  }
}
