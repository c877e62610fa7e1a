package dev.mlops.runtime.codec;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import java.util.List;

/** A writer and a reader of one schema. */
final class SchemaCodec<I, O> implements BoundCodec<I, O> {
  private final ModelSchema schema;
  private final InputWriter<I> writer;
  private final OutputReader<O> reader;

  SchemaCodec(ModelSchema schema, InputWriter<I> writer, OutputReader<O> reader) {
    this.schema = schema;
    this.writer = writer;
    this.reader = reader;
  }

  @Override
  public void write(I input, Frame to) {
    to.begin(1, -1);
    put(input, to, 0);
  }

  @Override
  public void write(List<? extends I> inputs, int from, int rows, Frame to) {
    if (rows > 1) {
      checkBatchable();
    }
    to.begin(rows, from);
    for (int row = 0; row < rows; row++) {
      put(inputs.get(from + row), to, row);
    }
  }

  @Override
  public O read(Frame from, int row) {
    return reader.read(from, row);
  }

  private void put(I input, Frame to, int row) {
    if (input == null) {
      throw to.refused(row, "the input was null");
    }
    writer.write(input, to, row);
  }

  private void checkBatchable() {
    for (TensorSpec tensor : schema.inputs()) {
      if (tensor.shape().rowAxis() < 0) {
        throw new InvalidInputException(
            "input '%s' %s is one for the whole call, so rows with a value each cannot share a call; predict them one at a time"
                .formatted(tensor.name(), tensor.shape()));
      }
    }
  }
}
