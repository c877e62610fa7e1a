package dev.mlops.runtime.codec;

import static java.lang.invoke.MethodType.methodType;

import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Puts records into tensors through one composed method handle: the JIT makes of it what would be
 * written by hand. The handle of a component is {@code (record, memory, base, frame, row)}; those
 * of one tensor run one after the other and are given the tensor's memory and the row's place in it
 * once; the tensors come one after the other.
 */
final class RecordWriter<I> implements InputWriter<I> {
  /** {@code (Object record, Frame to, int row) void}. */
  private final MethodHandle write;

  private RecordWriter(MethodHandle write) {
    this.write = write;
  }

  /**
   * Binds a record class to the inputs of a schema.
   *
   * @return null if it does not fit, for reasons added to the problems
   */
  static <I> @Nullable RecordWriter<I> bind(
      ModelSchema schema, Class<I> type, List<String> problems) {
    List<InputColumn> columns = InputColumn.of(schema, problems);
    Records records = Records.open(type, problems);
    if (records == null) {
      return null;
    }
    List<Records.Component> bound = components(schema, columns, records, problems);
    if (!problems.isEmpty()) {
      return null;
    }
    return new RecordWriter<>(
        compose(columns, bound, records)
            .asType(methodType(void.class, Object.class, Frame.class, int.class)));
  }

  @Override
  public void write(I input, Frame to, int row) {
    try {
      write.invokeExact((Object) input, to, row);
    } catch (Throwable e) {
      throw Records.passed(e);
    }
  }

  /** The component of each column, in the order of the columns. */
  private static List<Records.Component> components(
      ModelSchema schema, List<InputColumn> columns, Records records, List<String> problems) {
    Records.@Nullable Component[] bound = new Records.Component[columns.size()];
    for (Records.Component component : records.components()) {
      Optional<ModelSchema.Place> place = schema.input(component.column());
      if (place.isEmpty()) {
        problems.add(
            "%s stands for no input column: there is no '%s' among %s"
                .formatted(
                    component,
                    component.column(),
                    columns.stream().map(InputColumn::name).toList()));
        continue;
      }
      InputColumn column = columns.get(place.get().index());
      Records.Component other = bound[column.index()];
      if (other != null) {
        problems.add(
            "%s stands for column '%s', and so does component '%s'; one of them is too many"
                .formatted(component, column.name(), other.name()));
        continue;
      }
      bound[column.index()] = component;
      if (!Fit.fills(column, component.type())) {
        problems.add(
            "%s does not fit column '%s' (%s); it takes %s"
                .formatted(component, column.name(), column.described(), Fit.filledBy(column)));
      }
    }
    for (InputColumn column : columns) {
      if (bound[column.index()] == null) {
        problems.add(
            "column '%s' (%s) has no component in %s; add one of that name or with @Column(\"%s\"), of type %s"
                .formatted(
                    column.name(),
                    column.described(),
                    records.name(),
                    column.name(),
                    Fit.filledBy(column)));
      }
    }
    return problems.isEmpty() ? List.of(bound) : List.of();
  }

  private static MethodHandle compose(
      List<InputColumn> columns, List<Records.Component> bound, Records records) {
    List<MethodHandle> tensors = new ArrayList<>();
    List<MethodHandle> puts = new ArrayList<>();
    for (InputColumn column : columns) {
      MethodHandle accessor = records.accessor(bound.get(column.index()));
      puts.add(MethodHandles.filterArguments(put(column, accessor), 0, accessor));
      boolean last =
          column.index() == columns.size() - 1
              || columns.get(column.index() + 1).tensor() != column.tensor();
      if (last) {
        tensors.add(placed(column, inTurn(puts)));
        puts.clear();
      }
    }
    return inTurn(tensors);
  }

  /** Fetches a tensor's memory and the row's base for its columns: {@code (record, frame, row)}. */
  private static MethodHandle placed(InputColumn column, MethodHandle puts) {
    MethodHandle memory =
        Ours.MEMORY.bindTo(column).asType(methodType(memory(column.type()), Frame.class));
    MethodHandle based = MethodHandles.foldArguments(alike(puts), 2, Ours.BASE.bindTo(column));
    return MethodHandles.foldArguments(based, 1, memory);
  }

