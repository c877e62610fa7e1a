package dev.mlops.drift.report;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.baseline.ColumnBaseline.Moments;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Shares of both sides, one below the other: the categories of a column, or what a number column
 * holds beside its axis.
 */
final class Shares {
  private static final int ROW_HEIGHT = 26;
  private static final int LONGEST = 60;

  /** Beside an axis a bar as long as its place stands for at least this share. */
  private static final double LEAST_SCALE = 0.1;

  /**
   * One line.
   *
   * @param label what is counted; at most {@link #LONGEST} characters are shown
   * @param ours whether the label is ours and not a category
   */
  private record Line(String label, boolean ours, boolean marked, long baseline, long serving) {}

  private final List<Line> lines = new ArrayList<>();
  private final long baselineRows;
  private final long rows;
  private final boolean categories;

  private Shares(boolean categories, long baselineRows, long rows) {
    this.categories = categories;
    this.baselineRows = baselineRows;
    this.rows = rows;
  }

  /**
   * Of a column of categories: those that changed most and the most frequent ones.
   *
   * @param most how many categories at most have a line of their own
   * @param marked the cell to point at; -1 for none
   */
  static Shares of(CategoryCells cells, long[] baseline, long[] serving, int most, int marked) {
    Shares shares = new Shares(true, sum(baseline), sum(serving));
    int categories = cells.top().size();
    List<Integer> shown = IntStream.range(0, categories).boxed().toList();
    if (categories > most) {
      List<Integer> byChange = new ArrayList<>(shown);
      byChange.sort(
          Comparator.comparing((Integer cell) -> -shares.change(baseline[cell], serving[cell])));
      List<Integer> chosen = new ArrayList<>(byChange.subList(0, most / 2));
      for (Integer cell : shown) { // the most frequent come first
        if (chosen.size() < most && !chosen.contains(cell)) {
          chosen.add(cell);
        }
      }
      shown = chosen;
    }
    List<Integer> ordered = new ArrayList<>(shown);
    ordered.sort(Shares.order(cells.top()));
    for (int cell : ordered) {
      shares.lines.add(
          new Line(cells.top().get(cell), false, cell == marked, baseline[cell], serving[cell]));
    }
    if (shown.size() < categories) {
      long then = 0;
      long now = 0;
      for (int cell = 0; cell < categories; cell++) {
        if (!shown.contains(cell)) {
          then += baseline[cell];
          now += serving[cell];
        }
      }
      shares.add(Figures.count(categories - shown.size()) + " more", then, now, false);
    }
    shares.add(
        cells.allKnown()
            ? Figures.count(cells.others().size()) + " rare, together"
            : "all others, together",
        baseline[cells.other()],
        serving[cells.other()],
        cells.other() == marked);
    shares.add(
        "not in the baseline",
        baseline[cells.unseen()],
        serving[cells.unseen()],
        cells.unseen() == marked);
    shares.add(
        "missing", baseline[cells.missing()], serving[cells.missing()], cells.missing() == marked);
    return shares;
  }

  /** Numbers that name something in their own order, all else as it comes. */
  private static Comparator<Integer> order(List<String> categories) {
    List<Double> numbers = new ArrayList<>();
    for (String category : categories) {
      try {
        numbers.add(Double.valueOf(category));
      } catch (NumberFormatException e) {
        return Comparator.naturalOrder();
      }
    }
    return Comparator.comparing(numbers::get);
  }

  /** Of what a number column holds beside its axis; empty if there is nothing. */
  static Shares beside(ColumnBaseline column, NumberCells cells, Bins bins, long[] serving) {
    long[] baseline = column.counts();
    Shares shares = new Shares(false, sum(baseline), sum(serving));
    double[] edges = cells.edges();
    int last = edges.length;
    if (last == 0) {
      shares.add("finite", baseline[0], serving[0], false);
    } else {
      shares.add("below the range", baseline[0], serving[0], false);
      String least = Figures.value(column.moments().map(Moments::least).orElse(edges[0]));
      String greatest =
          Figures.value(column.moments().map(Moments::greatest).orElse(edges[last - 1]));
      if (bins.bins().isEmpty() && last > 1) {
        shares.add(
            least.equals(greatest) ? least : least + " to " + greatest,
            sum(baseline, 1, last),
            sum(serving, 1, last),
            false);
      } else {
        shares.add(
            least + " to " + Figures.value(edges[bins.first() - 1]),
            sum(baseline, 1, bins.first()),
            sum(serving, 1, bins.first()),
            false);
        shares.add(
            Figures.value(edges[Math.min(bins.last(), last - 1)]) + " to " + greatest,
            sum(baseline, bins.last() + 1, last),
            sum(serving, bins.last() + 1, last),
            false);
      }
      shares.add("above the range", baseline[last], serving[last], false);
    }
    cell(shares, "−infinity", cells.minusInfinity(), baseline, serving);
    cell(shares, "infinity", cells.infinity(), baseline, serving);
    cell(shares, "NaN", cells.nan(), baseline, serving);
    cell(shares, "missing", cells.missing(), baseline, serving);
    return shares;
  }

