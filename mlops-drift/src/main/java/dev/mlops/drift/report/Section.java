package dev.mlops.drift.report;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.compare.ChiSquare;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Measure;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import java.util.Locale;

/** What a page says of one column: its verdict in words, its picture, its evidence in numbers. */
final class Section {
  private static final int LONGEST_WORDS = 600;

  /** How much is said. */
  enum Detail {
    /** All of it. */
    FULL(Bins.MOST, 12),
    /** A coarser picture, and the measures without theirs. */
    SHORT(16, 5),
    /** Words only. */
    WORDS(0, 0);

    final int bins;
    final int categories;

    Detail(int bins, int categories) {
      this.bins = bins;
      this.categories = categories;
    }
  }

  private final Html html;
  private final Strip strip;
  private final Detail detail;

  private Section(Html html, Strip strip, Detail detail) {
    this.html = html;
    this.strip = strip;
    this.detail = detail;
  }

  /** The section of a compared column that is at this place, from 1, among all. */
  static String of(Evidence.Column column, int place, Strip strip, Detail detail) {
    Html html = new Html();
    new Section(html, strip, detail).write(column, place);
    return html.toString();
  }

  private void write(Evidence.Column column, int place) {
    html.markup("<section id=\"c" + place + "\"><div class=\"top\"><h3><bdi>");
    html.text(Figures.shown(column.name(), Page.LONGEST_NAME)).markup("</bdi></h3>");
    html.verdict(column.level());
    html.markup("<span class=\"k\">").text(kind(column)).markup("</span></div>");
    Evidence.Compared both = column.compared().orElseThrow();
    html.markup("<p class=\"why\">");
    html.text(Figures.shown(both.comparison().reason(), LONGEST_WORDS)).markup("</p>");
    if (detail != Detail.WORDS) {
      html.markup("<div class=\"two\">");
      picture(column, both);
      html.markup("<div>");
      if (detail == Detail.SHORT) {
        inShort(both);
      } else if (!both.comparison().measures().isEmpty()) {
        measures(both);
        numbers(both);
      }
      html.markup("</div></div>");
    }
    html.markup("</section>");
  }

  private static String kind(Evidence.Column column) {
    String type = column.type().name().toLowerCase(Locale.ROOT);
    String kind =
        column
            .compared()
            .map(both -> both.baseline().cells() instanceof NumberCells ? ", number" : ", category")
            .orElse("");
    return (column.score() ? "the score, " : "") + type + kind;
  }

  private void picture(Evidence.Column column, Evidence.Compared both) {
    String title = "Baseline and serving of " + Figures.shown(column.name(), Page.LONGEST_NAME);
    html.markup("<div>");
    if (both.baseline().cells() instanceof NumberCells cells) {
      Bins bins =
          Bins.of(
              cells,
              column.type(),
              column.score(),
              both.baseline().counts(),
              both.counts(),
              detail.bins);
      if (!bins.bins().isEmpty()) {
        html.markup("<figure class=\"f\">");
        new Histogram(bins, both.baseline().rows(), both.rows())
            .draw(html, title, histogramInWords(bins), changed(both, Comparison.DISTANCE));
        html.markup("<figcaption>");
        keys(both, " s");
        html.markup("<span>").text(unit(bins)).markup("</span></figcaption></figure>");
      }
      Shares beside = Shares.beside(both.baseline(), cells, bins, both.counts());
      if (!beside.isEmpty() && !bins.bins().isEmpty() && detail == Detail.SHORT) {
        beside.inWords(html);
      } else if (!beside.isEmpty()) {
        beside.write(
            html,
            bins.bins().isEmpty() ? "Values" : "Beside the axis",
            title + ", beside the axis",
            "Shares of all rows.");
      }
    } else if (both.baseline().cells() instanceof CategoryCells cells) {
      Shares.of(
              cells,
              both.baseline().counts(),
              both.counts(),
              detail.categories,
              changed(both, Comparison.SHARE))
          .write(html, "Category", title, "Shares of all rows.");
      html.markup("<p class=\"keys\">");
      keys(both, " s b");
      html.markup("</p>");
    }
    html.markup("</div>");
  }

