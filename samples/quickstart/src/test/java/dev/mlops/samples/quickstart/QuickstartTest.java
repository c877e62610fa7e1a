package dev.mlops.samples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The story is true: its numbers are those computed elsewhere from the same models and rows. */
class QuickstartTest {
  @Test
  void story_onTheCommittedStorms_tellsTheReferenceNumbers(@TempDir Path folder) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    List<Comparison> table;
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      table = new Quickstart(Path.of(""), folder.resolve("run"), out).tell();
    }
    String story = bytes.toString(StandardCharsets.UTF_8);

    JsonNode periods;
    try (InputStream json = QuickstartTest.class.getResourceAsStream("/storms_stream.json")) {
      periods = new ObjectMapper().readTree(json).get("periods");
    }
    assertThat(table).hasSize(3);
    for (Comparison row : table) {
      JsonNode reference = periods.get(row.period());
      assertThat(row.rows()).isEqualTo(reference.get("storms_v1").get("n").asInt());
      // the reference scores are rounded to 7 decimals
      assertThat(row.older())
          .isCloseTo(reference.get("storms_v1").get("log_loss").asDouble(), within(1e-6));
      assertThat(row.newer())
          .isCloseTo(reference.get("storms_v2").get("log_loss").asDouble(), within(1e-6));
      assertThat(row.low()).isLessThan(row.gain());
      assertThat(row.high()).isGreaterThan(row.gain());
      assertThat(row.blocks()).isBetween(20, 64);
    }
    assertThat(table.get(1).inWords()).isEqualTo("the data cannot decide");

    assertThat(story)
        .contains("gain in log loss +0.0547 [+0.0315, +0.0779] over 1,997 rows")
        .contains("3.0.0 refused by quality")
        .contains("2.0.1 refused by finite")
        .contains("storms:2.0.0 goes on serving")
        .contains("8,789 of 9,549 records got one")
        .containsPattern("Since the swap 2.0.0 has a log loss of 0\\.[345]");
    Matcher answered = Pattern.compile("answered +([0-9,]+) records").matcher(story);
    int sum = 0;
    int versions = 0;
    while (answered.find()) {
      int records = Integer.parseInt(answered.group(1).replace(",", ""));
      assertThat(records).isPositive();
      sum += records;
      versions++;
    }
    assertThat(sum).isEqualTo(9_549);
    assertThat(versions).isEqualTo(2);
  }

  @Test
  void firstPrediction_ofABareFile_isTheModelsOwn() {
    // expected_proba_1 of the first row of the model's expected outputs
    assertThat(FirstPrediction.grows(Path.of("models", "storms.onnx")))
        .isCloseTo(0.4323469138554184, within(1e-5));
  }
}
