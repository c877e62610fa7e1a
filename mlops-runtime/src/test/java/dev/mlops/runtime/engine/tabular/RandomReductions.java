package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Variable.Trait;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/** Random nodes that make one element, or as many, of several in a row. */
final class RandomReductions {
  private final RandomGraph graph;
  private final Chance chance;
  private final Random random;

  RandomReductions(RandomGraph graph) {
    this.graph = graph;
    chance = graph.chance;
    random = chance.random;
  }

  void reduce(Variable x) {
    if (x.dims().isEmpty() || !x.exact() || x.type() != ElementType.FLOAT) {
      return;
    }
    String op =
        x.tame()
            ? chance.pick(
                "ReduceSum",
                "ReduceMean",
                "ReduceMax",
                "ReduceMin",
                "ReduceProd",
                "ReduceL2",
                "ReduceSumSquare")
            : chance.pick("ReduceMax", "ReduceMin");
    boolean keep = random.nextBoolean();
    int axis = random.nextInt(x.dims().size());
    boolean all = random.nextBoolean();
    List<Integer> dims = new ArrayList<>(x.dims());
    if (all) {
      dims.replaceAll(dim -> 1);
      if (!keep) {
        dims.clear();
      }
    } else if (keep) {
      dims.set(axis, 1);
    } else {
      dims.remove(axis);
    }
    long[] axes =
        all ? LongStream.rangeClosed(1, x.dims().size()).toArray() : new long[] {axis + 1};
    boolean exact = op.equals("ReduceMax") || op.equals("ReduceMin");
    Variable out = graph.like(x, x.type(), dims).without(Trait.TAME, Trait.SIGNED);
    if (!exact) {
      out = out.rounded(4 * x.width());
    } else if (!x.real()) {
      return;
    }
    Attribute keeps = OnnxGraph.attribute("keepdims", keep ? 1 : 0);
    if (graph.opset >= (op.equals("ReduceSum") ? 13 : 18)) {
      graph.node(op, List.of(x.name(), graph.longs(axes)), out, keeps);
    } else {
      graph.node(op, List.of(x.name()), out, keeps, OnnxGraph.ints("axes", axes));
    }
  }

  void argMax(Variable x) {
    if (x.dims().isEmpty() || !x.exact() || x.type() != ElementType.FLOAT) {
      return;
    }
    int axis = random.nextInt(x.dims().size());
    boolean keep = random.nextBoolean();
    List<Integer> dims = new ArrayList<>(x.dims());
    if (keep) {
      dims.set(axis, 1);
    } else {
      dims.remove(axis);
    }
    Variable out = graph.like(x, ElementType.INT64, dims);
    Attribute keeps = OnnxGraph.attribute("keepdims", keep ? 1 : 0);
    Attribute on = OnnxGraph.attribute("axis", axis + 1);
    if (graph.opset >= 12 && random.nextInt(4) == 0) {
      graph.node(
          chance.pick("ArgMax", "ArgMin"),
          List.of(x.name()),
          out,
          keeps,
          on,
          OnnxGraph.attribute("select_last_index", 1));
    } else {
      graph.node(chance.pick("ArgMax", "ArgMin"), List.of(x.name()), out, keeps, on);
    }
  }

  void softmax(Variable x) {
    if (x.dims().isEmpty() || !x.exact() || x.type() != ElementType.FLOAT) {
      return;
    }
    String op = chance.pick("Softmax", "LogSoftmax");
    int axis = graph.opset < 13 ? 1 : 1 + random.nextInt(x.dims().size());
    graph.node(
        op,
        List.of(x.name()),
        graph.like(x, x.type(), x.dims()).rounded(1),
        OnnxGraph.attribute("axis", axis));
  }

  void reductionOfDoubles(Variable x) {
    if (!x.tame()) {
      return;
    }
    String op = chance.pick("ReduceSum", "ReduceMean");
    boolean axesAreInput = graph.opset >= (op.equals("ReduceSum") ? 13 : 18);
    List<String> in = axesAreInput ? List.of(x.name(), graph.longs(1)) : List.of(x.name());
    Variable out = graph.like(x, x.type(), List.of(1)).rounded(1);
    if (axesAreInput) {
      graph.node(op, in, out);
    } else {
      graph.node(op, in, out, OnnxGraph.ints("axes", 1));
    }
  }
}
