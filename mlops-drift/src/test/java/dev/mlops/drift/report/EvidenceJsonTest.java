package dev.mlops.drift.report;

import static dev.mlops.model.ElementType.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Measure;
import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class EvidenceJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void json_ofAWindow_holdsEveryNumberOfIt() throws IOException {
    Evidence evidence = SampleEvidence.storms("serving_later_years.csv");

    JsonNode report = JSON.readTree(EvidenceJson.of(evidence));

    assertThat(report.get("route").asText()).isEqualTo("storms@champion");
    assertThat(report.get("version").get("model").asText()).isEqualTo("storms");
    assertThat(report.get("version").get("number").asText()).isEqualTo("2.0.0");
    assertThat(report.get("version").get("id").asText()).isEqualTo(evidence.version().id());
    assertThat(report.get("baseline").asText()).isEqualTo(SampleEvidence.BASELINE);
    assertThat(report.get("baselineRows").asLong()).isEqualTo(1_500);
    assertThat(report.get("from").asText()).isEqualTo("2026-11-25T02:00:05Z");
    assertThat(report.get("to").asText()).isEqualTo("2026-11-25T03:02:10Z");
    assertThat(report.get("rows").asLong()).isEqualTo(2_201);
    assertThat(report.get("complete").asBoolean()).isTrue();
    assertThat(report.get("alpha").asDouble()).isEqualTo(0.01);
    assertThat(report.get("delta").asDouble()).isEqualTo(0.1);
    assertThat(report.get("level").asText()).isEqualTo("INSUFFICIENT");
    assertThat(report.get("summary").asText()).isEqualTo(Summary.of(evidence).sentence());
    assertThat(report.get("columns")).hasSameSizeAs(evidence.columns());
    for (int i = 0; i < evidence.columns().size(); i++) {
      assertColumn(report.get("columns").get(i), evidence.columns().get(i));
    }
  }

  private static void assertColumn(JsonNode json, Evidence.Column column) {
    Evidence.Compared both = column.compared().orElseThrow();
    Comparison comparison = both.comparison();
    assertThat(json.get("column").asText()).isEqualTo(column.name());
    assertThat(json.get("type").asText()).isEqualTo(column.type().name());
    assertThat(json.get("score").asBoolean()).isEqualTo(column.score());
    assertThat(json.get("level").asText()).isEqualTo(comparison.level().name());
    assertThat(json.get("reason").asText()).isEqualTo(comparison.reason());
    assertThat(json.get("decidedBy").asText())
        .isEqualTo(comparison.measures().get(comparison.deciding()).name());
    if (both.baseline().cells() instanceof NumberCells cells) {
      assertThat(json.get("kind").asText()).isEqualTo("number");
      assertThat(doubles(json.get("edges"))).isEqualTo(cells.edges());
    } else if (both.baseline().cells() instanceof CategoryCells cells) {
      assertThat(json.get("kind").asText()).isEqualTo("category");
      assertThat(JSON.convertValue(json.get("categories"), String[].class))
          .containsExactlyElementsOf(cells.top());
      assertThat(json.get("allKnown").asBoolean()).isEqualTo(cells.allKnown());
    }
    assertThat(JSON.convertValue(json.get("baselineCounts"), long[].class))
        .isEqualTo(both.baseline().counts());
    assertThat(JSON.convertValue(json.get("servingCounts"), long[].class)).isEqualTo(both.counts());
    assertThat(json.get("measures")).hasSameSizeAs(comparison.measures());
    for (int i = 0; i < comparison.measures().size(); i++) {
      assertMeasure(json.get("measures").get(i), comparison.measures().get(i));
    }
    JsonNode chiSquare = json.get("chiSquare");
    assertThat(chiSquare.get("statistic").asDouble()).isEqualTo(comparison.chiSquare().statistic());
    assertThat(chiSquare.get("freedom").asInt()).isEqualTo(comparison.chiSquare().freedom());
    assertThat(chiSquare.get("pValue").asDouble()).isEqualTo(comparison.chiSquare().pValue());
    assertThat(JSON.convertValue(chiSquare.get("groups"), int[].class))
        .isEqualTo(comparison.chiSquare().groups());
    assertThat(json.get("psi").asDouble()).isEqualTo(comparison.psi());
    assertThat(json.get("jensenShannon").asDouble()).isEqualTo(comparison.jensenShannon());
  }

  private static void assertMeasure(JsonNode json, Measure measure) {
    assertThat(json.get("name").asText()).isEqualTo(measure.name());
    assertThat(json.get("effect").asDouble()).isEqualTo(measure.effect());
    assertThat(json.get("lower").asDouble()).isEqualTo(measure.lower());
    if (measure.name().equals(Comparison.VARIATION)) {
      assertThat(json.get("upper").isNull()).isTrue();
    } else {
      assertThat(json.get("upper").asDouble()).isEqualTo(measure.upper());
    }
    assertThat(json.get("pValue").asDouble()).isEqualTo(measure.pValue());
    assertThat(json.get("cell").asInt()).isEqualTo(measure.cell());
    assertThat(json.get("rows").asLong()).isEqualTo(measure.rows());
    assertThat(json.get("baselineRows").asLong()).isEqualTo(measure.baselineRows());
    assertThat(json.get("level").asText()).isEqualTo(measure.level().name());
  }

  @Test
  void json_keys_standInTheirOrder() throws IOException {
    JsonNode report = JSON.readTree(EvidenceJson.of(SampleEvidence.storms("serving_nodrift.csv")));

    assertThat(names(report))
        .containsExactly(
            "form",
            "route",
            "version",
            "baseline",
            "baselineRows",
            "from",
            "to",
            "rows",
            "lost",
            "complete",
            "alpha",
            "delta",
            "level",
            "summary",
            "formulas",
            "columns");
    assertThat(report.get("form").asText()).isEqualTo("mlops-drift-report 1");
    assertThat(names(report.get("columns").get(0)))
        .containsExactly(
            "column",
            "type",
            "score",
            "level",
            "decidedBy",
            "reason",
            "kind",
            "edges",
            "baselineCounts",
            "servingCounts",
            "measures",
            "chiSquare",
            "psi",
            "jensenShannon");
    assertThat(names(report.get("columns").get(9)))
        .containsSubsequence("kind", "categories", "allKnown", "baselineCounts");
    assertThat(names(report.get("columns").get(0).get("measures").get(0)))
        .containsExactly(
            "name", "effect", "lower", "upper", "pValue", "cell", "rows", "baselineRows", "level");
  }

  @Test
  void json_formulas_nameAllThatIsInTheColumns() throws IOException {
    JsonNode report = JSON.readTree(EvidenceJson.of(SampleEvidence.storms("serving_nodrift.csv")));

    List<String> formulas = names(report.get("formulas"));

    assertThat(formulas).contains("verdict", "chi-square", "psi", "jensen-shannon");
    for (JsonNode column : report.get("columns")) {
      for (JsonNode measure : column.get("measures")) {
        assertThat(formulas).contains(measure.get("name").asText());
      }
    }
    assertThat(report.get("formulas")).allMatch(text -> !text.asText().contains("\n"));
  }

  @Test
  void json_notComparedColumn_saysOnlyWhy() throws IOException {
    Evidence evidence =
        new Evidence(
            "storms@champion",
            SampleEvidence.VERSION,
            Optional.empty(),
            0,
            SampleEvidence.FROM,
            SampleEvidence.FROM,
            12,
            0,
            false,
            new Rule(0.01, 0.05),
            List.of(
                new Evidence.Column("wind", FLOAT, false, Optional.empty(), "it has no baseline")));

    JsonNode report = JSON.readTree(EvidenceJson.of(evidence));

    assertThat(report.get("baseline").isNull()).isTrue();
    assertThat(report.get("complete").asBoolean()).isFalse();
    assertThat(report.get("columns").get(0).toString())
        .isEqualTo(
            "{\"column\":\"wind\",\"type\":\"FLOAT\",\"score\":false,\"level\":\"INSUFFICIENT\","
                + "\"decidedBy\":null,\"reason\":\"it has no baseline\"}");
  }

  @Test
  void json_hostileCategories_areReadBackAsTheyWere() throws IOException {
    Evidence evidence = OddEvidence.columns();

    JsonNode column = JSON.readTree(EvidenceJson.of(evidence)).get("columns").get(0);

    assertThat(column.get("column").asText()).isEqualTo(OddEvidence.HOSTILE_NAME);
    assertThat(JSON.convertValue(column.get("categories"), String[].class))
        .containsExactlyInAnyOrderElementsOf(OddEvidence.HOSTILE_CATEGORIES);
  }

  @Test
  void json_whatIsNoNumber_isNull() throws IOException {
    Measure measure =
        new Measure(
            Comparison.DISTANCE,
            0.5,
            Double.NEGATIVE_INFINITY,
            Double.NaN,
            Double.NaN,
            -1,
            1,
            1,
            Level.INSUFFICIENT);

    JsonNode json = JSON.readTree(EvidenceJson.of(with(measure)));

    JsonNode written = json.get("columns").get(0).get("measures").get(0);
    assertThat(written.get("effect").asDouble()).isEqualTo(0.5);
    assertThat(written.get("lower").isNull()).isTrue();
    assertThat(written.get("upper").isNull()).isTrue();
    assertThat(written.get("pValue").isNull()).isTrue();
  }

  @Test
  void json_sameEvidence_sameText() {
    assertThat(EvidenceJson.of(SampleEvidence.storms("serving_nodrift.csv")))
        .isEqualTo(EvidenceJson.of(SampleEvidence.storms("serving_nodrift.csv")))
        .doesNotContain("\r")
        .endsWith("}\n");
  }

  /** One column that rests on one measure. */
  static Evidence with(Measure measure) {
    ColumnBaseline baseline = ColumnBaseline.ofNumbers("x", FLOAT, new double[] {1, 2, 3}, 0);
    long[] counts = new long[baseline.cells().size()];
    Rule rule = new Rule(0.01, 0.05);
    Comparison compared = Comparison.of(baseline.cells(), baseline.counts(), counts, rule);
    Comparison comparison =
        new Comparison(
            rule,
            List.of(measure),
            0,
            compared.chiSquare(),
            measure.effect(),
            measure.effect(),
            measure.level(),
            "");
    return SampleEvidence.evidence(
        3,
        0,
        rule,
        List.of(
            new Evidence.Column(
                "x",
                FLOAT,
                false,
                Optional.of(new Evidence.Compared(baseline, counts, comparison)),
                "")));
  }

  private static double[] doubles(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
