package dev.mlops.drift.report;

import dev.mlops.drift.compare.Measure;

/**
 * One measure as a picture: the effect as a mark, what it is at least and at most as a bar, delta
 * as a line. All strips of a page have one scale, so that they can be compared.
 */
final class Strip {
  private final double delta;
  private final double greatest;

  /**
   * A scale.
   *
   * @param greatest the largest effect or bound there is to draw
   */
  Strip(double delta, double greatest) {
    this.delta = delta;
    double enough = Math.max(greatest, 2 * delta);
    double step = Scale.step(enough / 10);
    this.greatest = Math.min(1, Math.ceil(enough / step - 1e-9) * step);
  }

  /** The scale's ends and delta, to stand above strips. */
  void scale(Html html) {
    html.markup("<svg class=\"x k\" aria-hidden=\"true\">");
    // Near the left end there is no room for both.
    boolean left = delta / greatest < 0.2;
    html.markup(left ? "" : "<text y=\"15\">0</text>");
    html.markup("<text y=\"15\" x=\"" + at(delta));
    html.markup(left ? "\" dx=\"-3\">" : "\" text-anchor=\"middle\">");
    html.text("delta " + Figures.value(delta)).markup("</text>");
    if (delta / greatest < 0.6) {
      html.markup("<text y=\"15\" text-anchor=\"end\" x=\"100%\">");
      html.text(Figures.value(greatest)).markup("</text>");
    }
    html.markup("</svg>");
  }

  /** What all strips have in common; it stands in the page once. */
  void define(Html html) {
    html.markup("<g id=\"z\"><line x2=\"100%\" y1=\"50%\" y2=\"50%\"/><line class=\"q\" x1=\"");
    html.markup(at(delta) + "\" x2=\"" + at(delta) + "\" y2=\"100%\"/></g>");
    html.markup("<path id=\"d\" d=\"M0-6 6 5H-6z\"/><circle id=\"s\" r=\"4.5\"/>");
    html.markup("<circle id=\"i\" r=\"4\"/>");
  }

  /** Draws one measure. */
  void draw(Html html, Measure measure) {
    String mark = Page.mark(measure.level());
    html.markup("<svg class=\"x " + mark + "\" role=\"img\">");
    html.element("title", inWords(measure)).markup("<use href=\"#z\"/><line class=\"e\" x1=\"");
    html.markup(at(Double.isNaN(measure.lower()) ? measure.effect() : measure.lower()));
    html.markup("\" x2=\"");
    html.markup(at(Double.isNaN(measure.upper()) ? measure.effect() : measure.upper()));
    html.markup("\" y1=\"50%\" y2=\"50%\"/><use href=\"#" + mark + "\" x=\"");
    html.markup(at(measure.effect()) + "\" y=\"50%\"/></svg>");
  }

  private static String inWords(Measure measure) {
    StringBuilder words = new StringBuilder(measure.name());
    words.append(' ').append(Figures.effect(measure.effect()));
    words.append(", at least ").append(Figures.effect(measure.lower()));
    if (!Double.isNaN(measure.upper())) {
      words.append(", at most ").append(Figures.effect(measure.upper()));
    }
    return words.toString();
  }

  private String at(double effect) {
    return Histogram.number(100 * Math.min(1, Math.max(0, effect) / greatest)) + "%";
  }
}
