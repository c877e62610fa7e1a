package dev.mlops.model;

/**
 * One column of a schema.
 *
 * @param name any text that is not blank; dots, blanks and brackets are allowed
 * @param type the type of its values, which is its tensor's
 * @param optional whether a value may be missing, and NaN and the infinities may pass: only FLOAT,
 *     DOUBLE, FLOAT16 and TEXT columns can be
 * @param categorical whether its values name things rather than measure them; true for text,
 *     whatever is given
 */
public record ColumnSpec(String name, ElementType type, boolean optional, boolean categorical) {
  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if the name is blank, or an integer or boolean column is to be
   *     optional
   */
  public ColumnSpec {
    if (name.isBlank()) {
      throw new IllegalArgumentException("column name is blank; every column needs a name");
    }
    if (optional && !type.floating() && type != ElementType.TEXT) {
      throw new IllegalArgumentException(
          "column '"
              + name
              + "' is "
              + type
              + " and cannot be optional: only FLOAT, DOUBLE, FLOAT16 and TEXT can be missing");
    }
    categorical = categorical || type == ElementType.TEXT;
  }
}
