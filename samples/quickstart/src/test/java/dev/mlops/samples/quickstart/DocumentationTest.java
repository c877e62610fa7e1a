package dev.mlops.samples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Java shown in the documentation is a region of a sample, which the build compiles and runs. */
class DocumentationTest {
  private static final Path ROOT = Path.of("..", "..");
  private static final Path SAMPLES = ROOT.resolve("samples");

  /* In any sample; <!-- Quickstart.java publish -->, or several regions: <!-- Storm.java records, Forecast.java answers --> */
  private static final Pattern SHOWN =
      Pattern.compile("(?:<!-- (?<source>[^>]*) -->\\n)?```java\\n(?<code>.*?)```", Pattern.DOTALL);

  @TestFactory
  Stream<DynamicTest> shownCode_equalsItsRegion() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path page : pages()) {
      Matcher block = SHOWN.matcher(Files.readString(page));
      while (block.find()) {
        String source = block.group("source");
        String code = block.group("code");
        tests.add(
            DynamicTest.dynamicTest(
                ROOT.relativize(page) + ": " + source,
                () -> {
                  assertThat(source).as("where this code comes from:\n%s", code).isNotNull();
                  assertThat(code).isEqualTo(regions(source));
                }));
      }
    }
    assertThat(tests).as("java blocks in the documentation").isNotEmpty();
    return tests.stream();
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      docs.filter(page -> page.toString().endsWith(".md"))
          .filter(page -> !page.toString().contains("decisions"))
          .forEach(pages::add);
    }
    return pages;
  }

  private static String regions(String source) throws IOException {
    List<String> texts = new ArrayList<>();
    for (String one : source.split(", ", -1)) {
      String[] fileAndName = one.split(" ", -1);
      texts.add(region(fileAndName[0], fileAndName[1]));
    }
    return String.join("\n", texts);
  }

  private static List<Path> sources(String file) throws IOException {
    try (Stream<Path> all = Files.walk(SAMPLES)) {
      return all.filter(path -> path.endsWith(file))
          .filter(path -> path.toString().contains("main"))
          .toList();
    }
  }

  private static String region(String file, String name) throws IOException {
    String mark = "// region " + name;
    List<List<String>> found = new ArrayList<>();
    for (Path source : sources(file)) {
      List<String> lines = Files.readAllLines(source);
      if (lines.stream().map(String::strip).anyMatch(mark::equals)) {
        found.add(lines);
      }
    }
    assertThat(found).as("samples with a region %s in a %s", name, file).hasSize(1);
    List<String> lines = found.get(0);
    int from = lines.stream().map(String::strip).toList().indexOf(mark);
    List<String> region = new ArrayList<>();
    for (int i = from + 1; !lines.get(i).strip().equals("// endregion"); i++) {
      region.add(lines.get(i));
    }
    while (region.get(region.size() - 1).isBlank()) {
      region.remove(region.size() - 1);
    }
    int indent =
        region.stream()
            .filter(line -> !line.isBlank())
            .mapToInt(line -> line.length() - line.stripLeading().length())
            .min()
            .orElse(0);
    Optional<String> text =
        region.stream()
            .map(line -> line.isBlank() ? "" : line.substring(indent))
            .reduce((a, b) -> a + "\n" + b);
    return text.orElseThrow() + "\n";
  }
}
