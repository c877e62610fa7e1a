package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.List;

/** Products of rows and constant weights. */
final class Dense {
  /** Below so many outputs a dot product for each is faster than a sweep over all. */
  private static final int NARROW = 8;

  private Dense() {}

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    if (node.operator().equals("BatchNormalization")) {
      batchNormalization(node, to);
    } else {
      product(node, to, node.operator().equals("Gemm"));
    }
  }

  private static void product(OnnxNode node, PlanBuilder to, boolean gemm) {
    if (gemm && to.opset("") < 7) {
      throw new Unsupported("before version 7 of the operators axes were matched in another way");
    }
    Value from = to.input(node, 0);
    Value weights = to.operand(node, 1);
    List<Integer> shape = weights.extent().dims();
    List<Integer> dims = from.extent().dims();
    boolean transposed = gemm && node.integer("transB", 0) != 0;
    if (dims.isEmpty()
        || shape.size() != 2
        || weights.extent().perRow()
        || !shape.get(transposed ? 1 : 0).equals(dims.get(dims.size() - 1))
        || (gemm && (node.integer("transA", 0) != 0 || from.extent().rank() != 2))) {
      throw new Unsupported("it multiplies " + from + " and " + weights);
    }
    int inputs = shape.get(transposed ? 1 : 0);
    int outputs = shape.get(transposed ? 0 : 1);
    double[] bias = new double[outputs];
    float beta = gemm ? node.number("beta", 1) : 0;
    if (beta != 0 && to.has(node, 2)) { // what is taken no part of may be NaN
      Extent extent = to.operand(node, 2).extent();
      Broadcast both = Broadcast.of(List.of(Extent.rows(outputs), extent));
      if (extent.perRow() || !both.extent().equals(Extent.rows(outputs))) {
        throw new Unsupported("it adds " + extent + " to each row of " + outputs);
      }
      int[] map = both.map(1);
      double[] given = numbers(node, to, 2, from);
      for (int j = 0; j < outputs; j++) {
        bias[j] = beta * given[map[j]];
      }
    }
    Integer[] made = dims.toArray(Integer[]::new);
    made[made.length - 1] = outputs;
    Value out = to.result(from.type(), from.extent().with(List.of(made)));
    float alpha = gemm ? node.number("alpha", 1) : 1;
    double[] given = numbers(node, to, 1, from);
    double[] flat = new double[given.length]; // by input and output
    for (int i = 0; i < inputs; i++) {
      for (int j = 0; j < outputs; j++) {
        flat[i * outputs + j] = alpha * given[transposed ? j * inputs + i : i * outputs + j];
      }
    }
    int outer = from.extent().width(0, dims.size() - 1);
    if (from.type() == ElementType.DOUBLE) {
      doubles(to, from, out, outer, flat, bias);
    } else {
      floats(to, from, out, outer, flat, bias);
    }
    to.bind(node, 0, out);
  }

  /** A constant of the type of what is multiplied by it. */
  private static double[] numbers(OnnxNode node, PlanBuilder to, int index, Value from) {
    return switch (from.type()) {
      case FLOAT -> Casts.widened(to.constant(node, index, float[].class));
      case DOUBLE -> to.constant(node, index, double[].class);
      default -> throw new Unsupported("it is not run here for " + from);
    };
  }

  // --- float ---

  private static void floats(
      PlanBuilder to, Value from, Value out, int outer, double[] flat, double[] bias) {
    int a = from.register();
    int o = out.register();
    int outputs = bias.length;
    int inputs = flat.length / outputs;
    boolean perRow = from.extent().perRow();
    float[] add = new float[outputs];
    for (int j = 0; j < outputs; j++) {
      add[j] = (float) bias[j];
    }
    boolean narrow = outputs < NARROW;
    float[][] weights = narrow ? new float[outputs][inputs] : new float[inputs][outputs];
    for (int i = 0; i < flat.length; i++) {
      int in = i / outputs;
      int at = i % outputs;
      weights[narrow ? at : in][narrow ? in : at] = (float) flat[i];
    }
    if (narrow) {
      to.step(
          (r, rows) -> {
            float[] in = r.floats[a];
            float[] into = r.floats[o];
            int n = perRow ? rows * outer : outer;
            for (int row = 0, at = 0, t = 0; row < n; row++, at += inputs) {
              for (int j = 0; j < outputs; j++) {
                into[t++] = add[j] + dot(in, at, weights[j]);
              }
            }
          });
      return;
    }
    int line = to.room(ElementType.FLOAT, outputs);
    to.step(
        (r, rows) -> {
          int n = perRow ? rows * outer : outer;
          float[] into = r.floats[o];
          if (n == 1) {
            sweep(r.floats[a], 0, weights, add, into);
            return;
          }
          float[] one = r.floats[line];
          for (int row = 0; row < n; row++) {
            sweep(r.floats[a], row * inputs, weights, add, one);
            System.arraycopy(one, 0, into, row * outputs, outputs);
          }
        });
  }

  private static float dot(float[] in, int at, float[] weights) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = 0;
    for (; i + 3 < weights.length; i += 4) {
      a += in[at + i] * weights[i];
      b += in[at + i + 1] * weights[i + 1];
      c += in[at + i + 2] * weights[i + 2];
      d += in[at + i + 3] * weights[i + 3];
    }
    for (; i < weights.length; i++) {
      a += in[at + i] * weights[i];
    }
    return (a + b) + (c + d);
  }

  /**
   * Four rows of weights at a time. Each is an array of its own and all are read at the index that
   * is written: only so does the compiler make vector instructions of the loop.
   */
  private static void sweep(float[] in, int at, float[][] weights, float[] bias, float[] out) {
    int outputs = bias.length;
    System.arraycopy(bias, 0, out, 0, outputs);
    int i = 0;
    for (; i + 3 < weights.length; i += 4) {
      four(
          out,
          outputs,
          weights[i],
          weights[i + 1],
          weights[i + 2],
          weights[i + 3],
          in[at + i],
          in[at + i + 1],
          in[at + i + 2],
          in[at + i + 3]);
    }
    for (; i < weights.length; i++) {
      float a = in[at + i];
      float[] w = weights[i];
      for (int j = 0; j < outputs; j++) {
        out[j] += a * w[j];
      }
    }
  }

  private static void four(
      float[] out,
      int outputs,
      float[] w0,
      float[] w1,
      float[] w2,
      float[] w3,
      float a0,
      float a1,
      float a2,
      float a3) {
    for (int j = 0; j < outputs; j++) {
      out[j] = (out[j] + a0 * w0[j]) + a1 * w1[j] + (a2 * w2[j] + a3 * w3[j]);
    }
  }

  // --- double, which few models have ---

  private static void doubles(
      PlanBuilder to, Value from, Value out, int outer, double[] weights, double[] bias) {
    int outputs = bias.length;
    int inputs = weights.length / outputs;
    int a = from.register();
    int o = out.register();
    boolean perRow = from.extent().perRow();
    to.step(
        (r, rows) -> {
          double[] in = r.doubles[a];
          double[] into = r.doubles[o];
          int n = perRow ? rows * outer : outer;
          for (int row = 0; row < n; row++) {
            for (int j = 0; j < outputs; j++) {
              double sum = bias[j];
              for (int i = 0; i < inputs; i++) {
                sum += in[row * inputs + i] * weights[i * outputs + j];
              }
              into[row * outputs + j] = sum;
            }
          }
        });
  }

  // --- batch normalization ---

  private static void batchNormalization(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    List<Integer> dims = from.extent().dims();
    for (int i = 1; i < node.outputs().size(); i++) {
      if (to.wanted(node, i)) {
        throw new Unsupported("its means are used");
      }
    }
    if (to.opset("") < 7
        || node.integer("training_mode", 0) != 0
        || node.integer("spatial", 1) == 0) {
      throw new Unsupported("it is written for training, or in an old way");
    }
    if (from.type() != ElementType.FLOAT || !from.extent().perRow() || dims.isEmpty()) {
      throw new Unsupported("it is not run here for " + from);
    }
    int channels = dims.get(0);
    int inner = from.width() / channels;
    float epsilon = node.number("epsilon", 1e-5f);
    float[][] given = new float[4][];
    for (int i = 0; i < 4; i++) {
      given[i] = to.constant(node, i + 1, float[].class);
      if (given[i].length != channels) {
        throw new Unsupported("it has " + given[i].length + " parameters for " + from);
      }
    }
    float[] scale = new float[from.width()];
    float[] shift = new float[from.width()];
    for (int i = 0; i < scale.length; i++) {
      int c = i / inner;
      scale[i] = given[0][c] / (float) Math.sqrt(given[3][c] + epsilon);
      shift[i] = given[1][c] - given[2][c] * scale[i];
    }
    int a = from.register();
    int width = from.width();
    Value out = to.result(ElementType.FLOAT, from.extent());
    int o = out.register();
    to.step(
        (r, rows) -> {
          float[] in = r.floats[a];
          float[] into = r.floats[o];
          for (int row = 0, at = 0; row < rows; row++) {
            for (int i = 0; i < width; i++, at++) {
              into[at] = in[at] * scale[i] + shift[i];
            }
          }
        });
    to.bind(node, 0, out);
  }
}
