package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Variable.Trait;
import dev.mlops.runtime.onnx.OnnxGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Random products of rows and constant weights. */
final class RandomDense {
  private final RandomGraph graph;
  private final Chance chance;
  private final Random random;

  RandomDense(RandomGraph graph) {
    this.graph = graph;
    chance = graph.chance;
    random = chance.random;
  }

  void product(Variable x) {
    if (x.dims().size() != 1 || !x.tame() || x.type() != ElementType.FLOAT) {
      return;
    }
    int inputs = x.width();
    int outputs = 1 + random.nextInt(20);
    Supplier<Number> weight = () -> (random.nextFloat() - 0.5f) / inputs;
    boolean plain = random.nextBoolean();
    boolean transposed = !plain && random.nextBoolean();
    String w =
        graph.constant(
            transposed ? new long[] {outputs, inputs} : new long[] {inputs, outputs},
            x.type(),
            weight);
    Variable out = graph.like(x, x.type(), List.of(outputs)).without(Trait.EXACT);
    if (plain) {
      graph.node("MatMul", List.of(x.name(), w), out);
      return;
    }
    String b =
        graph.beside(
            graph.like(x, x.type(), List.of(outputs)), x.type(), () -> random.nextFloat() - 0.5f);
    List<String> in =
        random.nextInt(4) == 0 && graph.opset >= 11
            ? List.of(x.name(), w)
            : List.of(x.name(), w, b);
    graph.node(
        "Gemm",
        in,
        out,
        OnnxGraph.attribute("transB", transposed ? 1 : 0),
        OnnxGraph.attribute("alpha", chance.pick(1f, 0.5f)),
        OnnxGraph.attribute("beta", chance.pick(1f, 2f)));
  }

  void productOfDoubles(Variable x) {
    if (!x.tame()) {
      return;
    }
    String w = graph.constant(new long[] {x.width(), 2}, ElementType.DOUBLE, random::nextFloat);
    graph.node("MatMul", List.of(x.name(), w), graph.like(x, x.type(), List.of(2)).rounded(1));
  }

  void batchNormalization(Variable x) {
    if (x.dims().size() != 1 || x.type() != ElementType.FLOAT || !x.tame() || graph.opset < 9) {
      return;
    }
    List<String> in = new ArrayList<>(List.of(x.name()));
    for (int i = 0; i < 4; i++) {
      boolean variance = i == 3;
      in.add(
          graph.constant(
              new long[] {x.width()},
              ElementType.FLOAT,
              () -> variance ? 0.5f + random.nextFloat() : random.nextFloat() - 0.5f));
    }
    graph.node("BatchNormalization", in, graph.like(x, x.type(), x.dims()).rounded(1));
  }
}
