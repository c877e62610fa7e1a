package dev.mlops.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Times as an SVG: a panel a subject, a bar a contender, on a logarithmic scale that all panels
 * share; readable on light and on dark pages.
 */
final class Bars {
  /**
   * A bar.
   *
   * @param micros its end, whose value is written
   * @param upTo where the thin line ends that shows how much more it can be
   * @param ours whether it is in our colour
   */
  record Bar(String name, double micros, double upTo, boolean ours) {}

  private record Panel(String title, List<Bar> bars) {}

  private static final int WIDTH = 860;
  private static final int LEFT = 240;
  private static final int RIGHT = 60;
  private static final int TOP = 62;
  private static final int BAR = 18;
  private static final int HEAD = 30;

  private final String title;
  private final String axis;
  private final List<Panel> panels = new ArrayList<>();
  private final StringBuilder svg = new StringBuilder();
  private double least = Double.MAX_VALUE;
  private double most;

  /** A picture without bars. */
  Bars(String title, String axis) {
    this.title = title;
    this.axis = axis;
  }

  Bars panel(String name, List<Bar> bars) {
    panels.add(new Panel(name, bars));
    for (Bar bar : bars) {
      least = Math.min(least, Math.floor(Math.log10(bar.micros())));
      most = Math.max(most, Math.ceil(Math.log10(Math.max(bar.micros(), bar.upTo()))));
    }
    return this;
  }

  /** The picture. */
  String svg() {
    int height = TOP + 20;
    for (Panel panel : panels) {
      height += HEAD + panel.bars().size() * BAR;
    }
    add(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" \
        aria-label="%s">
        <style>
          svg { --page: #ffffff; --ink: #1f2328; --faint: #d1d9e0; --ours: #1a7f37; --others: #0969da; }
          @media (prefers-color-scheme: dark) {
            svg { --page: #0d1117; --ink: #e6edf3; --faint: #30363d; --ours: #3fb950; --others: #58a6ff; }
          }
          text { fill: var(--ink); font: 13px sans-serif; }
          .panel { font-weight: bold; }
          .axis { stroke: var(--faint); stroke-width: 1; }
          .more { stroke: var(--ink); stroke-width: 1; }
        </style>
        <rect width="%d" height="%d" fill="var(--page)"/>
        """,
        WIDTH, height, WIDTH, height, title, WIDTH, height);
    text(14, 20, "start", title);
    for (double power = least; power <= most; power++) {
      double x = x(Math.pow(10, power));
      add(
          "<line class=\"axis\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>%n",
          x, TOP - 4, x, height - 14);
      text(x, TOP - 10, "middle", number(Math.pow(10, power)));
    }
    text(14, TOP - 10, "start", axis);
    int y = TOP;
    for (Panel panel : panels) {
      add("<text class=\"panel\" x=\"14\" y=\"%d\">%s</text>%n", y + 20, panel.title());
      y += HEAD;
      for (Bar bar : panel.bars()) {
        bar(bar, y);
        y += BAR;
      }
    }
    return svg.append("</svg>\n").toString();
  }

  private void bar(Bar bar, int y) {
    double end = x(bar.micros());
    text(LEFT - 8, y + 12, "end", bar.name());
    add(
        "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"var(--%s)\"/>%n",
        LEFT, y + 2, Math.max(1, end - LEFT), BAR - 5, bar.ours() ? "ours" : "others");
    double more = Math.max(end, x(bar.upTo()));
    add(
        "<line class=\"more\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
        end, y + BAR / 2.0 - 0.5, more, y + BAR / 2.0 - 0.5);
    text(more + 6, y + 12, "start", number(bar.micros()));
  }

  private void text(double x, double y, String anchor, String says) {
    add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, says);
  }

  private void add(String form, Object... values) {
    svg.append(String.format(Locale.ROOT, form, values));
  }

  private double x(double micros) {
    double share = (Math.log10(micros) - least) / (most - least);
    return LEFT + share * (WIDTH - LEFT - RIGHT);
  }

  /** Two or three digits that count. */
  static String number(double value) {
    if (value >= 100) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return String.format(Locale.ROOT, value >= 10 ? "%.1f" : value >= 0.1 ? "%.2f" : "%.3f", value)
        .replaceAll("\\.0+$", "");
  }
}
