package dev.mlops.benchmarks;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/**
 * Models of 30 floats as ONNX files, with weights from a seed: what they answer means nothing, what
 * they cost is what such models cost.
 */
final class GeneratedModels {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final String ML = "ai.onnx.ml";

  private GeneratedModels() {}

  /** Standardised columns and a linear classifier, as converters write a logistic regression. */
  static byte[] logistic(float[] mean, float[] deviation) {
    Random random = new Random(30);
    int n = mean.length;
    float[] scale = new float[n];
    float[] coefficients = new float[2 * n];
    for (int i = 0; i < n; i++) {
      scale[i] = 1 / deviation[i];
      coefficients[n + i] = (float) random.nextGaussian() / 2;
      coefficients[i] = -coefficients[n + i];
    }
    Message scaler = node("Scaler", ML, new String[] {"features"}, "scaled");
    scaler.message(5, floats("offset", mean)).message(5, floats("scale", scale));
    Message classifier =
        node("LinearClassifier", ML, new String[] {"scaled"}, "label", "probabilities");
    classifier
        .message(5, floats("coefficients", coefficients))
        .message(5, floats("intercepts", new float[] {-0.3f, 0.3f}))
        .message(5, ints("classlabels_ints", 0, 1))
        .message(5, text("post_transform", "SOFTMAX"));
    Message graph = new Message().message(1, scaler).message(1, classifier).text(2, "logistic");
    graph.message(11, value("features", FLOAT, n));
    graph.message(12, value("label", INT64, 0)).message(12, value("probabilities", FLOAT, 2));
    return model(graph);
  }

  /** Layers of 64 and 32; the standardisation is part of the first layer's weights. */
  static byte[] network(float[] mean, float[] deviation) {
    Random random = new Random(64);
    int n = mean.length;
    int[] widths = {n, 64, 32, 2};
    Message graph = new Message();
    String from = "features";
    Message weights = new Message();
    for (int layer = 0; layer < 3; layer++) {
      int in = widths[layer];
      int out = widths[layer + 1];
      float[] w = new float[in * out];
      float[] b = new float[out];
      for (int i = 0; i < w.length; i++) {
        w[i] = (float) (random.nextGaussian() / Math.sqrt(in));
        if (layer == 0) {
          int column = i / out;
          w[i] /= deviation[column];
          b[i % out] -= w[i] * mean[column];
        }
      }
      weights.message(5, tensor("w" + layer, w, in, out)).message(5, tensor("b" + layer, b, out));
      String[] inputs = {from, "w" + layer, "b" + layer};
      graph.message(1, node("Gemm", "", inputs, "gemm" + layer));
      String to = layer == 2 ? "probabilities" : "relu" + layer;
      graph.message(
          1, node(layer == 2 ? "Softmax" : "Relu", "", new String[] {"gemm" + layer}, to));
      from = to;
    }
    graph.text(2, "network").append(weights);
    graph.message(11, value("features", FLOAT, n));
    graph.message(12, value("probabilities", FLOAT, 2));
    return model(graph);
  }

