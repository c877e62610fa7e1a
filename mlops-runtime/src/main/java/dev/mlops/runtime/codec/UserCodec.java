package dev.mlops.runtime.codec;

import dev.mlops.inference.Codec;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.model.ModelSchema;
import java.util.List;

/** A user's codec, which fills the slot itself. */
final class UserCodec<I, O> implements BoundCodec<I, O> {
  private final ModelSchema schema;
  private final Codec<I, O> codec;

  UserCodec(ModelSchema schema, Codec<I, O> codec) {
    this.schema = schema;
    this.codec = codec;
  }

  @Override
  public void write(I input, Frame to) {
    if (input == null) {
      throw new InvalidInputException("the input was null");
    }
    codec.write(List.of(input), to.lend(schema, 1, -1));
    to.takeBack();
  }

  @Override
  public void write(List<? extends I> inputs, int from, int rows, Frame to) {
    boolean whole = from == 0 && rows == inputs.size();
    codec.write(whole ? inputs : inputs.subList(from, from + rows), to.lend(schema, rows, from));
    to.takeBack();
  }

  @Override
  public O read(Frame from, int row) {
    return codec.read(from.lent(), row);
  }
}