  private static void cell(Shares shares, String label, int cell, long[] baseline, long[] serving) {
    shares.add(label, baseline[cell], serving[cell], false);
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  private void add(String label, long baseline, long serving, boolean marked) {
    if (baseline + serving > 0) {
      lines.add(new Line(label, true, marked, baseline, serving));
    }
  }

  private double change(long then, long now) {
    return Math.abs(share(now, rows) - share(then, baselineRows));
  }

  /**
   * Writes the table.
   *
   * @param name what the lines are, the head of their column
   */
  void write(Html html, String name, String title, String description) {
    double greatest = categories ? 0 : LEAST_SCALE;
    for (Line line : lines) {
      greatest =
          Math.max(
              greatest, Math.max(share(line.baseline, baselineRows), share(line.serving, rows)));
    }
    html.markup("<table class=\"c\"><thead><tr><th scope=\"col\">").text(name);
    html.markup("<th class=\"p\"><th scope=\"col\">baseline<th scope=\"col\">serving");
    html.markup("<th scope=\"col\">change</thead><tbody>");
    boolean first = true;
    for (Line line : lines) {
      html.markup(line.marked ? "<tr class=\"m\"" : "<tr").markup(">");
      html.markup(line.ours ? "<th scope=\"row\" class=\"o\">" : "<th scope=\"row\">");
      String shown = Figures.shown(line.label, LONGEST);
      html.markup("<span>");
      html.markup(line.ours ? "" : "<bdi>").text(shown).markup(line.ours ? "" : "</bdi>");
      html.markup("</span>");
      if (first) {
        bars(html, greatest, title, description);
        first = false;
      }
      html.element("td", Figures.percent(line.baseline, baselineRows));
      html.element("td", Figures.percent(line.serving, rows));
      html.element(
          "td",
          rows == 0 || baselineRows == 0
              ? "–"
              : Figures.points(share(line.serving, rows) - share(line.baseline, baselineRows)));
    }
    html.markup("</tbody></table>");
  }

  /** Writes the shares one after the other. */
  void inWords(Html html) {
    html.markup("<p class=\"note\">Beside the axis");
    String before = ": ";
    for (Line line : lines) {
      html.text(before + line.label + " " + Figures.percent(line.baseline, baselineRows));
      html.text(" → " + Figures.percent(line.serving, rows));
      before = ", ";
    }
    html.markup("</p>");
  }

  private void bars(Html html, double greatest, String title, String description) {
    html.markup("<td class=\"p\" rowspan=\"" + lines.size() + "\"><svg role=\"img\" height=\"");
    html.markup(lines.size() * ROW_HEIGHT + "\">");
    html.element("title", title).element("desc", description);
    int y = 0;
    for (Line line : lines) {
      bar(html, "t", y + 5, share(line.baseline, baselineRows) / greatest);
      bar(html, "s", y + 14, share(line.serving, rows) / greatest);
      y += ROW_HEIGHT;
    }
    html.markup("</svg>");
  }

  private static void bar(Html html, String name, int y, double share) {
    if (share > 0) {
      html.markup("<rect class=\"" + name + "\" y=\"" + y + "\" width=\"");
      html.markup(Histogram.number(100 * share) + "%\" height=\"8\"/>");
    }
  }

  private static double share(long part, long rows) {
    return rows == 0 ? 0 : (double) part / rows;
  }

  private static long sum(long[] counts) {
    return sum(counts, 0, counts.length);
  }

  private static long sum(long[] counts, int from, int to) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += counts[i];
    }
    return sum;
  }
}
