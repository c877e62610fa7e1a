package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.Arrays;
import java.util.List;

/** Products of rows and constant weights. */
final class Dense {
  /** Below so many outputs a dot product for each is faster than a sweep over all. */
  private static final int NARROW = 8;

  private Dense() {}

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "MatMul" -> matMul(node, to);
      case "Gemm" -> gemm(node, to);
      default -> batchNormalization(node, to);
    }
  }

  private static void matMul(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    Value weights = to.operand(node, 1);
    List<Integer> shape = weights.extent().dims();
    List<Integer> dims = from.extent().dims();
    if (dims.isEmpty() || shape.size() != 2 || !shape.get(0).equals(dims.get(dims.size() - 1))) {
      throw new Unsupported("it multiplies " + from + " and " + weights);
    }
    List<Integer> made = replacedLast(dims, shape.get(1));
    Value out = to.result(from.type(), from.extent().with(made));
    int outer = from.extent().width(0, dims.size() - 1);
    if (from.type() == ElementType.FLOAT) {
      float[] flat = to.constant(node, 1, float[].class);
      multiply(
          to, from, out, outer, rows(flat, shape.get(0), shape.get(1)), new float[shape.get(1)]);
    } else if (from.type() == ElementType.DOUBLE) {
      double[] flat = to.constant(node, 1, double[].class);
      multiply(to, from, out, outer, flat, shape.get(0), shape.get(1), new double[shape.get(1)]);
    } else {
      throw new Unsupported("it is not run here for " + from);
    }
    to.bind(node, 0, out);
  }

  private static List<Integer> replacedLast(List<Integer> dims, int by) {
    Integer[] all = dims.toArray(Integer[]::new);
    all[all.length - 1] = by;
    return List.of(all);
  }

  private static float[][] rows(float[] flat, int inputs, int outputs) {
    float[][] rows = new float[inputs][];
    for (int i = 0; i < inputs; i++) {
      rows[i] = Arrays.copyOfRange(flat, i * outputs, (i + 1) * outputs);
    }
    return rows;
  }

  private static void gemm(OnnxNode node, PlanBuilder to) {
    if (to.opset("") < 7) {
      throw new Unsupported("before version 7 of the operators axes were matched in another way");
    }
    Value from = to.input(node, 0);
    Value weights = to.operand(node, 1);
    List<Integer> shape = weights.extent().dims();
    if (node.integer("transA", 0) != 0
        || from.extent().rank() != 2
        || weights.extent().perRow()
        || shape.size() != 2) {
      throw new Unsupported("it multiplies " + from + " and " + weights);
    }
    boolean transposed = node.integer("transB", 0) != 0;
    int inputs = shape.get(transposed ? 1 : 0);
    int outputs = shape.get(transposed ? 0 : 1);
    List<Integer> dims = from.extent().dims();
    if (dims.get(dims.size() - 1) != inputs) {
      throw new Unsupported("it multiplies " + from + " and " + weights);
    }
    int outer = from.extent().width(0, dims.size() - 1);
    float alpha = node.number("alpha", 1);
    float beta = node.number("beta", 1);
    int[] bias = new int[0];
    if (to.has(node, 2) && beta != 0) { // what is taken no part of may be NaN
      Extent extent = to.operand(node, 2).extent();
      Broadcast both = Broadcast.of(List.of(Extent.rows(outputs), extent));
      if (extent.perRow() || !both.extent().equals(Extent.rows(outputs))) {
        throw new Unsupported("it adds " + extent + " to each row of " + outputs);
      }
      bias = both.map(1);
    }
    Value out = to.result(from.type(), from.extent().with(replacedLast(dims, outputs)));
    if (from.type() == ElementType.FLOAT) {
      float[] given = to.constant(node, 1, float[].class);
      float[] flat = new float[given.length];
      for (int i = 0; i < inputs; i++) {
        for (int j = 0; j < outputs; j++) {
          flat[i * outputs + j] = alpha * given[transposed ? j * inputs + i : i * outputs + j];
        }
      }
      float[] add = new float[outputs];
      for (int j = 0; j < bias.length; j++) {
        add[j] = beta * to.constant(node, 2, float[].class)[bias[j]];
      }
      multiply(to, from, out, outer, rows(flat, inputs, outputs), add);
    } else if (from.type() == ElementType.DOUBLE) {
      double[] given = to.constant(node, 1, double[].class);
      double[] flat = new double[given.length];
      for (int i = 0; i < inputs; i++) {
        for (int j = 0; j < outputs; j++) {
          flat[i * outputs + j] = alpha * given[transposed ? j * inputs + i : i * outputs + j];
        }
      }
      double[] add = new double[outputs];
      for (int j = 0; j < bias.length; j++) {
        add[j] = beta * to.constant(node, 2, double[].class)[bias[j]];
      }
      multiply(to, from, out, outer, flat, inputs, outputs, add);
    } else {
      throw new Unsupported("it is not run here for " + from);
    }
    to.bind(node, 0, out);
  }

  // --- float ---

  /** Each row of the result is the bias and the products of a row and all the weights. */
  private static void multiply(
      PlanBuilder to, Value from, Value out, int outer, float[][] weights, float[] bias) {
    int a = from.register();
    int o = out.register();
    int inputs = weights.length;
    int outputs = bias.length;
    boolean perRow = from.extent().perRow();
    if (outputs < NARROW) {
      float[][] columns = transposed(weights, outputs);
      to.step(
          (r, rows) -> {
            float[] in = r.floats[a];
            float[] into = r.floats[o];
            int n = perRow ? rows * outer : outer;
            for (int row = 0, at = 0, t = 0; row < n; row++, at += inputs) {
              for (int j = 0; j < outputs; j++) {
                into[t++] = bias[j] + dot(in, at, columns[j]);
              }
            }
          });
      return;
    }
    int line = to.scratch();
    to.step(
        (r, rows) -> {
          int n = perRow ? rows * outer : outer;
          float[] into = r.floats[o];
          if (n == 1) {
            sweep(r.floats[a], 0, weights, bias, into);
            return;
          }
          float[] one = (float[]) r.scratch[line];
          if (one == null) {
            one = new float[outputs];
            r.scratch[line] = one;
          }
          for (int row = 0; row < n; row++) {
            sweep(r.floats[a], row * inputs, weights, bias, one);
            System.arraycopy(one, 0, into, row * outputs, outputs);
          }
        });
  }

  private static float[][] transposed(float[][] rows, int width) {
    float[][] columns = new float[width][rows.length];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < width; j++) {
        columns[j][i] = rows[i][j];
      }
    }
    return columns;
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

  private static void multiply(
      PlanBuilder to,
      Value from,
      Value out,
      int outer,
      double[] weights,
      int inputs,
      int outputs,
      double[] bias) {
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
