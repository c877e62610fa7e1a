package dev.mlops.drift.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page as a browser draws it. The screenshots are left in {@code target/drift-pages}. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class PageInBrowserTest {
  private static final Path LEFT = Path.of("target", "drift-pages");

  /** Of each column: its words, its verdict and the sizes of what is drawn. */
  private static final String COLUMNS =
      """
      [...document.querySelectorAll('section')].map(section => ({
        name: section.querySelector('h3').textContent,
        verdict: section.querySelector('.v').textContent,
        words: section.querySelector('.why').textContent,
        pictures: [...section.querySelectorAll('svg.h, .c svg')].map(svg => {
          const box = svg.getBoundingClientRect();
          const shapes = [...svg.querySelectorAll('path, rect')].map(
              shape => shape.getBoundingClientRect());
          return {
            width: box.width, height: box.height,
            title: svg.querySelector('title').textContent,
            drawn: Math.max(...shapes.map(s => Math.min(s.width, s.height)))
          };
        })
      }))
      """;

  /** What sticks out of the page to the right, as text. */
  private static final String TOO_WIDE =
      """
      [...document.querySelectorAll('body *:not(.defs *)')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)
        .filter(e => getComputedStyle(e.closest('th, th span') ?? e).overflow != 'hidden')
        .map(e => e.tagName + ' ' + e.getAttribute('class') + ' ' + e.textContent.slice(0, 40))
      """;

  /** Labels of one picture that lie on each other. */
  private static final String COLLISIONS =
      """
      [...document.querySelectorAll('svg.h, svg.x')].flatMap(svg => {
        const labels = [...svg.querySelectorAll('text')].map(
            text => ({text: text.textContent, box: text.getBoundingClientRect()}));
        return labels.flatMap((a, i) => labels.slice(i + 1)
          .filter(b => a.box.left < b.box.right && b.box.left < a.box.right
            && a.box.top + 3 < b.box.bottom && b.box.top + 3 < a.box.bottom)
          .map(b => a.text + ' on ' + b.text));
      })
      """;

  /** The least contrast of a text with the page, by WCAG's formula. */
  private static final String CONTRAST =
      """
      (() => {
        const light = color => {
          const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(c => {
            const s = c / 255;
            return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const paper = light(getComputedStyle(document.body).backgroundColor);
        const contrasts = [...document.querySelectorAll('h1, .v, .k:not(svg), td, dt, .note, svg text')]
          .map(e => {
            const style = getComputedStyle(e);
            const ink = light(e.namespaceURI.endsWith('svg') ? style.fill : style.color);
            return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
          });
        return Math.min(...contrasts);
      })()
      """;

  private static Chromium browser;

  @BeforeEach
  void start() throws IOException {
    if (browser != null) {
      return;
    }
    Optional<Path> found = Chromium.onPath();
    if (found.isEmpty() && "true".equals(System.getenv("CI"))) {
      fail("there is no chromium on the PATH; CI needs it: apt-get install chromium");
    }
    if (found.isEmpty()) {
      abort("there is no chromium on the PATH, so no page is opened: apt-get install chromium");
    }
    browser = new Chromium(found.get());
  }

  @AfterAll
  static void stop() throws IOException {
    if (browser != null) {
      browser.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "light, 1200, light, screen",
    "dark, 1200, dark, screen",
    "tablet, 760, light, screen",
    "phone, 360, light, screen",
    "phone-dark, 360, dark, screen",
    "paper, 720, light, print"
  })
  void page_opened_hasAllItsPicturesAndWordsAndAsksForNothing(
      String name, int width, String scheme, String media) throws IOException {
    Evidence evidence = SampleEvidence.storms("serving_later_years.csv");
    Path page = written("storms", evidence);

    Chromium.Tab tab = browser.open(width, 900, scheme, media);
    tab.load(page);
    tab.screenshot(LEFT.resolve("storms-" + name + ".png"), 16_000);

    assertThat(tab.complaints()).isEmpty();
    assertThat(tab.requests())
        .allMatch(
            address -> address.equals(page.toUri().toString()) || address.startsWith("data:"));
    assertThat(strings(tab.evaluate(TOO_WIDE))).isEmpty();
    assertThat(strings(tab.evaluate(COLLISIONS))).isEmpty();
    assertThat(tab.evaluate(CONTRAST).asDouble()).isGreaterThanOrEqualTo(4.5);
    assertThat(tab.evaluate("document.querySelector('h1').textContent").asText())
        .isEqualTo(Summary.of(evidence).sentence());
    assertColumns(tab.evaluate(COLUMNS), evidence);
  }

  @ParameterizedTest
  @CsvSource({"1200, light", "360, dark"})
  void page_oddColumns_hasAllItsPicturesAndWordsAndRunsNothing(int width, String scheme)
      throws IOException {
    Evidence evidence = OddEvidence.columns();
    Path page = written("odd", evidence);

    Chromium.Tab tab = browser.open(width, 900, scheme, "screen");
    tab.load(page);
    tab.screenshot(LEFT.resolve("odd-" + width + ".png"), 16_000);

    assertThat(tab.complaints()).isEmpty();
    assertThat(tab.requests()).hasSize(1);
    assertThat(strings(tab.evaluate(TOO_WIDE))).isEmpty();
    assertThat(strings(tab.evaluate(COLLISIONS))).isEmpty();
    assertThat(tab.evaluate("document.scripts.length + document.images.length").asInt()).isZero();
    assertColumns(tab.evaluate(COLUMNS), evidence);
  }

  @Test
  void page_manyColumns_hasAPictureAndWordsForEach() throws IOException {
    Evidence evidence = SampleEvidence.wide(100, 4_000);
    Path page = written("wide", evidence);

    Chromium.Tab tab = browser.open(360, 900, "light", "screen");
    tab.load(page);

    assertThat(tab.complaints()).isEmpty();
    assertThat(strings(tab.evaluate(TOO_WIDE))).isEmpty();
    assertThat(strings(tab.evaluate(COLLISIONS))).isEmpty();
    assertColumns(tab.evaluate(COLUMNS), evidence);
  }

  @Test
  void paper_printed_isLightAndBreaksBetweenColumns() throws IOException {
    Path page = written("storms", SampleEvidence.storms("serving_later_years.csv"));

    Chromium.Tab tab = browser.open(720, 900, "dark", "print");
    tab.load(page);
    tab.print(LEFT.resolve("storms.pdf"));

    assertThat(tab.evaluate("getComputedStyle(document.body).backgroundColor").asText())
        .isEqualTo("rgb(255, 255, 255)");
    assertThat(
            tab.evaluate("getComputedStyle(document.querySelector('section')).breakInside")
                .asText())
        .isEqualTo("avoid");
  }

  /** What the other tests rely on: a page that does ask and complain is seen doing so. */
  @Test
  void control_pageThatAsksAndComplains_isSeen() throws IOException {
    Path page = LEFT.resolve("control.html");
    Files.createDirectories(LEFT);
    Files.writeString(
        page,
        "<body><img src='http://127.0.0.1:9/x.png'><script>console.error('so')</script>"
            + "<p style='width:2000px'>wide</p>");

    Chromium.Tab tab = browser.open(360, 900, "light", "screen");
    tab.load(page);

    assertThat(tab.requests()).contains("http://127.0.0.1:9/x.png");
    assertThat(tab.complaints()).anyMatch(complaint -> complaint.contains("\"so\""));
    assertThat(strings(tab.evaluate(TOO_WIDE))).isNotEmpty();
  }

  private static Path written(String name, Evidence evidence) throws IOException {
    Files.createDirectories(LEFT);
    return Files.writeString(LEFT.resolve(name + ".html"), Page.of(evidence)).toAbsolutePath();
  }

  private static void assertColumns(JsonNode columns, Evidence evidence) {
    assertThat(columns)
        .hasSameSizeAs(evidence.columns().stream().filter(c -> c.compared().isPresent()).toList());
    for (JsonNode column : columns) {
      assertThat(column.get("words").asText()).hasSizeGreaterThan(30);
      assertThat(column.get("verdict").asText()).isIn("DRIFT", "STABLE", "INSUFFICIENT");
      assertThat(column.get("pictures")).isNotEmpty();
      for (JsonNode picture : column.get("pictures")) {
        assertThat(picture.get("width").asDouble()).as("%s", column).isGreaterThan(50);
        assertThat(picture.get("height").asDouble()).as("%s", column).isGreaterThan(20);
        assertThat(picture.get("drawn").asDouble()).as("%s", column).isPositive();
        assertThat(picture.get("title").asText()).contains(column.get("name").asText());
      }
    }
  }

  private static List<String> strings(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }
}
