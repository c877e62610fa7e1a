package dev.mlops.runtime.rollout;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The golden records of a version, read some at a time. What is wrong with the file is an {@link
 * InvalidSettingsException} that names file, line and column; where it cannot be read just now, a
 * {@link StoreUnavailableException}, which says nothing about the version. Used by one thread.
 */
abstract class GoldenRecords implements AutoCloseable {
  private static final String EXPECTED = "expected.";

  /**
   * One record.
   *
   * @param line of the file, counted from 1
   * @param expected values by the output's name as the file spells it; what is not there is not
   *     checked
   */
  record Golden(long line, Row in, Map<String, Object> expected) {}

  /** The records of a version; empty if its package has none. */
  static Optional<GoldenRecords> of(StoredVersion version) {
    Optional<InputStream> part = version.part(ModelPackage.GOLDEN_ROLE);
    if (part.isEmpty()) {
      return Optional.empty();
    }
    String path = version.partPath(ModelPackage.GOLDEN_ROLE).orElse("golden.csv");
    if (path.endsWith(".jsonl")) {
      return Optional.of(new JsonLines(path, part.get(), version.schema()));
    }
    return Optional.of(new Csv(path, part.get(), version.schema()));
  }

  /** The next records. */
  List<Golden> next(int atMost) {
    List<Golden> records = new ArrayList<>();
    while (records.size() < atMost) {
      Golden record = next();
      if (record == null) {
        break;
      }
      records.add(record);
    }
    return records;
  }

  abstract @Nullable Golden next();

  @Override
  public abstract void close();

  /** The tensor of an output by column or {@code tensor.column}; null if there is none. */
  static @Nullable TensorSpec output(ModelSchema schema, String name) {
    Optional<ModelSchema.Place> place = schema.output(name);
    return place.isEmpty() ? null : schema.outputs().get(place.get().tensor());
  }

  private static String outputs(ModelSchema schema) {
    return schema.outputColumns().stream().map(column -> column.name()).toList().toString();
  }

  private static final class Csv extends GoldenRecords {
    private record Cell(int index, String name, TensorSpec tensor) {}

    private final CsvTable table;
    private final CsvInputs inputs;
    private final List<Cell> expected = new ArrayList<>();

    Csv(String file, InputStream bytes, ModelSchema schema) {
      table = new CsvTable(file, bytes);
      try {
        inputs = CsvInputs.bind(table, schema);
        List<String> problems = new ArrayList<>();
        Set<String> given = inputs.names();
        for (Map.Entry<String, Integer> column : table.header().entrySet()) {
          String name = column.getKey();
          if (name.startsWith(EXPECTED) && !given.contains(name)) {
            bind(schema, name.substring(EXPECTED.length()), column.getValue(), problems);
          }
        }
        if (expected.isEmpty() && problems.isEmpty()) {
          problems.add(
              "no column expected.<output>, so nothing can be checked; the outputs are "
                  + outputs(schema));
        }
        if (!problems.isEmpty()) {
          throw table.problem(problems);
        }
      } catch (InvalidSettingsException | StoreUnavailableException e) {
        table.close();
        throw e;
      }
    }

    private void bind(ModelSchema schema, String name, int index, List<String> problems) {
      TensorSpec tensor = output(schema, name);
      if (tensor == null) {
        problems.add("expected." + name + " names no output; the outputs are " + outputs(schema));
      } else if (!Values.single(tensor)) {
        problems.add(
            "expected."
                + name
                + " is "
                + tensor.shape()
                + ", which a cell cannot hold; write JSON lines");
      } else {
        expected.add(new Cell(index, name, tensor));
      }
    }

    @Override
    @Nullable Golden next() {
      CsvTable.Line line = table.next();
      if (line == null) {
        return null;
      }
      Map<String, Object> values = new LinkedHashMap<>();
      for (Cell cell : expected) {
        String text = line.cells().get(cell.index());
        if (text.isEmpty()) {
          continue;
        }
        try {
          values.put(cell.name(), Values.cell(text, cell.tensor().type()));
        } catch (IllegalArgumentException e) {
          throw table.problem(
              line.number(), "column 'expected." + cell.name() + "' " + e.getMessage());
        }
      }
      return new Golden(line.number(), inputs.read(line), values);
    }

    @Override
    public void close() {
      table.close();
    }
  }

  private static final class JsonLines extends GoldenRecords {
    private static final ObjectMapper JSON =
        JsonMapper.builder(
                JsonFactory.builder()
                    // a buffer kept on a caller's thread would keep our class loader with it
                    .disable(JsonFactory.Feature.USE_THREAD_LOCAL_FOR_BUFFER_RECYCLING)
                    .build())
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final String file;
    private final BufferedReader reader;
    private final ModelSchema schema;
    private long line;

    JsonLines(String file, InputStream bytes, ModelSchema schema) {
      this.file = file;
      this.schema = schema;
      this.reader =
          new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder()));
    }

    @Override
    @Nullable Golden next() {
      try {
        String text;
        do {
          text = reader.readLine();
          line++;
        } while (text != null && text.isBlank());
        return text == null ? null : golden(JSON.readTree(text));
      } catch (JsonProcessingException e) {
        throw problem("is no JSON: " + e.getOriginalMessage());
      } catch (CharacterCodingException e) {
        throw problem("cannot be read as UTF-8: " + e);
      } catch (IOException e) {
        throw new StoreUnavailableException(
            file + " cannot be read beyond line " + line + ": " + e, e);
      }
    }

    private Golden golden(JsonNode record) {
      JsonNode in = record.get("in");
      JsonNode out = record.get("out");
      if (in == null || !in.isObject() || out == null || !out.isObject()) {
        throw problem("wanted {\"in\":{…},\"out\":{…}}");
      }
      Map<String, @Nullable Object> inputs = new LinkedHashMap<>();
      for (Iterator<String> names = in.fieldNames(); names.hasNext(); ) {
        String name = names.next();
        ModelSchema.Place place =
            schema.input(name).orElseThrow(() -> problem("'" + name + "' is no input"));
        JsonNode node = in.get(name);
        String column = schema.inputColumns().get(place.index()).name();
        if (inputs.containsKey(column)) {
          throw problem("'" + column + "' stands there twice");
        }
        inputs.put(
            column,
            node.isNull() ? null : value("in", name, node, schema.inputs().get(place.tensor())));
      }
      Map<String, Object> expected = new LinkedHashMap<>();
      for (Iterator<String> names = out.fieldNames(); names.hasNext(); ) {
        String name = names.next();
        TensorSpec tensor = output(schema, name);
        if (tensor == null) {
          throw problem("'" + name + "' is no output; the outputs are " + outputs(schema));
        }
        JsonNode node = out.get(name);
        if (!node.isNull()) {
          expected.put(name, value("out", name, node, tensor));
        }
      }
      return new Golden(line, Row.of(inputs), expected);
    }

    private Object value(String side, String name, JsonNode node, TensorSpec tensor) {
      try {
        return Values.json(node, tensor);
      } catch (IllegalArgumentException e) {
        throw problem(side + " '" + name + "' " + e.getMessage());
      }
    }

    private InvalidSettingsException problem(String what) {
      return new InvalidSettingsException(file + " line " + line + ": " + what);
    }

    @Override
    public void close() {
      try {
        reader.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
