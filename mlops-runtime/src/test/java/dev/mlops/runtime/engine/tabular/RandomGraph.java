package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Variable.Trait;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * The graph so far: its variables, the nodes that made them, and constants beside them. Names are
 * numbered in the order in which they are asked for.
 */
final class RandomGraph {
  final Chance chance;
  final int opset;

  /** The version of the operators of {@code ai.onnx.ml}. */
  final int ml;

  private final OnnxGraph graph;
  private final List<Variable> variables = new ArrayList<>();
  private final List<String> nodes = new ArrayList<>();
  private int names;

  RandomGraph(Chance chance) {
    this.chance = chance;
    opset = chance.pick(9, 11, 12, 13, 15, 17, 18, 21);
    ml = chance.pick(1, 2, 3, 4);
    graph = OnnxGraph.named("pipeline").opset("", opset).opset("ai.onnx.ml", ml);
  }

  byte[] toBytes() {
    return graph.toBytes();
  }

  /** The nodes that made variables, in words. */
  List<String> nodes() {
    return Collections.unmodifiableList(nodes);
  }

  // --- variables ---

  List<Variable> variables() {
    return Collections.unmodifiableList(variables);
  }

  /** Any of those so far. */
  Variable variable() {
    return chance.pick(variables);
  }

  Variable input(String name, ElementType type, int width, Set<Trait> traits) {
    Variable in = new Variable(name, type, List.of(width), traits, 1);
    variables.add(in);
    graph.input(name, onnx(type), axes(in));
    return in;
  }

  void output(Variable out) {
    graph.output(out.name(), onnx(out.type()), axes(out));
  }

  String name() {
    return "v" + names++;
  }

  /** A value made of another, as exact as it. */
  Variable like(Variable from, ElementType type, List<Integer> dims) {
    return new Variable(name(), type, dims, from.traits(), from.scale());
  }

  static int onnx(ElementType type) {
    return switch (type) {
      case FLOAT -> OnnxGraph.FLOAT;
      case DOUBLE -> OnnxGraph.DOUBLE;
      case INT32 -> OnnxGraph.INT32;
      case INT64 -> OnnxGraph.INT64;
      case BOOL -> OnnxGraph.BOOL;
      default -> OnnxGraph.STRING;
    };
  }

  private static Object[] axes(Variable var) {
    List<Object> axes = new ArrayList<>();
    axes.add("rows");
    axes.addAll(var.dims());
    return axes.toArray();
  }

  // --- nodes ---

  void node(String op, List<String> in, Variable out, Attribute... attributes) {
    node("", op, in, List.of(out), attributes);
  }

  /** A node of the domain {@code ai.onnx.ml}. */
  void mlNode(String op, List<String> in, Variable out, Attribute... attributes) {
    node("ai.onnx.ml", op, in, List.of(out), attributes);
  }

  /** A node with several outputs. */
  void node(String op, List<String> in, List<Variable> outs, Attribute... attributes) {
    node("", op, in, outs, attributes);
  }

  private void node(
      String domain, String op, List<String> in, List<Variable> outs, Attribute... attributes) {
    graph.node(domain, op, in, outs.stream().map(Variable::name).toList(), attributes);
    for (Variable out : outs) {
      nodes.add(out.name() + out.dims() + out.type() + " = " + op + in);
      variables.add(out);
    }
  }

  /** A node on the way to another: what it gives is no variable. */
  void inner(String op, List<String> in, String out, Attribute... attributes) {
    graph.node(op, in, List.of(out), attributes);
  }

  /** Whether a variable comes out of a node of an operator. */
  boolean isMadeBy(String op, Variable out) {
    return nodes.stream()
        .anyMatch(node -> node.startsWith(out.name() + "[") && node.contains("= " + op + "["));
  }

  // --- constants ---

  String longs(long... values) {
    String name = name();
    graph.initializer(OnnxGraph.longs(name, new long[] {values.length}, values));
    return name;
  }

  String constant(long[] shape, ElementType type, Supplier<Number> number) {
    String name = name();
    graph.initializer(chance.tensor(name, shape, type, number));
    return name;
  }

  /** A constant of a type that fits beside rows of a value. */
  String beside(Variable var, ElementType type, Supplier<Number> number) {
    List<Integer> dims = var.dims();
    long[] shape =
        switch (chance.random.nextInt(4)) {
          case 0 -> new long[0];
          case 1 -> new long[] {1};
          case 2 -> dims.stream().mapToLong(Integer::longValue).toArray();
          default ->
              LongStream.concat(LongStream.of(1), dims.stream().mapToLong(Integer::longValue))
                  .toArray();
        };
    return constant(shape, type, number);
  }
}
