package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Operands.Operand;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Operators that make each element of one element of each input. */
final class Arithmetic {
  private static final Set<ElementType> NUMBERS =
      Set.of(ElementType.FLOAT, ElementType.DOUBLE, ElementType.INT32, ElementType.INT64);

  /** ONNX Runtime compares 64-bit numbers by their lower half in some operators. */
  private static final Set<ElementType> ORDERED =
      Set.of(ElementType.FLOAT, ElementType.DOUBLE, ElementType.INT32);

  private static final Set<ElementType> REALS = Set.of(ElementType.FLOAT, ElementType.DOUBLE);
  private static final Set<ElementType> TRUTHS = Set.of(ElementType.BOOL);

  private Arithmetic() {}

  /** A switch, because only the lambdas that a model needs are then made: each takes its time. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "Add" -> pair(node, to, FloatPairs.ADD, (a, b) -> a + b, (a, b) -> a + b);
      case "Sub" -> pair(node, to, FloatPairs.SUB, (a, b) -> a - b, (a, b) -> a - b);
      case "Mul" -> pair(node, to, FloatPairs.MUL, (a, b) -> a * b, (a, b) -> a * b);
      case "Div" -> {
        checkDivisor(node, to);
        pair(node, to, FloatPairs.DIV, (a, b) -> a / b, (a, b) -> a / b);
      }
      case "Mod" -> mod(node, to);
      case "Pow" -> pow(node, to);
      case "Max" -> several(node, to, FloatPairs.of(Math::max), Math::max, Math::max, ORDERED);
      case "Min" -> several(node, to, FloatPairs.of(Math::min), Math::min, Math::min, ORDERED);
      case "Sum" -> several(node, to, FloatPairs.ADD, (a, b) -> a + b, (a, b) -> a + b, REALS);
      case "Mean" -> mean(node, to);
      case "Less" -> test(node, to, NUMBERS, (a, b) -> a < b, (a, b) -> a < b);
      case "LessOrEqual" -> test(node, to, NUMBERS, (a, b) -> a <= b, (a, b) -> a <= b);
      case "Greater" -> test(node, to, NUMBERS, (a, b) -> a > b, (a, b) -> a > b);
      case "GreaterOrEqual" -> test(node, to, NUMBERS, (a, b) -> a >= b, (a, b) -> a >= b);
      case "Equal" -> equal(node, to);
      case "And" -> logic(node, to, (a, b) -> a & b);
      case "Or" -> logic(node, to, (a, b) -> a | b);
      case "Xor" -> logic(node, to, (a, b) -> a ^ b);
      default -> where(node, to);
    }
  }

  interface Doubles {
    double of(double a, double b);
  }

  interface Longs {
    long of(long a, long b);
  }

  interface DoubleTest {
    boolean of(double a, double b);
  }

  interface LongTest {
    boolean of(long a, long b);
  }

  private static Unsupported wrongType(Operands in) {
    return new Unsupported(
        "it is not run here for " + in.all().stream().map(Operand::value).toList());
  }

  private static void checkTypes(Operands in, PlanBuilder to, Set<ElementType> types) {
    if (to.opset("") < 7) {
      throw new Unsupported("before version 7 of the operators axes were matched in another way");
    }
    ElementType type = in.type(0);
    if (!types.contains(type) || !in.all().stream().allMatch(one -> one.value().type() == type)) {
      throw wrongType(in);
    }
  }

  private static void pair(
      OnnxNode node, PlanBuilder to, FloatPairs floats, Doubles doubles, Longs longs) {
    Operands in = Operands.of(node, to, 0, 2);
    checkTypes(in, to, NUMBERS);
    to.bind(node, 0, pair(to, in, floats, doubles, longs));
  }

  private static Value pair(
      PlanBuilder to, Operands in, FloatPairs floats, Doubles doubles, Longs longs) {
    Value out = to.result(in.type(0), in.extent());
    int o = out.register();
    Longs narrow = (a, b) -> (int) longs.of(a, b);
    to.step(
        switch (out.type()) {
          case FLOAT -> FloatPairs.step(in, o, floats);
          case DOUBLE -> (r, rows) -> run(in, r.doubles, r.doubles[o], doubles, rows);
          case INT32 -> (r, rows) -> run(in, r.longs, r.longs[o], narrow, rows);
          default -> (r, rows) -> run(in, r.longs, r.longs[o], longs, rows);
        });
    return out;
  }

  private static void run(Operands in, double[][] all, double[] out, Doubles one, int rows) {
    Operand x = in.get(0);
    Operand y = in.get(1);
    double[] a = all[x.register()];
    double[] b = all[y.register()];
    int width = in.width();
    int n = in.extent().perRow() ? rows : 1;
    for (int row = 0, at = 0; row < n; row++) {
      for (int i = 0; i < width; i++) {
        out[at++] = one.of(a[row * x.stride() + x.map()[i]], b[row * y.stride() + y.map()[i]]);
      }
    }
  }

  private static void run(Operands in, long[][] all, long[] out, Longs one, int rows) {
    Operand x = in.get(0);
    Operand y = in.get(1);
    long[] a = all[x.register()];
    long[] b = all[y.register()];
    int width = in.width();
    int n = in.extent().perRow() ? rows : 1;
    for (int row = 0, at = 0; row < n; row++) {
      for (int i = 0; i < width; i++) {
        out[at++] = one.of(a[row * x.stride() + x.map()[i]], b[row * y.stride() + y.map()[i]]);
      }
    }
  }

  /** Several inputs, from the first to the last; binds and returns what they make. */
  private static Value several(
      OnnxNode node,
      PlanBuilder to,
      FloatPairs floats,
      Doubles doubles,
      Longs longs,
      Set<ElementType> types) {
    Operands in = Operands.of(node, to, 0, node.inputs().size());
    if (to.opset("") < 8) {
      throw new Unsupported("before version 8 of the operators axes were not matched");
    }
    checkTypes(in, to, types);
    Value all = to.operand(node, 0);
    for (int i = 1; i < node.inputs().size(); i++) {
      all = pair(to, Operands.of(to, List.of(all, to.operand(node, i))), floats, doubles, longs);
    }
    if (node.inputs().size() == 1) {
      all = to.input(node, 0);
    }
    to.bind(node, 0, all);
    return all;
  }

