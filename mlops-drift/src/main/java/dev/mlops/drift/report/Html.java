package dev.mlops.drift.report;

import dev.mlops.drift.compare.Level;

/** A page in the making: markup is ours, text may be anyone's and is escaped. */
final class Html {
  private final StringBuilder page = new StringBuilder();

  /** Adds markup as it is. */
  Html markup(String markup) {
    page.append(markup);
    return this;
  }

  /** Adds text that says nothing but itself, in an element or in a quoted attribute. */
  Html text(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> page.append("&amp;");
        case '<' -> page.append("&lt;");
        case '>' -> page.append("&gt;");
        case '"' -> page.append("&quot;");
        case '\'' -> page.append("&#39;");
        default -> page.append(c);
      }
    }
    return this;
  }

  /** An element with text in it. */
  Html element(String name, String text) {
    return markup("<" + name + ">").text(text).markup("</" + name + ">");
  }

  /** A verdict: a word, with a shape and a colour that the style sheet gives it. */
  Html verdict(Level level) {
    return markup("<span class=\"v " + Page.mark(level) + "\">" + level + "</span>");
  }

  @Override
  public String toString() {
    return page.toString();
  }
}
