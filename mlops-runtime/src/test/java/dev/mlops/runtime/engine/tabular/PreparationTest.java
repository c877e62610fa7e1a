package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.Check.floats;
import static dev.mlops.runtime.engine.tabular.Check.graph;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PreparationTest {
  private static final float NAN = Float.NaN;
  private static final float INF = Float.POSITIVE_INFINITY;

  @TempDir private Path folder;
  private Check check;

  @BeforeEach
  void open() {
    check = new Check(folder);
  }

  private static OnnxGraph node(OnnxGraph graph, String op, Attribute... attributes) {
    return graph.node("ai.onnx.ml", op, List.of("x"), List.of("y"), attributes);
  }

  @Test
  void scaler_ofColumns_takesOffThenMultiplies() {
    OnnxGraph graph =
        node(
            floats(15, 2, 2),
            "Scaler",
            OnnxGraph.floats("offset", 1, 2),
            OnnxGraph.floats("scale", 10, 0.5f));
    check.gives(graph, 2, new float[] {0, 1, NAN, -1}, (Object) new float[] {1, 4, NAN, 0});
  }

  @Test
  void scaler_ofWholeNumbersAndDoubles_givesFloats() {
    Attribute offset = OnnxGraph.floats("offset", 1);
    Attribute scale = OnnxGraph.floats("scale", 0.5f);
    check.gives(
        node(
            graph(15, OnnxGraph.INT64, List.of(2), OnnxGraph.FLOAT, List.of(2)),
            "Scaler",
            offset,
            scale),
        1,
        new float[] {1, -1},
        (Object) new long[] {3, -1});
    check.gives(
        node(
            graph(15, OnnxGraph.DOUBLE, List.of(2), OnnxGraph.FLOAT, List.of(2)),
            "Scaler",
            offset,
            scale),
        1,
        new float[] {1, -1},
        (Object) new double[] {3, -1});
  }

  @Test
  void scaler_ofAnotherNumberOfColumns_isDeclined() {
    OnnxGraph graph =
        node(
            floats(15, 2, 2),
            "Scaler",
            OnnxGraph.floats("offset", 1, 2, 3),
            OnnxGraph.floats("scale", 1, 2, 3));
    assertThat(check.reason(graph)).contains("3 offsets for FLOAT [rows, 2]");
  }

  @Test
  void imputer_ofNaN_fillsByColumn() {
    OnnxGraph graph =
        node(
            floats(15, 2, 2),
            "Imputer",
            OnnxGraph.floats("imputed_value_floats", 7, 8),
            OnnxGraph.attribute("replaced_value_float", NAN));
    check.gives(graph, 2, new float[] {7, 2, -0f, 8}, (Object) new float[] {NAN, 2, -0f, NAN});
  }

  @Test
  void imputer_ofANumber_fillsBothZeros() {
    OnnxGraph graph =
        node(
            floats(15, 3, 3),
            "Imputer",
            OnnxGraph.floats("imputed_value_floats", 7),
            OnnxGraph.attribute("replaced_value_float", 0f));
    check.gives(graph, 1, new float[] {7, 7, NAN}, (Object) new float[] {0, -0f, NAN});
  }

  @Test
  void imputer_ofWholeNumbers_fillsThem() {
    OnnxGraph graph =
        node(
            graph(15, OnnxGraph.INT64, List.of(2), OnnxGraph.INT64, List.of(2)),
            "Imputer",
            OnnxGraph.ints("imputed_value_int64s", 5, 6),
            OnnxGraph.attribute("replaced_value_int64", -1));
    check.gives(graph, 1, new long[] {5, 2}, (Object) new long[] {-1, 2});
  }

  @Test
  void normalizer_ofEachNorm_dividesTheRow() {
    float[] in = {3, -4, 0, -0f};
    check.gives(norm("MAX"), 2, new float[] {1, -4f / 3, 0, -0f}, in);
    check.gives(norm("L1"), 2, new float[] {3f / 7, -4f / 7, 0, -0f}, in);
    check.gives(
        norm("L2"),
        2,
        new float[] {(float) Math.sqrt(9f / 25), -(float) Math.sqrt(16f / 25), 0, -0f},
        in);
    check.gives(norm("MAX"), 1, new float[] {NAN, 1}, (Object) new float[] {NAN, 2});
  }

  private static OnnxGraph norm(String norm) {
    return node(floats(15, 2, 2), "Normalizer", OnnxGraph.attribute("norm", norm));
  }

  @Test
  void binarizer_ofTheThresholdItself_isZero() {
    OnnxGraph graph = node(floats(15, 3, 3), "Binarizer", OnnxGraph.attribute("threshold", 0.5f));
    check.gives(graph, 1, new float[] {0, 1, 0}, (Object) new float[] {0.5f, INF, -1});
  }

  @Test
  void binarizer_ofNaN_failsTheRunAsInOnnxRuntime() {
    OnnxGraph graph = node(floats(15, 1, 1), "Binarizer", OnnxGraph.attribute("threshold", 0.5f));
    try (BothEngines both = BothEngines.of(folder, graph.toBytes())) {
      assertThatThrownBy(() -> both.run(1, (Object) new float[] {NAN}))
          .isInstanceOf(ModelFailedException.class)
          .hasMessageContaining("NaN");
    }
  }

  @Test
  void featureVectorizer_ofOtherLengths_cutsAndFillsWithZero() {
    OnnxGraph graph =
        floats(15, 2, 4)
            .input("z", OnnxGraph.FLOAT, "rows", 2)
            .node(
                "ai.onnx.ml",
                "FeatureVectorizer",
                List.of("x", "z"),
                List.of("y"),
                OnnxGraph.ints("inputdimensions", 3, 1));
    check.gives(
        graph,
        2,
        new float[] {1, 2, 0, 5, 3, 4, 0, 7},
        new float[] {1, 2, 3, 4},
        new float[] {5, 6, 7, 8});
  }

  @Test
  void arrayFeatureExtractor_ofColumns_takesThem() {
    OnnxGraph graph =
        floats(15, 3, 2)
            .initializer(OnnxGraph.longs("i", new long[] {2}, 2, 0))
            .node("ai.onnx.ml", "ArrayFeatureExtractor", List.of("x", "i"), List.of("y"));
    check.gives(graph, 2, new float[] {3, 1, 6, 4}, (Object) new float[] {1, 2, 3, 4, 5, 6});
  }

  @Test
  void arrayFeatureExtractor_ofLabels_givesThatOfEachRow() {
    OnnxGraph numbers =
        graph(15, OnnxGraph.FLOAT, List.of(3), OnnxGraph.INT64, List.of())
            .initializer(OnnxGraph.ints("labels", new long[] {3}, 10, 20, 30))
            .initializer(OnnxGraph.longs("shape", new long[] {1}, -1))
            .node("ArgMax", List.of("x"), List.of("i"), OnnxGraph.attribute("axis", 1))
            .node("ai.onnx.ml", "ArrayFeatureExtractor", List.of("labels", "i"), List.of("l"))
            .node("Cast", List.of("l"), List.of("c"), OnnxGraph.attribute("to", OnnxGraph.INT64))
            .node("Reshape", List.of("c", "shape"), List.of("y"));
    float[] in = {1, 2, 0, 0, 0, 9, 5, 5, 5};
    check.gives(numbers, 3, new long[] {20, 30, 10}, in);
    OnnxGraph texts =
        graph(15, OnnxGraph.FLOAT, List.of(3), OnnxGraph.STRING, List.of(1))
            .initializer(OnnxGraph.texts("labels", new long[] {1, 3}, "a", "b", "c"))
            .initializer(OnnxGraph.longs("shape", new long[] {2}, -1, 1))
            .node("ArgMax", List.of("x"), List.of("i"), OnnxGraph.attribute("axis", 1))
            .node("ai.onnx.ml", "ArrayFeatureExtractor", List.of("labels", "i"), List.of("l"))
            .node("Reshape", List.of("l", "shape"), List.of("y"));
    check.gives(texts, 3, new String[] {"b", "c", "a"}, in);
  }

  @Test
  void arrayFeatureExtractor_ofLabelsThatStayOneRow_isDeclined() {
    OnnxGraph graph =
        graph(15, OnnxGraph.FLOAT, List.of(3), OnnxGraph.FLOAT, List.of(1))
            .initializer(OnnxGraph.floats("labels", new long[] {3}, 1, 2, 3))
            .node("ArgMax", List.of("x"), List.of("i"), OnnxGraph.attribute("axis", 1))
            .node("ai.onnx.ml", "ArrayFeatureExtractor", List.of("labels", "i"), List.of("l"))
            .node("Neg", List.of("l"), List.of("y"));
    assertThat(check.reason(graph)).contains("(Neg)", "has the rows as its second axis");
  }

  @Test
  void arrayFeatureExtractor_ofNegativePlaces_isDeclined() {
    OnnxGraph graph =
        floats(15, 3, 1)
            .initializer(OnnxGraph.longs("i", new long[] {1}, -1))
            .node("ai.onnx.ml", "ArrayFeatureExtractor", List.of("x", "i"), List.of("y"));
    assertThat(check.reason(graph)).contains("by a negative index");
  }
}
