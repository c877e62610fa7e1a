package dev.mlops.drift.report;

import dev.mlops.drift.compare.Measure;

/**
 * One measure as a picture: the effect as a mark, what it is at least and at most as a bar, delta
 * as a line. All strips of a page have one scale, so that they can be compared.
 */
final class Strip {
  private static final int MIDDLE = 11;

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
    double step = Scale.step(enough / 5);
    this.greatest = Math.min(1, Math.ceil(enough / step - 1e-9) * step);
  }

  /** The scale's ends and delta, to stand above strips. */
  void scale(Html html) {
    html.markup("<svg class=\"x k\" aria-hidden=\"true\"><text y=\"15\">0</text>");
    html.markup("<text y=\"15\" text-anchor=\"middle\" x=\"" + at(delta) + "\">");
    html.text("delta " + Figures.value(delta)).markup("</text>");
    if (delta / greatest < 0.6) {
      html.markup("<text y=\"15\" text-anchor=\"end\" x=\"100%\">");
      html.text(Figures.value(greatest)).markup("</text>");
    }
    html.markup("</svg>");
  }

  /** Draws one measure. */
  void draw(Html html, Measure measure) {
    html.markup("<svg class=\"x " + Page.mark(measure.level()) + "\" role=\"img\">");
    html.element("title", inWords(measure));
    html.markup("<line x2=\"100%\" y1=\"11\" y2=\"11\"/>");
    String from = at(Double.isNaN(measure.lower()) ? measure.effect() : measure.lower());
    String to = at(Double.isNaN(measure.upper()) ? measure.effect() : measure.upper());
    html.markup("<line class=\"e\" x1=\"" + from + "\" x2=\"" + to + "\" y1=\"11\" y2=\"11\"/>");
    html.markup("<line class=\"q\" x1=\"" + at(delta) + "\" x2=\"" + at(delta) + "\" y2=\"22\"/>");
    html.markup("<svg x=\"" + at(measure.effect()) + "\" y=\"" + MIDDLE + "\">");
    html.markup(
        switch (measure.level()) {
          case DRIFT -> "<path d=\"M0-6 6 5H-6z\"/>";
          case STABLE -> "<circle r=\"4.5\"/>";
          case INSUFFICIENT -> "<circle class=\"n\" r=\"4\"/>";
        });
    html.markup("</svg></svg>");
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