  /** The cell where a column that is not stable changed most by a measure; -1 if there is none. */
  private static int changed(Evidence.Compared both, String name) {
    return both.comparison().measures().stream()
        .filter(measure -> measure.name().equals(name) && measure.level() != Level.STABLE)
        .mapToInt(Measure::cell)
        .findFirst()
        .orElse(-1);
  }

  /** What is whose; where a page has many columns it is learned from the first ones. */
  private void keys(Evidence.Compared both, String serving) {
    if (detail == Detail.FULL) {
      key("", "baseline, " + Figures.count(both.baseline().rows(), "row"));
      key(serving, "serving, " + Figures.count(both.rows(), "row"));
    }
  }

  private void key(String name, String text) {
    html.markup("<span class=\"key" + name + "\">").text(text).markup("</span>");
  }

  private static String unit(Bins bins) {
    return bins.step() > 0 && bins.unit() == bins.step()
        ? "share of rows at each value"
        : "share of rows per " + Figures.value(bins.unit());
  }

  private static String histogramInWords(Bins bins) {
    return "From "
        + Figures.value(bins.from())
        + " to "
        + Figures.value(bins.to())
        + ": "
        + unit(bins)
        + ".";
  }

  private void measures(Evidence.Compared both) {
    html.markup("<dl class=\"ms\">");
    for (Measure measure : both.comparison().measures()) {
      html.markup("<dt><code>").text(measure.name()).markup("</code>");
      html.verdict(measure.level()).markup("</dt><dd>");
      strip.draw(html, measure);
      bounds(measure);
      if (measure.rows() != both.rows() || measure.baselineRows() != both.baseline().rows()) {
        html.markup("<span class=\"k\">").text("of " + Figures.count(measure.rows()));
        html.text(" finite values against " + Figures.count(measure.baselineRows()));
        html.markup("</span>");
      }
      html.markup("</dd>");
    }
    html.markup("</dl>");
  }

  private void inShort(Evidence.Compared both) {
    html.markup("<p class=\"note\">");
    for (Measure measure : both.comparison().measures()) {
      html.markup("<code>").text(measure.name()).markup("</code> ");
      bounds(measure);
      html.markup("<br>");
    }
    html.markup("</p>");
  }

  private void bounds(Measure measure) {
    html.markup("<b>").text(Figures.effect(measure.effect())).markup("</b>");
    html.text(", at least " + Figures.effect(measure.lower()));
    if (!Double.isNaN(measure.upper())) {
      html.text(", at most " + Figures.effect(measure.upper()));
    }
    html.text("; " + Figures.p(measure.pValue()));
  }

  private void numbers(Evidence.Compared both) {
    Comparison comparison = both.comparison();
    ChiSquare chiSquare = comparison.chiSquare();
    html.markup("<dl class=\"ns\">");
    number(
        "chi-square",
        Figures.statistic(chiSquare.statistic())
            + ", freedom "
            + Figures.count(chiSquare.freedom())
            + ", "
            + Figures.p(chiSquare.pValue()));
    number("psi", Figures.thousandths(comparison.psi()));
    number("jensen-shannon", Figures.thousandths(comparison.jensenShannon()) + " bits");
    both.baseline().moments().ifPresent(this::moments);
    html.markup("</dl>");
  }

  private void number(String name, String text) {
    html.markup("<dt><code>").text(name).markup("</code></dt>").element("dd", text);
  }

  private void moments(ColumnBaseline.Moments moments) {
    html.element("dt", "baseline");
    html.element(
        "dd",
        "mean "
            + Figures.value(moments.mean(), 3)
            + " ± "
            + Figures.value(moments.deviation(), 3)
            + ", from "
            + Figures.value(moments.least())
            + " to "
            + Figures.value(moments.greatest()));
  }
}
