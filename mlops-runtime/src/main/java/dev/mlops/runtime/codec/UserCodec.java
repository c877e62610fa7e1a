package dev.mlops.runtime.codec;

import dev.mlops.inference.Codec;
import dev.mlops.inference.InvalidInputException;
import java.util.List;

/** A user's codec, which fills the slot itself. */
final class UserCodec<I, O> implements BoundCodec<I, O> {
  private final Codec<I, O> codec;

  UserCodec(Codec<I, O> codec) {
    this.codec = codec;
  }

  @Override
  public void write(I input, Frame to) {
    if (input == null) {
      throw new InvalidInputException("the input was null");
    }
    codec.write(List.of(input), to.lend(1, -1));
    to.takeBack();
  }

  @Override
  public void write(List<? extends I> inputs, int from, int rows, Frame to) {
    boolean whole = from == 0 && rows == inputs.size();
    codec.write(whole ? inputs : inputs.subList(from, from + rows), to.lend(rows, from));
    to.takeBack();
  }

  @Override
  public O read(Frame from, int row) {
    return codec.read(from.lent(), row);
  }
}
