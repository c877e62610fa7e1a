package dev.mlops.drift.report;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.compare.ChiSquare;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Measure;
import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Evidence as one HTML page for people: it needs no other file, asks for nothing and runs no
 * script; light and dark, on a phone and on paper.
 *
 * <p>What others chose, such as names and categories, is only ever text in it. Where many columns
 * would make it too long, those that changed least are told in short.
 */
public final class Page {
  private static final int LONGEST_NAME = 60;
  private static final int LONGEST_WORDS = 600;
  private static final int ID_DIGITS = 12;

  /** How much is said of a column. */
  private enum Detail {
    FULL(Bins.MOST, 12),
    SHORT(15, 5);

    final int bins;
    final int categories;

    Detail(int bins, int categories) {
      this.bins = bins;
      this.categories = categories;
    }
  }

  private final Evidence evidence;
  private final Summary summary;
  private final Strip strip;
  private final Html html = new Html();

  private Page(Evidence evidence) {
    this.evidence = evidence;
    this.summary = Summary.of(evidence);
    double greatest = 0;
    for (Evidence.Column column : evidence.columns()) {
      for (Measure measure : measures(column)) {
        greatest = Math.max(greatest, measure.effect());
        greatest = Double.isNaN(measure.upper()) ? greatest : Math.max(greatest, measure.upper());
      }
    }
    this.strip = new Strip(evidence.rule().delta(), greatest);
  }

  /** The whole page; the same evidence gives the same text on every machine. */
  public static String of(Evidence evidence) {
    return new Page(evidence).write();
  }