  /** Puts what a component gives: {@code (value, memory, base, frame, row)}. */
  private static MethodHandle put(InputColumn column, MethodHandle accessor) {
    Class<?> value = accessor.type().returnType();
    Class<?> memory = memory(column.type());
    MethodType type = methodType(void.class, value, memory, int.class, Frame.class, int.class);
    if (!column.scalar()) {
      // an array finds its place by the row alone
      MethodHandle put = MethodHandles.insertArguments(Ours.putArray(), 0, column);
      return MethodHandles.dropArguments(put, 2, int.class).asType(type);
    }
    if (column.type() == ElementType.TEXT) {
      return MethodHandles.insertArguments(Ours.put(String.class, memory), 0, column);
    }
    Class<?> plain = Fit.plain(value);
    MethodHandle put =
        MethodHandles.insertArguments(Ours.put(carrier(plain, column.type()), memory), 0, column);
    put = MethodHandles.explicitCastArguments(put, type.changeParameterType(0, plain));
    if (plain == value) {
      return put;
    }
    MethodHandle putMissing = MethodHandles.insertArguments(Ours.putMissing(), 0, column);
    return MethodHandles.guardWithTest(
        Ours.isNull().asType(methodType(boolean.class, value)),
        MethodHandles.dropArguments(putMissing, 0, value).asType(type),
        put.asType(type));
  }

  /** The widest form of a number that loses nothing; float itself where no test needs more. */
  private static Class<?> carrier(Class<?> number, ElementType column) {
    if (number == float.class && column == ElementType.FLOAT) {
      return float.class;
    }
    return number == float.class || number == double.class ? double.class : long.class;
  }

  private static Class<?> memory(ElementType type) {
    return switch (type) {
      case FLOAT -> FloatBuffer.class;
      case DOUBLE -> DoubleBuffer.class;
      case FLOAT16, INT16 -> ShortBuffer.class;
      case INT32 -> IntBuffer.class;
      case INT64 -> LongBuffer.class;
      case INT8, UINT8, BOOL -> ByteBuffer.class;
      case TEXT -> String[].class;
    };
  }

  /** One after the other, as a balanced tree: a chain of many would be too deep to be inlined. */
  private static MethodHandle inTurn(List<MethodHandle> steps) {
    int half = steps.size() / 2;
    return half == 0
        ? steps.get(0)
        : MethodHandles.foldArguments(
            alike(inTurn(steps.subList(half, steps.size()))), inTurn(steps.subList(0, half)));
  }

  /*
   * The same handle behind an invoker. What is folded into a handle becomes a form of its own for
   * each handle it is folded into; behind an invoker all are of one form, which a fresh JVM makes
   * once.
   */
  private static MethodHandle alike(MethodHandle step) {
    return MethodHandles.exactInvoker(step.type()).bindTo(step);
  }

  /** Our own methods as handles; most are needed by few records, and so found when they are. */
  private static final class Ours {
    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();
    static final MethodHandle MEMORY =
        find(InputColumn.class, "memory", Object.class, InputColumn.class, Frame.class);
    static final MethodHandle BASE =
        find(InputColumn.class, "base", int.class, InputColumn.class, Frame.class, int.class);

    static MethodHandle put(Class<?> value, Class<?> memory) {
      return find(
          InputColumn.class,
          "put",
          void.class,
          InputColumn.class,
          value,
          memory,
          int.class,
          Frame.class,
          int.class);
    }

    static MethodHandle putArray() {
      return find(
          InputColumn.class,
          "putArray",
          void.class,
          InputColumn.class,
          Object.class,
          Object.class,
          Frame.class,
          int.class);
    }

    static MethodHandle putMissing() {
      return find(
          InputColumn.class,
          "putMissing",
          void.class,
          InputColumn.class,
          Object.class,
          int.class,
          Frame.class,
          int.class);
    }

    static MethodHandle isNull() {
      return find(Objects.class, "isNull", boolean.class, Object.class);
    }

    private static MethodHandle find(
        Class<?> owner, String name, Class<?> result, Class<?>... arguments) {
      try {
        return LOOKUP.findStatic(owner, name, methodType(result, arguments));
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage(), e);
      }
    }
  }
}
