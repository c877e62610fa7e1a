package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.runtime.onnx.FreeRows;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * ONNX's own test models with the answers published beside them. All fix their first axis, most at
 * more than one, as what they test is an operator: such a graph takes no single row, and the
 * refusal says so. Those that work row by row are then served with that axis declared free, nothing
 * else changed.
 */
final class PublishedModelsTest {
  private static final String MODELS = "models/published/onnx-testdata";

  /** One row as they are. */
  private static final Set<String> OF_ONE_ROW = Set.of("test_MaxPool2d", "test_single_relu_model");

  /** Row by row in all inputs and outputs, but fixed at more rows than one. */
  private static final Set<String> OF_SOME_ROWS =
      Set.of(
          "test_Softmax",
          "test_cast_FLOAT_to_DOUBLE",
          "test_concat_2d_axis_1",
          "test_sign_model",
          "test_where_example");

  /** Not of rows, and the tensors of whose first axis this is so: for engines that hold state. */
  private static final Map<String, Map<String, String>> NOT_OF_ROWS =
      Map.of(
          "test_add_bcast", Map.of("y", "5 numbers for the whole call, against 3 of the others"),
          "test_argmax_default_axis_example", Map.of("result", "1, the rows are reduced to one"),
          "test_expand_shape_model1", Map.of("shape", "2 numbers for the whole call: a shape"),
          "test_gather_0", Map.of("data", "5, looked up by 3 indices for the whole call"),
          "test_matmul_2d", Map.of("b", "4, a matrix for the whole call"));

  static Set<String> ofRows() {
    Set<String> names = new TreeSet<>(OF_ONE_ROW);
    names.addAll(OF_SOME_ROWS);
    return names;
  }

  static Set<String> notOfRows() {
    return new TreeSet<>(NOT_OF_ROWS.keySet());
  }

  @TempDir private Path folder;

  @Test
  void models_areEachOfRowsOrListedWithTheReason() throws IOException {
    Set<String> listed = ofRows();
    listed.addAll(NOT_OF_ROWS.keySet());
    try (Stream<Path> there = Files.list(FixtureModels.shared(MODELS))) {
      assertThat(there.filter(Files::isDirectory).map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(listed);
    }
  }

  @ParameterizedTest
  @MethodSource("ofRows")
  void predict_publishedRows_areAnsweredAsPublished(String name) throws IOException {
    JsonNode io = io(name);
    int rows = rows(io);
    assertThat(rows > 1).isEqualTo(OF_SOME_ROWS.contains(name));
    Path model = model(name);
    if (rows > 1) {
      assertThat(catchThrowable(() -> serve(io, model, "as-published")))
          .isInstanceOf(ModelFailedException.class)
          .hasMessageContaining(
              "takes exactly %d rows a run, as its input '%s' says, but 1 were asked for; export"
                  + " the model with a free first axis",
              rows, io.get("inputs").fieldNames().next());
    }
    Path free = rows > 1 ? FreeRows.of(model, folder.resolve("free.onnx")) : model;
    try (ModelRuntime runtime = serve(io, free, "served")) {
      ModelHandle<Row, Row> handle = runtime.model("served:1");
      List<Row> inputs = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        inputs.add(row(io, row, rows));
      }
      List<Prediction<Row>> together = handle.predictAll(inputs);
      int compared = 0;
      for (int row = 0; row < rows; row++) {
        compared += compare(handle.predict(inputs.get(row)).value(), io, row, rows);
        compared += compare(together.get(row).value(), io, row, rows);
      }
      int values = 0;
      for (JsonNode output : io.get("outputs")) {
        values += output.get("values_row_major").size();
      }
      assertThat(compared).isEqualTo(2 * values).isPositive();
    }
  }

