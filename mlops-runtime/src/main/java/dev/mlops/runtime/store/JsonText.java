package dev.mlops.runtime.store;

import com.fasterxml.jackson.core.io.NumberOutput;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * One value as JSON, written so that the same calls give the same bytes, whatever the JDK and the
 * version of Jackson: UTF-8, numbers in their shortest form, one value a line down to the second
 * level, all below on one line, a line feed at the end. The caller sees to it that names and
 * values, beginnings and ends go together.
 */
final class JsonText {
  /*
   * Not by Jackson, whose bytes they were first: every start of a JVM that serves a bare file
   * writes a manifest, and Jackson's classes take a fresh JVM some 20 ms.
   */

  private static final int BROKEN = 2;

  private final StringBuilder text = new StringBuilder();
  private int depth;
  private boolean empty; // the object or array that is open has nothing in it yet
  private boolean named; // a name was written, and its value comes next

  void beginObject() {
    begin('{');
  }

  void beginObject(String name) {
    name(name);
    begin('{');
  }

  void endObject() {
    end('}');
  }

  void beginArray(String name) {
    name(name);
    begin('[');
  }

  void endArray() {
    end(']');
  }

  void name(String name) {
    next();
    quote(name);
    text.append(": ");
    named = true;
  }

  void value(String value) {
    next();
    quote(value);
  }

  void value(long value) {
    next();
    text.append(value);
  }

  void value(boolean value) {
    next();
    text.append(value);
  }

  // The JDK's own text of a double changed in 19; this one does not.

  void value(double finite) {
    next();
    text.append(NumberOutput.toString(finite, true));
  }

  void value(float finite) {
    next();
    text.append(NumberOutput.toString(finite, true));
  }

  void value(BigInteger value) {
    next();
    text.append(value);
  }

  void value(BigDecimal value) {
    next();
    text.append(value);
  }

  void field(String name, String value) {
    name(name);
    value(value);
  }

  void field(String name, long value) {
    name(name);
    value(value);
  }

  void field(String name, boolean value) {
    name(name);
    value(value);
  }

  void field(String name, double finite) {
    name(name);
    value(finite);
  }

  /**
   * The bytes of all that was written.
   *
   * @throws IllegalArgumentException if a text in it is no valid Unicode
   */
  byte[] bytes() {
    String all = text.append('\n').toString();
    byte[] bytes = all.getBytes(StandardCharsets.UTF_8);
    if (!new String(bytes, StandardCharsets.UTF_8).equals(all)) {
      throw new IllegalArgumentException(
          "a text holds half of a surrogate pair, which UTF-8 cannot say");
    }
    return bytes;
  }

  private void begin(char bracket) {
    next();
    text.append(bracket);
    depth++;
    empty = true;
  }

  private void end(char bracket) {
    depth--;
    if (!empty && depth < BROKEN) {
      line();
    }
    text.append(bracket);
    empty = false;
  }

  /** What stands between a name or a value and what was there before it. */
  private void next() {
    if (named || depth == 0) {
      named = false;
      return;
    }
    if (!empty) {
      text.append(',');
    }
    if (depth <= BROKEN) {
      line();
    } else if (!empty) {
      text.append(' ');
    }
    empty = false;
  }

  private void line() {
    text.append('\n').append("  ".repeat(depth));
  }

  private void quote(String value) {
    text.append('"');
    int from = 0;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c < ' ' || c == '"' || c == '\\') {
        text.append(value, from, i).append('\\').append(escaped(c));
        from = i + 1;
      }
    }
    text.append(value, from, value.length()).append('"');
  }

  private static String escaped(char c) {
    return switch (c) {
      case '"', '\\' -> Character.toString(c);
      case '\b' -> "b";
      case '\t' -> "t";
      case '\n' -> "n";
      case '\f' -> "f";
      case '\r' -> "r";
      default -> "u" + HexFormat.of().withUpperCase().toHexDigits(c);
    };
  }
}
