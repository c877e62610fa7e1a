package dev.mlops.samples.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The story is true, and what the README shows of it is what it prints. */
class OperationsTest {
  private static Answers answers;
  private static String printed;
  private static String story;

  @BeforeAll
  static void tell(@TempDir Path folder) throws Exception {
    Path models = Path.of("..", "quickstart", "models");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      answers = new Operations(models, folder.resolve("run"), 100, out).tell();
    }
    printed = bytes.toString(StandardCharsets.UTF_8);
    story = String.join("\n", withoutFigures(printed));
  }

  @Test
  void story_linesThatMatter_inOrder() {
    assertThat(story)
        .containsSubsequence(
            "disk is not mounted",
            "service starts all the same, and answers by its fallback none",
            "disk is mounted again none",
            "runtime serves 1.0.0, in # ms (start) 1.0.0",
            "ci moves the alias to 1.1.0, an export that went wrong 1.0.0",
            "runtime refuses 1.1.0: finite FAIL: '0' is not finite for # of # golden records",
            "ci moves the alias to 2.0.0 1.0.0",
            "runtime serves 2.0.0 instead of 1.0.0, in # ms (alias) 2.0.0",
            "anna sees odd forecasts and rolls back 2.0.0",
            "runtime serves 1.0.0 instead of 2.0.0, in # ms (rollback) 1.0.0",
            "anna sends the callers elsewhere and restarts the service",
            "runtime serves 1.0.0, in # ms (start) 1.0.0",
            "health rolled back to storms:1.0.0: odd forecasts near the coast 1.0.0",
            "runtime serves 2.0.0 instead of 1.0.0, in # ms (cleared) 2.0.0",
            "bob leases 2.0.0, then overrides it 2.0.0",
            "runtime serves 1.0.0 instead of 2.0.0, in # ms (override) 1.0.0",
            "lease is answered by 2.0.0 as before 1.0.0",
            "anna shuts down; a batch of # storms runs 1.0.0",
            "observer of 1.0.0 is closed",
            "runtime has closed 1.0.0: # predictions, drained in # ms none",
            "runtime has told its listeners everything none",
            "batch had all its # answers none");
    assertThat(story).containsOnlyOnce("store-unavailable: Store folder");
  }

  @Test
  void callers_fromStartToShutdown_neverFailAndAreTurnedAwayByType() {
    assertThat(answers.failed()).isZero();
    assertThat(answers.byVersion().keySet())
        .containsExactlyInAnyOrder("fallback:0", "storms:1.0.0", "storms:2.0.0");
    assertThat(
            story.split(
                "caller is turned away: the runtime is closed; storms@champion answers no more calls",
                -1))
        .hasSize(3);
  }

  @Test
  void observers_beforeTheyAreClosed_wereToldOfEveryAnswerOfAModel() {
    Matcher told = Pattern.compile("it was told of ([0-9,]+) rows").matcher(printed);
    long rows = 0;
    while (told.find()) {
      rows += Long.parseLong(told.group(1).replace(",", ""));
    }
    assertThat(rows)
        .isEqualTo(
            answers.byVersion().get("storms:1.0.0") + answers.byVersion().get("storms:2.0.0"));
  }

  @Test
  void readme_itsTimeline_isPartOfTheStory() throws IOException {
    String readme = Files.readString(Path.of("..", "..", "README.md"));
    Matcher block =
        Pattern.compile("<!-- timeline -->\n```text\n(.*?)```", Pattern.DOTALL).matcher(readme);
    assertThat(block.find()).as("a timeline in the README").isTrue();

    List<String> lines = withoutFigures(block.group(1));

    assertThat(lines).hasSizeGreaterThan(10);
    assertThat(story.lines().toList()).containsAll(lines);
  }

  /* Who, what and what serves, a line each; counts and times, which differ each time, become #. */
  private static List<String> withoutFigures(String timeline) {
    List<String> lines = new ArrayList<>();
    for (String line :
        timeline.lines().takeWhile(l -> !l.isBlank()).map("%-120s"::formatted).toList()) {
      String who = line.substring(8, 17).strip();
      String what = line.substring(18, 76).strip();
      String serves = line.substring(77, 83).strip();
      if (who.isEmpty() && !lines.isEmpty()) { // goes on with the line before
        int end = lines.get(lines.size() - 1).lastIndexOf(' ');
        String before = lines.remove(lines.size() - 1);
        lines.add(before.substring(0, end) + " " + figures(what) + before.substring(end));
      } else {
        lines.add(who + " " + figures(what) + " " + serves);
      }
    }
    return lines;
  }

  private static String figures(String text) {
    return text.replaceAll("(?<=^| )[0-9][0-9,]*(?= |$)", "#");
  }
}
