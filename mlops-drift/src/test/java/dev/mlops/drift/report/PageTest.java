package dev.mlops.drift.report;

import static dev.mlops.model.ElementType.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Rule;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageTest {
  private static final Pattern SECTION = Pattern.compile("(?s)<section.*?</section>");
  private static final Pattern TAG = Pattern.compile("<(/?)([a-zA-Z!][a-zA-Z0-9]*)");

  @Test
  void page_ofAWindow_saysWhatItIsAbout() {
    String page = Page.of(SampleEvidence.storms("serving_nodrift.csv"));

    assertThat(page)
        .startsWith("<!DOCTYPE html>\n<html lang=\"en\">")
        .contains("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")
        .contains("storms@champion", "storms:2.0.0", ">5f0c5f0c5f0c…<", ">a17ea17ea17e…<")
        .contains("title=\"" + SampleEvidence.VERSION.id() + "\"")
        .contains("title=\"" + SampleEvidence.BASELINE + "\"")
        .contains("2026-11-25 02:00:05", "2026-11-25 03:02:10")
        .contains("686\u00a0rows", "1,500\u00a0training rows")
        .contains("delta 0.1, alpha 0.01")
        .doesNotContain("Partial window")
        .contains("Each of a column&#39;s two measures has an alpha of its own: at most 0.01 of")
        .contains("with 10 on average at most 0.1 a window for each of the two measures");
  }

  @Test
  void page_columns_eachHaveTheirPictureAndWords() {
    Evidence evidence = SampleEvidence.storms("serving_later_years.csv");

    List<String> sections = sections(Page.of(evidence));

    assertThat(sections).hasSameSizeAs(evidence.columns());
    List<Evidence.Column> ranked = Summary.of(evidence).ranked();
    for (int i = 0; i < sections.size(); i++) {
      Evidence.Column column = ranked.get(i);
      assertThat(sections.get(i))
          .startsWith("<section id=\"c" + (i + 1) + "\">")
          .contains("<bdi>" + column.name() + "</bdi>")
          .contains(">" + column.level() + "</span>")
          .contains(escaped(column.compared().get().comparison().reason()))
          .containsPattern("<svg[^>]*>\\s*<title>Baseline and serving of " + column.name())
          .contains("1,500\u00a0rows", "2,201\u00a0rows");
    }
  }

  @Test
  void page_partialWindow_saysSo() {
    Evidence whole = SampleEvidence.storms("serving_nodrift.csv");
    Evidence partial =
        new Evidence(
            whole.route(),
            whole.version(),
            whole.baseline(),
            whole.baselineRows(),
            whole.from(),
            whole.to(),
            whole.rows(),
            0,
            false,
            whole.rule(),
            whole.columns());

    assertThat(Page.of(partial)).contains("<strong>Partial window</strong>");
  }

  @Test
  void page_withoutBaseline_saysWhyOnceAndComparesNothing() {
    Evidence evidence =
        new Evidence(
            "storms@champion",
            SampleEvidence.VERSION,
            Optional.empty(),
            0,
            SampleEvidence.FROM,
            SampleEvidence.FROM,
            1_234,
            0,
            true,
            new Rule(0.01, 0.1),
            List.of(
                new Evidence.Column("wind", FLOAT, false, Optional.empty(), "it has no baseline"),
                new Evidence.Column("lat", FLOAT, false, Optional.empty(), "it has no baseline")));

    String page = Page.of(evidence);

    assertThat(page)
        .contains("Nothing was compared: this version has no baseline. 1,234 rows were counted.")
        .contains("<bdi>wind</bdi>, <bdi>lat</bdi></dt><dd>it has no baseline</dd>")
        .containsOnlyOnce("it has no baseline")
        .doesNotContain("All columns", "Column by column", "0\u00a0column");
  }

  @Test
  void page_emptyWindow_drawsTheBaselineAlone() {
    Evidence full = SampleEvidence.storms("serving_nodrift.csv");
    List<Evidence.Column> columns =
        full.columns().stream()
            .map(column -> column.compared().get().baseline())
            .map(
                baseline ->
                    SampleEvidence.compared(
                        baseline, false, new long[baseline.cells().size()], full.rule()))
            .toList();

    String page = Page.of(SampleEvidence.evidence(1_500, 0, full.rule(), columns));

    assertThat(page)
        .contains("Nothing was compared: no rows came in this window.")
        .contains("<path class=\"t\"")
        .doesNotContain("<path class=\"s\"", "<dl class=\"ms\">", "\"></dl>");
    assertThat(sections(page))
        .hasSize(10)
        .allMatch(section -> section.contains("class=\"t\"") && !section.contains("NaN"));
  }

  @Test
  void page_hostileNamesAndCategories_areOnlyText() {
    String page = Page.of(OddEvidence.columns());
    String harmless = Page.of(SampleEvidence.storms("serving_nodrift.csv"));

    assertThat(page)
        .contains("&lt;/title&gt;&lt;/style&gt;&lt;script&gt;alert(&#39;name&#39;)&lt;/script&gt;")
        .contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;")
        .contains("&quot;&#39;&gt;&lt;b onclick=alert(2)&gt;")
        .contains("&amp;amp; &amp; &amp;lt;")
        .doesNotContain("x".repeat(61), "\u202e", "\u0000");
    assertThat(tags(page)).isSubsetOf(tags(harmless));
    assertThat(tags(harmless)).doesNotContain("script", "img", "iframe", "object", "form");
  }

  @Test
  void page_routeAndProblem_areOnlyText() {
    Evidence evidence =
        new Evidence(
            "a<b>@\"c\"",
            SampleEvidence.VERSION,
            Optional.of("sha256:\"><script>"),
            1,
            SampleEvidence.FROM,
            SampleEvidence.FROM,
            1,
            0,
            true,
            new Rule(0.01, 0.1),
            List.of(new Evidence.Column("x", FLOAT, false, Optional.empty(), "<i>no</i>")));

    assertThat(Page.of(evidence))
        .contains("a&lt;b&gt;@&quot;c&quot;", "&lt;i&gt;no&lt;/i&gt;")
        .doesNotContain("<script", "<i>");
  }

  @Test
  void page_markup_hasNoAddressButPlacesOfItsOwn() {
    String page = Page.of(SampleEvidence.storms("serving_later_years.csv"));

    assertThat(page).doesNotContain("http:", "https:", "//", "@import", "url(");
    assertThat(Pattern.compile("(?:href|src)=\"([^\"]*)\"").matcher(page).results())
        .extracting(match -> match.group(1))
        .allMatch(address -> address.startsWith("#") || address.equals("data:,"));
    for (MatchResult link :
        Pattern.compile("href=\"#([^\"]+)\"").matcher(page).results().toList()) {
      assertThat(page).containsOnlyOnce("id=\"" + link.group(1) + "\"");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 30, 100})
  void page_ofSoManyColumns_isSmallAndHasAPictureForEach(int columns) {
    Evidence evidence = SampleEvidence.wide(columns, 20_000);

    String page = Page.of(evidence);

    assertThat(page.getBytes(StandardCharsets.UTF_8).length).isLessThan(300_000);
    assertThat(sections(page))
        .hasSize(columns)
        .allMatch(section -> section.contains("<svg") && section.contains("class=\"why\""));
  }

  @Test
  void page_ofFarTooManyColumns_isStillSmallAndSaysWhatIsLeftOut() {
    List<Evidence.Column> columns =
        Collections.nCopies(60, SampleEvidence.wide(30, 400).columns()).stream()
            .flatMap(List::stream)
            .toList();
    Evidence evidence = SampleEvidence.evidence(400, 100, new Rule(0.01, 0.05), columns);

    String page = Page.of(evidence);

    assertThat(page.getBytes(StandardCharsets.UTF_8).length).isLessThan(300_000);
    assertThat(page).containsPattern("<strong>[0-9,]+\u00a0further columns changed less");
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 500, 1_000})
  void page_ofFarTooManyColumns_drawsTheFirstOnesAndAllDriftedOnes(int columns) {
    int drifted = 60;
    Evidence evidence = many(columns, drifted);

    String page = Page.of(evidence);

    assertThat(page.getBytes(StandardCharsets.UTF_8).length).isLessThan(300_000);
    List<String> sections = sections(page);
    List<String> drawn = sections.stream().filter(section -> section.contains("<svg")).toList();
    assertThat(drawn).isEqualTo(sections.subList(0, drawn.size())).hasSizeGreaterThan(drifted + 9);
    assertThat(drawn.get(0)).contains("baseline, ", "serving, ");
    assertThat(drawn.stream().filter(section -> section.contains(">DRIFT</span>")))
        .hasSizeGreaterThanOrEqualTo(drifted);
    assertThat(sections.subList(drawn.size(), sections.size()))
        .as("told in words")
        .hasSizeGreaterThan(30)
        .allMatch(section -> section.contains("class=\"why\""));
    assertThat(page)
        .contains(
            "<strong>"
                + Figures.count(columns - sections.size(), "further column")
                + " changed less");
  }

  @Test
  void page_ofSomeTooManyColumns_tellsEachAndDrawsMost() {
    List<String> sections = sections(Page.of(many(160, 10)));

    assertThat(sections).hasSize(160);
    assertThat(sections.stream().filter(section -> section.contains("<svg")))
        .hasSizeGreaterThan(80);
  }

  @Test
  void page_ofMoreDriftedColumnsThanCanBeDrawn_tellsMoreOfThemInWords() {
    List<String> sections = sections(Page.of(many(1_000, 900)));

    assertThat(sections).allMatch(section -> section.contains(">DRIFT</span>"));
    assertThat(sections.stream().filter(section -> section.contains("<svg")))
        .hasSizeBetween(50, sections.size() - 30);
  }

  @Test
  void page_ofAsManyDriftedColumnsAsCanBeDrawn_drawsThemAllAndNoneGivesWayToWords() {
    List<String> sections = sections(Page.of(many(1_000, 100)));

    assertThat(sections.stream().filter(section -> section.contains(">DRIFT</span>")))
        .hasSizeGreaterThanOrEqualTo(100);
    assertThat(sections.subList(0, 100)).allMatch(section -> section.contains("<svg"));
  }

  @Test
  void page_sameEvidence_sameText() {
    assertThat(Page.of(SampleEvidence.storms("serving_nodrift.csv")))
        .isEqualTo(Page.of(SampleEvidence.storms("serving_nodrift.csv")));
  }

  /** So many columns, of which so many have drifted. */
  private static Evidence many(int columns, int drifted) {
    Map<Boolean, List<Evidence.Column>> some =
        SampleEvidence.wide(100, 4_000).columns().stream()
            .collect(Collectors.partitioningBy(column -> column.level() == Level.DRIFT));
    List<Evidence.Column> all = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      List<Evidence.Column> like = some.get(i >= columns - drifted);
      all.add(like.get(i % like.size()));
    }
    return SampleEvidence.evidence(4_000, 1_000, new Rule(0.01, 0.05), all);
  }

  private static String escaped(String text) {
    return new Html().text(text).toString();
  }

  private static List<String> sections(String page) {
    return SECTION.matcher(page).results().map(MatchResult::group).toList();
  }

  private static List<String> tags(String page) {
    return TAG.matcher(page).results().map(match -> match.group(2)).distinct().toList();
  }
}
