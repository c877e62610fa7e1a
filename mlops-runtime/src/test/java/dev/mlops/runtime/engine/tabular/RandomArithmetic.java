package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Variable.Trait;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Random nodes of numbers that meet others, and of truth values. */
final class RandomArithmetic {
  private final RandomGraph graph;
  private final Chance chance;
  private final Random random;

  RandomArithmetic(RandomGraph graph) {
    this.graph = graph;
    chance = graph.chance;
    random = chance.random;
  }

  void arithmetic(Variable x) {
    if (!x.isNumber() || !x.exact()) {
      return;
    }
    boolean whole = x.is(ElementType.INT32, ElementType.INT64);
    String op = chance.pick("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mod", "Pow");
    if (op.equals("Pow")) {
      power(x);
      return;
    }
    boolean several = op.equals("Sum");
    boolean order = op.equals("Max") || op.equals("Min");
    boolean integerMax = order && ((whole && graph.opset < 12) || x.type() == ElementType.INT64);
    if ((several && x.type() != ElementType.FLOAT)
        || integerMax
        || (op.equals("Min") && x.type() == ElementType.DOUBLE && graph.opset < 12)
        || (op.equals("Mod") && graph.opset < 10)) {
      return;
    }
    Attribute[] attributes = {};
    if ((op.equals("Mod") && (!whole || random.nextBoolean()))) {
      attributes = new Attribute[] {OnnxGraph.attribute("fmod", 1)};
    }
    List<Variable> others =
        graph.variables().stream()
            .filter(v -> v.type() == x.type() && v.exact() && fits(v.dims(), x.dims()))
            .toList();
    boolean divides = op.equals("Div") || op.equals("Mod");
    if ((divides && whole) || random.nextInt(2) == 0) {
      String c =
          graph.beside(
              x,
              x.type(),
              divides && whole ? () -> 2 + random.nextInt(5) : () -> chance.any(x.type()));
      boolean swap = !(divides && (whole || !x.signed())) && random.nextInt(3) == 0;
      Variable out = grown(x, x, x.type(), x.dims());
      // ONNX Runtime leaves out an Add of 0, and so keeps -0
      out = order || op.equals("Add") ? out.without(Trait.SIGNED) : out;
      graph.node(op, swap ? List.of(c, x.name()) : List.of(x.name(), c), out, attributes);
    } else {
      Variable y = chance.pick(others);
      Variable out = grown(x, y, x.type(), wider(x, y));
      out = order ? out.without(Trait.SIGNED) : out;
      if (op.equals("Div") && !out.signed()) {
        return;
      }
      graph.node(op, List.of(x.name(), y.name()), out, attributes);
    }
  }

  private void power(Variable x) {
    if (!x.is(ElementType.FLOAT, ElementType.DOUBLE) || !x.signed()) {
      return;
    }
    Number exponent = chance.pick(2, 3, 0.5, -1, 0, 1.5, Double.POSITIVE_INFINITY, Double.NaN);
    String c = graph.beside(x, x.type(), () -> exponent);
    graph.node("Pow", List.of(x.name(), c), graph.like(x, x.type(), x.dims()).rounded(1));
  }

  /** Numbers that have met others are not tame any more. */
  private Variable grown(Variable x, Variable y, ElementType type, List<Integer> dims) {
    Variable both = graph.like(x, type, dims);
    for (Trait trait : Trait.values()) {
      both = y.traits().contains(trait) ? both : both.without(trait);
    }
    return both.without(Trait.TAME, Trait.REAL);
  }

  void comparison(Variable x) {
    boolean text = x.type() == ElementType.TEXT;
    String op = chance.pick("Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Equal");
    if (!x.exact()
        || x.type() == ElementType.BOOL
        || (x.is(ElementType.FLOAT, ElementType.DOUBLE) && op.equals("Equal") && graph.opset < 11)
        || (text && (!op.equals("Equal") || graph.opset < 19))
        || (op.endsWith("OrEqual") && graph.opset < 12)) {
      return;
    }
    String c = graph.beside(x, x.type(), () -> chance.any(x.type()));
    graph.node(op, List.of(x.name(), c), graph.like(x, ElementType.BOOL, x.dims()));
  }

  void logic(Variable x) {
    if (x.type() != ElementType.BOOL) {
      return;
    }
    String op = chance.pick("And", "Or", "Not");
    List<String> in =
        op.equals("Not")
            ? List.of(x.name())
            : List.of(x.name(), graph.beside(x, ElementType.BOOL, () -> 0));
    graph.node(op, in, graph.like(x, ElementType.BOOL, x.dims()));
  }

  void where(Variable x) {
    List<Variable> conditions =
        graph.variables().stream()
            .filter(v -> v.type() == ElementType.BOOL && fits(v.dims(), x.dims()))
            .toList();
    if (conditions.isEmpty() || x.is(ElementType.BOOL, ElementType.DOUBLE)) {
      return;
    }
    Variable which = chance.pick(conditions);
    String c;
    if (random.nextBoolean()) {
      c = graph.beside(x, x.type(), () -> chance.any(x.type()));
    } else {
      String shape = graph.name();
      graph.inner("Shape", List.of(x.name()), shape);
      c = graph.name();
      graph.inner(
          "Expand", List.of(graph.beside(x, x.type(), () -> chance.any(x.type())), shape), c);
    }
    List<String> in =
        random.nextBoolean()
            ? List.of(which.name(), x.name(), c)
            : List.of(which.name(), c, x.name());
    graph.node(
        "Where",
        in,
        graph.like(x, x.type(), wider(x, which)).without(Trait.TAME, Trait.REAL, Trait.SIGNED));
  }

  private static boolean fits(List<Integer> a, List<Integer> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      int p = a.get(i);
      int q = b.get(i);
      if (p != q && p != 1 && q != 1) {
        return false;
      }
    }
    return true;
  }

  private static List<Integer> wider(Variable x, Variable y) {
    return IntStream.range(0, x.dims().size())
        .mapToObj(i -> Math.max(x.dims().get(i), y.dims().get(i)))
        .toList();
  }
}
