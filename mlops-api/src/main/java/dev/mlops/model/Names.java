package dev.mlops.model;

import java.util.regex.Pattern;

/**
 * The grammar of names that become folders, URLs and command lines: the strictest of all of these.
 */
final class Names {
  private static final Pattern PART = Pattern.compile("[a-z0-9][a-z0-9._-]{0,127}");
  private static final int LONGEST = 200;
  private static final Pattern DEVICE = Pattern.compile("con|prn|aux|nul|(com|lpt)[0-9]");

  private Names() {}

  /** A model's name: parts joined by {@code /}. */
  static String model(String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "model name has " + text.length() + " characters; at most " + LONGEST + " are allowed");
    }
    for (String part : text.split("/", -1)) {
      check("model name", text, part);
    }
    return text;
  }

  static String number(String text) {
    check("version number", text, text);
    if (text.equals("latest")) {
      throw new IllegalArgumentException(
          "version number 'latest' is refused: a number names one version for ever;"
              + " move an alias instead");
    }
    return text;
  }

  static String alias(String text) {
    return check("alias", text, text);
  }

  private static String check(String what, String whole, String part) {
    if (!PART.matcher(part).matches() || part.contains("..") || part.endsWith(".")) {
      throw new IllegalArgumentException(
          what
              + " '"
              + whole
              + "' is not valid: use lower-case letters, digits, '.', '_' and '-', start with a"
              + " letter or digit, at most 128 characters, no '..' and no '.' at the end");
    }
    String stem = part.contains(".") ? part.substring(0, part.indexOf('.')) : part;
    if (DEVICE.matcher(stem).matches()) {
      throw new IllegalArgumentException(
          what
              + " '"
              + whole
              + "' is a device name on Windows and cannot be a folder there; choose another");
    }
    return whole;
  }
}
