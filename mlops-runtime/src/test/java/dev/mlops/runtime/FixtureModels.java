package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import de.siegmar.fastcsv.writer.CsvWriter;
import dev.mlops.inference.Row;
import dev.mlops.model.Column;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.runtime.rollout.LabelledCsv;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The fixture models as a publisher sees them: their schema, columns named as in training, and the
 * rows of {@code expected.csv}. Image columns {@code px_…} are one column, {@code image}.
 */
final class FixtureModels {
  private static final String PREDICTED = "expected_";
  private static final String PROBABILITY = "expected_proba_";
  private static final String IMAGE = "image";

  private FixtureModels() {}

  /** A file or folder that lies with the tests. */
  static Path resource(String name) {
    URL url = FixtureModels.class.getResource("/fixtures/" + name);
    assertThat(url).as("test resource fixtures/%s", name).isNotNull();
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** A file or folder of the shared folder beside the repository; skipped where there is none. */
  static Path shared(String name) {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.isDirectory(folder.resolve("mlops-api"))) {
      folder = folder.getParent();
    }
    assumeTrue(folder != null, "not run inside the repository");
    Path shared = folder.resolveSibling("shared").resolve("fixtures");
    assumeTrue(
        Files.isDirectory(shared),
        "skipped: ../shared/fixtures, which holds data that may be read but not committed, is"
            + " not there");
    return shared.resolve(name);
  }

  /** The rows of a version's {@code expected.csv}. */
  static List<NamedCsvRecord> expected(Path version) {
    return LabelledCsv.read(version.resolve("expected.csv"));
  }

  /**
   * The schema of a model file: types and tensors as its metadata say, the score the last
   * probability.
   *
   * @param optional more columns that may be missing than those that are so in {@code expected.csv}
   */
  static ModelSchema schema(Path model, String... optional) {
    Path version = model.getParent();
    String file = model.getFileName().toString();
    JsonNode metadata = metadata(version);
    JsonNode onnx = null;
    for (JsonNode each : metadata.get("files")) {
      onnx = each.get("path").asText().equals(file) ? each : onnx;
    }
    assertThat(onnx).as("metadata of %s in %s", file, version).isNotNull();
    String[] features = texts(metadata.get("features"));
    ModelSchema.Builder schema = ModelSchema.builder();
    JsonNode inputs = onnx.get("inputs");
    for (JsonNode input : inputs) {
      String name = input.get("name").asText();
      if (input.get("shape").size() == 4) {
        schema.input(name, type(input), Shape.perRow(1, 8, 8));
      } else if (inputs.size() == 1) {
        schema.input(name, type(input), features);
      } else {
        schema.input(name, type(input));
      }
    }
    for (JsonNode output : onnx.get("outputs")) {
      String name = output.get("name").asText();
      if (output.get("type").asText().startsWith("sequence(map")
          || (width(output) > 1 && width(output) < 10)) {
        String[] classes = texts(metadata.get("classes"));
        schema.output(name, ElementType.FLOAT, classes);
        schema.score(name + "." + classes[classes.length - 1]);
      } else if (width(output) > 1) {
        schema.output(name, ElementType.FLOAT, Shape.perRow(width(output)));
      } else {
        schema.output(name, type(output));
      }
    }
    TreeSet<String> missing = new TreeSet<>(List.of(optional));
    for (NamedCsvRecord row : expected(version)) {
      for (String column : features) {
        if (row.findField(column).orElse("0").isEmpty()) {
          missing.add(column);
        }
      }
    }
    return schema.optional(missing.toArray(String[]::new)).build();
  }

