package dev.mlops.drift.baseline;

import de.siegmar.fastcsv.reader.CsvRecord;
import dev.mlops.drift.baseline.TrainingCsv.Batch;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An input column of a schema found in a file of training rows, by column or as {@code
 * tensor.column}. An empty cell is missing where the column may be, empty text in a text column
 * that may not, and a failure elsewhere. Used by one thread at a time.
 */
final class TrainingColumn {
  /** The first cell of a batch that does not fit. */
  record Problem(long line, String what) {}

  private final int index;
  private final String header;
  private final ColumnSpec spec;
  private final @Nullable NumberColumn numbers;
  private final @Nullable CategoryColumn categories;
  private final @Nullable Object[] values;

  /**
   * A column.
   *
   * @param index its place in a row
   * @param header its name in the file
   * @param watched whether its values are counted
   * @param keep how many values of a batch to keep for a model to score; 0 for none
   */
  private TrainingColumn(int index, String header, ColumnSpec spec, boolean watched, int keep) {
    this.index = index;
    this.header = header;
    this.spec = spec;
    boolean names = spec.categorical() || spec.type() == ElementType.BOOL;
    this.numbers = watched && !names ? new NumberColumn(spec.name(), spec.type()) : null;
    this.categories = watched && names ? new CategoryColumn(spec.name(), spec.type()) : null;
    this.values = new Object[keep];
  }

  /**
   * Finds the columns that are watched, those of one value a row; with values to keep, all that the
   * model reads.
   *
   * @param problems what is wrong with the header, to be added to
   */
  static List<TrainingColumn> bind(
      TrainingCsv csv, ModelSchema schema, int keep, List<String> problems) {
    List<TrainingColumn> columns = new ArrayList<>();
    for (TensorSpec tensor : schema.inputs()) {
      boolean watched = tensor.scalarColumns();
      if (!watched && keep == 0) {
        continue;
      }
      for (ColumnSpec column : tensor.columns()) {
        String full = tensor.name() + "." + column.name();
        Integer here = csv.header().get(column.name());
        Integer there = csv.header().get(full);
        if (!watched && tensor.shape().elements() != 1) {
          problems.add(
              csv.problem(
                  "input '%s' is %s, which a cell cannot hold; leave the scores out"
                      .formatted(column.name(), tensor.shape())));
        } else if (here != null && there != null) {
          problems.add(
              csv.problem(
                  "both '%s' and '%s' stand there; leave one out".formatted(column.name(), full)));
        } else if (here != null) {
          columns.add(new TrainingColumn(here, column.name(), column, watched, keep));
        } else if (there != null) {
          columns.add(new TrainingColumn(there, full, column, watched, keep));
        } else {
          problems.add(
              csv.problem(
                  "no column for the input '%s' (%s)".formatted(column.name(), column.type())));
        }
      }
    }
    return columns;
  }

  /** The column's name in the schema. */
  String name() {
    return spec.name();
  }

  /** Whether its values are counted. */
  boolean watched() {
    return numbers != null || categories != null;
  }

  /** A value of the batch that was added last; null if it is missing. */
  @Nullable Object value(int row) {
    return values[row];
  }

  /** Adds the values of a batch; null, or the first that does not fit, and all was in vain. */
  @Nullable Problem add(Batch batch) {
    for (int row = 0; row < batch.rows().size(); row++) {
      CsvRecord cells = batch.rows().get(row);
      try {
        Object value = add(cells.getField(index));
        if (values.length > 0) {
          values[row] = value;
        }
      } catch (IllegalArgumentException e) {
        return new Problem(batch.lines()[row], "column '" + header + "' " + e.getMessage());
      }
    }
    return null;
  }

  /** Its cells and counts. */
  ColumnBaseline cut() {
    return numbers != null ? numbers.cut() : Objects.requireNonNull(categories).cut();
  }

  private @Nullable Object add(String cell) {
    ElementType type = spec.type();
    if (cell.isEmpty() && spec.optional()) {
      addMissing();
      return null;
    }
    if (type == ElementType.TEXT) {
      if (categories != null) {
        categories.add(cell, 1);
      }
      return cell;
    }
    if (cell.isEmpty()) {
      throw new IllegalArgumentException("is empty, but the schema does not let it be missing");
    }
    if (type == ElementType.BOOL) {
      boolean value = CsvValues.truth(cell);
      add(value ? 1 : 0);
      return value;
    }
    if (type.integral()) {
      long value = CsvValues.whole(cell, type);
      add((double) value);
      return value;
    }
    double value = CsvValues.number(cell);
    if (!Double.isFinite(value)) {
      if (!spec.optional()) {
        throw new IllegalArgumentException(
            "is not finite, but the schema does not let it be missing");
      }
    } else if (!Double.isFinite(Precision.round(value, type))) {
      throw new IllegalArgumentException("is beyond " + type);
    }
    add(value);
    return value;
  }

  private void add(double value) {
    if (numbers != null) {
      numbers.add(value);
    } else if (categories != null) {
      categories.add(value);
    }
  }

  private void addMissing() {
    if (numbers != null) {
      numbers.addMissing(1);
    } else if (categories != null) {
      categories.addMissing(1);
    }
  }
}
