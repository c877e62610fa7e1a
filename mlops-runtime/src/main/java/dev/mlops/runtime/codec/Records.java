package dev.mlops.runtime.codec;

import dev.mlops.model.Column;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A caller's record class: its components, and the handles to make and to read it. */
final class Records {
  /**
   * A component.
   *
   * @param column the name of the column it stands for
   * @param owner the record's simple name, for messages
   */
  record Component(String name, Class<?> type, String column, int index, String owner) {
    /** For messages: {@code component 'age' (float) of Customer}. */
    @Override
    public String toString() {
      return "component '%s' (%s) of %s".formatted(name, type.getSimpleName(), owner);
    }
  }

  private final Class<?> type;
  private final List<Component> components;
  private final List<MethodHandle> accessors;
  private final MethodHandle constructor;

  private Records(Class<?> type, MethodHandles.Lookup lookup)
      throws IllegalAccessException, NoSuchMethodException {
    this.type = type;
    this.components = new ArrayList<>();
    this.accessors = new ArrayList<>();
    MethodType constructed = MethodType.methodType(void.class);
    for (RecordComponent component : type.getRecordComponents()) {
      String name = component.getName();
      Column column = component.getAnnotation(Column.class);
      components.add(
          new Component(
              name,
              component.getType(),
              column == null ? name : column.value(),
              components.size(),
              type.getSimpleName()));
      accessors.add(lookup.unreflect(component.getAccessor()));
      constructed = constructed.appendParameterTypes(component.getType());
    }
    this.constructor = lookup.findConstructor(type, constructed);
  }

  /**
   * Opens a class.
   *
   * @return null if it is no record or not open to us, which is added to the problems
   */
  static @Nullable Records open(Class<?> type, List<String> problems) {
    if (!type.isRecord()) {
      problems.add(
          "%s is no record; a handle takes and gives Row or records, and needs a Codec for anything else"
              .formatted(type.getName()));
      return null;
    }
    try {
      return new Records(type, MethodHandles.privateLookupIn(type, MethodHandles.lookup()));
    } catch (IllegalAccessException | NoSuchMethodException e) {
      // its package is not open to us; it may be public, though
    }
    try {
      return new Records(type, MethodHandles.publicLookup());
    } catch (IllegalAccessException | NoSuchMethodException e) {
      Module ours = Records.class.getModule();
      problems.add(
          "%s cannot be used from here: add 'opens %s%s;' to the module-info of %s"
              .formatted(
                  type.getName(),
                  type.getPackageName(),
                  ours.isNamed() ? " to " + ours.getName() : "",
                  type.getModule().getName()));
      return null;
    }
  }

  String name() {
    return type.getSimpleName();
  }

  List<Component> components() {
    return components;
  }

  /** {@code (record) value}. */
  MethodHandle accessor(Component component) {
    return accessors.get(component.index());
  }

  /** {@code (values...) record}. */
  MethodHandle constructor() {
    return constructor;
  }

  /** What a handle threw, to be thrown on: the caller's own failures pass unchanged. */
  static RuntimeException passed(Throwable thrown) {
    if (thrown instanceof RuntimeException e) {
      return e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
    return new UndeclaredThrowableException(thrown);
  }
}
