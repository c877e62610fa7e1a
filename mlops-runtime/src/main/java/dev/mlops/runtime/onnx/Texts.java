package dev.mlops.runtime.onnx;

import java.util.Collection;
import java.util.stream.Collectors;

/** Names out of files, made fit for messages and logs: no control characters, no endless lines. */
final class Texts {
  private static final int LONGEST = 120;
  private static final int MOST = 20;

  private Texts() {}

  /** In quotation marks. */
  static String quoted(String text) {
    return '"' + plain(text) + '"';
  }

  /** In square brackets. */
  static String list(Collection<?> items) {
    String text =
        items.stream()
            .limit(MOST)
            .map(item -> plain(item.toString()))
            .collect(Collectors.joining(", "));
    return '[' + text + (items.size() > MOST ? ", ... " + items.size() + " in all]" : "]");
  }

  private static String plain(String text) {
    String line =
        text.codePoints().limit(LONGEST).mapToObj(Texts::visible).collect(Collectors.joining());
    return line.length() < text.length() ? line + "..." : line;
  }

  private static String visible(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          "?";
      default -> Character.toString(codePoint);
    };
  }
}
