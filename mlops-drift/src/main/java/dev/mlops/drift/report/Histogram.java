package dev.mlops.drift.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * Both sides of a number column on one axis: the baseline as an area, serving as a line.
 *
 * <p>The picture is as wide as its place: shapes are stretched, text and lines are not.
 */
final class Histogram {
  /** The height of the plot, in its own units and in pixels; its width is 1000 units. */
  private static final int HEIGHT = 140;

  private static final int WIDTH = 1000;
  private static final int TOP = 16;
  private static final int BOTTOM = TOP + HEIGHT;
  private static final double NARROWEST = 300;
  private static final double CHARACTER = 7;
  private static final double APART = 14;
  private static final int MOST_TICKS = 12;
  private static final int MOST_DIGITS = 9;

  private final Bins bins;
  private final long baselineRows;
  private final long rows;
  private final double greatest;

  Histogram(Bins bins, long baselineRows, long rows) {
    this.bins = bins;
    this.baselineRows = baselineRows;
    this.rows = rows;
    double height = 0;
    for (Bins.Bin bin : bins.bins()) {
      height = Math.max(height, bins.height(bin, bin.baseline(), baselineRows));
      height = Math.max(height, bins.height(bin, bin.serving(), rows));
    }
    this.greatest = height == 0 ? 1 : height;
  }

  /** What all pictures have in common; it stands in the page once. */
  static void define(Html html) {
    html.markup("<line id=\"g\" x2=\"100%\"/><line id=\"k\" y2=\"4\"/>");
  }

  /**
   * Draws.
   *
   * @param title what it is a picture of
   * @param description what it shows, in words
   * @param marked the edge at which the distance is largest; -1 to mark none
   */
  void draw(Html html, String title, String description, int marked) {
    html.markup("<svg class=\"h\" role=\"img\">");
    html.element("title", title).element("desc", description);
    for (double tick : Scale.ticks(0, greatest, 3)) {
      String y = number(BOTTOM - tick / greatest * HEIGHT);
      html.markup("<use href=\"#g\" y=\"" + y + "\"/><text class=\"y\" x=\"-6\" y=\"" + y);
      html.markup("\">").text(Figures.value(100 * tick) + "\u00a0%").markup("</text>");
    }
    html.markup("<svg y=\"" + TOP + "\" height=\"" + HEIGHT + "\" viewBox=\"0 0 " + WIDTH + " ");
    html.markup(HEIGHT + "\" preserveAspectRatio=\"none\"><path class=\"t\" d=\"");
    html.markup(outline(Bins.Bin::baseline, baselineRows)).markup("\"/>");
    if (rows > 0) {
      html.markup("<path class=\"s\" d=\"").markup(outline(Bins.Bin::serving, rows)).markup("\"/>");
    }
    html.markup("</svg>");
    mark(html, marked);
    axis(html);
    html.markup("</svg>");
  }

  /** The way along the tops of the bins, from the axis and back to it. */
  private String outline(ToLongFunction<Bins.Bin> count, long of) {
    StringBuilder way = new StringBuilder("M0 ").append(HEIGHT);
    int drawn = 0;
    int y = HEIGHT;
    int x = 0;
    for (Bins.Bin bin : bins.bins()) {
      double height = bins.height(bin, count.applyAsLong(bin), of) / greatest * HEIGHT;
      // What is there is seen, if only as a line above the axis.
      int top = HEIGHT - (int) (count.applyAsLong(bin) == 0 ? 0 : Math.max(1, Math.round(height)));
      if (top != y) {
        way.append(x > drawn ? "H" + x : "").append('V').append(top);
        drawn = x;
        y = top;
      }
      x = (int) Math.round((bin.to() - bins.from()) / (bins.to() - bins.from()) * WIDTH);
    }
    return way.append('H').append(x).append('V').append(HEIGHT).toString();
  }

  private void mark(Html html, int edge) {
    if (edge < 0) {
      return;
    }
    double share = (bins.at()[edge] - bins.from()) / (bins.to() - bins.from());
    if (share < 0 || share > 1) {
      return;
    }
    String x = place(bins.at()[edge]);
    html.markup(
        "<line class=\"m\" x1=\"" + x + "\" x2=\"" + x + "\" y1=\"4\" y2=\"" + BOTTOM + "\"/>");
    html.markup(
        "<text class=\"m\" x=\""
            + x
            + "\" y=\"10\" dx=\""
            + (share > 0.5 ? "-5\" text-anchor=\"end" : "5")
            + "\">largest gap</text>");
  }

  private void axis(Html html) {
    html.markup("<g class=\"a\" transform=\"translate(0 " + BOTTOM + ")\"><use href=\"#g\"/>");
    List<Double> ticks = ticks();
    for (double tick : ticks) {
      String x = place(tick);
      html.markup("<use href=\"#k\" x=\"" + x + "\"/><text x=\"" + x + "\" y=\"17\">");
      html.text(label(tick, ticks)).markup("</text>");
    }
    html.markup("</g>");
  }

  private String place(double value) {
    return number(100 * (value - bins.from()) / (bins.to() - bins.from())) + "%";
  }

  /** As many ticks as have room on a phone; where each bin is a value, some of those. */
  private List<Double> ticks() {
    for (int most = MOST_TICKS; most > 2; most--) {
      List<Double> ticks = Scale.ticks(bins.from(), bins.to(), most);
      if (fit(ticks) && ticks.stream().allMatch(this::onGrid)) {
        return ticks;
      }
    }
    if (bins.step() == 0) {
      return Scale.ticks(bins.from(), bins.to(), 2);
    }
    for (int every = 1; ; every++) {
      List<Double> ticks = new ArrayList<>();
      for (double tick = bins.origin(); tick <= bins.to(); tick += every * bins.step()) {
        if (tick >= bins.from()) {
          ticks.add(tick);
        }
      }
      if (fit(ticks)) {
        return ticks;
      }
    }
  }

  private boolean onGrid(double tick) {
    double steps = bins.step() == 0 ? 0 : (tick - bins.origin()) / bins.step();
    return Math.abs(steps - Math.rint(steps)) < 1e-6;
  }

  private static boolean fit(List<Double> ticks) {
    double taken = 0;
    for (double tick : ticks) {
      taken += label(tick, ticks).length() * CHARACTER + APART;
    }
    return taken <= NARROWEST;
  }

  /** With as many digits as tell each tick from the next. */
  private static String label(double tick, List<Double> ticks) {
    if (ticks.size() < 2) {
      return Figures.value(tick);
    }
    double first = Math.abs(ticks.get(0));
    double last = Math.abs(ticks.get(ticks.size() - 1));
    double apart = ticks.get(1) - ticks.get(0);
    double digits = Math.ceil(Math.log10(Math.max(first, last) / apart)) + 2;
    return Figures.value(tick, (int) Math.max(1, Math.min(MOST_DIGITS, digits)));
  }

  static String number(double value) {
    String text = String.format(Locale.ROOT, "%.1f", value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
