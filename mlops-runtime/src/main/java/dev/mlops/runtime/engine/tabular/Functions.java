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

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    if (to.opset("") < 6) {
      throw new Unsupported("operators before version 6 are not run here");
    }
    switch (node.operator()) {
      case "Neg" -> add(node, to, each(v -> -v), v -> -v, v -> -v);
      case "Abs" -> add(node, to, each(Math::abs), Math::abs, Math::abs);
      case "Sqrt" -> of(node, to, Math::sqrt);
      case "Exp" -> of(node, to, Math::exp);
      case "Log" -> of(node, to, Math::log);
      case "Reciprocal" -> of(node, to, v -> 1 / v);
      case "Floor" -> of(node, to, Math::floor);
      case "Ceil" -> of(node, to, Math::ceil);
      case "Round" -> of(node, to, Math::rint);
      case "Sign" -> of(node, to, Functions::sign);
      case "Sigmoid" -> of(node, to, Functions::sigmoid, v -> 1 / (1 + Math.exp(-v)));
      case "Tanh" -> of(node, to, Functions::tanh, Math::tanh);
      case "Relu" -> of(node, to, Functions::relu, v -> Math.max(0, v));
      case "Softplus" -> floats(node, to, each(Functions::softplus));
      case "Erf" -> floats(node, to, each(Functions::erf));
      case "LeakyRelu" -> leakyRelu(node, to);
      case "Elu" -> elu(node, to);
      case "Selu" -> selu(node, to);
      case "Gelu" -> gelu(node, to);
      case "Clip" -> clip(node, to);
      case "IsNaN" -> isNaN(node, to);
      default -> add(node, to, null, null, v -> 1 - v);
    }
  }

  /** A call for each: for what networks do not do in each layer. */
  private static FloatLoop each(DoubleUnaryOperator function) {
    return (from, into, n) -> {
      for (int i = 0; i < n; i++) {
        into[i] = (float) function.applyAsDouble(from[i]);
      }
    };
  }

  private static void of(OnnxNode node, PlanBuilder to, DoubleUnaryOperator function) {
    of(node, to, each(function), function);
  }

  private static void of(
      OnnxNode node, PlanBuilder to, FloatLoop floats, DoubleUnaryOperator doubles) {
    add(node, to, floats, doubles, null);
  }

  private static void floats(OnnxNode node, PlanBuilder to, FloatLoop floats) {
    add(node, to, floats, null, null);
  }

  private static void add(
      OnnxNode node,
      PlanBuilder to,
      @Nullable FloatLoop floats,
      @Nullable DoubleUnaryOperator doubles,
      @Nullable LongUnaryOperator longs) {
    Value from = to.input(node, 0);
    ElementType type = from.type();
    boolean narrow = type == ElementType.INT32;
    int a = from.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    Value out = to.result(type, from.extent());
    int o = out.register();
    if (type == ElementType.FLOAT && floats != null) {
      to.step((r, rows) -> floats.run(r.floats[a], r.floats[o], perRow ? rows * width : width));
    } else if (type == ElementType.DOUBLE && doubles != null) {
      to.step(
          (r, rows) -> {
            int n = perRow ? rows * width : width;
            for (int i = 0; i < n; i++) {
              r.doubles[o][i] = doubles.applyAsDouble(r.doubles[a][i]);
            }
          });
    } else if ((node.operator().equals("Not")
            ? type == ElementType.BOOL
            : narrow || type == ElementType.INT64)
        && longs != null) {
      to.step(
          (r, rows) -> {
            int n = perRow ? rows * width : width;
            for (int i = 0; i < n; i++) {
              long value = longs.applyAsLong(r.longs[a][i]);
              r.longs[o][i] = narrow ? (int) value : value;
            }
          });
    } else {
      throw new Unsupported("it is not run here for " + from);
    }
    to.bind(node, 0, out);
  }

  // --- curves ---

  private static double sign(double value) {
    return value > 0 ? 1 : value < 0 ? -1 : value == 0 ? 0 : value;
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

  // --- with loops or attributes of their own ---

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

  private static void leakyRelu(OnnxNode node, PlanBuilder to) {
    float slope = node.number("alpha", 0.01f);
    floats(node, to, each(v -> v >= 0 ? v : slope * v));
  }

  private static void elu(OnnxNode node, PlanBuilder to) {
    float alpha = node.number("alpha", 1);
    floats(node, to, each(v -> v >= 0 ? v : alpha * Math.expm1(v)));
  }

  private static void selu(OnnxNode node, PlanBuilder to) {
    float alpha = node.number("alpha", 1.6732632f);
    float gamma = node.number("gamma", 1.050701f);
    floats(node, to, each(v -> v > 0 ? gamma * v : gamma * (alpha * Math.exp(v) - alpha)));
  }

  private static void gelu(OnnxNode node, PlanBuilder to) {
    if (!node.text("approximate", "none").equals("none")) {
      throw new Unsupported("its approximation is not run here");
    }
    floats(node, to, each(v -> 0.5 * v * (1 + erf(v * Math.sqrt(0.5)))));
  }

  private static void clip(OnnxNode node, PlanBuilder to) {
    boolean inputs = to.opset("") >= 11;
    float low =
        inputs ? bound(node, to, 1, -Float.MAX_VALUE) : node.number("min", -Float.MAX_VALUE);
    float high = inputs ? bound(node, to, 2, Float.MAX_VALUE) : node.number("max", Float.MAX_VALUE);
    floats(
        node,
        to,
        (from, into, n) -> {
          for (int i = 0; i < n; i++) {
            into[i] = Math.min(Math.max(from[i], low), high);
          }
        });
  }

  private static float bound(OnnxNode node, PlanBuilder to, int index, float without) {
    if (!to.has(node, index)) {
      return without;
    }
    float[] bound = to.constant(node, index, float[].class);
    if (bound.length != 1 || Float.isNaN(bound[0])) {
      throw new Unsupported("its bound is not one number");
    }
    return bound[0];
  }

  // --- truth values ---

  private static void isNaN(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    boolean single = from.type() == ElementType.FLOAT;
    if (!single && from.type() != ElementType.DOUBLE) {
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
            r.longs[o][i] = Double.isNaN(single ? r.floats[a][i] : r.doubles[a][i]) ? 1 : 0;
          }
        });
    to.bind(node, 0, out);
  }
}
