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

  /** The JVM calls with 255 parameters at most, of which three are not the record's. */
  private static final int MOST_SLOTS = 252;

  private final Class<?> type;
  private final List<Component> components;
  private final List<MethodHandle> accessors;
  private final @Nullable MethodHandle constructor;

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
    boolean constructible = slots(constructed) <= MOST_SLOTS;
    this.constructor = constructible ? lookup.findConstructor(type, constructed) : null;
  }

  private static int slots(MethodType type) {
    int slots = 0;
    for (Class<?> parameter : type.parameterList()) {
      slots += parameter == long.class || parameter == double.class ? 2 : 1;
    }
    return slots;
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

  /**
   * {@code (values...) record}.
   *
   * @return null if it has more components than can be read, which is added to the problems
   */
  @Nullable MethodHandle constructor(List<String> problems) {
    if (constructor == null) {
      problems.add(
          "%s has %d components; a record that comes out may have %d, of which a long or double counts twice: leave some out, or take Row"
              .formatted(name(), components.size(), MOST_SLOTS));
    }
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
