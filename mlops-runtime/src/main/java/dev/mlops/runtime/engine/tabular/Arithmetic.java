package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Operands.Operand;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.Arrays;
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
  private static final Set<ElementType> COMPARABLE =
      Set.of(
          ElementType.FLOAT,
          ElementType.DOUBLE,
          ElementType.INT32,
          ElementType.INT64,
          ElementType.BOOL,
          ElementType.TEXT);

  /** How two values may stand to each other; NaN stands in none of these ways to anything. */
  private static final int LESS = 1;

  private static final int EQUAL = 2;
  private static final int GREATER = 4;

  private Arithmetic() {}

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "Add" -> pair(node, to, BinaryOperator.ADD, NUMBERS);
      case "Sub" -> pair(node, to, BinaryOperator.SUBTRACT, NUMBERS);
      case "Mul" -> pair(node, to, BinaryOperator.MULTIPLY, NUMBERS);
      case "Div" -> {
        checkDivisor(node, to);
        pair(node, to, BinaryOperator.DIVIDE, NUMBERS);
      }
      case "Mod" -> mod(node, to);
      case "Pow" -> pow(node, to);
      case "Max" -> several(node, to, BinaryOperator.MAX, ORDERED);
      case "Min" -> several(node, to, BinaryOperator.MIN, ORDERED);
      case "Sum" -> several(node, to, BinaryOperator.ADD, REALS);
      case "Less" -> compare(node, to, NUMBERS, LESS);
      case "LessOrEqual" -> compare(node, to, NUMBERS, LESS | EQUAL);
      case "Greater" -> compare(node, to, NUMBERS, GREATER);
      case "GreaterOrEqual" -> compare(node, to, NUMBERS, GREATER | EQUAL);
      case "Equal" -> compare(node, to, COMPARABLE, EQUAL);
      case "And" -> pair(node, to, BinaryOperator.AND, TRUTHS);
      case "Or" -> pair(node, to, BinaryOperator.OR, TRUTHS);
      default -> where(node, to);
    }
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
      OnnxNode node, PlanBuilder to, BinaryOperator operator, Set<ElementType> types) {
    Operands in = Operands.of(node, to, 0, 2);
    checkTypes(in, to, types);
    to.bind(node, 0, pair(to, in, operator));
  }

  private static Value pair(PlanBuilder to, Operands in, BinaryOperator operator) {
    Value out = to.result(in.type(0), in.extent());
    to.step(operator.step(in, out));
    return out;
  }

  /** Several inputs, from the first to the last. */
  private static void several(
      OnnxNode node, PlanBuilder to, BinaryOperator operator, Set<ElementType> types) {
    int inputs = node.inputs().size();
    Operands in = Operands.of(node, to, 0, inputs);
    if (to.opset("") < 8) {
      throw new Unsupported("before version 8 of the operators axes were not matched");
    }
    checkTypes(in, to, types);
    Value all = inputs == 1 ? to.input(node, 0) : to.operand(node, 0);
    for (int i = 1; i < inputs; i++) {
      all = pair(to, Operands.of(to, List.of(all, to.operand(node, i))), operator);
    }
    to.bind(node, 0, all);
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
    pair(node, to, signOfFirst ? BinaryOperator.REMAINDER : BinaryOperator.MODULO, NUMBERS);
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
    to.bind(node, 0, pair(to, in, BinaryOperator.POWER));
  }

  private static void compare(OnnxNode node, PlanBuilder to, Set<ElementType> types, int wanted) {
    Operands in = Operands.of(node, to, 0, 2);
    checkTypes(in, to, types);
    Value out = to.result(ElementType.BOOL, in.extent());
    int o = out.register();
    ElementType type = in.type(0);
    Operand x = in.get(0);
    Operand y = in.get(1);
    int a = x.register();
    int b = y.register();
    int width = in.width();
    boolean perRow = in.extent().perRow();
    to.step(
        (r, rows) -> {
          int n = perRow ? rows : 1;
          for (int row = 0, at = 0; row < n; row++) {
            for (int i = 0; i < width; i++) {
              int p = x.place(row, i);
              int q = y.place(row, i);
              int is =
                  switch (type) {
                    case FLOAT -> order(r.floats[a][p], r.floats[b][q]);
                    case DOUBLE -> order(r.doubles[a][p], r.doubles[b][q]);
                    case TEXT -> r.texts[a][p].equals(r.texts[b][q]) ? EQUAL : 0;
                    default -> order(r.longs[a][p], r.longs[b][q]);
                  };
              r.longs[o][at++] = (is & wanted) != 0 ? 1 : 0;
            }
          }
        });
    to.bind(node, 0, out);
  }

  private static int order(double a, double b) {
    return a < b ? LESS : a > b ? GREATER : a == b ? EQUAL : 0;
  }

  private static int order(long a, long b) {
    return a < b ? LESS : a > b ? GREATER : EQUAL;
  }

  private static void where(OnnxNode node, PlanBuilder to) {
    Operands in = Operands.of(node, to, 0, 3);
    ElementType type = in.type(1);
    if (in.type(0) != ElementType.BOOL || type != in.type(2)) {
      throw wrongType(in);
    }
    Value out = to.result(type, in.extent());
    int o = out.register();
    Operand which = in.get(0);
    int c = which.register();
    int width = in.width();
    boolean perRow = in.extent().perRow();
    to.step(
        (r, rows) -> {
          int n = perRow ? rows : 1;
          for (int row = 0, at = 0; row < n; row++) {
            for (int i = 0; i < width; i++) {
              Operand from = in.get(r.longs[c][which.place(row, i)] != 0 ? 1 : 2);
              Moves.copy(r, type, from.register(), from.place(row, i), o, at++);
            }
          }
        });
    to.bind(node, 0, out);
  }
}
