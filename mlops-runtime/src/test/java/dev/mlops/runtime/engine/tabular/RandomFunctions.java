package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Variable.Trait;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.util.List;
import java.util.Random;

/** Random nodes that make each element of one other, casts among them. */
final class RandomFunctions {
  private final RandomGraph graph;
  private final Chance chance;
  private final Random random;

  RandomFunctions(RandomGraph graph) {
    this.graph = graph;
    chance = graph.chance;
    random = chance.random;
  }

  void exact(Variable x) {
    if (!x.exact()) {
      return;
    }
    String op;
    if (x.type() == ElementType.FLOAT) {
      op =
          chance.pick(
              "Neg",
              "Abs",
              "Sqrt",
              "Reciprocal",
              "Floor",
              "Ceil",
              "Round",
              "Sign",
              "Relu",
              "LeakyRelu",
              "Identity");
    } else if (x.is(ElementType.DOUBLE)) {
      op = chance.pick("Neg", "Abs", "Sqrt", "Sign", "Round", "Identity");
    } else if (x.is(ElementType.INT32, ElementType.INT64)) {
      op = chance.pick("Neg", "Abs");
    } else {
      return;
    }
    if ((op.equals("Round") && graph.opset < 11) || (op.equals("Reciprocal") && !x.signed())) {
      return;
    }
    Variable out = graph.like(x, x.type(), x.dims()).without(Trait.TAME);
    if (op.equals("Sqrt") || op.equals("Reciprocal")) {
      out = out.without(Trait.REAL);
    } else if (op.equals("Relu")) {
      out = out.without(Trait.SIGNED);
    }
    Attribute[] attributes =
        op.equals("LeakyRelu")
            ? new Attribute[] {OnnxGraph.attribute("alpha", 0.1f)}
            : new Attribute[0];
    graph.node(op, List.of(x.name()), out, attributes);
  }

  void curve(Variable x) {
    if (x.type() != ElementType.FLOAT || !x.exact()) {
      return;
    }
    String op = chance.pick("Exp", "Log", "Sigmoid", "Tanh", "Softplus", "Erf", "Elu", "Selu");
    graph.node(op, List.of(x.name()), graph.like(x, x.type(), x.dims()).rounded(1));
  }

  void curveOfDoubles(Variable x) {
    String op = chance.pick("Exp", "Sigmoid", "Tanh");
    if (op.equals("Exp") || graph.opset >= 13) {
      graph.node(op, List.of(x.name()), graph.like(x, x.type(), x.dims()).rounded(1));
    }
  }

  void clip(Variable x) {
    if (x.type() != ElementType.FLOAT || !x.exact()) {
      return;
    }
    Variable out = graph.like(x, x.type(), x.dims()).without(Trait.SIGNED);
    if (graph.opset < 11) {
      graph.node(
          "Clip",
          List.of(x.name()),
          out,
          OnnxGraph.attribute("min", -1.5f),
          OnnxGraph.attribute("max", 2f));
      return;
    }
    String low =
        graph.constant(new long[0], ElementType.FLOAT, () -> chance.pick(-1.5f, 0f, -3e38f));
    String high = graph.constant(new long[0], ElementType.FLOAT, () -> chance.pick(2f, 6f, 1e30f));
    graph.node(
        "Clip",
        switch (random.nextInt(4)) {
          case 0 -> List.of(x.name());
          case 1 -> List.of(x.name(), low);
          case 2 -> List.of(x.name(), "", high);
          default -> List.of(x.name(), low, high);
        },
        out);
  }

  void isNaN(Variable x) {
    if (x.exact() && x.type() == ElementType.FLOAT) {
      graph.node("IsNaN", List.of(x.name()), graph.like(x, ElementType.BOOL, x.dims()));
    }
  }

  void cast(Variable x) {
    ElementType type =
        chance.pick(
            ElementType.FLOAT,
            ElementType.DOUBLE,
            ElementType.INT32,
            ElementType.INT64,
            ElementType.BOOL);
    // of two casts one behind the other ONNX Runtime may leave out the first
    boolean again = graph.isMadeBy("Cast", x);
    if (x.type() == ElementType.TEXT || !x.exact() || again) {
      return;
    }
    graph.node(
        "Cast",
        List.of(x.name()),
        graph.like(x, type, x.dims()),
        OnnxGraph.attribute("to", RandomGraph.onnx(type)));
  }
}
