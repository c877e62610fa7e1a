package dev.mlops.runtime.rollout;

import dev.mlops.inference.Row;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import dev.mlops.store.StoredVersion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows that a version can be tried with before it serves.
 *
 * @param rows at least one
 * @param golden whether they are inputs of golden records; else they were made from the schema
 */
record SampleRows(List<Row> rows, boolean golden) {
  private static final int MOST = 1024;

  SampleRows {
    rows = List.copyOf(rows);
  }

  static SampleRows of(StoredVersion version) {
    List<Row> rows = new ArrayList<>();
    // damaged records are the golden gate's to tell
    try (GoldenRecords records = GoldenRecords.of(version).orElse(null)) {
      if (records != null) {
        for (GoldenRecords.Golden record : records.next(MOST)) {
          rows.add(record.in());
        }
      }
    } catch (InvalidSettingsException e) {
      rows.clear();
    }
    return rows.isEmpty()
        ? new SampleRows(List.of(made(version.schema(), 0), made(version.schema(), 1)), false)
        : new SampleRows(rows, true);
  }

  /**
   * A row with one value in all columns of floating type, and zero, false or empty text in others.
   */
  private static Row made(ModelSchema schema, double value) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (TensorSpec tensor : schema.inputs()) {
      for (ColumnSpec column : tensor.columns()) {
        values.put(column.name(), Values.made(tensor, value));
      }
    }
    return Row.of(values);
  }
}
