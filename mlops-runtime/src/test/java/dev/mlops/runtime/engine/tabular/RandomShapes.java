package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/** Random nodes that put elements elsewhere, or change the axes around them. */
final class RandomShapes {
  private final RandomGraph graph;
  private final Chance chance;
  private final Random random;

  RandomShapes(RandomGraph graph) {
    this.graph = graph;
    chance = graph.chance;
    random = chance.random;
  }

  void concat(Variable x) {
    int axis = x.dims().isEmpty() ? -1 : random.nextInt(x.dims().size());
    if (axis < 0) {
      return;
    }
    List<Integer> rest = without(x.dims(), axis);
    List<Variable> parts = new ArrayList<>(List.of(x));
    for (int i = 0; i < 3; i++) {
      Variable v = graph.variable();
      if (v.type() == x.type()
          && v.dims().size() == x.dims().size()
          && without(v.dims(), axis).equals(rest)) {
        parts.add(v);
      }
    }
    List<Integer> dims = new ArrayList<>(x.dims());
    dims.set(axis, parts.stream().mapToInt(v -> v.dims().get(axis)).sum());
    graph.node(
        "Concat",
        parts.stream().map(Variable::name).toList(),
        new Variable(
            graph.name(),
            x.type(),
            dims,
            Variable.common(parts),
            parts.stream().mapToDouble(Variable::scale).max().orElse(1)),
        OnnxGraph.attribute("axis", axis + 1));
  }

  void split(Variable x) {
    int width = x.width();
    if (x.dims().size() != 1 || width < 2 || x.type() == ElementType.BOOL) {
      return;
    }
    int first = 1 + random.nextInt(width - 1);
    Variable out = graph.like(x, x.type(), List.of(first));
    Variable rest = graph.like(x, x.type(), List.of(width - first));
    List<Variable> outs = List.of(out, rest);
    if (graph.opset < 13) {
      graph.node(
          "Split",
          List.of(x.name()),
          outs,
          OnnxGraph.attribute("axis", 1),
          OnnxGraph.ints("split", first, width - first));
    } else {
      graph.node(
          "Split",
          List.of(x.name(), graph.longs(first, width - first)),
          outs,
          OnnxGraph.attribute("axis", -1));
    }
  }

  void gather(Variable x) {
    if (x.dims().isEmpty()) {
      return;
    }
    int axis = random.nextInt(x.dims().size());
    int length = x.dims().get(axis);
    int count = 1 + random.nextInt(4);
    List<Integer> dims = new ArrayList<>(x.dims());
    dims.set(axis, count);
    boolean last = axis == x.dims().size() - 1;
    if ((random.nextBoolean() && (last || x.type() != ElementType.TEXT))) {
      graph.node(
          "Gather",
          List.of(
              x.name(), graph.longs(random.ints(count, -length, length).asLongStream().toArray())),
          graph.like(x, x.type(), dims),
          OnnxGraph.attribute("axis", axis + 1));
    } else if (last && x.type() != ElementType.BOOL) {
      graph.mlNode(
          "ArrayFeatureExtractor",
          List.of(x.name(), graph.longs(random.ints(count, 0, length).asLongStream().toArray())),
          graph.like(x, x.type(), dims));
    }
  }

  void slice(Variable x) {
    if (x.dims().isEmpty() || graph.opset < 10) {
      return;
    }
    int axis = random.nextInt(x.dims().size());
    int length = x.dims().get(axis);
    int step = chance.pick(1, 1, 2, -1, -2);
    int from = random.nextInt(length);
    long start = random.nextBoolean() ? from : from - length;
    long end =
        step > 0
            ? chance.pick(length, from + 1, Integer.MAX_VALUE)
            : chance.pick(Integer.MIN_VALUE, -length - 1, -length - 5);
    int count = 0;
    long stop = step > 0 ? Math.min(end, length) : -1;
    for (long at = from; step > 0 ? at < stop : at > stop; at += step) {
      count++;
    }
    List<Integer> dims = new ArrayList<>(x.dims());
    dims.set(axis, count);
    if (x.type() == ElementType.BOOL && graph.opset < 11) {
      return;
    }
    graph.node(
        "Slice",
        List.of(
            x.name(),
            graph.longs(start),
            graph.longs(end),
            graph.longs(axis + 1),
            graph.longs(step)),
        graph.like(x, x.type(), dims));
  }

