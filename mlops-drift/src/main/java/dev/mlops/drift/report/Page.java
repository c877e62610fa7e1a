package dev.mlops.drift.report;

import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Measure;
import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.report.Section.Detail;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
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
final class Page {
  /** In bytes; what is asked for is less than 300,000. */
  private static final long LARGEST = 290_000;

  /** In bytes, of those: for columns without a picture, some 80 of them. */
  private static final long FOR_WORDS = LARGEST / 4;

  static final int LONGEST_NAME = 60;
  private static final int LONGEST_WORDS = 600;
  private static final int MOST_NAMES = 100;
  private static final int ID_DIGITS = 12;

  private final Evidence evidence;
  private final Summary summary;
  private final Strip strip;

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
  static String of(Evidence evidence) {
    return new Page(evidence).write();
  }

  /**
   * Pictures for as many as there is room for, the first ranked first; of the rest the next ones
   * are told in words, for which some of the pictures give way, but none of a drifted column while
   * all of those have theirs.
   */
  private String write() {
    List<Evidence.Column> columns = summary.ranked();
    List<String> lines = new ArrayList<>();
    List<String> sections = new ArrayList<>();
    long left = LARGEST - length(page(List.of(), List.of()));
    left = add(lines, sections, Detail.SHORT, left);
    int drawn = sections.size();
    if (drawn == columns.size()) {
      enlarge(sections, left);
      return page(lines, sections);
    }
    long words = 0;
    for (int i = drawn; i < columns.size() && words < FOR_WORDS; i++) {
      words += size(line(columns.get(i), i + 1), section(columns.get(i), i + 1, Detail.WORDS));
    }
    int drifted = summary.count(Level.DRIFT);
    while (drawn > 0 && drawn != drifted && left < Math.min(words, FOR_WORDS)) {
      drawn--;
      String line = lines.remove(drawn);
      left += size(line, sections.remove(drawn));
      words += size(line, section(columns.get(drawn), drawn + 1, Detail.WORDS));
    }
    add(lines, sections, Detail.WORDS, left);
    return page(lines, sections);
  }

  /**
   * Adds the next columns, while there is room. The first is told in full, as it says what is what.
   *
   * @return the room left
   */
  private long add(List<String> lines, List<String> sections, Detail detail, long left) {
    List<Evidence.Column> columns = summary.ranked();
    for (int i = lines.size(); i < columns.size(); i++) {
      String line = line(columns.get(i), i + 1);
      String section = section(columns.get(i), i + 1, i == 0 ? Detail.FULL : detail);
      left -= size(line, section);
      if (left < 0) {
        return left + size(line, section);
      }
      lines.add(line);
      sections.add(section);
    }
    return left;
  }

  /** Tells in full what there is room for. */
  private void enlarge(List<String> sections, long left) {
    for (int i = 1; i < sections.size(); i++) {
      String full = section(summary.ranked().get(i), i + 1, Detail.FULL);
      left -= length(full) - length(sections.get(i));
      if (left < 0) {
        return;
      }
      sections.set(i, full);
    }
  }

  /** Of a column that was not compared nothing is drawn: it is told with those like it. */
  private String section(Evidence.Column column, int place, Detail detail) {
    return column.compared().isPresent() ? Section.of(column, place, strip, detail) : "";
  }

  private static long length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** Of a column's line and section, each on a line of the page. */
  private static long size(String line, String section) {
    return length(line) + length(section) + 2;
  }

