package dev.mlops.runtime.rollout;

import dev.mlops.inference.Row;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The input columns of a schema found in a CSV file, by column or as {@code tensor.column}. An
 * empty cell is missing where the column may be, empty text in a text column that may not, and a
 * failure elsewhere.
 */
final class CsvInputs {
  private record Cell(int index, String name, ColumnSpec column) {}

  private final CsvTable table;
  private final List<Cell> cells;

  private CsvInputs(CsvTable table, List<Cell> cells) {
    this.table = table;
    this.cells = cells;
  }

  /** Binds, or tells every problem at once. */
  static CsvInputs bind(CsvTable table, ModelSchema schema) {
    List<Cell> cells = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (TensorSpec tensor : schema.inputs()) {
      for (ColumnSpec column : tensor.columns()) {
        String qualified = tensor.name() + "." + column.name();
        Integer plain = table.header().get(column.name());
        Integer full = table.header().get(qualified);
        if (!Values.single(tensor)) {
          problems.add(
              "input '" + column.name() + "' is " + tensor.shape() + ", which a cell cannot hold");
        } else if (plain != null && full != null) {
          problems.add(
              "both '" + column.name() + "' and '" + qualified + "' stand there; leave one out");
        } else if (plain == null && full == null) {
          problems.add("no column for the input '" + column.name() + "' (" + column.type() + ")");
        } else {
          cells.add(
              plain != null
                  ? new Cell(plain, column.name(), column)
                  : new Cell(java.util.Objects.requireNonNull(full), qualified, column));
        }
      }
    }
    if (!problems.isEmpty()) {
      throw table.problem(problems);
    }
    return new CsvInputs(table, List.copyOf(cells));
  }

  /** The names in the header that are inputs. */
  Set<String> names() {
    Set<String> names = new HashSet<>();
    for (Cell cell : cells) {
      names.add(cell.name());
    }
    return names;
  }

  /** The inputs of a line. */
  Row read(CsvTable.Line line) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (Cell cell : cells) {
      values.put(cell.column().name(), value(line, cell));
    }
    return Row.of(values);
  }

  private @Nullable Object value(CsvTable.Line line, Cell cell) {
    String text = line.cells().get(cell.index());
    ColumnSpec column = cell.column();
    if (text.isEmpty() && column.optional()) {
      return null;
    }
    if (text.isEmpty() && column.type() != ElementType.TEXT) {
      throw table.problem(
          line.number(),
          "column '" + cell.name() + "' is empty, but the schema does not let it be missing");
    }
    Object value;
    try {
      value = Values.cell(text, column.type());
    } catch (IllegalArgumentException e) {
      throw table.problem(line.number(), "column '" + cell.name() + "' " + e.getMessage());
    }
    if (!column.optional() && value instanceof Double number && !Double.isFinite(number)) {
      throw table.problem(
          line.number(),
          "column '" + cell.name() + "' is not finite, but the schema does not let it be missing");
    }
    return value;
  }
}
