package dev.mlops.samples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.ModelFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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

    JsonNode periods = periods();
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
        .contains("2.0.0 runs on the engine tabular, which is plain Java: nothing native")
        .contains("3.0.0 refused by quality")
        .contains("2.0.1 refused by finite")
        .contains("storms:2.0.0 goes on serving")
        .contains("8,789 of 9,549 records got one")
        .containsPattern("Since the swap 2.0.0 has a log loss of 0\\.[345]")
        .contains("records               686                3,206              686")
        .contains("month                 STABLE 0.023       open   0.070       STABLE 0.023")
        .contains("wind                  STABLE 0.043       open   0.104       DRIFT  0.538")
        .contains("Own years: No column has drifted: 7 of 8 are stable")
        .contains("In m/s:    1 of 8 columns has drifted: wind;");
    assertThat(folder.resolve("run/drift-feed.html")).content().contains("<svg");
    assertThat(folder.resolve("run/drift-2011-2020.html")).exists();
    assertThat(new ObjectMapper().readTree(folder.resolve("run/drift-feed.json").toFile()))
        .isNotEmpty();
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

  /* Which records of these years 2.0.0 served differs from run to run; what it answers does not. */
  @Test
  void lossAfterTheSwap_overAllRecords_isTheReference() throws Exception {
    double loss = 0;
    int rows = 0;
    try (ModelRuntime runtime =
        ModelRuntime.over(ModelFile.at(Path.of("models", "2.0.0", "model.onnx")))) {
      ModelHandle<Row, Row> storms = runtime.model("model");
      for (Observed row : Observed.read(Path.of("data", "storms-1990-2020.csv"))) {
        if (row.year() >= 2011 && row.truth().isPresent()) {
          Storm s = row.storm();
          Row input =
              Row.of(
                  "0",
                  s.month(),
                  "1",
                  s.hour(),
                  "2",
                  s.lat(),
                  "3",
                  s.lon(),
                  "4",
                  s.wind(),
                  "5",
                  s.pressure(),
                  "6",
                  s.windChange(),
                  "7",
                  s.pressureChange());
          double probability = storms.predict(input).value().number("probabilities.1");
          loss += Comparison.logLoss(row.truth().get(), probability);
          rows++;
        }
      }
    }
    JsonNode reference = periods().get("2011-2020").get("storms_v2");
    assertThat(rows).isEqualTo(reference.get("n").asInt());
    assertThat(loss / rows).isCloseTo(reference.get("log_loss").asDouble(), within(1e-6));
  }

  private static JsonNode periods() throws IOException {
    try (InputStream json = QuickstartTest.class.getResourceAsStream("/storms_stream.json")) {
      return new ObjectMapper().readTree(json).get("periods");
    }
  }

  @Test
  void firstPrediction_ofABareFile_isTheModelsOwn() {
    // expected_proba_1 of the first row of the model's expected outputs
    assertThat(FirstPrediction.grows(Path.of("models", "storms.onnx")))
        .isCloseTo(0.4323469138554184, within(1e-5));
  }
}
