package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Operators that make one element, or as many, of several in a row. */
final class Reductions {
  private Reductions() {}

  /** One number of several. */
  interface Reduction {
    double of(double[] values);
  }

  /** Those that ONNX Runtime reckons in double for doubles. */
  private static final Set<String> DOUBLES =
      Set.of("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare");

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "ReduceSum" -> reduce(node, to, 13, Reductions::sum);
      case "ReduceMean" -> reduce(node, to, 18, values -> sum(values) / values.length);
      case "ReduceMax" -> reduce(node, to, 18, Reductions::max);
      case "ReduceMin" -> reduce(node, to, 18, Reductions::min);
      case "ReduceProd" -> reduce(node, to, 18, Reductions::product);
      case "ReduceL2" -> reduce(node, to, 18, values -> Math.sqrt(squares(values)));
      case "ReduceSumSquare" -> reduce(node, to, 18, Reductions::squares);
      case "ArgMax" -> arg(node, to, 1);
      case "ArgMin" -> arg(node, to, -1);
      case "Softmax" -> softmax(node, to, false);
      default -> softmax(node, to, true);
    }
  }

  private static void reduce(OnnxNode node, PlanBuilder to, int axesAsInput, Reduction reduction) {
    Value from = to.input(node, 0);
    boolean single = from.type() == ElementType.FLOAT;
    if (!single && (from.type() != ElementType.DOUBLE || !DOUBLES.contains(node.operator()))) {
      throw new Unsupported("it is not run here for " + from);
    }
    Extent extent = from.extent();
    long[] named = node.integers("axes");
    if (to.opset("") >= axesAsInput) {
      named = to.has(node, 1) ? to.constant(node, 1, long[].class) : new long[0];
    }
    if (named.length == 0 && node.integer("noop_with_empty_axes", 0) != 0) {
      throw new Unsupported("it is told to reduce nothing");
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
    for (int axis = 0; axis < extent.dims().size(); axis++) {
      if (!axes.contains(axis)) {
        dims.add(extent.dims().get(axis));
      } else if (keep) {
        dims.add(1);
      }
    }
    int[] map = Moves.walk(order, strides);
    Value out = to.result(from.type(), extent.with(dims));
    int reduced = map.length / out.width();
    int a = from.register();
    int o = out.register();
    int width = from.width();
    boolean perRow = extent.perRow();
    int line = to.room(ElementType.DOUBLE, reduced);
    to.step(
        (r, rows) -> {
          double[] values = r.doubles[line];
          int n = perRow ? rows : 1;
          for (int row = 0, t = 0; row < n; row++) {
            for (int first = 0; first < map.length; first += reduced, t++) {
              for (int i = 0; i < reduced; i++) {
                int place = row * width + map[first + i];
                values[i] = single ? r.floats[a][place] : r.doubles[a][place];
              }
              double value = reduction.of(values);
              if (single) {
                r.floats[o][t] = (float) value;
              } else {
                r.doubles[o][t] = value;
              }
            }
          }
        });
    to.bind(node, 0, out);
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  private static double max(double[] values) {
    double max = values[0];
    for (double value : values) {
      max = Math.max(max, value);
    }
    return max;
  }

  private static double min(double[] values) {
    double min = values[0];
    for (double value : values) {
      min = Math.min(min, value);
    }
    return min;
  }

  /** Of floats. */
  private static double product(double[] values) {
    float product = 1;
    for (double value : values) {
      product *= (float) value;
    }
    return product;
  }

  private static double squares(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return sum;
  }

  // --- the place of the largest ---

  private static void arg(OnnxNode node, PlanBuilder to, int sign) {
    Value from = floats(node, to);
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
        });
    to.bind(node, 0, out);
  }

  private static Value floats(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    if (from.type() != ElementType.FLOAT) {
      throw new Unsupported("it is not run here for " + from);
    }
    return from;
  }

  // --- softmax ---

  private static void softmax(OnnxNode node, PlanBuilder to, boolean log) {
    Value from = floats(node, to);
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
              softmax(r.floats[a], r.floats[o], at, length, inner, log);
            }
          }
        });
    to.bind(node, 0, out);
  }

  private static void softmax(
      float[] from, float[] into, int at, int length, int step, boolean log) {
    float max = largest(from, at, length, step);
    double sum = 0;
    for (int k = 0, i = at; k < length; k++, i += step) {
      double part = Math.exp(from[i] - max);
      into[i] = (float) part;
      sum += log ? part : into[i];
    }
    float by = (float) (log ? Math.log(sum) : sum);
    for (int k = 0, i = at; k < length; k++, i += step) {
      into[i] = log ? from[i] - max - by : into[i] / by;
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
