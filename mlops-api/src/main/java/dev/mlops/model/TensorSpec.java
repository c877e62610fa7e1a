package dev.mlops.model;

import java.util.List;

/**
 * One tensor of a schema and the columns in it.
 *
 * @param name the tensor's name in the model
 * @param type the type of its elements
 * @param shape its shape
 * @param columns for a matrix {@code [rows, n]}, n columns in order; for everything else one column
 *     that is the whole tensor
 */
public record TensorSpec(String name, ElementType type, Shape shape, List<ColumnSpec> columns) {
  /**
   * Checks that the columns fit the shape.
   *
   * @throws IllegalArgumentException if they do not
   */
  public TensorSpec {
    columns = List.copyOf(columns);
    if (name.isBlank()) {
      throw new IllegalArgumentException(
          "tensor name is blank; every tensor needs the name it has in the model");
    }
    if (columns.isEmpty()) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' has no columns; a tensor is at least one column");
    }
    if (columns.size() > 1 && !shape.equals(Shape.perRow(columns.size()))) {
      throw new IllegalArgumentException(
          "tensor '"
              + name
              + "' has "
              + columns.size()
              + " columns but shape "
              + shape
              + "; wanted [rows, "
              + columns.size()
              + "]");
    }
    for (ColumnSpec column : columns) {
      if (column.type() != type) {
        throw new IllegalArgumentException(
            "column '"
                + column.name()
                + "' is "
                + column.type()
                + " but its tensor '"
                + name
                + "' is "
                + type);
      }
    }
  }

  /** Whether each column is one element of a row: a matrix, or a tensor of one element a row. */
  public boolean scalarColumns() {
    if (shape.rowAxis() < 0) {
      return false;
    }
    if (columns.size() > 1) {
      return true; // several columns are always [rows, n]
    }
    for (long dim : shape.dims()) { // no product is needed, so none can overflow
      if (dim != Shape.ROWS && dim != 1) {
        return false;
      }
    }
    return true;
  }
}