  /** Whole numbers are divided only by what is known: by 0 a processor ends the process. */
  private static void checkDivisor(OnnxNode node, PlanBuilder to) {
    if (REALS.contains(to.operand(node, 1).type())) {
      return;
    }
    for (long by : to.constant(node, 1, long[].class)) {
      if (by == 0 || by == -1) {
        throw new Unsupported("it divides whole numbers by " + by);
      }
    }
  }

  private static void mod(OnnxNode node, PlanBuilder to) {
    checkDivisor(node, to);
    boolean signOfFirst = node.integer("fmod", 0) != 0;
    if (!signOfFirst && REALS.contains(to.operand(node, 0).type())) {
      throw new Unsupported("without fmod it takes whole numbers alone");
    }
    // as ONNX Runtime: by way of double
    Longs longs = signOfFirst ? (a, b) -> (long) ((double) a % (double) b) : Math::floorMod;
    pair(node, to, FloatPairs.of((a, b) -> a % b), (a, b) -> a % b, longs);
  }

  private static void pow(OnnxNode node, PlanBuilder to) {
    Value base = to.operand(node, 0);
    Value exponent = to.operand(node, 1);
    if (exponent.type() != base.type() && exponent.constant() instanceof long[] longs) {
      double[] numbers = Arrays.stream(longs).asDoubleStream().toArray();
      exponent = to.known(ElementType.DOUBLE, exponent.extent(), numbers);
    }
    if (base.type() == ElementType.FLOAT && exponent.constant() instanceof double[] doubles) {
      float[] numbers = new float[doubles.length];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (float) doubles[i];
        if (numbers[i] != doubles[i]) {
          throw new Unsupported("its exponent " + doubles[i] + " is no float");
        }
      }
      exponent = to.known(ElementType.FLOAT, exponent.extent(), numbers);
    }
    Operands in = Operands.of(to, List.of(base, exponent));
    checkTypes(in, to, REALS);
    FloatPairs floats =
        FloatPairs.of((a, b) -> b == 2 ? a * a : b == 3 ? a * a * a : (float) power(a, b));
    Doubles doubles = (a, b) -> b == 2 ? a * a : b == 3 ? a * a * a : power(a, b);
    to.bind(node, 0, pair(to, in, floats, doubles, (a, b) -> a));
  }

  /** As C has it: 1 to whatever power is 1, and so is -1 to an infinite one. */
  private static double power(double base, double exponent) {
    if (base == 1 || (base == -1 && Double.isInfinite(exponent))) {
      return 1;
    }
    return Math.pow(base, exponent);
  }

  private static void mean(OnnxNode node, PlanBuilder to) {
    int inputs = node.inputs().size();
    Value sum =
        several(
            node, to, FloatPairs.ADD, (a, b) -> a + b, (a, b) -> a + b, Set.of(ElementType.FLOAT));
    Value divisor = to.known(ElementType.FLOAT, Extent.fixed(), new float[] {inputs});
    Operands in = Operands.of(to, List.of(sum, divisor));
    to.bind(node, 0, pair(to, in, FloatPairs.DIV, (a, b) -> a / b, (a, b) -> a / b));
  }

  // --- truth values ---

  private static void test(
      OnnxNode node, PlanBuilder to, Set<ElementType> types, DoubleTest doubles, LongTest longs) {
    Operands in = Operands.of(node, to, 0, 2);
    checkTypes(in, to, types);
    Value out = to.result(ElementType.BOOL, in.extent());
    int o = out.register();
    Operand x = in.get(0);
    Operand y = in.get(1);
    Longs whole = (a, b) -> longs.of(a, b) ? 1 : 0;
    int width = in.width();
    boolean perRow = in.extent().perRow();
    to.step(
        switch (in.type(0)) {
          case FLOAT ->
              (r, rows) -> {
                float[] a = r.floats[x.register()];
                float[] b = r.floats[y.register()];
                int n = perRow ? rows : 1;
                for (int row = 0, at = 0; row < n; row++) {
                  for (int i = 0; i < width; i++) {
                    float left = a[row * x.stride() + x.map()[i]];
                    r.longs[o][at++] = doubles.of(left, b[row * y.stride() + y.map()[i]]) ? 1 : 0;
                  }
                }
              };
          case DOUBLE ->
              (r, rows) -> {
                double[] a = r.doubles[x.register()];
                double[] b = r.doubles[y.register()];
                int n = perRow ? rows : 1;
                for (int row = 0, at = 0; row < n; row++) {
                  for (int i = 0; i < width; i++) {
                    double left = a[row * x.stride() + x.map()[i]];
                    r.longs[o][at++] = doubles.of(left, b[row * y.stride() + y.map()[i]]) ? 1 : 0;
                  }
                }
              };
          default -> (r, rows) -> run(in, r.longs, r.longs[o], whole, rows);
        });
    to.bind(node, 0, out);
  }

  private static void equal(OnnxNode node, PlanBuilder to) {
    Operands in = Operands.of(node, to, 0, 2);
    if (in.type(0) != ElementType.TEXT) {
      Set<ElementType> types = EnumSet.copyOf(NUMBERS);
      types.addAll(TRUTHS);
      test(node, to, types, (a, b) -> a == b, (a, b) -> a == b);
      return;
    }
    checkTypes(in, to, Set.of(ElementType.TEXT));
    Value out = to.result(ElementType.BOOL, in.extent());
    int o = out.register();
    Operand x = in.get(0);
    Operand y = in.get(1);
    int width = in.width();
    boolean perRow = in.extent().perRow();
    to.step(
        (r, rows) -> {
          String[] a = r.texts[x.register()];
          String[] b = r.texts[y.register()];
          int n = perRow ? rows : 1;
          for (int row = 0, at = 0; row < n; row++) {
            for (int i = 0; i < width; i++) {
              String left = a[row * x.stride() + x.map()[i]];
              r.longs[o][at++] = left.equals(b[row * y.stride() + y.map()[i]]) ? 1 : 0;
            }
          }
        });
    to.bind(node, 0, out);
  }

  private static void logic(OnnxNode node, PlanBuilder to, Longs longs) {
    Operands in = Operands.of(node, to, 0, 2);
    checkTypes(in, to, TRUTHS);
    to.bind(node, 0, pair(to, in, FloatPairs.ADD, (a, b) -> a, longs));
  }

  private static void where(OnnxNode node, PlanBuilder to) {
    Operands in = Operands.of(node, to, 0, 3);
    if (in.type(0) != ElementType.BOOL || in.type(1) != in.type(2)) {
      throw wrongType(in);
    }
    Value out = to.result(in.type(1), in.extent());
    int o = out.register();
    Operand which = in.get(0);
    Operand x = in.get(1);
    Operand y = in.get(2);
    int c = which.register();
    int a = x.register();
    int b = y.register();
    int width = in.width();
    boolean perRow = in.extent().perRow();
    to.step(
        switch (out.type()) {
          case FLOAT ->
              (r, rows) -> {
                float[] into = r.floats[o];
                int n = perRow ? rows : 1;
                for (int row = 0, at = 0; row < n; row++) {
                  for (int i = 0; i < width; i++) {
                    into[at++] =
                        r.longs[c][row * which.stride() + which.map()[i]] != 0
                            ? r.floats[a][row * x.stride() + x.map()[i]]
                            : r.floats[b][row * y.stride() + y.map()[i]];
                  }
                }
              };
          case DOUBLE ->
              (r, rows) -> {
                double[] into = r.doubles[o];
                int n = perRow ? rows : 1;
                for (int row = 0, at = 0; row < n; row++) {
                  for (int i = 0; i < width; i++) {
                    into[at++] =
                        r.longs[c][row * which.stride() + which.map()[i]] != 0
                            ? r.doubles[a][row * x.stride() + x.map()[i]]
                            : r.doubles[b][row * y.stride() + y.map()[i]];
                  }
                }
              };
          case TEXT ->
              (r, rows) -> {
                String[] into = r.texts[o];
                int n = perRow ? rows : 1;
                for (int row = 0, at = 0; row < n; row++) {
                  for (int i = 0; i < width; i++) {
                    into[at++] =
                        r.longs[c][row * which.stride() + which.map()[i]] != 0
                            ? r.texts[a][row * x.stride() + x.map()[i]]
                            : r.texts[b][row * y.stride() + y.map()[i]];
                  }
                }
              };
          default ->
              (r, rows) -> {
                long[] into = r.longs[o];
                int n = perRow ? rows : 1;
                for (int row = 0, at = 0; row < n; row++) {
                  for (int i = 0; i < width; i++) {
                    into[at++] =
                        r.longs[c][row * which.stride() + which.map()[i]] != 0
                            ? r.longs[a][row * x.stride() + x.map()[i]]
                            : r.longs[b][row * y.stride() + y.map()[i]];
                  }
                }
              };
        });
    to.bind(node, 0, out);
  }
}
