package dev.mlops.runtime.engine.onnx;

import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static dev.mlops.runtime.onnx.OnnxGraph.INT64;
import static dev.mlops.runtime.onnx.OnnxGraph.STRING;
import static dev.mlops.runtime.onnx.OnnxGraph.attribute;
import static dev.mlops.runtime.onnx.OnnxGraph.floats;
import static dev.mlops.runtime.onnx.OnnxGraph.ints;
import static dev.mlops.runtime.onnx.OnnxGraph.texts;

import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Models of any size, of the kinds whose memory differs. */
final class SizedModels {
  private SizedModels() {}

  /** Products of square matrices, 4 MB each from 4 MB on. */
  static Path network(Path file, int megabytes) {
    return chain(file, megabytes, false);
  }

  /** The same products as transposed Gemm with a bias, as PyTorch writes a linear layer. */
  static Path layers(Path file, int megabytes) {
    return chain(file, megabytes, true);
  }

  private static Path chain(Path file, int megabytes, boolean gemm) {
    int side = megabytes < 4 ? 512 : 1024;
    int layers = (int) ((long) megabytes * 1024 * 1024 / (4L * side * side));
    Random random = new Random(layers);
    OnnxGraph graph = OnnxGraph.named("network").input("x", FLOAT, "batch", side);
    String from = "x";
    for (int i = 0; i < layers; i++) {
      float[] weights = new float[side * side];
      for (int w = 0; w < weights.length; w++) {
        weights[w] = (random.nextFloat() - 0.5f) / side;
      }
      String to = i == layers - 1 ? "y" : "h" + i;
      graph.initializer(floats("w" + i, new long[] {side, side}, weights));
      if (gemm) {
        graph
            .initializer(floats("b" + i, new long[] {side}, new float[side]))
            .node("Gemm", List.of(from, "w" + i, "b" + i), List.of(to), attribute("transB", 1));
      } else {
        graph.node("MatMul", List.of(from, "w" + i), List.of(to));
      }
      from = to;
    }
    return graph.output("y", FLOAT, "batch", side).writeTo(file);
  }

  /** One matrix of 1,024 rows. */
  static Path matrix(Path file, int megabytes) {
    int columns = megabytes * 256;
    return OnnxGraph.named("matrix")
        .input("x", FLOAT, "batch", 1024)
        .initializer(floats("w", new long[] {1024, columns}, new float[1024 * columns]))
        .node("MatMul", List.of("x", "w"), List.of("h"))
        .node("ReduceMax", List.of("h"), List.of("y"), ints("axes", 1))
        .output("y", FLOAT, "batch", 1)
        .writeTo(file);
  }

  /** Convolutions of 256 channels over 4 x 4, 2.25 MB each. */
  static Path convolutions(Path file, int layers) {
    OnnxGraph graph = OnnxGraph.named("convolutions").input("x", FLOAT, "batch", 256, 4, 4);
    for (int i = 0; i < layers; i++) {
      graph
          .initializer(floats("w" + i, new long[] {256, 256, 3, 3}, new float[256 * 256 * 9]))
          .node(
              "Conv",
              List.of(i == 0 ? "x" : "h" + i, "w" + i),
              List.of(i == layers - 1 ? "y" : "h" + (i + 1)),
              ints("pads", 1, 1, 1, 1));
    }
    return graph.output("y", FLOAT, "batch", 256, 4, 4).writeTo(file);
  }

  /** Sums and products of 8 numbers in turn. */
  static Path nodes(Path file, int nodes) {
    OnnxGraph graph = OnnxGraph.named("nodes").input("x", FLOAT, "batch", 8);
    for (int i = 0; i < nodes; i++) {
      graph
          .initializer(floats("w" + i, new long[] {8}, 1, 2, 3, 4, 5, 6, 7, i))
          .node(
              i % 2 == 0 ? "Mul" : "Add",
              List.of(i == 0 ? "x" : "h" + i, "w" + i),
              List.of(i == nodes - 1 ? "y" : "h" + (i + 1)));
    }
    return graph.output("y", FLOAT, "batch", 8).writeTo(file);
  }

  /** A classifier of full trees over 30 numbers, as scikit-learn's converter writes it. */
  static Path forest(Path file, int trees, int depth) {
    Random random = new Random(trees);
    int inner = (1 << depth) - 1;
    int perTree = 2 * inner + 1;
    int all = trees * perTree;
    long[] treeIds = new long[all];
    long[] nodeIds = new long[all];
    long[] features = new long[all];
    float[] values = new float[all];
    String[] modes = new String[all];
    long[] trues = new long[all];
    long[] falses = new long[all];
    float[] ones = new float[all];
    long[] missing = new long[all];
    int leaves = trees * (inner + 1);
    long[] leafTrees = new long[2 * leaves];
    long[] leafNodes = new long[2 * leaves];
    long[] classes = new long[2 * leaves];
    float[] weights = new float[2 * leaves];
    int leaf = 0;
    for (int at = 0; at < all; at++) {
      int node = at % perTree;
      treeIds[at] = at / perTree;
      nodeIds[at] = node;
      ones[at] = 1;
      boolean branch = node < inner;
      modes[at] = branch ? "BRANCH_LEQ" : "LEAF";
      if (branch) {
        features[at] = random.nextInt(30);
        values[at] = random.nextFloat();
        trues[at] = 2L * node + 1;
        falses[at] = 2L * node + 2;
      } else {
        float one = random.nextFloat() / trees;
        for (int c = 0; c < 2; c++) {
          leafTrees[leaf] = treeIds[at];
          leafNodes[leaf] = node;
          classes[leaf] = c;
          weights[leaf++] = c == 0 ? one : 1f / trees - one;
        }
      }
    }
    return OnnxGraph.named("forest")
        .input("x", FLOAT, "batch", 30)
        .node(
            "ai.onnx.ml",
            "TreeEnsembleClassifier",
            List.of("x"),
            List.of("label", "scores"),
            ints("class_ids", classes),
            ints("class_nodeids", leafNodes),
            ints("class_treeids", leafTrees),
            OnnxGraph.floats("class_weights", weights),
            ints("classlabels_int64s", 0, 1),
            ints("nodes_falsenodeids", falses),
            ints("nodes_featureids", features),
            OnnxGraph.floats("nodes_hitrates", ones),
            ints("nodes_missing_value_tracks_true", missing),
            texts("nodes_modes", modes),
            ints("nodes_nodeids", nodeIds),
            ints("nodes_treeids", treeIds),
            ints("nodes_truenodeids", trues),
            OnnxGraph.floats("nodes_values", values),
            attribute("post_transform", "NONE"))
        .output("label", INT64, "batch")
        .output("scores", FLOAT, "batch", 2)
        .writeTo(file);
  }

  /** A table from words to numbers, as encoders of categories are. */
  static Path words(Path file, int words) {
    String[] keys = new String[words];
    long[] values = new long[words];
    for (int i = 0; i < words; i++) {
      keys[i] = "word-" + Integer.toString(i * 7919, 36);
      values[i] = i;
    }
    return OnnxGraph.named("words")
        .input("word", STRING, "batch", 1)
        .node(
            "ai.onnx.ml",
            "LabelEncoder",
            List.of("word"),
            List.of("number"),
            texts("keys_strings", keys),
            ints("values_int64s", values),
            attribute("default_int64", -1))
        .output("number", INT64, "batch", 1)
        .writeTo(file);
  }
}