  /**
   * The golden records of a version whose columns are one value each, from its expected.csv.
   *
   * @param complete whether to leave out rows with a missing value
   */
  static Path golden(Path version, ModelSchema schema, boolean complete, Path to) {
    List<NamedCsvRecord> rows = expected(version);
    if (complete) {
      rows = rows.stream().filter(row -> !row.getFields().contains("")).toList();
    }
    Map<String, String> columns = new LinkedHashMap<>();
    for (ColumnSpec input : schema.inputColumns()) {
      columns.put(input.name(), input.name());
    }
    for (ColumnSpec output : schema.outputColumns()) {
      columns.put("expected." + output.name(), source(output.name(), rows.get(0)));
    }
    try (CsvWriter writer = CsvWriter.builder().build(to)) {
      writer.writeRecord(columns.keySet());
      for (NamedCsvRecord row : rows) {
        writer.writeRecord(columns.values().stream().map(row::getField).toList());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return to;
  }

  /** The column of expected.csv where the truth of an output stands. */
  static String source(String output, NamedCsvRecord row) {
    String name = output.substring(output.lastIndexOf('.') + 1);
    if (row.getHeader().contains(PROBABILITY + name)) {
      return PROBABILITY + name;
    }
    return PREDICTED + (name.equals("output_label") ? "label" : name);
  }

  /** All probabilities of a row, in order. */
  static double[] probabilities(NamedCsvRecord row) {
    return row.getHeader().stream()
        .filter(name -> name.startsWith(PROBABILITY))
        .mapToDouble(name -> Double.parseDouble(row.getField(name)))
        .toArray();
  }

  /** A row by column names; an empty cell is missing. */
  static Row row(ModelSchema schema, NamedCsvRecord csv) {
    Map<String, @Nullable Object> values = new HashMap<>();
    for (ColumnSpec column : schema.inputColumns()) {
      if (column.name().equals(IMAGE)) {
        values.put(IMAGE, pixels(csv));
        continue;
      }
      String cell = csv.getField(column.name());
      values.put(
          column.name(),
          cell.isEmpty() ? null : column.type() == ElementType.TEXT ? cell : number(cell));
    }
    return Row.of(values);
  }

  /** A record; an empty cell is null. */
  static <R> R record(Class<R> type, NamedCsvRecord csv) {
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    @Nullable Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      values[i] = value(types[i], column(components[i]), csv);
    }
    try {
      var constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** The column a component stands for. */
  static String column(RecordComponent component) {
    Column column = component.getAnnotation(Column.class);
    return column == null ? component.getName() : column.value();
  }

  private static @Nullable Object value(Class<?> type, String column, NamedCsvRecord csv) {
    if (type == float[].class) {
      return pixels(csv);
    }
    String cell = csv.getField(column);
    if (cell.isEmpty()) {
      return null;
    }
    if (type == String.class) {
      return cell;
    }
    double number = number(cell);
    if (type == float.class || type == Float.class) {
      return (float) number;
    }
    if (type == double.class || type == Double.class) {
      return number;
    }
    assertThat(number).isEqualTo(Math.rint(number));
    return type == int.class ? (Object) (int) number : (Object) (long) number;
  }

  private static double number(String cell) {
    return Double.parseDouble(cell);
  }

  private static float[] pixels(NamedCsvRecord csv) {
    float[] pixels = new float[64];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = Float.parseFloat(csv.getField("px_" + i / 8 + "_" + i % 8));
    }
    return pixels;
  }

  private static JsonNode metadata(Path version) {
    try {
      return new ObjectMapper().readTree(version.resolve("metadata.json").toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Values a row. */
  private static int width(JsonNode output) {
    JsonNode shape = output.get("shape");
    return shape.size() < 2 ? 1 : shape.get(1).asInt();
  }

  private static ElementType type(JsonNode tensor) {
    return switch (tensor.get("type").asText()) {
      case "float" -> ElementType.FLOAT;
      case "int64" -> ElementType.INT64;
      case "string" -> ElementType.TEXT;
      default -> throw new AssertionError("type " + tensor.get("type"));
    };
  }

  private static String[] texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts.toArray(String[]::new);
  }
}
