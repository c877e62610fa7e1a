package dev.mlops.runtime;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Latency around swaps as SVG: over the time to the moment a new version serves, on a logarithmic
 * scale, readable on light and on dark pages.
 */
final class LatencyPicture {
  /** A call: when it was to start, against the moment the new version serves, and what it took. */
  record Point(double atMillis, double tookMillis) {}

  private static final int WIDTH = 860;
  private static final int HEIGHT = 440;
  private static final int LEFT = 70;
  private static final int RIGHT = 20;
  private static final int TOP = 64;
  private static final int BOTTOM = 56;
  private static final double SPAN = 300; // ms on either side
  private static final double BIN = 10;
  private static final int LEAST = -1; // powers of ten of a millisecond
  private static final int MOST = 3;

  private final StringBuilder svg = new StringBuilder();

  private LatencyPicture() {}

  /**
   * The picture.
   *
   * @param swaps how many
   * @param load how long a swap takes, in ms
   * @param free calls while the runtime swaps
   * @param locked calls while a caller loads under a lock
   */
  static String of(int swaps, double load, List<Point> free, List<Point> locked) {
    return new LatencyPicture().draw(swaps, load, free, locked);
  }

  private String draw(int swaps, double load, List<Point> free, List<Point> locked) {
    add(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" \
        aria-label="Latency of calls around %d swaps">
        <style>
          svg { --page: #ffffff; --ink: #1f2328; --faint: #d1d9e0; --load: #eaeef2; --half: #0969da; \
        --p99: #8250df; --most: #1a7f37; --locked: #cf222e; }
          @media (prefers-color-scheme: dark) {
            svg { --page: #0d1117; --ink: #e6edf3; --faint: #30363d; --load: #21262d; --half: #58a6ff; \
        --p99: #bc8cff; --most: #3fb950; --locked: #ff7b72; }
          }
          text { fill: var(--ink); font: 13px sans-serif; }
          .axis { stroke: var(--faint); stroke-width: 1; }
          .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        </style>
        <rect width="%d" height="%d" fill="var(--page)"/>
        """,
        WIDTH, HEIGHT, WIDTH, HEIGHT, swaps, WIDTH, HEIGHT);
    add(
        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"var(--load)\"/>%n",
        x(-load), TOP, x(0) - x(-load), HEIGHT - TOP - BOTTOM);
    axes();
    line("locked", "4 2", locked, LatencyPicture::most);
    line("most", "", free, LatencyPicture::most);
    line("p99", "", free, took -> quantile(took, 0.99));
    line("half", "", free, took -> quantile(took, 0.5));
    int at = LEFT;
    at = key(at, "half", "", "half of the calls");
    at = key(at, "p99", "", "99 %");
    at = key(at, "most", "", "slowest of " + swaps + " swaps");
    key(at, "locked", "4 2", "slowest, if callers waited for the load");
    text(LEFT, 20, "start", "Latency from intended start, ms");
    text(
        WIDTH - RIGHT,
        20,
        "end",
        String.format(Locale.ROOT, "shaded: the new version is loaded, %.0f ms", load));
    text(
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 14,
        "middle",
        "intended start of the call, ms from the moment the new version serves");
    return svg.append("</svg>\n").toString();
  }

  private void axes() {
    for (int power = LEAST; power <= MOST; power++) {
      double y = y(Math.pow(10, power));
      rule(LEFT, y, WIDTH - RIGHT, y);
      text(LEFT - 8, y + 4, "end", power < 0 ? "0.1" : String.valueOf((int) Math.pow(10, power)));
    }
    for (int ms = (int) -SPAN; ms <= SPAN; ms += 100) {
      rule(x(ms), HEIGHT - BOTTOM, x(ms), HEIGHT - BOTTOM + 5);
      text(x(ms), HEIGHT - BOTTOM + 20, "middle", String.valueOf(ms));
    }
    rule(x(0), TOP, x(0), HEIGHT - BOTTOM);
  }

  private int key(int x, String colour, String dashes, String says) {
    add(
        "<path class=\"line\" stroke=\"var(--%s)\" stroke-dasharray=\"%s\" d=\"M%d 42h22\"/>%n",
        colour, dashes, x);
    text(x + 28, 46, "start", says);
    return x + 48 + 7 * says.length();
  }

  private void line(
      String colour, String dashes, List<Point> points, ToDoubleFunction<double[]> figure) {
    StringBuilder path = new StringBuilder();
    for (double bin = -SPAN; bin < SPAN; bin += BIN) {
      double from = bin;
      double[] took =
          points.stream()
              .filter(point -> point.atMillis() >= from && point.atMillis() < from + BIN)
              .mapToDouble(Point::tookMillis)
              .toArray();
      if (took.length > 0) {
        path.append(
            String.format(
                Locale.ROOT,
                "%s%.1f %.1f",
                path.isEmpty() ? "M" : "L",
                x(bin + BIN / 2),
                y(figure.applyAsDouble(took))));
      }
    }
    add(
        "<path class=\"line\" stroke=\"var(--%s)\" stroke-dasharray=\"%s\" d=\"%s\"/>%n",
        colour, dashes, path);
  }

  private void rule(double x1, double y1, double x2, double y2) {
    add("<line class=\"axis\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n", x1, y1, x2, y2);
  }

  private void text(double x, double y, String anchor, String says) {
    add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, says);
  }

  private void add(String form, Object... values) {
    svg.append(String.format(Locale.ROOT, form, values));
  }

  private static double x(double millis) {
    return LEFT + (millis + SPAN) / (2 * SPAN) * (WIDTH - LEFT - RIGHT);
  }

  private static double y(double millis) {
    double power = Math.max(LEAST, Math.min(MOST, Math.log10(millis)));
    return HEIGHT - BOTTOM - (power - LEAST) / (MOST - LEAST) * (HEIGHT - TOP - BOTTOM);
  }

  private static double most(double[] values) {
    return Arrays.stream(values).max().orElseThrow();
  }

  private static double quantile(double[] values, double share) {
    Arrays.sort(values);
    return values[Math.max(0, (int) Math.ceil(share * values.length) - 1)];
  }
}