  @ParameterizedTest
  @MethodSource("notOfRows")
  void model_notOfRows_isRefusedOrHasAnotherFirstAxis(String name) throws IOException {
    JsonNode io = io(name);
    Set<Integer> lengths = new TreeSet<>();
    for (String side : List.of("inputs", "outputs")) {
      for (JsonNode tensor : io.get(side)) {
        lengths.add(tensor.get("shape").get(0).asInt());
      }
    }
    assertThat(lengths.size() > 1).as("first axes %s", lengths).isTrue();
    NOT_OF_ROWS
        .get(name)
        .keySet()
        .forEach(
            tensor ->
                assertThat(io.at("/inputs").has(tensor) || io.at("/outputs").has(tensor)).isTrue());
    assertThat(catchThrowable(() -> serve(io, model(name), "served").close()))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("failed when it was run before serving");
  }

  private static Path model(String name) {
    return FixtureModels.shared(MODELS).resolve(name).resolve("model.onnx");
  }

  private static JsonNode io(String name) throws IOException {
    return new ObjectMapper().readTree(model(name).resolveSibling("io.json").toFile());
  }

  private static int rows(JsonNode io) {
    return io.get("inputs").iterator().next().get("shape").get(0).asInt();
  }

  /** Every tensor one column, its first axis the rows. */
  private ModelRuntime serve(JsonNode io, Path model, String name) {
    ModelSchema.Builder schema = ModelSchema.builder();
    io.get("inputs").properties().forEach(t -> schema.input(t.getKey(), type(t), shape(t)));
    io.get("outputs").properties().forEach(t -> schema.output(t.getKey(), type(t), shape(t)));
    ModelStore store = DirectoryModelStore.at(folder.resolve("store"));
    store.publish(ModelPackage.of(name, "1", schema.build()).model("onnx", model).build());
    ModelRuntime runtime = ModelRuntime.over(store);
    try {
      runtime.model(name + ":1");
      return runtime;
    } catch (RuntimeException e) {
      runtime.close();
      throw e;
    }
  }

  private static ElementType type(Map.Entry<String, JsonNode> tensor) {
    return switch (tensor.getValue().get("type").asText()) {
      case "float" -> ElementType.FLOAT;
      case "double" -> ElementType.DOUBLE;
      case "int64" -> ElementType.INT64;
      case "bool" -> ElementType.BOOL;
      default -> throw new AssertionError("type of " + tensor);
    };
  }

  private static Shape shape(Map.Entry<String, JsonNode> tensor) {
    JsonNode dims = tensor.getValue().get("shape");
    long[] rest = new long[dims.size() - 1];
    for (int i = 0; i < rest.length; i++) {
      rest[i] = dims.get(i + 1).asLong();
    }
    return Shape.perRow(rest);
  }

  private static Row row(JsonNode io, int row, int rows) {
    Map<String, Object> values = new LinkedHashMap<>();
    io.get("inputs")
        .properties()
        .forEach(
            tensor -> {
              JsonNode all = tensor.getValue().get("values_row_major");
              int size = all.size() / rows;
              boolean truths = all.get(0).isBoolean();
              Object part = truths ? new boolean[size] : new double[size];
              for (int i = 0; i < size; i++) {
                JsonNode value = all.get(row * size + i);
                Array.set(part, i, truths ? (Object) value.asBoolean() : (Object) value.asDouble());
              }
              boolean single = tensor.getValue().get("shape").size() == 1;
              values.put(tensor.getKey(), single ? Array.get(part, 0) : part);
            });
    return Row.of(values);
  }

  /** How many values were compared. */
  private static int compare(Row answer, JsonNode io, int row, int rows) {
    int compared = 0;
    for (var tensor : io.get("outputs").properties()) {
      JsonNode all = tensor.getValue().get("values_row_major");
      int size = all.size() / rows;
      double[] given =
          tensor.getValue().get("shape").size() == 1
              ? new double[] {answer.number(tensor.getKey())}
              : answer.doubles(tensor.getKey());
      assertThat(given).hasSize(size);
      for (int i = 0; i < size; i++, compared++) {
        double wanted = all.get(row * size + i).asDouble();
        assertThat(Math.abs(given[i] - wanted))
            .as("%s[%d] of row %d", tensor.getKey(), i, row)
            .isLessThanOrEqualTo(1e-5 * Math.max(1, Math.abs(wanted)));
      }
    }
    return compared;
  }
}
