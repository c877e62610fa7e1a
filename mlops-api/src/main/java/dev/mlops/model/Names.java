package dev.mlops.model;

/**
 * The grammar of names that become folders, URLs and command lines: the strictest of all of these.
 */
final class Names {
  // Without patterns, whose first ones cost a fresh JVM some 4 ms.

  private static final int LONGEST = 200;
  private static final int LONGEST_PART = 128;
  private static final String ID = "sha256:";
  private static final int ID_DIGITS = 64;

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
    if (!valid(part)) {
      throw new IllegalArgumentException(
          what
              + " '"
              + whole
              + "' is not valid: use lower-case letters, digits, '.', '_' and '-', start with a"
              + " letter or digit, at most 128 characters, no '..' and no '.' at the end");
    }
    String stem = part.contains(".") ? part.substring(0, part.indexOf('.')) : part;
    if (device(stem)) {
      throw new IllegalArgumentException(
          what
              + " '"
              + whole
              + "' is a device name on Windows and cannot be a folder there; choose another");
    }
    return whole;
  }

  private static boolean valid(String part) {
    if (part.isEmpty() || part.length() > LONGEST_PART || !letterOrDigit(part.charAt(0))) {
      return false;
    }
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      if (!letterOrDigit(c) && c != '.' && c != '_' && c != '-') {
        return false;
      }
    }
    return !part.contains("..") && !part.endsWith(".");
  }

  private static boolean letterOrDigit(char c) {
    return (c >= 'a' && c <= 'z') || digit(c);
  }

  private static boolean digit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean device(String stem) {
    return switch (stem) {
      case "con", "prn", "aux", "nul" -> true;
      default ->
          stem.length() == 4
              && (stem.startsWith("com") || stem.startsWith("lpt"))
              && digit(stem.charAt(3));
    };
  }

  /** Whether a text is the id of a version: {@code sha256:} and 64 lower-case hex digits. */
  static boolean id(String text) {
    if (text.length() != ID.length() + ID_DIGITS || !text.startsWith(ID)) {
      return false;
    }
    for (int i = ID.length(); i < text.length(); i++) {
      char c = text.charAt(i);
      if (!digit(c) && !(c >= 'a' && c <= 'f')) {
        return false;
      }
    }
    return true;
  }
}
