package dev.mlops.runtime.codec;

import static java.lang.invoke.MethodType.methodType;

import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes records of answers through one composed method handle: the record's constructor, each of
 * its arguments read from the frame. A record may leave output columns out.
 */
final class RecordReader<O> implements OutputReader<O> {
  /** {@code (Frame from, int row) Object}. */
  private final MethodHandle read;

  private RecordReader(MethodHandle read) {
    this.read = read;
  }

  /**
   * Binds a record class to the outputs of a schema.
   *
   * @return null if it does not fit, for reasons added to the problems
   */
  static <O> @Nullable RecordReader<O> bind(
      ModelSchema schema, Class<O> type, List<String> problems) {
    Records records = Records.open(type, problems);
    if (records == null) {
      return null;
    }
    int before = problems.size();
    List<OutputColumn> columns = OutputColumn.of(schema);
    List<MethodHandle> reads = new ArrayList<>();
    for (Records.Component component : records.components()) {
      Optional<ModelSchema.Place> place = schema.output(component.column());
      if (place.isEmpty()) {
        problems.add(
            "%s stands for no output column: there is no '%s' among %s"
                .formatted(
                    component,
                    component.column(),
                    schema.outputColumns().stream().map(ColumnSpec::name).toList()));
        continue;
      }
      OutputColumn column = columns.get(place.get().index());
      List<Class<?>> holding = Fit.holding(column.type(), column.scalar());
      if (!holding.contains(Fit.plain(component.type()))) {
        problems.add(
            "%s does not hold every value of column '%s' (%s); use %s"
                .formatted(component, column.name(), column.described(), Fit.names(holding)));
        continue;
      }
      reads.add(read(column, component.type()));
    }
    MethodHandle constructor = records.constructor(problems);
    if (constructor == null || problems.size() > before) {
      return null;
    }
    return new RecordReader<>(
        compose(constructor, reads).asType(methodType(Object.class, Frame.class, int.class)));
  }

  @Override
  @SuppressWarnings("unchecked") // the handle ends in O's constructor
  public O read(Frame from, int row) {
    try {
      return (O) (Object) read.invokeExact(from, row);
    } catch (Throwable e) {
      throw Records.passed(e);
    }
  }

  /** The constructor with its last argument read, then the one before it, and so on. */
  private static MethodHandle compose(MethodHandle constructor, List<MethodHandle> reads) {
    MethodHandle made =
        MethodHandles.dropArguments(constructor, reads.size(), Frame.class, int.class);
    for (int i = reads.size() - 1; i >= 0; i--) {
      made = MethodHandles.foldArguments(made, i, reads.get(i));
    }
    return made;
  }

  /** Reads one argument: {@code (frame, row)}. */
  private static MethodHandle read(OutputColumn column, Class<?> type) {
    if (!column.scalar()) {
      return MethodHandles.insertArguments(
              find("array", Object.class, Class.class), 0, column, type.getComponentType())
          .asType(methodType(type, Frame.class, int.class));
    }
    Class<?> plain = Fit.plain(type);
    MethodHandle read = MethodHandles.insertArguments(reader(column.type(), plain), 0, column);
    return MethodHandles.explicitCastArguments(read, methodType(plain, Frame.class, int.class))
        .asType(methodType(type, Frame.class, int.class));
  }

  private static MethodHandle reader(ElementType column, Class<?> plain) {
    return switch (column) {
      case FLOAT, FLOAT16 ->
          plain == float.class ? find("number32", float.class) : find("number64", double.class);
      case DOUBLE -> find("number64", double.class);
      case INT8, UINT8, INT16, INT32, INT64 -> find("whole", long.class);
      case BOOL -> find("truth", boolean.class);
      case TEXT -> find("text", String.class);
    };
  }

  /** A method of ours that reads a column, as a handle. */
  private static MethodHandle find(String name, Class<?> result, Class<?>... more) {
    try {
      return MethodHandles.lookup()
          .findStatic(
              OutputColumn.class,
              name,
              methodType(result, OutputColumn.class)
                  .appendParameterTypes(more)
                  .appendParameterTypes(Frame.class, int.class));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
