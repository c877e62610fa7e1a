package dev.mlops.runtime.onnx;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The fixture models: what converters really write, and what is broken on purpose. */
final class OnnxModelFixturesTest {
  private static final Path SHARED = Path.of("../../shared/fixtures/models");

  private static Path fixtures() {
    try {
      return Path.of(OnnxModelFixturesTest.class.getResource("/fixtures/models").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static OnnxModel fixture(String path) {
    return OnnxModel.read(fixtures().resolve(path));
  }

  private static ModelSchema storms() {
    return ModelSchema.builder()
        .input(
            "features",
            FLOAT,
            "month",
            "hour",
            "lat",
            "long",
            "wind",
            "pressure",
            "wind_change_6h",
            "pressure_change_6h")
        .output("label", INT64)
        .output("probabilities", FLOAT, "0", "1")
        .score("probabilities.1")
        .build();
  }

  static List<Path> modelsKeptHere() throws IOException {
    return models(fixtures());
  }

  private static List<Path> models(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".onnx"))
          .filter(file -> !file.toString().contains("broken"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("modelsKeptHere")
  void read_fixture_agreesWithItsMetadata(Path model) throws IOException {
    assertThat(problemsAgainstMetadata(model)).isEmpty();
  }

  @Test
  void read_everySharedModel_agreesWithItsMetadata() throws IOException {
    assumeTrue(
        Files.isDirectory(SHARED), "no " + SHARED + ": the models of fetched data are not here");
    List<Path> models = models(SHARED);
    assertThat(models).hasSizeGreaterThan(30);
    List<String> problems = new ArrayList<>();
    for (Path model : models) {
      problems.addAll(problemsAgainstMetadata(model));
    }
    assertThat(problems).isEmpty();
  }

  private static List<String> problemsAgainstMetadata(Path file) throws IOException {
    OnnxModel model = OnnxModel.read(file);
    List<String> problems = new ArrayList<>();
    if (!model.check(model.schema()).isEmpty()) {
      problems.add(file + " does not fit its own schema: " + model.check(model.schema()));
    }
    if (model.hasExternalData() || !model.checkExternalData(file.getParent(), Set.of()).isEmpty()) {
      problems.add(file + " has external data");
    }
    Path metadata = file.resolveSibling("metadata.json");
    if (!Files.exists(metadata)) {
      return problems; // ONNX's own test models
    }
    for (JsonNode facts : new ObjectMapper().readTree(metadata.toFile()).get("files")) {
      if (!facts.get("path").asText().equals(file.getFileName().toString())) {
        continue;
      }
      if (facts.has("ir_version") && facts.get("ir_version").asLong() != model.irVersion()) {
        problems.add(file + " has IR version " + model.irVersion());
      }
      for (Map.Entry<String, JsonNode> opset : facts.path("opset").properties()) {
        String domain = opset.getKey().equals("ai.onnx") ? "" : opset.getKey();
        if (!Long.valueOf(opset.getValue().asLong()).equals(model.opsets().get(domain))) {
          problems.add(file + " has opsets " + model.opsets());
        }
      }
      compare(file, facts.get("inputs"), model.inputs(), problems);
      compare(file, facts.get("outputs"), model.outputs(), problems);
    }
    return problems;
  }

  private static void compare(
      Path file, JsonNode facts, List<GraphValue> values, List<String> problems) {
    List<String> wanted = new ArrayList<>();
    for (JsonNode fact : facts) {
      StringBuilder axes = new StringBuilder();
      for (JsonNode dim : fact.path("shape")) {
        axes.append(axes.isEmpty() ? "[" : ", ").append(dim.asText().replace("-1", "?"));
      }
      String type = fact.get("type").asText();
      wanted.add(fact.get("name").asText() + " " + type + (axes.isEmpty() ? "" : axes + "]"));
    }
    List<String> seen =
        values.stream()
            .map(value -> value.name() + " " + value.description())
            .map(
                text ->
                    text.replace(
                        "a sequence of maps from int64 to float", "sequence(map(int64,float))"))
            .map(
                text ->
                    text.replace(
                        "a sequence of maps from string to float", "sequence(map(string,float))"))
            .toList();
    if (!seen.equals(wanted)) {
      problems.add(file + " says " + wanted + " but " + seen + " was read");
    }
  }

  @Test
  void schema_matrixOfFeatures_numbersTheColumns() {
    assertThat(fixture("storms/2/model.onnx").schema())
        .isEqualTo(
            ModelSchema.builder()
                .input("features", FLOAT, "0", "1", "2", "3", "4", "5", "6", "7")
                .optional("0", "1", "2", "3", "4", "5", "6", "7")
                .output("label", INT64)
                .output("probabilities", FLOAT, "0", "1")
                .build());
  }

  @Test
  void schema_inputPerColumn_keepsTheirNamesAndOrder() {
    assertThat(fixture("storms-columns/1/model.onnx").schema())
        .isEqualTo(
            ModelSchema.builder()
                .input("month", FLOAT)
                .input("hour", FLOAT)
                .input("lat", FLOAT)
                .input("long", FLOAT)
                .input("wind", FLOAT)
                .input("pressure", FLOAT)
                .input("wind_change_6h", FLOAT)
                .input("pressure_change_6h", FLOAT)
                .input("status", TEXT)
                .optional(
                    "month",
                    "hour",
                    "lat",
                    "long",
                    "wind",
                    "pressure",
                    "wind_change_6h",
                    "pressure_change_6h")
                .output("label", INT64)
                .output("probabilities", FLOAT, "0", "1")
                .build());
  }

  @Test
  void schema_zipMap_isAMatrixOfItsClasses() {
    ModelSchema schema = fixture("storms-zipmap/1/model.onnx").schema();
    assertThat(schema.outputs())
        .isEqualTo(
            ModelSchema.builder()
                .input("X", FLOAT)
                .output("output_label", INT64)
                .output("output_probability", FLOAT, "0", "1")
                .build()
                .outputs());
  }

  @Test
  void schema_image_isOneColumnOfItsShape() {
    assertThat(fixture("digits/2/model.onnx").schema().inputs())
        .isEqualTo(
            ModelSchema.builder()
                .input("image", FLOAT, Shape.perRow(1, 8, 8))
                .output("o", FLOAT)
                .build()
                .inputs());
  }

  // ------------------------------------------------------------------ broken on purpose

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "truncated.onnx | at byte 17 field 7 says it has 711 bytes, but the file ends after 398: it"
            + " is cut short or damaged. Copy or export the file again.",
        "empty.onnx | is not an ONNX model: it is empty (0 bytes). Copy or export the file again.",
        "not_onnx.onnx | is not an ONNX model: it is text that begins with \"",
        "bit_flips.onnx | is not a readable ONNX model: at byte "
      })
  void read_brokenFile_isRefusedWithTheReason(String file, String reason) {
    assertThatThrownBy(() -> fixture("storms/broken/" + file))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining(file)
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "wrong_input_name.onnx | input \"features\" of the schema is not in the graph, whose inputs"
            + " are [feats_in] | the graph wants an input \"feats_in\", float[batch, 8], which is"
            + " not in the schema",
        "wrong_output_name.onnx | output \"probabilities\" of the schema is not in the graph, whose"
            + " outputs are [label, scores] |",
        "wrong_feature_count.onnx | input \"features\" has 8 columns in the schema but the graph"
            + " wants [batch, 7] |",
        "wrong_input_type.onnx | input \"features\" is FLOAT in the schema but the graph wants"
            + " double |",
        "fails_at_run.onnx | output \"probabilities\" has 2 columns in the schema but the graph gives"
            + " [?, 8] |"
      })
  void check_modelThatDoesNotFit_saysWhatDiffers(String file, String first, String second) {
    List<String> problems = fixture("storms/broken/" + file).check(storms());
    assertThat(problems).isEqualTo(second == null ? List.of(first) : List.of(first, second));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "constant_output.onnx",
        "dangling_edge.onnx",
        "fixed_batch_1.onnx",
        "future_ir.onnx",
        "future_opset.onnx",
        "nan_output.onnx",
        "out_of_range_output.onnx",
        "slow.onnx",
        "unknown_operator.onnx"
      })
  void check_modelBrokenInOtherWays_passes(String file) {
    assertThat(fixture("storms/broken/" + file).check(storms())).isEmpty();
  }

  @Test
  void customDomains_operatorNobodyKnows_isNamed() {
    assertThat(fixture("storms/broken/unknown_operator.onnx").customDomains())
        .isNotEmpty()
        .doesNotContain("", "ai.onnx.ml");
    assertThat(fixture("storms/2/model.onnx").customDomains()).isEmpty();
  }

  @Test
  void check_columnModels_nameTheColumnInQuestion() {
    ModelSchema schema = fixture("storms-columns/1/model.onnx").schema();
    assertThat(fixture("storms-columns/broken/wrong_input_name.onnx").check(schema))
        .hasSize(2)
        .first()
        .asString()
        .startsWith("input \"pressure\" of the schema is not in the graph, whose inputs are [");
    assertThat(fixture("storms-columns/broken/extra_input.onnx").check(schema))
        .containsExactly(
            "the graph wants an input \"extra_column\", float[batch, 1], which is not in the"
                + " schema");
  }
}
