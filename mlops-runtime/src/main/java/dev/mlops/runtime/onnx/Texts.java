package dev.mlops.runtime.onnx;

import java.util.Collection;
import java.util.StringJoiner;

/** Names out of files, made fit for messages and logs: no control characters, no endless lines. */
public final class Texts {
  private static final int LONGEST = 120;
  private static final int MOST = 20;

  private Texts() {}

  /** In quotation marks. */
  static String quoted(String text) {
    return '"' + plain(text, LONGEST) + '"';
  }

  /** In square brackets. */
  static String list(Collection<?> items) {
    StringJoiner text = new StringJoiner(", ", "[", "]");
    int told = 0;
    for (Object item : items) {
      if (told++ == MOST) {
        text.add("... " + items.size() + " in all");
        break;
      }
      text.add(plain(item.toString(), LONGEST));
    }
    return text.toString();
  }

  /** On one line, cut after so many characters. */
  public static String plain(String text, int longest) {
    StringBuilder line = new StringBuilder();
    int codePoint;
    for (int at = 0, told = 0; at < text.length(); at += Character.charCount(codePoint)) {
      if (told++ == longest) {
        return line + "...";
      }
      codePoint = text.codePointAt(at);
      line.append(visible(codePoint));
    }
    return line.toString();
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
