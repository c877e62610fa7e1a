package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** That the page on engines lists the operators that are run. */
final class EnginesPageTest {
  @Test
  void operators_ofThePage_areThoseThatAreRun() throws IOException {
    String page = Files.readString(root().resolve("docs/engines.md"));
    String table = page.substring(page.indexOf("<!-- operators -->"));
    table = table.substring(0, table.indexOf("\n\n"));
    Set<String> told = names(table, "`(\\w+)`");
    String source =
        Files.readString(
            root()
                .resolve("mlops-runtime/src/main/java/dev/mlops/runtime/engine/tabular")
                .resolve("Operators.java"));
    String cases = source.substring(source.indexOf("switch (key)"));
    cases = cases.substring(0, cases.indexOf("default -> null"));
    assertThat(told).isEqualTo(names(cases, "\"(?:ai\\.onnx\\.ml\\.)?(\\w+)\""));
    assertThat(told)
        .allMatch(name -> Operators.known(name) || Operators.known(Operators.ML + "." + name));
  }

  private static Set<String> names(String text, String pattern) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(result -> result.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve("mlops-api"))) {
      folder = folder.getParent();
    }
    return folder;
  }
}
