package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every row of what the training frameworks say, through a slot. */
final class FixtureParityTest {
  private static final String[] INPUTS_OF_EXPECTED = {"row_id", "expected_"};

  @ParameterizedTest
  @ValueSource(
      strings = {
        "storms/1",
        "storms/2",
        "storms/4",
        "storms-columns/1",
        "storms-columns/2",
        "storms-zipmap/1",
        "storms-mlp/1",
        "storms-mlp/2",
        "wine/1",
        "wine/2",
        "wine/3",
        "breast-cancer/1",
        "breast-cancer/2",
        "breast-cancer/3",
        "digits/1",
        "digits/2",
        "digits/3"
      })
  void run_everyRowAloneAndTogether_isWhatTheTrainingFrameworkSays(String model)
      throws IOException {
    Path folder = TestVersion.fixture(model);
    List<NamedCsvRecord> rows = rows(folder.resolve("expected.csv"));
    assertThat(rows).hasSize(50);
    TestVersion version = TestVersion.of(folder.resolve("model.onnx"));

    try (EngineSession session = OnnxRuntimeEngine.create().load(version, 2)) {
      for (int chunk : new int[] {1, 7, 50, 1}) {
        Slot slot = session.slot(chunk % 2);
        for (int from = 0; from < rows.size(); from += chunk) {
          List<NamedCsvRecord> some = rows.subList(from, Math.min(rows.size(), from + chunk));
          fill(slot, version.schema(), some);
          slot.run(some.size());
          compare(slot, version.schema(), some);
        }
      }
    }
  }

  static List<NamedCsvRecord> rows(Path csv) throws IOException {
    List<NamedCsvRecord> rows = new ArrayList<>();
    try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(csv)) {
      reader.forEach(rows::add);
    }
    return rows;
  }

  /** Inputs as the file has them: one tensor takes all columns in order, several one each. */
  static void fill(Slot slot, ModelSchema schema, List<NamedCsvRecord> rows) {
    List<String> features =
        rows.get(0).getHeader().stream()
            .filter(name -> !name.equals(INPUTS_OF_EXPECTED[0]))
            .filter(name -> !name.startsWith(INPUTS_OF_EXPECTED[1]))
            .toList();
    for (int t = 0; t < schema.inputs().size(); t++) {
      TensorSpec spec = schema.inputs().get(t);
      List<String> columns = schema.inputs().size() == 1 ? features : List.of(spec.name());
      Tensor tensor = slot.input(t, rows.size());
      for (int row = 0; row < rows.size(); row++) {
        for (int c = 0; c < columns.size(); c++) {
          String value = rows.get(row).getField(columns.get(c));
          if (spec.type() == ElementType.TEXT) {
            tensor.texts()[row] = value;
          } else {
            float number = value.isEmpty() ? Float.NaN : Float.parseFloat(value);
            tensor.floats().put(row * columns.size() + c, number);
          }
        }
      }
    }
  }

  private static void compare(Slot slot, ModelSchema schema, List<NamedCsvRecord> rows) {
    for (int t = 0; t < schema.outputs().size(); t++) {
      Tensor tensor = slot.output(t);
      assertThat(tensor.shape()[0]).isEqualTo(rows.size());
      for (int row = 0; row < rows.size(); row++) {
        NamedCsvRecord record = rows.get(row);
        switch (tensor.type()) {
          case INT64 ->
              assertThat(tensor.longs().get(row))
                  .isEqualTo(Long.parseLong(record.getField("expected_label")));
          case TEXT -> assertThat(tensor.texts()[row]).isEqualTo(record.getField("expected_label"));
          default -> {
            List<String> names =
                record.getHeader().stream()
                    .filter(name -> name.startsWith("expected_proba"))
                    .toList();
            assertThat(names).isNotEmpty();
            for (int c = 0; c < names.size(); c++) {
              double want = Double.parseDouble(record.getField(names.get(c)));
              double got = tensor.floats().get(row * names.size() + c);
              assertThat(Math.abs(got - want))
                  .isLessThanOrEqualTo(1e-5 * Math.max(1, Math.abs(want)));
            }
          }
        }
      }
    }
  }
}
