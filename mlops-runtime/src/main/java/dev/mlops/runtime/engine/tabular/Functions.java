package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Operators that make each element of one other. */
final class Functions {
  private Functions() {}

  /** A loop over so many numbers. */
  interface FloatLoop {
    void run(float[] from, float[] into, int n);
  }

  interface FloatTest {
    boolean of(double value);
  }

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "Neg" -> add(node, to, loop(v -> -v), v -> -v, v -> -v);
      case "Abs" -> add(node, to, loop(Math::abs), Math::abs, Math::abs);
      case "Sqrt" -> add(node, to, Functions::sqrt, Math::sqrt, null);
      case "Exp" -> add(node, to, Functions::exp, Math::exp, null);
      case "Log" -> add(node, to, loop(v -> (float) Math.log(v)), Math::log, null);
      case "Reciprocal" -> add(node, to, loop(v -> 1 / v), v -> 1 / v, null);
      case "Floor" -> add(node, to, loop(v -> (float) Math.floor(v)), Math::floor, null);
      case "Ceil" -> add(node, to, loop(v -> (float) Math.ceil(v)), Math::ceil, null);
      case "Round" -> add(node, to, loop(v -> (float) Math.rint(v)), Math::rint, null);
      case "Sign" -> add(node, to, loop(Functions::sign), Functions::sign, null);
      case "Relu" -> add(node, to, Functions::relu, v -> Math.max(0, v), null);
      case "Sigmoid" -> add(node, to, Functions::sigmoid, Functions::logistic, null);
      case "Tanh" -> add(node, to, Functions::tanh, Math::tanh, null);
      case "Softplus" -> add(node, to, loop(v -> (float) softplus(v)), null, null);
      case "Softsign" -> add(node, to, loop(v -> v / (1 + Math.abs(v))), null, null);
      case "Erf" -> add(node, to, loop(v -> (float) erf(v)), null, null);
      case "LeakyRelu" -> leakyRelu(node, to);
      case "Elu" -> elu(node, to);
      case "Selu" -> selu(node, to);
      case "HardSigmoid" -> hardSigmoid(node, to);
      case "Gelu" -> gelu(node, to);
      case "Clip" -> clip(node, to);
      case "IsNaN" -> test(node, to, Double::isNaN);
      case "IsInf" -> isInf(node, to);
      default -> not(node, to);
    }
  }

  interface One {
    float of(float value);
  }

  /** Calls for each; for what is rare. */
  private static FloatLoop loop(One one) {
    return (from, into, n) -> {
      for (int i = 0; i < n; i++) {
        into[i] = one.of(from[i]);
      }
    };
  }

  private static void add(
      OnnxNode node,
      PlanBuilder to,
      FloatLoop floats,
      @Nullable DoubleUnaryOperator doubles,
      @Nullable LongUnaryOperator longs) {
    Value from = to.input(node, 0);
    if (to.opset("") < 6) {
      throw new Unsupported("operators before version 6 are not run here");
    }
    int a = from.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    Value out = to.result(from.type(), from.extent());
    int o = out.register();
    if (from.type() == ElementType.FLOAT) {
      to.step((r, rows) -> floats.run(r.floats[a], r.floats[o], perRow ? rows * width : width));
    } else if (from.type() == ElementType.DOUBLE && doubles != null) {
      to.step(
          (r, rows) -> {
            double[] values = r.doubles[a];
            double[] into = r.doubles[o];
            int n = perRow ? rows * width : width;
            for (int i = 0; i < n; i++) {
              into[i] = doubles.applyAsDouble(values[i]);
            }
          });
    } else if ((from.type() == ElementType.INT64 || from.type() == ElementType.INT32)
        && longs != null) {
      boolean narrow = from.type() == ElementType.INT32;
      to.step(
          (r, rows) -> {
            long[] values = r.longs[a];
            long[] into = r.longs[o];
            int n = perRow ? rows * width : width;
            for (int i = 0; i < n; i++) {
              long value = longs.applyAsLong(values[i]);
              into[i] = narrow ? (int) value : value;
            }
          });
    } else {
      throw new Unsupported("it is not run here for " + from);
    }
    to.bind(node, 0, out);
  }

  // --- loops ---

  private static void sqrt(float[] from, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (float) Math.sqrt(from[i]);
    }
  }

  private static void exp(float[] from, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (float) Math.exp(from[i]);
    }
  }

  private static void relu(float[] from, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Math.max(0, from[i]);
    }
  }

  private static void sigmoid(float[] from, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (float) (1 / (1 + Math.exp(-from[i])));
    }
  }

  private static void tanh(float[] from, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (float) Math.tanh(from[i]);
    }
  }

  private static float sign(float value) {
    return value > 0 ? 1 : value < 0 ? -1 : value == 0 ? 0 : value;
  }

  private static double sign(double value) {
    return value > 0 ? 1 : value < 0 ? -1 : value == 0 ? 0 : value;
  }

  private static double logistic(double value) {
    return 1 / (1 + Math.exp(-value));
  }

  private static double softplus(double value) {
    return value > 0 ? value + Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value));
  }

  /**
   * The error function, by a Chebyshev fit of the complementary one (Press et al., Numerical
   * Recipes): off by a relative 1.2e-7 at most.
   */
  static double erf(double value) {
    double z = Math.abs(value);
    double t = 2 / (2 + z);
    double p = 0.17087277;
    p = p * t - 0.82215223;
    p = p * t + 1.48851587;
    p = p * t - 1.13520398;
    p = p * t + 0.27886807;
    p = p * t - 0.18628806;
    p = p * t + 0.09678418;
    p = p * t + 0.37409196;
    p = p * t + 1.00002368;
    p = p * t - 1.26551223;
    double rest = t * Math.exp(-z * z + p);
    return value < 0 ? rest - 1 : 1 - rest;
  }

  // --- with attributes ---

  private static void floats(OnnxNode node, PlanBuilder to, FloatLoop loop) {
    add(node, to, loop, null, null);
  }

  private static void leakyRelu(OnnxNode node, PlanBuilder to) {
    float slope = node.number("alpha", 0.01f);
    floats(
        node,
        to,
        (from, into, n) -> {
          for (int i = 0; i < n; i++) {
            into[i] = from[i] >= 0 ? from[i] : slope * from[i];
          }
        });
  }

  private static void elu(OnnxNode node, PlanBuilder to) {
    float alpha = node.number("alpha", 1);
    floats(node, to, loop(v -> v >= 0 ? v : (float) (alpha * Math.expm1(v))));
  }

  private static void selu(OnnxNode node, PlanBuilder to) {
    float alpha = node.number("alpha", 1.6732632f);
    float gamma = node.number("gamma", 1.050701f);
    floats(
        node, to, loop(v -> v > 0 ? gamma * v : (float) (gamma * (alpha * Math.exp(v) - alpha))));
  }

  private static void hardSigmoid(OnnxNode node, PlanBuilder to) {
    float alpha = node.number("alpha", 0.2f);
    float beta = node.number("beta", 0.5f);
    floats(node, to, loop(v -> Math.min(1, Math.max(0, alpha * v + beta))));
  }

  private static void gelu(OnnxNode node, PlanBuilder to) {
    if (!node.text("approximate", "none").equals("none")) {
      throw new Unsupported("its approximation is not run here");
    }
    floats(node, to, loop(v -> (float) (0.5 * v * (1 + erf(v * Math.sqrt(0.5))))));
  }

  private static void clip(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    if (from.type() == ElementType.FLOAT) {
      float low = to.opset("") < 11 ? node.number("min", -Float.MAX_VALUE) : -Float.MAX_VALUE;
      float high = to.opset("") < 11 ? node.number("max", Float.MAX_VALUE) : Float.MAX_VALUE;
      float min = to.opset("") >= 11 && to.has(node, 1) ? bound(node, to, 1)[0] : low;
      float max = to.opset("") >= 11 && to.has(node, 2) ? bound(node, to, 2)[0] : high;
      floats(
          node,
          to,
          (values, into, n) -> {
            for (int i = 0; i < n; i++) {
              into[i] = Math.min(Math.max(values[i], min), max);
            }
          });
      return;
    }
    throw new Unsupported("it is not run here for " + from);
  }

  private static float[] bound(OnnxNode node, PlanBuilder to, int index) {
    float[] bound = to.constant(node, index, float[].class);
    if (bound.length != 1 || Float.isNaN(bound[0])) {
      throw new Unsupported("its bound is not one number");
    }
    return bound;
  }

  // --- truth values ---

  private static void test(OnnxNode node, PlanBuilder to, FloatTest test) {
    Value from = to.input(node, 0);
    int a = from.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    Value out = to.result(ElementType.BOOL, from.extent());
    int o = out.register();
    to.step(
        switch (from.type()) {
          case FLOAT ->
              (r, rows) -> {
                int n = perRow ? rows * width : width;
                for (int i = 0; i < n; i++) {
                  r.longs[o][i] = test.of(r.floats[a][i]) ? 1 : 0;
                }
              };
          case DOUBLE ->
              (r, rows) -> {
                int n = perRow ? rows * width : width;
                for (int i = 0; i < n; i++) {
                  r.longs[o][i] = test.of(r.doubles[a][i]) ? 1 : 0;
                }
              };
          default -> throw new Unsupported("it is not run here for " + from);
        });
    to.bind(node, 0, out);
  }

  private static void isInf(OnnxNode node, PlanBuilder to) {
    boolean positive = node.integer("detect_positive", 1) != 0;
    boolean negative = node.integer("detect_negative", 1) != 0;
    test(
        node,
        to,
        v ->
            (positive && v == Double.POSITIVE_INFINITY)
                || (negative && v == Double.NEGATIVE_INFINITY));
  }

  private static void not(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    if (from.type() != ElementType.BOOL) {
      throw new Unsupported("it is not run here for " + from);
    }
    int a = from.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    Value out = to.result(ElementType.BOOL, from.extent());
    int o = out.register();
    to.step(
        (r, rows) -> {
          int n = perRow ? rows * width : width;
          for (int i = 0; i < n; i++) {
            r.longs[o][i] = 1 - r.longs[a][i];
          }
        });
    to.bind(node, 0, out);
  }
}
