package dev.mlops.runtime.codec;

import dev.mlops.inference.Codec;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Binds rows, records and users' codecs to a schema. Public for the serving package alone.
 *
 * <p>What goes in: a number of any Java type whose value the column's type holds, floating types
 * rounded; true is 1 and false 0; a byte array fills UINT8 with its bits; a vector or an image is
 * one array in row-major order. NaN, the infinities and null pass only where the column is
 * optional. A tensor for the whole call takes the value of the one row; a chunk of several rows is
 * refused then. An input with an open axis needs a user's codec.
 *
 * <p>What comes out loses nothing: a component's type must hold every value of its column, so INT64
 * is no int and DOUBLE no float.
 *
 * <p>What the caller's own code throws (an accessor or a constructor of a record, a codec) reaches
 * the caller unchanged.
 */
public final class Codecs {
  private Codecs() {}

  /**
   * Binds two types to a schema, each {@link Row} or a record.
   *
   * <p>A record that goes in has one component for each input column, found by its name or by
   * {@link dev.mlops.model.Column}; a record that comes out has a component for each output column
   * it wants, of a type that holds all the column's values.
   *
   * @throws InvalidSettingsException with every misfit of both sides at once
   */
  public static <I, O> BoundCodec<I, O> bind(ModelSchema schema, Class<I> in, Class<O> out) {
    List<String> problems = new ArrayList<>();
    InputWriter<I> writer = writer(schema, in, problems);
    OutputReader<O> reader = reader(schema, out, problems);
    if (writer == null || reader == null || !problems.isEmpty()) {
      throw new InvalidSettingsException(problems);
    }
    return new SchemaCodec<>(schema, writer, reader);
  }

  /** Puts a user's codec in the place of ours. */
  public static <I, O> BoundCodec<I, O> bind(Codec<I, O> codec) {
    return new UserCodec<>(codec);
  }

  @SuppressWarnings("unchecked") // I is Row where the class says so
  private static <I> @Nullable InputWriter<I> writer(
      ModelSchema schema, Class<I> in, List<String> problems) {
    if (in == Row.class) {
      return (InputWriter<I>) new RowWriter(schema, problems);
    }
    return RecordWriter.bind(schema, in, problems);
  }

  @SuppressWarnings("unchecked") // O is Row where the class says so
  private static <O> @Nullable OutputReader<O> reader(
      ModelSchema schema, Class<O> out, List<String> problems) {
    if (out == Row.class) {
      return (OutputReader<O>) new RowReader(schema);
    }
    return RecordReader.bind(schema, out, problems);
  }
}
