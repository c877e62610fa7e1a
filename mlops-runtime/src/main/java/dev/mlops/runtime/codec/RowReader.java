package dev.mlops.runtime.codec;

import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;

/** Makes rows of answers. */
final class RowReader implements OutputReader<Row> {
  private final AnswerRow.Names names;

  RowReader(ModelSchema schema) {
    this.names = new AnswerRow.Names(schema);
  }

  @Override
  public Row read(Frame from, int row) {
    return names.read(from, row);
  }
}
