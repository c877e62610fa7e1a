package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.Optional;

/** From one element type to another, as x86 processors do it. */
final class Casts {
  private Casts() {}

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "Cast" -> cast(node, to, PlanBuilder.type(Math.toIntExact(node.integer("to", 0))));
      default -> cast(node, to, wide(to.operand(node, 1).type()));
    }
  }

  /** The narrow whole numbers come in and go out, and nothing is made into one. */
  private static ElementType wide(ElementType type) {
    return switch (type) {
      case FLOAT, DOUBLE, INT32, INT64, BOOL, TEXT -> type;
      default -> throw new Unsupported("it casts to " + type);
    };
  }

  /** Toward 0; the least number where it does not fit, and for NaN. */
  static long toLong(double value) {
    return value >= -0x1p63 && value < 0x1p63 ? (long) value : Long.MIN_VALUE;
  }

  /** Toward 0; the least number where it does not fit, and for NaN. */
  static long toInt(double value) {
    return value > -0x1p31 - 1 && value < 0x1p31 ? (long) value : Integer.MIN_VALUE;
  }

  private static void cast(OnnxNode node, PlanBuilder to, ElementType type) {
    Optional<Value> transposed = to.transposed(node, 0);
    if (transposed.isPresent()
        && transposed.get().type() != ElementType.TEXT
        && type != ElementType.TEXT) {
      Value one = transposed.get();
      to.bindTransposed(node, one.type() == type ? one : add(to, one, type));
      return;
    }
    Value from = to.moved(node, 0);
    if (from.type() == type) {
      to.bind(node, 0, from);
      return;
    }
    if (from.hasRowsMark()) {
      throw new Unsupported("the number of rows is used as a number");
    }
    if (from.type() == ElementType.TEXT || type == ElementType.TEXT) {
      throw new Unsupported("text and numbers are not made of each other here");
    }
    to.bind(node, 0, add(to, from, type));
  }

  /** Makes numbers or truth values of such of another type. */
  static Value add(PlanBuilder to, Value from, ElementType type) {
    Value out = to.result(type, from.extent());
    to.step(step(from, out));
    return out;
  }

  static double[] widened(float[] values) {
    double[] all = new double[values.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = values[i];
    }
    return all;
  }

  /** Each by itself, but for those that a wide model has many of. */
  private static Step step(Value from, Value out) {
    int a = from.register();
    int o = out.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    ElementType source = from.type();
    ElementType type = out.type();
    if (type == ElementType.FLOAT) {
      return source == ElementType.DOUBLE
          ? (r, rows) -> narrow(r.doubles[a], r.floats[o], perRow ? rows * width : width)
          : (r, rows) -> toFloats(r.longs[a], r.floats[o], perRow ? rows * width : width);
    }
    return (r, rows) -> {
      int n = perRow ? rows * width : width;
      for (int i = 0; i < n; i++) {
        switch (source) {
          case FLOAT -> put(r, type, o, i, r.floats[a][i]);
          case DOUBLE -> put(r, type, o, i, r.doubles[a][i]);
          default -> put(r, type, o, i, r.longs[a][i]);
        }
      }
    };
  }

  private static void put(Registers r, ElementType type, int into, int at, double value) {
    switch (type) {
      case DOUBLE -> r.doubles[into][at] = value;
      case INT64 -> r.longs[into][at] = toLong(value);
      case INT32 -> r.longs[into][at] = toInt(value);
      default -> r.longs[into][at] = value == 0 ? 0 : 1;
    }
  }

  private static void put(Registers r, ElementType type, int into, int at, long value) {
    switch (type) {
      case DOUBLE -> r.doubles[into][at] = value;
      case INT64 -> r.longs[into][at] = value;
      case INT32 -> r.longs[into][at] = (int) value;
      default -> r.longs[into][at] = value == 0 ? 0 : 1;
    }
  }

  private static void narrow(double[] from, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (float) from[i];
    }
  }

  private static void toFloats(long[] from, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i];
    }
  }
}
