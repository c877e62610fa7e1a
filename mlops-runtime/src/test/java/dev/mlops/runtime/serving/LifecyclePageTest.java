package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.observe.VersionState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/lifecycle.md} names what there is: states, calls, threads, and rules that are tested.
 */
class LifecyclePageTest {
  private static final Path DOCS = Path.of("..", "docs");

  private static List<String> rows(String page, String firstColumn) {
    return page.lines()
        .dropWhile(line -> !line.startsWith("| " + firstColumn))
        .skip(2)
        .takeWhile(line -> line.startsWith("|"))
        .toList();
  }

  private static String page() throws IOException {
    return Files.readString(DOCS.resolve("lifecycle.md"));
  }

  @Test
  void states_areThoseOfTheEnum() throws IOException {
    assertThat(rows(page(), "state"))
        .extracting(row -> row.split("\\|", -1)[1].strip())
        .containsExactlyElementsOf(
            Arrays.stream(VersionState.values()).map(state -> "`" + state + "`").toList());
  }

  @Test
  void picture_showsEachState() throws IOException {
    String picture = Files.readString(DOCS.resolve("images").resolve("lifecycle.svg"));
    assertThat(VersionState.values()).allMatch(state -> picture.contains(">" + state + "<"));
  }

  @Test
  void rules_thatATestBreaks_areInTheTable() throws IOException {
    String table = String.join("\n", rows(page(), "what happens"));
    assertThat(RouteModelProperties.rules()).allSatisfy(rule -> assertThat(table).contains(rule));
  }

  @Test
  void calls_areInTheTable() throws IOException {
    String table = String.join("\n", rows(page(), "what happens"));
    assertThat(table)
        .contains("| `refresh`", "| `rollback`", "| `override`", "| `clearOverride`", "restarts");
  }
}
