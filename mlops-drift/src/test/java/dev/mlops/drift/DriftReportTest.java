package dev.mlops.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a report gives to a program. */
class DriftReportTest {
  @TempDir Path folder;
  private DriftReport report;

  @BeforeEach
  void watch() {
    DriftMonitor monitor = DriftMonitor.builder().unstarted();
    TestVersion version = TestVersion.of("1", folder);
    monitor.open(TestVersion.ROUTE, version, 1).orElseThrow().observed(TestRows.of(50));
    report = monitor.rotate(TestVersion.ROUTE, version.version());
  }

  @Test
  void verdict_ofAnUnknownColumn_namesThoseThereAre() {
    assertThat(report.verdict("kind").column()).isEqualTo("kind");
    assertThatThrownBy(() -> report.verdict("colour"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no column 'colour'; there are [price, size, weight, kind]");
  }

  @Test
  void verdict_thatCannotDecide_saysWhatWouldSuffice() {
    Verdict size = report.verdict("size");
    assertThat(size.level()).isEqualTo(Verdict.Level.INSUFFICIENT);
    assertThat(size.test()).isEqualTo("ks-distance");
    assertThat(size.delta()).isEqualTo(0.05);
    assertThat(size.lower()).isLessThanOrEqualTo(size.effect());
    assertThat(size.upper()).isGreaterThan(size.delta());
    assertThat(size.pValue()).isBetween(0.0, 1.0);
    assertThat(size.reason()).contains("baseline");
  }

  @Test
  void writeHtml_overAnOlderPage_replacesItAndLeavesNothingElse() throws Exception {
    Path page = Files.writeString(folder.resolve("drift.html"), "old");
    report.writeHtml(page);
    assertThat(page).content().startsWith("<!DOCTYPE html>").endsWith("</html>\n");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()).toList())
          .containsExactlyInAnyOrderElementsOf(List.of("drift.html", "train.csv"));
    }
  }

  @Test
  void writeHtml_intoAFolderThatIsNotThere_saysSo() {
    Path page = folder.resolve("none").resolve("drift.html");
    assertThatThrownBy(() -> report.writeHtml(page))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageStartingWith("the page cannot be written to " + page + ": ")
        .hasMessageEndingWith("Name a file in a folder that is there and writable");
    assertThatThrownBy(() -> report.writeHtml(folder))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("is a folder");
  }

  @Test
  void writeHtml_toALink_writesWhatItLeadsTo() throws Exception {
    Path page = Files.writeString(folder.resolve("drift.html"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link.html"), page);
    report.writeHtml(link);
    assertThat(link).isSymbolicLink();
    assertThat(page).content().startsWith("<!DOCTYPE html>");
  }

  @Test
  void toString_isOneSentence() {
    assertThat(report.toString()).endsWith(".").doesNotContain("\n");
  }
}