  private String write() {
    html.markup("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.markup("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    html.markup("<meta name=\"color-scheme\" content=\"light dark\">");
    // Should a name ever get out of its quotes, there is still nothing it could load or run.
    html.markup("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';");
    html.markup(" style-src 'unsafe-inline'; img-src data:\"><link rel=\"icon\" href=\"data:,\">");
    html.element("title", "Drift of " + evidence.route() + ": " + summary.sentence());
    html.markup("<style>").markup(style()).markup("</style></head>\n<body><main>");
    head();
    if (!evidence.columns().isEmpty()) {
      overview();
      sections();
    }
    howTested();
    return html.markup("</main></body></html>\n").toString();
  }

  private static String style() {
    try (InputStream css = Page.class.getResourceAsStream("page.css")) {
      if (css == null) {
        throw new IllegalStateException("page.css is not beside " + Page.class.getName());
      }
      return new String(css.readAllBytes(), StandardCharsets.UTF_8)
          .replaceAll("\\s+", " ")
          .replaceAll(" ?([{};,]) ?", "$1");
    } catch (IOException e) {
      throw new UncheckedIOException("page.css cannot be read", e);
    }
  }

  // ---- the top ----

  private void head() {
    html.markup("<header><p class=\"over\">Drift report · <bdi>");
    html.text(evidence.route()).markup("</bdi></p>").element("h1", summary.sentence());
    html.markup("<p class=\"tally\">");
    for (Level level : Level.values()) {
      int count = summary.count(level);
      if (count > 0) {
        html.markup("<span>");
        verdict(level);
        html.text(" " + Figures.count(count, "column")).markup("</span>");
      }
    }
    html.markup("</p><dl class=\"facts\">");
    html.markup("<div><dt>Version</dt><dd><bdi>").text(evidence.version().toString());
    html.markup("</bdi> ");
    digest(evidence.version().id());
    html.markup("</dd></div><div><dt>Window, UTC</dt><dd>");
    html.text(Figures.time(evidence.from())).markup("<br>");
    html.text("to " + Figures.time(evidence.to()));
    html.markup(" <span class=\"k\">")
        .text(Figures.duration(Duration.between(evidence.from(), evidence.to())))
        .markup("</span></dd></div><div><dt>Served</dt><dd>");
    html.text(Figures.count(evidence.rows(), "row"));
    if (!evidence.complete()) {
      html.markup("<br><strong>Partial window</strong>: it was looked at, or ended, early.");
    }
    html.markup("</dd></div><div><dt>Baseline</dt><dd>");
    if (evidence.baseline().isPresent()) {
      html.text(Figures.count(evidence.baselineRows(), "training row")).markup(" ");
      digest(evidence.baseline().get());
    } else {
      html.text("none came with this version");
    }
    html.markup("</dd></div><div><dt>Rule</dt><dd>");
    html.text("delta " + Figures.value(evidence.rule().delta()) + ", alpha ");
    html.text(Figures.value(evidence.rule().alpha()));
    html.markup(" <a class=\"k\" href=\"#how\">how it was tested</a></dd></div></dl></header>");
  }

  private void digest(String digest) {
    int digits = digest.indexOf(':') + 1;
    String start = digest.substring(digits, Math.min(digest.length(), digits + ID_DIGITS));
    html.markup("<code class=\"k\" title=\"").text(digest).markup("\">").text(start).markup("…");
    html.markup("</code>");
  }

  private void verdict(Level level) {
    html.markup("<span class=\"v " + mark(level) + "\">" + level + "</span>");
  }

  /** The class that gives a verdict its colour and shape. */
  static String mark(Level level) {
    return level.name().substring(0, 1).toLowerCase(Locale.ROOT);
  }

  // ---- all columns ----

  private void overview() {
    html.markup("<h2>All columns, largest change first</h2><table class=\"all\"><thead><tr>");
    html.markup("<th scope=\"col\">Column<th scope=\"col\">Verdict<th scope=\"col\" class=\"z\">");
    strip.scale(html);
    html.markup("<th scope=\"col\" class=\"r\">Change<th scope=\"col\" class=\"r w\">At least");
    html.markup("<th scope=\"col\" class=\"r w\">At most<th scope=\"col\" class=\"r w\">p-value");
    html.markup("<th scope=\"col\" class=\"r w\">PSI<th scope=\"col\" class=\"r w\">JS, bits");
    html.markup("</thead><tbody>");
    int number = 0;
    for (Evidence.Column column : summary.ranked()) {
      number++;
      html.markup("<tr><th scope=\"row\"><a href=\"#c" + number + "\"><bdi>");
      html.text(Figures.shown(column.name(), LONGEST_NAME)).markup("</bdi></a>");
      html.markup(column.score() ? " <span class=\"k\">score</span><td>" : "<td>");
      verdict(Summary.level(column));
      Optional<Measure> deciding = Summary.deciding(column);
      html.markup("<td class=\"z\">");
      deciding.ifPresent(measure -> strip.draw(html, measure));
      cell("r", deciding.map(measure -> Figures.effect(measure.effect())));
      cell("r w", deciding.map(measure -> Figures.effect(measure.lower())));
      cell("r w", deciding.map(measure -> Figures.effect(measure.upper())));
      cell("r w", deciding.map(measure -> Figures.chance(measure.pValue())));
      Optional<Comparison> comparison = column.compared().map(Evidence.Compared::comparison);
      cell("r w", comparison.map(Comparison::psi).map(Figures::effect));
      cell("r w", comparison.map(Comparison::jensenShannon).map(Figures::effect));
    }
    html.markup("</tbody></table><p class=\"note\">The mark is the change that was measured, the");
    html.markup(" bar what it is at least and at most beyond chance, the dashed line delta: a");
    html.markup(" column has drifted when the whole bar lies beyond delta, and is stable when");
    html.markup(" the whole bar lies before it.</p>");
  }

  private void cell(String name, Optional<String> text) {
    html.markup("<td class=\"" + name + "\">").text(text.orElse("–"));
  }

  // ---- column by column ----

  private void sections() {
    html.markup("<h2>Column by column</h2>");
    int number = 0;
    for (Evidence.Column column : summary.ranked()) {
      html.markup("<section id=\"c" + ++number + "\"><div class=\"top\"><h3><bdi>");
      html.text(Figures.shown(column.name(), LONGEST_NAME)).markup("</bdi></h3>");
      verdict(Summary.level(column));
      html.markup("<span class=\"k\">").text(kind(column)).markup("</span></div>");
      if (column.compared().isPresent()) {
        compared(column, column.compared().get(), Detail.FULL);
      } else {
        html.markup("<p class=\"why\">").text(Figures.shown(column.problem(), LONGEST_WORDS));
        html.markup("</p>");
      }
      html.markup("</section>");
    }
  }

  private static String kind(Evidence.Column column) {
    String type = column.type().name().toLowerCase(Locale.ROOT);
    String kind =
        column
            .compared()
            .map(
                both ->
                    both.baseline().cells() instanceof NumberCells ? ", a number" : ", a category")
            .orElse("");
    return (column.score() ? "the score, " : "") + type + kind;
  }

  private void compared(Evidence.Column column, Evidence.Compared both, Detail detail) {
    Comparison comparison = both.comparison();
    html.markup("<p class=\"why\">").text(Figures.shown(comparison.reason(), LONGEST_WORDS));
    html.markup("</p><div class=\"two\">");
    picture(column, both, detail);
    html.markup("<div>");
    measures(comparison);
    numbers(both);
    html.markup("</div></div>");
  }

  private void picture(Evidence.Column column, Evidence.Compared both, Detail detail) {
    String title = "Baseline and serving of " + Figures.shown(column.name(), LONGEST_NAME);
    Optional<Measure> deciding = Summary.deciding(both.comparison());
    boolean pointed =
        both.comparison().level() != Level.STABLE
            && deciding.isPresent()
            && deciding.get().cell() >= 0;
    int cell = pointed ? deciding.get().cell() : -1;
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
        boolean distance = pointed && deciding.get().name().equals(Comparison.DISTANCE);
        new Histogram(bins, both.baseline().rows(), sum(both.counts()))
            .draw(html, title, histogramInWords(bins), distance ? cell : -1);
        html.markup("<figcaption>");
        key("", "baseline, " + Figures.count(both.baseline().rows(), "row"));
        key(" s", "serving, " + Figures.count(sum(both.counts()), "row"));
        html.markup("<span>").text(unit(bins)).markup("</span></figcaption></figure>");
      }
      Shares beside = Shares.beside(cells, bins, both.baseline().counts(), both.counts());
      if (!beside.isEmpty()) {
        beside.write(
            html,
            bins.bins().isEmpty() ? "Values" : "Beside the axis",
            title + ", beside the axis",
            "Shares of all rows.");
      }
    } else if (both.baseline().cells() instanceof CategoryCells cells) {
      Shares.of(cells, both.baseline().counts(), both.counts(), detail.categories, cell)
          .write(html, "Category", title, "Shares of all rows.");
      html.markup("<p class=\"note\">");
      key("", "baseline, " + Figures.count(both.baseline().rows(), "row"));
      html.markup(" &nbsp; ");
      key(" s b", "serving, " + Figures.count(sum(both.counts()), "row"));
      html.markup("</p>");
    }
    html.markup("</div>");
  }

  private void key(String name, String text) {
    html.markup("<span class=\"key" + name + "\">").text(text).markup("</span>");
  }

  private static String unit(Bins bins) {
    return bins.grid()
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

  private void measures(Comparison comparison) {
    html.markup("<dl class=\"ms\">");
    for (Measure measure : comparison.measures()) {
      html.markup("<dt><code>").text(measure.name()).markup("</code>");
      verdict(measure.level());
      html.markup("</dt><dd>");
      strip.draw(html, measure);
      html.markup("<b>").text(Figures.effect(measure.effect())).markup("</b>");
      html.text(", at least " + Figures.effect(measure.lower()));
      if (!Double.isNaN(measure.upper())) {
        html.text(", at most " + Figures.effect(measure.upper()));
      }
      html.text("; p-value " + Figures.chance(measure.pValue()));
      html.markup("<span class=\"k\">");
      html.text("of " + Figures.count(measure.rows()) + " serving and ");
      html.text(Figures.count(measure.baselineRows(), "baseline row")).markup("</span></dd>");
    }
    html.markup("</dl>");
  }

  private void numbers(Evidence.Compared both) {
    ChiSquare chiSquare = both.comparison().chiSquare();
    html.markup("<p class=\"note\"><code>chi-square</code> ");
    html.text(Figures.statistic(chiSquare.statistic()) + ", " + chiSquare.freedom());
    html.text(" degrees of freedom, p-value " + Figures.chance(chiSquare.pValue()));
    html.markup("; <code>psi</code> ").text(Figures.effect(both.comparison().psi()));
    html.markup("; <code>jensen-shannon</code> ");
    html.text(Figures.effect(both.comparison().jensenShannon())).markup(" bits");
    both.baseline().moments().ifPresent(this::moments);
    html.markup("</p>");
  }

  private void moments(ColumnBaseline.Moments moments) {
    html.text("; the baseline's mean " + Figures.value(moments.mean()));
    html.text(", deviation " + Figures.value(moments.deviation()));
    html.text(", from " + Figures.value(moments.least()));
    html.text(" to " + Figures.value(moments.greatest()));
  }

  private static List<Measure> measures(Evidence.Column column) {
    return column.compared().map(both -> both.comparison().measures()).orElse(List.of());
  }

  private static long sum(long[] counts) {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }

  // ---- how it was tested ----

  private void howTested() {
    Rule rule = evidence.rule();
    html.markup("<div class=\"how\"><h2 id=\"how\">How it was tested</h2><p>");
    html.text("Each column's counts in this window were compared with its counts in the training ");
    html.text("data, in the same cells. Nothing but counts was kept.").markup("</p><dl>");
    for (Map.Entry<String, String> said : words(rule).entrySet()) {
      html.element("dt", said.getKey()).element("dd", said.getValue());
    }
    html.markup("</dl><h2>Formulas</h2><dl>");
    for (Map.Entry<String, String> formula : Formulas.byName().entrySet()) {
      html.markup("<dt><code>").text(formula.getKey()).markup("</code></dt><dd>");
      html.text(formula.getValue()).markup("</dd>");
    }
    html.markup("</dl><p>The report as JSON holds every count, from which each number here can be");
    html.markup(" computed again.</p></div>");
  }

  private Map<String, String> words(Rule rule) {
    String delta = Figures.value(rule.delta());
    String alpha = Figures.value(rule.alpha());
    int columns =
        Math.toIntExact(evidence.columns().stream().filter(c -> c.compared().isPresent()).count());
    Map<String, String> words = new LinkedHashMap<>();
    words.put("DRIFT", "The change is larger than delta (" + delta + "), beyond chance.");
    words.put("STABLE", "The change is smaller than delta, beyond chance. It need not be none.");
    words.put(
        "INSUFFICIENT",
        "Neither can be said with these rows; the column's own words say what would suffice.");
    words.put(
        "alpha",
        "At most a share of "
            + alpha
            + " of windows call a column DRIFT that changed by no more than delta, and as many call"
            + " one STABLE that changed by delta or more.");
    if (columns > 1) {
      words.put(
          "Many columns",
          "Each is tested by itself, so more columns mean more false alarms: of "
              + columns
              + " at most "
              + Figures.value(rule.alpha() * columns)
              + " a window are to be expected.");
    }
    words.put(
        "p-value",
        "The chance of a change at least as large if nothing had changed. With many rows a change"
            + " that does not matter has a small one too: the verdict rests on delta.");
    words.put(
        "What it takes for granted",
        "Rows that come independently of each other. Retries and sessions make chance look smaller"
            + " than it is.");
    return words;
  }
}