  private String page(List<String> lines, List<String> sections) {
    Html html = new Html();
    html.markup("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.markup("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    html.markup("<meta name=\"color-scheme\" content=\"light dark\">");
    // Should a name ever get out of its quotes, there is still nothing it could load or run.
    html.markup("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';");
    html.markup(" style-src 'unsafe-inline'; img-src data:\"><link rel=\"icon\" href=\"data:,\">");
    html.element("title", "Drift of " + evidence.route() + ": " + summary.sentence());
    html.markup("<style>").markup(style()).markup("</style></head>\n<body>");
    html.markup("<svg class=\"defs\" aria-hidden=\"true\"><defs>");
    strip.define(html);
    Histogram.define(html);
    html.markup("</defs></svg><main>");
    head(html);
    if (evidence.columns().stream().anyMatch(column -> column.deciding().isPresent())) {
      overview(html, lines);
    }
    if (evidence.columns().stream().anyMatch(column -> column.compared().isPresent())) {
      html.markup("<h2>Column by column</h2>\n");
      sections.forEach(section -> html.markup(section).markup("\n"));
    }
    notCompared(html);
    howTested(html);
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

  private void head(Html html) {
    html.markup("<header><p class=\"over\">Drift report · <bdi>");
    html.text(evidence.route()).markup("</bdi></p>").element("h1", summary.sentence());
    html.markup("<p class=\"tally\">");
    for (Level level : Level.values()) {
      int count = summary.count(level);
      if (count > 0) {
        html.markup("<span>");
        html.verdict(level);
        html.text(" " + Figures.count(count, "column")).markup("</span>");
      }
    }
    html.markup("</p><dl class=\"facts\">");
    html.markup("<div><dt>Version</dt><dd><bdi>").text(evidence.version().toString());
    html.markup("</bdi> ");
    digest(html, evidence.version().id());
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
    if (evidence.lost() > 0) {
      html.markup("<br><strong>Not counted</strong>: ");
      html.text(Figures.count(evidence.lost(), "prediction") + " whose values could not be read.");
    }
    html.markup("</dd></div><div><dt>Baseline</dt><dd>");
    if (evidence.baseline().isPresent()) {
      html.text(Figures.count(evidence.baselineRows(), "training row")).markup(" ");
      digest(html, evidence.baseline().get());
    } else {
      html.text("none came with this version");
    }
    html.markup("</dd></div><div><dt>Rule</dt><dd>");
    html.text("delta " + Figures.value(evidence.rule().delta()) + ", alpha ");
    html.text(Figures.value(evidence.rule().alpha()));
    html.markup("<br><a class=\"k\" href=\"#how\">how it was tested</a></dd></div></dl></header>");
  }

  private static void digest(Html html, String digest) {
    int digits = digest.indexOf(':') + 1;
    String start = digest.substring(digits, Math.min(digest.length(), digits + ID_DIGITS));
    html.markup("<code class=\"k\" title=\"").text(digest).markup("\">").text(start).markup("…");
    html.markup("</code>");
  }

  /** The class that gives a verdict its colour and shape. */
  static String mark(Level level) {
    return level.name().substring(0, 1).toLowerCase(Locale.ROOT);
  }

  // ---- all columns ----

  private void overview(Html html, List<String> lines) {
    html.markup("<h2>All columns</h2><table class=\"all\"><thead><tr>");
    html.markup("<th scope=\"col\">Column<th scope=\"col\">Verdict<th scope=\"col\" class=\"z\">");
    strip.scale(html);
    html.markup("<th scope=\"col\" class=\"r\">Change<th scope=\"col\" class=\"r w\">At least");
    html.markup("<th scope=\"col\" class=\"r w\">At most<th scope=\"col\" class=\"r w\">p-value");
    html.markup("<th scope=\"col\" class=\"r w\">PSI<th scope=\"col\" class=\"r w\">JS, bits");
    html.markup("</thead><tbody>\n");
    lines.forEach(line -> html.markup(line).markup("\n"));
    html.markup("</tbody></table><p class=\"note\">");
    int more = evidence.columns().size() - lines.size();
    if (more > 0) {
      html.markup("<strong>").text(Figures.count(more, "further column"));
      html.text(" changed less and would make this page too long; the JSON has them.");
      html.markup("</strong><br>");
    }
    html.markup("Drifted columns first, then by change. The mark is the change measured, the");
    html.markup(" bar what it is at least and at most beyond chance, the dashed line delta: a");
    html.markup(" column has drifted when the whole bar lies beyond delta, and is stable when");
    html.markup(" the whole bar lies before it.</p>");
  }

  private String line(Evidence.Column column, int place) {
    Html html = new Html();
    String target = column.compared().isPresent() ? "c" + place : "none";
    html.markup("<tr><th scope=\"row\"><a href=\"#" + target + "\"><bdi>");
    html.text(Figures.shown(column.name(), LONGEST_NAME)).markup("</bdi></a>");
    html.markup(column.score() ? " <span class=\"k\">score</span><td>" : "<td>");
    html.verdict(column.level()).markup("<td class=\"z\">");
    Optional<Measure> deciding = column.deciding();
    deciding.ifPresent(measure -> strip.draw(html, measure));
    cell(html, "r", deciding.map(measure -> Figures.effect(measure.effect())));
    cell(html, "r w", deciding.map(measure -> Figures.effect(measure.lower())));
    cell(html, "r w", deciding.map(measure -> Figures.effect(measure.upper())));
    cell(html, "r w", deciding.map(measure -> Figures.chance(measure.pValue())));
    Optional<Comparison> comparison = column.compared().map(Evidence.Compared::comparison);
    cell(html, "r w", comparison.map(Comparison::psi).map(Figures::thousandths));
    cell(html, "r w", comparison.map(Comparison::jensenShannon).map(Figures::thousandths));
    return html.toString();
  }

  private static void cell(Html html, String name, Optional<String> text) {
    html.markup("<td class=\"" + name + "\">").text(text.orElse("–"));
  }

  // ---- what was not compared ----

  private void notCompared(Html html) {
    Map<String, List<String>> byProblem = new LinkedHashMap<>();
    for (Evidence.Column column : evidence.columns()) {
      if (column.compared().isEmpty()) {
        byProblem
            .computeIfAbsent(column.problem(), problem -> new ArrayList<>())
            .add(Figures.shown(column.name(), LONGEST_NAME));
      }
    }
    if (byProblem.isEmpty()) {
      return;
    }
    html.markup("<h2 id=\"none\">Not compared</h2><dl class=\"how\">");
    byProblem.forEach(
        (problem, names) -> {
          html.markup("<dt>");
          String before = "";
          for (String name : names.subList(0, Math.min(MOST_NAMES, names.size()))) {
            html.text(before).markup("<bdi>").text(name).markup("</bdi>");
            before = ", ";
          }
          int more = names.size() - MOST_NAMES;
          html.text(more > 0 ? " and " + Figures.count(more) + " more" : "");
          html.markup("</dt>").element("dd", Figures.shown(problem, LONGEST_WORDS));
        });
    html.markup("</dl>");
  }

  private static List<Measure> measures(Evidence.Column column) {
    return column.compared().map(both -> both.comparison().measures()).orElse(List.of());
  }

  // ---- how it was tested ----

  private void howTested(Html html) {
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
        "Each of a column's two measures has an alpha of its own: at most "
            + alpha
            + " of windows call DRIFT what changed by no more than delta, and as many call"
            + " STABLE what changed by delta or more. In simulations at alpha 0.01 both"
            + " together stayed below it.");
    if (columns > 1) {
      words.put(
          "Many columns",
          "Each is tested by itself, so more columns mean more false alarms: with "
              + columns
              + " on average at most "
              + Figures.value(rule.alpha() * columns)
              + " a window for each of the two measures, if all changed by just delta. Without any"
              + " change there are next to none.");
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
