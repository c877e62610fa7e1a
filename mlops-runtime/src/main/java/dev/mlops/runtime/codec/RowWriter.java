package dev.mlops.runtime.codec;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ModelSchema;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts rows into tensors by column name. A row has exactly the columns of the schema, each as
 * {@code column} or {@code tensor.column}; an optional one may be absent.
 */
final class RowWriter implements InputWriter<Row> {
  private final ModelSchema schema;
  private final InputColumn[] columns;

  RowWriter(ModelSchema schema, List<String> problems) {
    this.schema = schema;
    this.columns = InputColumn.of(schema, problems).toArray(new InputColumn[0]);
  }

  @Override
  public void write(Row input, Frame to, int row) {
    Set<String> names = input.columns();
    // as many names as columns and each column found: none is unknown, so none need be asked for
    boolean all = names.size() == columns.length;
    int found = 0;
    try {
      for (InputColumn column : columns) {
        if (all || names.contains(column.name())) {
          column.putValue(input.value(column.name()), to, row);
          found++;
        } else {
          column.putValue(null, to, row);
        }
      }
    } catch (InvalidInputException e) {
      found = -1;
    }
    if (found != names.size()) {
      putOrExplain(input, names, to, row);
    }
  }

  /** The slow way: other names are tried, and all that is wrong with the row is told. */
  private void putOrExplain(Row input, Set<String> names, Frame to, int row) {
    to.clearMissing(row);
    List<String> problems = new ArrayList<>();
    Set<String> unused = new LinkedHashSet<>(names);
    for (InputColumn column : columns) {
      String name = present(column, names);
      if (name == null && !column.optional()) {
        problems.add(
            to.named(
                row,
                "column '%s' is missing; %s that is not optional needs a value"
                    .formatted(column.name(), column.kind())));
        continue;
      }
      unused.remove(name);
      try {
        column.putValue(name == null ? null : input.value(name), to, row);
      } catch (InvalidInputException e) {
        problems.addAll(e.problems());
      }
    }
    for (String name : unused) {
      String problem =
          schema.input(name).isPresent()
              ? "column '%s' stands there twice, by its name and by its tensor's".formatted(name)
              : "column '%s' is unknown; the model takes %s"
                  .formatted(name, schema.inputColumns().stream().map(ColumnSpec::name).toList());
      problems.add(to.named(row, problem));
    }
    if (!problems.isEmpty()) {
      throw new InvalidInputException(problems);
    }
  }

  private static @Nullable String present(InputColumn column, Set<String> names) {
    if (names.contains(column.name())) {
      return column.name();
    }
    return names.contains(column.qualified()) ? column.qualified() : null;
  }
}
