package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Operators that make one element, or as many, of several in a row. */
final class Reductions {
  private Reductions() {}

  /** One number of those that a map names, from one to before another. */
  interface Floats {
    float of(float[] from, int at, int[] map, int first, int end);
  }

  interface Doubles {
    double of(double[] from, int at, int[] map, int first, int end);
  }

  /** Those that leave an element as it is where there is nothing to put it together with. */
  private static final Set<String> SAME_ALONE =
      Set.of("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd");

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "ReduceSum" -> reduce(node, to, 13, Reductions::sum, Reductions::sum);
      case "ReduceMean" -> reduce(node, to, 18, Reductions::mean, Reductions::mean);
      case "ReduceMax" -> reduce(node, to, 18, Reductions::max, Reductions::max);
      case "ReduceMin" -> reduce(node, to, 18, Reductions::min, Reductions::min);
      case "ReduceProd" -> reduce(node, to, 18, Reductions::product, null);
      case "ReduceL1" -> reduce(node, to, 18, Reductions::l1, null);
      case "ReduceL2" ->
          reduce(
              node,
              to,
              18,
              (from, at, map, first, end) -> (float) Math.sqrt(squares(from, at, map, first, end)),
              null);
      case "ReduceSumSquare" ->
          reduce(
              node,
              to,
              18,
              (from, at, map, first, end) -> (float) squares(from, at, map, first, end),
              Reductions::squares);
      case "ArgMax" -> arg(node, to, 1);
      case "ArgMin" -> arg(node, to, -1);
      case "Softmax" -> softmax(node, to, false);
      default -> softmax(node, to, true);
    }
  }

  private static void reduce(
      OnnxNode node, PlanBuilder to, int axesAsInput, Floats floats, @Nullable Doubles doubles) {
    Value from = to.input(node, 0);
    Extent extent = from.extent();
    long[] named = node.integers("axes");
    if (to.opset("") >= axesAsInput) {
      named = to.has(node, 1) ? to.constant(node, 1, long[].class) : new long[0];
    }
    if (named.length == 0 && node.integer("noop_with_empty_axes", 0) != 0) {
      if (!SAME_ALONE.contains(node.operator())) {
        throw new Unsupported(
            "it is told to reduce nothing, and changes each element all the same");
      }
      to.bind(node, 0, from);
      return;
    }
    Set<Integer> axes = new TreeSet<>();
    if (named.length == 0) {
      named = new long[extent.rank()];
      Arrays.setAll(named, i -> i);
    }
    for (long axis : named) {
      axes.add(extent.axis(axis));
    }
    boolean keep = node.integer("keepdims", 1) != 0;
    List<Integer> dims = new ArrayList<>();
    List<Integer> order = new ArrayList<>(); // axes that stay, then those that go
    int[] strides = new int[extent.dims().size()];
    int at = 0;
    for (boolean going : new boolean[] {false, true}) {
      for (int axis = 0; axis < extent.dims().size(); axis++) {
        if (axes.contains(axis) == going) {
          order.add(extent.dims().get(axis));
          strides[at++] = extent.width(axis + 1, extent.dims().size());
        }
      }
    }
    int each = 1;
    for (int axis = 0; axis < extent.dims().size(); axis++) {
      if (!axes.contains(axis)) {
        dims.add(extent.dims().get(axis));
      } else {
        each *= extent.dims().get(axis);
        if (keep) {
          dims.add(1);
        }
      }
    }
    int[] map = Moves.walk(order, strides);
    Value out = to.result(from.type(), extent.with(dims));
    add(to, from, out, map, each, floats, doubles);
    to.bind(node, 0, out);
  }

  private static void add(
      PlanBuilder to,
      Value from,
      Value out,
      int[] map,
      int each,
      Floats floats,
      @Nullable Doubles doubles) {
    int a = from.register();
    int o = out.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    if (from.type() == ElementType.FLOAT) {
      to.step(
          (r, rows) -> {
            int n = perRow ? rows : 1;
            float[] into = r.floats[o];
            for (int row = 0, t = 0; row < n; row++) {
              for (int first = 0; first < map.length; first += each) {
                into[t++] = floats.of(r.floats[a], row * width, map, first, first + each);
              }
            }
          });
    } else if (from.type() == ElementType.DOUBLE && doubles != null) {
      to.step(
          (r, rows) -> {
            int n = perRow ? rows : 1;
            double[] into = r.doubles[o];
            for (int row = 0, t = 0; row < n; row++) {
              for (int first = 0; first < map.length; first += each) {
                into[t++] = doubles.of(r.doubles[a], row * width, map, first, first + each);
              }
            }
          });
    } else {
      throw new Unsupported("it is not run here for " + from);
    }
  }

  private static float sum(float[] from, int at, int[] map, int first, int end) {
    double sum = 0;
    for (int i = first; i < end; i++) {
      sum += from[at + map[i]];
    }
    return (float) sum;
  }

  private static double sum(double[] from, int at, int[] map, int first, int end) {
    double sum = 0;
    for (int i = first; i < end; i++) {
      sum += from[at + map[i]];
    }
    return sum;
  }

  private static float mean(float[] from, int at, int[] map, int first, int end) {
    double sum = 0;
    for (int i = first; i < end; i++) {
      sum += from[at + map[i]];
    }
    return (float) (sum / (end - first));
  }

  private static double mean(double[] from, int at, int[] map, int first, int end) {
    return sum(from, at, map, first, end) / (end - first);
  }

  private static float max(float[] from, int at, int[] map, int first, int end) {
    float max = from[at + map[first]];
    for (int i = first + 1; i < end; i++) {
      max = Math.max(max, from[at + map[i]]);
    }
    return max;
  }

  private static double max(double[] from, int at, int[] map, int first, int end) {
    double max = from[at + map[first]];
    for (int i = first + 1; i < end; i++) {
      max = Math.max(max, from[at + map[i]]);
    }
    return max;
  }

  private static float min(float[] from, int at, int[] map, int first, int end) {
    float min = from[at + map[first]];
    for (int i = first + 1; i < end; i++) {
      min = Math.min(min, from[at + map[i]]);
    }
    return min;
  }

  private static double min(double[] from, int at, int[] map, int first, int end) {
    double min = from[at + map[first]];
    for (int i = first + 1; i < end; i++) {
      min = Math.min(min, from[at + map[i]]);
    }
    return min;
  }

  private static float product(float[] from, int at, int[] map, int first, int end) {
    float product = 1;
    for (int i = first; i < end; i++) {
      product *= from[at + map[i]];
    }
    return product;
  }

  private static float l1(float[] from, int at, int[] map, int first, int end) {
    double sum = 0;
    for (int i = first; i < end; i++) {
      sum += Math.abs(from[at + map[i]]);
    }
    return (float) sum;
  }

  private static double squares(float[] from, int at, int[] map, int first, int end) {
    double sum = 0;
    for (int i = first; i < end; i++) {
      double value = from[at + map[i]];
      sum += value * value;
    }
    return sum;
  }

  private static double squares(double[] from, int at, int[] map, int first, int end) {
    double sum = 0;
    for (int i = first; i < end; i++) {
      double value = from[at + map[i]];
      sum += value * value;
    }
    return sum;
  }

  // --- the place of the largest ---

  private static void arg(OnnxNode node, PlanBuilder to, int sign) {
    Value from = to.input(node, 0);
    Extent extent = from.extent();
    int axis = extent.axis(node.integer("axis", 0));
    int length = extent.dims().get(axis);
    List<Integer> dims = new ArrayList<>(extent.dims());
    if (node.integer("keepdims", 1) != 0) {
      dims.set(axis, 1);
    } else {
      dims.remove(axis);
    }
    boolean last = node.integer("select_last_index", 0) != 0;
    int inner = extent.width(axis + 1, extent.dims().size());
    int outer = extent.width(0, axis);
    boolean perRow = extent.perRow();
    int a = from.register();
    Value out = to.result(ElementType.INT64, extent.with(dims));
    int o = out.register();
    to.step(
        switch (from.type()) {
          case FLOAT ->
              (r, rows) -> {
                float[] values = r.floats[a];
                int n = perRow ? rows * outer : outer;
                for (int block = 0, t = 0; block < n; block++) {
                  for (int i = 0; i < inner; i++) {
                    int at = block * length * inner + i;
                    float best = values[at];
                    int place = 0;
                    for (int k = 1; k < length; k++) {
                      float value = values[at + k * inner];
                      if ((sign > 0 ? value > best : value < best) || (last && value == best)) {
                        best = value;
                        place = k;
                      }
                    }
                    r.longs[o][t++] = place;
                  }
                }
              };
          default -> throw new Unsupported("it is not run here for " + from);
        });
    to.bind(node, 0, out);
  }

  // --- softmax ---

  private static void softmax(OnnxNode node, PlanBuilder to, boolean log) {
    Value from = to.input(node, 0);
    if (from.type() != ElementType.FLOAT) {
      throw new Unsupported("it is not run here for " + from);
    }
    Extent extent = from.extent();
    boolean joins = to.opset("") < 13; // the axes from one on
    int axis = extent.axis(node.integer("axis", joins ? 1 : -1));
    int axes = extent.dims().size();
    int length = joins ? extent.width(axis, axes) : extent.dims().get(axis);
    int inner = joins ? 1 : extent.width(axis + 1, axes);
    int outer = extent.width(0, axis);
    boolean perRow = extent.perRow();
    int a = from.register();
    Value out = to.result(ElementType.FLOAT, extent);
    int o = out.register();
    to.step(
        (r, rows) -> {
          int n = perRow ? rows * outer : outer;
          for (int block = 0; block < n; block++) {
            for (int i = 0; i < inner; i++) {
              int at = block * length * inner + i;
              if (log) {
                logSoftmax(r.floats[a], r.floats[o], at, length, inner);
              } else {
                softmax(r.floats[a], r.floats[o], at, length, inner);
              }
            }
          }
        });
    to.bind(node, 0, out);
  }

  private static void softmax(float[] from, float[] into, int at, int length, int step) {
    float max = largest(from, at, length, step);
    double sum = 0;
    for (int k = 0, i = at; k < length; k++, i += step) {
      float part = (float) Math.exp(from[i] - max);
      into[i] = part;
      sum += part;
    }
    float all = (float) sum;
    for (int k = 0, i = at; k < length; k++, i += step) {
      into[i] /= all;
    }
  }

  private static void logSoftmax(float[] from, float[] into, int at, int length, int step) {
    float max = largest(from, at, length, step);
    double sum = 0;
    for (int k = 0, i = at; k < length; k++, i += step) {
      sum += Math.exp(from[i] - max);
    }
    float log = (float) Math.log(sum);
    for (int k = 0, i = at; k < length; k++, i += step) {
      into[i] = from[i] - max - log;
    }
  }

  private static float largest(float[] from, int at, int length, int step) {
    float max = from[at];
    for (int k = 1, i = at + step; k < length; k++, i += step) {
      max = Math.max(max, from[i]);
    }
    return max;
  }
}
