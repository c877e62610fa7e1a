package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mlops.drift.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/** The statistics on given counts equal SciPy's, whatever the data. */
class ReferenceTest {
  private static final double RELATIVE = 1e-9;

  /** Below this SciPy says 0 where we may not. */
  private static final double NOTHING = 1e-300;

  private final SoftAssertions softly = new SoftAssertions();
  private int tables;
  private int distances;

  @Test
  void statistics_onCountsOfStorms_areSciPys() throws IOException {
    checkAll(Fixtures.resource("reference/drift"));
    assertThat(tables).isEqualTo(144);
    assertThat(distances).isEqualTo(68);
  }

  @Test
  void statistics_onCountsOfAllData_areSciPys() throws IOException {
    checkAll(Fixtures.shared("reference/drift"));
    assertThat(tables).isEqualTo(710);
    assertThat(distances).isEqualTo(309);
  }

  private void checkAll(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
        check(new ObjectMapper().readTree(file.toFile()), file.getFileName().toString());
      }
    }
    softly.assertAll();
  }

  private void check(JsonNode node, String path) {
    if (node.has("counts_ref") && node.has("chi2")) {
      checkCounts(node, path);
    }
    if (node.path("ks").has("p_value_kolmogorov_limit")) {
      checkDistance(node, path);
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      check(field.getValue(), path + " " + field.getKey());
    }
  }

  private void checkCounts(JsonNode node, String path) {
    ContingencyTable table =
        new ContingencyTable(counts(node.get("counts_ref")), counts(node.get("counts_cur")));
    if (table.oneSided()) {
      return;
    }
    tables++;
    ChiSquare chiSquare = ChiSquare.of(table, Groups.single(table));
    JsonNode chi2 = node.get("chi2");
    if (chi2.isObject()) {
      close(path + " chi2", chiSquare.statistic(), chi2.get("statistic"));
      close(path + " chi2 p", chiSquare.pValue(), chi2.get("p_value"));
      softly.assertThat(chiSquare.freedom()).as(path).isEqualTo(chi2.get("dof").intValue());
    }
    close(path + " psi", Divergence.psi(table), node.get("psi_eps_1e-4"));
    close(path + " js", Divergence.jensenShannon(table), node.get("js_divergence_base2"));
    Measure variation = Measures.variation(table, new Rule(0.01, 0.05));
    close(path + " total variation", variation.effect(), node.get("total_variation"));
  }

  private void checkDistance(JsonNode node, String path) {
    double n = node.get("n_ref_present").doubleValue();
    double m = node.get("n_cur_present").doubleValue();
    if (n == 0 || m == 0) {
      return;
    }
    distances++;
    double distance = node.path("ks").get("statistic").doubleValue();
    close(
        path + " ks",
        Kolmogorov.survival(distance / Math.sqrt(1 / n + 1 / m)),
        node.path("ks").get("p_value_kolmogorov_limit"));
  }

  private void close(String what, double actual, JsonNode expected) {
    double wanted = expected.doubleValue();
    softly
        .assertThat(actual)
        .as(what)
        .isEqualTo(wanted, within(Math.max(NOTHING, RELATIVE * Math.abs(wanted))));
  }

  private static long[] counts(JsonNode array) {
    List<Long> counts = new ArrayList<>();
    array.forEach(count -> counts.add(count.longValue()));
    return counts.stream().mapToLong(Long::longValue).toArray();
  }
}