  /** Trees, as converters write boosted ones and a random forest. */
  static byte[] trees(Trees trees, int columns) {
    boolean logistic = trees.link() == Trees.Link.LOGISTIC;
    int nodes = trees.nodes();
    long[][] ints = new long[9][2 * nodes];
    String[] modes = new String[nodes];
    float[] values = new float[nodes];
    int classes = logistic ? 1 : 2;
    int leaves = (nodes + trees.all().size()) / 2; // a branch has two children
    float[] weights = new float[leaves * classes];
    int at = 0;
    int leaf = 0;
    for (int tree = 0; tree < trees.all().size(); tree++) {
      Trees.Tree one = trees.all().get(tree);
      for (int node = 0; node < one.nodes(); node++, at++) {
        ints[0][at] = tree;
        ints[1][at] = node;
        if (!one.leaf(node)) {
          ints[2][at] = one.feature()[node];
          ints[3][at] = one.left()[node];
          ints[4][at] = one.left()[node] + 1L;
          ints[5][at] = one.missingLeft()[node] ? 1 : 0;
          // as XGBoost and as scikit-learn compare
          modes[at] = logistic ? "BRANCH_LT" : "BRANCH_LEQ";
          values[at] = logistic ? one.number()[node] : Math.nextDown(one.number()[node]);
          continue;
        }
        modes[at] = "LEAF";
        float value = one.number()[node];
        for (int i = 0; i < classes; i++, leaf++) {
          ints[6][leaf] = tree;
          ints[7][leaf] = node;
          ints[8][leaf] = i;
          weights[leaf] = i < classes - 1 ? 1f / trees.all().size() - value : value;
        }
      }
    }
    Message ensemble =
        node("TreeEnsembleClassifier", ML, new String[] {"features"}, "label", "probabilities");
    String[] names = {
      "nodes_treeids",
      "nodes_nodeids",
      "nodes_featureids",
      "nodes_truenodeids",
      "nodes_falsenodeids",
      "nodes_missing_value_tracks_true",
      "class_treeids",
      "class_nodeids",
      "class_ids"
    };
    for (int i = 0; i < names.length; i++) {
      int length = i < 6 ? nodes : leaves * classes;
      ensemble.message(5, ints(names[i], Arrays.copyOf(ints[i], length)));
    }
    ensemble
        .message(5, texts("nodes_modes", modes))
        .message(5, floats("nodes_values", values))
        .message(5, floats("class_weights", weights))
        .message(5, ints("classlabels_int64s", 0, 1))
        .message(5, text("post_transform", trees.link().name()));
    if (logistic) {
      ensemble.message(5, floats("base_values", new float[] {0}));
    }
    Message graph = new Message().message(1, ensemble).text(2, "trees");
    graph.message(11, value("features", FLOAT, columns));
    graph.message(12, value("label", INT64, 0)).message(12, value("probabilities", FLOAT, 2));
    return model(graph);
  }

  private static byte[] model(Message graph) {
    return new Message()
        .number(1, 8)
        .message(7, graph)
        .message(8, new Message().text(1, "").number(2, 15))
        .message(8, new Message().text(1, ML).number(2, 3))
        .bytes();
  }

  private static Message node(String type, String domain, String[] inputs, String... outputs) {
    Message node = new Message();
    for (String input : inputs) {
      node.text(1, input);
    }
    for (String output : outputs) {
      node.text(2, output);
    }
    return node.text(4, type).text(7, domain);
  }

  private static Message floats(String name, float[] values) {
    return new Message().text(1, name).blob(7, raw(values)).number(20, 6);
  }

  private static Message ints(String name, long... values) {
    Message attribute = new Message().text(1, name);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute.number(20, 7);
  }

  private static Message text(String name, String value) {
    return new Message().text(1, name).text(4, value).number(20, 3);
  }

  private static Message texts(String name, String... values) {
    Message attribute = new Message().text(1, name);
    for (String value : values) {
      attribute.text(9, value);
    }
    return attribute.number(20, 8);
  }

  private static Message tensor(String name, float[] values, long... dims) {
    Message tensor = new Message();
    for (long dim : dims) {
      tensor.number(1, dim);
    }
    return tensor.number(2, FLOAT).text(8, name).blob(9, raw(values));
  }

  /** A value with a free first axis, and a second one unless the width is 0. */
  private static Message value(String name, int type, int width) {
    Message shape = new Message().message(1, new Message().text(2, "batch"));
    if (width > 0) {
      shape.message(1, new Message().number(1, width));
    }
    Message tensor = new Message().number(1, type).message(2, shape);
    return new Message().text(1, name).message(2, new Message().message(1, tensor));
  }

  private static byte[] raw(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  /** A protobuf message being written; the numbers are those of {@code onnx.proto}. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint(field << 3);
      varint(value);
      return this;
    }

    Message blob(int field, byte[] value) {
      varint((field << 3) | 2);
      varint(value.length);
      out.writeBytes(value);
      return this;
    }

    Message text(int field, String value) {
      return blob(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return blob(field, value.bytes());
    }

    Message append(Message other) {
      out.writeBytes(other.bytes());
      return this;
    }

    byte[] bytes() {
      return out.toByteArray();
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        out.write((int) ((rest & 0x7f) | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
    }
  }
}
