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
      default -> cast(node, to, to.operand(node, 1).type());
    }
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
    Optional<Value> lying = to.lying(node, 0);
    if (lying.isPresent() && lying.get().type() != ElementType.TEXT && type != ElementType.TEXT) {
      Value one = lying.get();
      to.bindLying(node, one.type() == type ? one : add(to, one, type));
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
    widen(values, all, values.length);
    return all;
  }

  private static Step step(Value from, Value out) {
    int a = from.register();
    int o = out.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    ElementType type = out.type();
    return switch (from.type()) {
      case FLOAT ->
          switch (type) {
            case DOUBLE ->
                (r, rows) -> widen(r.floats[a], r.doubles[o], perRow ? rows * width : width);
            case INT64 ->
                (r, rows) -> toLongs(r.floats[a], r.longs[o], perRow ? rows * width : width);
            case INT32 ->
                (r, rows) -> toInts(r.floats[a], r.longs[o], perRow ? rows * width : width);
            default -> (r, rows) -> truth(r.floats[a], r.longs[o], perRow ? rows * width : width);
          };
      case DOUBLE ->
          switch (type) {
            case FLOAT ->
                (r, rows) -> narrow(r.doubles[a], r.floats[o], perRow ? rows * width : width);
            case INT64 ->
                (r, rows) -> toLongs(r.doubles[a], r.longs[o], perRow ? rows * width : width);
            case INT32 ->
                (r, rows) -> toInts(r.doubles[a], r.longs[o], perRow ? rows * width : width);
            default -> (r, rows) -> truth(r.doubles[a], r.longs[o], perRow ? rows * width : width);
          };
      default ->
          switch (type) {
            case FLOAT ->
                (r, rows) -> toFloats(r.longs[a], r.floats[o], perRow ? rows * width : width);
            case DOUBLE ->
                (r, rows) -> toDoubles(r.longs[a], r.doubles[o], perRow ? rows * width : width);
            case INT64 -> (r, rows) -> copy(r.longs[a], r.longs[o], perRow ? rows * width : width);
            case INT32 -> (r, rows) -> wrap(r.longs[a], r.longs[o], perRow ? rows * width : width);
            default -> (r, rows) -> truth(r.longs[a], r.longs[o], perRow ? rows * width : width);
          };
    };
  }

  private static void widen(float[] from, double[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i];
    }
  }

  private static void narrow(double[] from, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (float) from[i];
    }
  }

  private static void toLongs(float[] from, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = toLong(from[i]);
    }
  }

  private static void toLongs(double[] from, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = toLong(from[i]);
    }
  }

  private static void toInts(float[] from, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = toInt(from[i]);
    }
  }

  private static void toInts(double[] from, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = toInt(from[i]);
    }
  }

  private static void truth(float[] from, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i] == 0 ? 0 : 1;
    }
  }

  private static void truth(double[] from, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i] == 0 ? 0 : 1;
    }
  }

  private static void truth(long[] from, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i] == 0 ? 0 : 1;
    }
  }

  private static void toFloats(long[] from, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i];
    }
  }

  private static void toDoubles(long[] from, double[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i];
    }
  }

  private static void copy(long[] from, long[] into, int n) {
    System.arraycopy(from, 0, into, 0, n);
  }

  private static void wrap(long[] from, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (int) from[i];
    }
  }
}
