package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A random graph of the operators around tabular models, and random rows for it. Of one seed all is
 * the same.
 *
 * <p>{@link Chance} draws, {@link RandomGraph} keeps the graph so far, and each family of operators
 * has a class that adds nodes to it: it looks at the variable it is given, and adds none if that
 * does not fit.
 */
final class RandomPipeline {
  private final Chance chance;
  private final Random random;
  private final RandomGraph graph;
  private final RandomArithmetic arithmetic;
  private final RandomFunctions functions;
  private final RandomShapes shapes;
  private final RandomReductions reductions;
  private final RandomDense dense;
  private final RandomPreparation preparation;
  private final List<Variable> inputs = new ArrayList<>();
  private final List<Variable> outputs = new ArrayList<>();

  RandomPipeline(long seed) {
    chance = new Chance(seed);
    random = chance.random;
    graph = new RandomGraph(chance);
    arithmetic = new RandomArithmetic(graph);
    functions = new RandomFunctions(graph);
    shapes = new RandomShapes(graph);
    reductions = new RandomReductions(graph);
    dense = new RandomDense(graph);
    preparation = new RandomPreparation(graph);
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      ElementType type =
          i == 0 || random.nextInt(3) > 0
              ? ElementType.FLOAT
              : chance.pick(
                  ElementType.DOUBLE,
                  ElementType.INT64,
                  ElementType.INT32,
                  ElementType.BOOL,
                  ElementType.TEXT);
      inputs.add(graph.input("in" + i, type, 1 + random.nextInt(9), chance.traits()));
    }
    int wanted = 1 + random.nextInt(8);
    for (int tries = 0; graph.nodes().size() < wanted && tries < 1000; tries++) {
      add();
    }
    boolean all = random.nextBoolean(); // else ONNX Runtime may join some to one
    List<Variable> made = graph.variables().subList(count, graph.variables().size());
    outputs.addAll(all || made.isEmpty() ? made : made.subList(made.size() - 1, made.size()));
    outputs.forEach(graph::output);
  }

  byte[] model() {
    return graph.toBytes();
  }

  List<Variable> outputs() {
    return outputs;
  }

  /** Arrays as {@link BothEngines#run} takes them. */
  Object[] rows(int count) {
    return inputs.stream().map(in -> chance.array(in.type(), count * in.width())).toArray();
  }

  @Override
  public String toString() {
    return "opset "
        + graph.opset
        + ", ml "
        + graph.ml
        + (chance.tame ? ", tame" : "")
        + ": "
        + inputs
        + " -> "
        + String.join("; ", graph.nodes());
  }

  /** One more node, if what was thrown fits. */
  private void add() {
    Variable x = graph.variable();
    switch (random.nextInt(31)) {
      case 0, 1 -> arithmetic.arithmetic(x);
      case 2 -> arithmetic.comparison(x);
      case 3 -> arithmetic.logic(x);
      case 4 -> arithmetic.where(x);
      case 5, 6 -> functions.exact(x);
      case 7 -> functions.curve(x);
      case 8 -> functions.clip(x);
      case 9 -> functions.cast(x);
      case 10 -> shapes.concat(x);
      case 11 -> shapes.gather(x);
      case 12 -> shapes.slice(x);
      case 13 -> shapes.reshape(x);
      case 14 -> shapes.expand(x);
      case 15 -> reductions.reduce(x);
      case 16 -> reductions.argMax(x);
      case 17 -> reductions.softmax(x);
      case 18 -> dense.product(x);
      case 19 -> preparation.scaler(x);
      case 20 -> preparation.imputer(x);
      case 21 -> preparation.oneHot(x);
      case 22 -> preparation.labelEncoder(x);
      case 23 -> preparation.normalizer(x);
      case 24 -> shapes.otherAxes(x);
      case 25 -> functions.isNaN(x);
      case 26 -> shapes.split(x);
      case 27 -> preparation.vectorizer(x);
      case 28 -> dense.batchNormalization(x);
      case 29 -> doubles(x);
      default -> preparation.labelTensors(x);
    }
  }

  /** What only doubles get: the families are given exact ones of one axis. */
  private void doubles(Variable x) {
    if (x.type() != ElementType.DOUBLE || x.dims().size() != 1 || !x.exact()) {
      return;
    }
    switch (random.nextInt(3)) {
      case 0 -> functions.curveOfDoubles(x);
      case 1 -> dense.productOfDoubles(x);
      default -> reductions.reductionOfDoubles(x);
    }
  }
}
