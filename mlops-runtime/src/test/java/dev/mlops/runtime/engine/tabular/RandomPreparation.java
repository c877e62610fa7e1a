package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.Variable.Trait;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;

/**
 * Random nodes of what stands in front of a model: scaled, filled, joined and looked-up columns.
 */
final class RandomPreparation {
  private final RandomGraph graph;
  private final Chance chance;
  private final Random random;

  RandomPreparation(RandomGraph graph) {
    this.graph = graph;
    chance = graph.chance;
    random = chance.random;
  }

  void scaler(Variable x) {
    if (x.dims().size() != 1 || !x.isNumber() || !x.exact()) {
      return;
    }
    int n = random.nextInt(3) == 0 ? 1 : x.width();
    graph.mlNode(
        "Scaler",
        List.of(x.name()),
        graph.like(x, ElementType.FLOAT, x.dims()).without(Trait.TAME, Trait.REAL),
        OnnxGraph.floats("offset", floats(n)),
        OnnxGraph.floats("scale", floats(n)));
  }

  void imputer(Variable x) {
    if (x.dims().size() != 1 || !x.exact()) {
      return;
    }
    int n = random.nextInt(3) == 0 ? 1 : x.width();
    Variable out = graph.like(x, x.type(), x.dims());
    if (x.type() == ElementType.FLOAT) {
      graph.mlNode(
          "Imputer",
          List.of(x.name()),
          out,
          OnnxGraph.floats("imputed_value_floats", floats(n)),
          OnnxGraph.attribute("replaced_value_float", chance.pick(Float.NaN, Float.NaN, 0f, -1f)));
    } else if (x.type() == ElementType.INT64) {
      graph.mlNode(
          "Imputer",
          List.of(x.name()),
          out,
          OnnxGraph.ints("imputed_value_int64s", random.longs(n, -5, 5).toArray()),
          OnnxGraph.attribute("replaced_value_int64", (long) chance.pick(0, 1, -1)));
    }
  }

  void normalizer(Variable x) {
    if (x.dims().size() != 1 || x.type() != ElementType.FLOAT || !x.exact()) {
      return;
    }
    graph.mlNode(
        "Normalizer",
        List.of(x.name()),
        graph.like(x, x.type(), x.dims()).without(Trait.TAME, Trait.REAL),
        OnnxGraph.attribute("norm", chance.pick("MAX", "L1", "L2")));
  }

  void vectorizer(Variable x) {
    Variable y = graph.variable();
    if (x.dims().size() != 1
        || y.dims().size() != 1
        || !x.isNumber()
        || !y.isNumber()
        || x.type() != y.type()) { // ONNX Runtime takes different ones only in words
      return;
    }
    int first = Math.max(1, x.width() + random.nextInt(3) - 1);
    int second = Math.max(1, y.width() + random.nextInt(3) - 1);
    graph.mlNode(
        "FeatureVectorizer",
        List.of(x.name(), y.name()),
        new Variable(
            graph.name(),
            ElementType.FLOAT,
            List.of(first + second),
            Variable.common(List.of(x, y)),
            Math.max(x.scale(), y.scale())),
        OnnxGraph.ints("inputdimensions", first, second));
  }

  void oneHot(Variable x) {
    if (x.dims().size() > 1 || !x.exact()) {
      return;
    }
    List<Integer> dims = new ArrayList<>(x.dims());
    dims.add(3);
    Variable out =
        new Variable(graph.name(), ElementType.FLOAT, dims, EnumSet.allOf(Trait.class), 1);
    if (x.type() == ElementType.TEXT) {
      graph.mlNode(
          "OneHotEncoder",
          List.of(x.name()),
          out,
          OnnxGraph.texts("cats_strings", chance.word(), chance.word(), chance.word()));
    } else if (x.is(ElementType.FLOAT, ElementType.INT64, ElementType.DOUBLE)) {
      graph.mlNode(
          "OneHotEncoder",
          List.of(x.name()),
          out,
          OnnxGraph.ints("cats_int64s", chance.whole(), chance.whole(), chance.whole()));
    }
  }

  void labelEncoder(Variable x) {
    if (!x.exact() || graph.ml < 2) {
      return;
    }
    Attribute keys =
        switch (x.type()) {
          case TEXT -> OnnxGraph.texts("keys_strings", chance.word(), chance.word(), chance.word());
          case INT64 ->
              OnnxGraph.ints("keys_int64s", chance.whole(), chance.whole(), chance.whole());
          case FLOAT ->
              OnnxGraph.floats(
                  "keys_floats",
                  chance.number(),
                  chance.number(),
                  chance.pick(Float.NaN, chance.number()));
          default -> null;
        };
    if (keys == null) {
      return;
    }
    ElementType type = chance.pick(ElementType.TEXT, ElementType.INT64, ElementType.FLOAT);
    boolean same = type == x.type();
    if (same && graph.ml < 4) {
      return;
    }
    Attribute values =
        switch (type) {
          case TEXT ->
              OnnxGraph.texts("values_strings", chance.word(), chance.word(), chance.word());
          case INT64 ->
              OnnxGraph.ints("values_int64s", chance.whole(), chance.whole(), chance.whole());
          default -> OnnxGraph.floats("values_floats", floats(3));
        };
    graph.mlNode(
        "LabelEncoder",
        List.of(x.name()),
        graph.like(x, type, x.dims()).without(Trait.TAME),
        keys,
        values);
  }

  /** Keys and values of any type, as version 4 has them. */
  void labelTensors(Variable x) {
    if (graph.ml < 4
        || !x.exact()
        || !x.is(ElementType.DOUBLE, ElementType.INT64, ElementType.TEXT)) {
      return;
    }
    ElementType type = x.type() == ElementType.TEXT ? ElementType.INT64 : x.type();
    graph.mlNode(
        "LabelEncoder",
        List.of(x.name()),
        graph.like(x, type, x.dims()),
        OnnxGraph.attribute(
            "keys_tensor", chance.tensor("", new long[] {3}, x.type(), () -> chance.any(x.type()))),
        OnnxGraph.attribute(
            "values_tensor", chance.tensor("", new long[] {3}, type, () -> chance.any(type))),
        OnnxGraph.attribute("default_tensor", chance.tensor("", new long[] {1}, type, () -> 9)));
  }

  private float[] floats(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