  void reshape(Variable x) {
    int width = x.width();
    List<Integer> dims =
        switch (random.nextInt(4)) {
          case 0 -> width % 2 == 0 ? List.of(2, width / 2) : List.of(1, width);
          case 1 -> List.of(width, 1);
          case 2 -> width == 1 ? List.of() : List.of(width);
          default -> List.of(width);
        };
    String shape;
    if (random.nextInt(3) == 0) { // as exports have it: the rows out of the shape
      String all = graph.name();
      String first = graph.name();
      graph.inner("Shape", List.of(x.name()), all);
      graph.inner("Gather", List.of(all, graph.longs(0)), first, OnnxGraph.attribute("axis", 0));
      shape = graph.name();
      graph.inner(
          "Concat",
          List.of(first, graph.longs(dims.stream().mapToLong(Integer::longValue).toArray())),
          shape,
          OnnxGraph.attribute("axis", 0));
      if (dims.isEmpty()) {
        return;
      }
    } else {
      shape =
          graph.longs(
              LongStream.concat(
                      LongStream.of(dims.isEmpty() || random.nextBoolean() ? -1 : 0),
                      dims.stream().mapToLong(Integer::longValue))
                  .toArray());
    }
    graph.node("Reshape", List.of(x.name(), shape), graph.like(x, x.type(), dims));
  }

  void otherAxes(Variable x) {
    switch (random.nextInt(4)) {
      case 0 -> {
        if (!x.dims().isEmpty()) {
          graph.node("Flatten", List.of(x.name()), graph.like(x, x.type(), List.of(x.width())));
        }
      }
      case 1 -> {
        List<Integer> dims = new ArrayList<>(x.dims());
        dims.add(1);
        if (graph.opset < 13) {
          graph.node(
              "Unsqueeze",
              List.of(x.name()),
              graph.like(x, x.type(), dims),
              OnnxGraph.ints("axes", dims.size()));
        } else {
          graph.node(
              "Unsqueeze", List.of(x.name(), graph.longs(-1)), graph.like(x, x.type(), dims));
        }
      }
      case 2 -> {
        if (x.dims().size() == 2) {
          graph.node(
              "Transpose",
              List.of(x.name()),
              graph.like(x, x.type(), List.of(x.dims().get(1), x.dims().get(0))),
              OnnxGraph.ints("perm", 0, 2, 1));
        }
      }
      default -> {
        int last = x.dims().size() - 1;
        if (last >= 0 && x.dims().get(last) == 1) {
          List<Integer> dims = without(x.dims(), last);
          if (graph.opset < 13) {
            graph.node(
                "Squeeze",
                List.of(x.name()),
                graph.like(x, x.type(), dims),
                OnnxGraph.ints("axes", last + 1));
          } else {
            graph.node(
                "Squeeze", List.of(x.name(), graph.longs(last + 1)), graph.like(x, x.type(), dims));
          }
        }
      }
    }
  }

  void expand(Variable x) {
    if (x.dims().size() != 1 || x.dims().get(0) != 1 || x.type() == ElementType.TEXT) {
      return;
    }
    int k = 2 + random.nextInt(4);
    graph.node("Expand", List.of(x.name(), graph.longs(1, k)), graph.like(x, x.type(), List.of(k)));
  }

  private static List<Integer> without(List<Integer> dims, int axis) {
    List<Integer> rest = new ArrayList<>(dims);
    rest.remove(axis);
    return rest;
  }
}
