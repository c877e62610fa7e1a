package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes models of trees, as TreeEnsembleClassifier and TreeEnsembleRegressor have them. Nodes are
 * named by the number that {@link #split} and {@link #leaf} give back; the first of a tree is its
 * root.
 */
final class TreeList {
  private final List<Long> trees = new ArrayList<>();
  private final List<Long> ids = new ArrayList<>();
  private final List<String> modes = new ArrayList<>();
  private final List<Long> features = new ArrayList<>();
  private final List<Double> values = new ArrayList<>();
  private final List<Long> yes = new ArrayList<>();
  private final List<Long> no = new ArrayList<>();
  private final List<Long> missing = new ArrayList<>();
  private final List<Long> voteTrees = new ArrayList<>();
  private final List<Long> voteNodes = new ArrayList<>();
  private final List<Long> voteIds = new ArrayList<>();
  private final List<Double> weights = new ArrayList<>();
  private final List<Attribute> more = new ArrayList<>();
  private long tree = -1;
  private long next;
  private boolean flags;
  private boolean doubles;

  /** Starts the next tree. */
  TreeList tree() {
    tree++;
    next = 0;
    return this;
  }

  /** A node, whose children are told by {@link #children}. */
  int split(String mode, int feature, double value, boolean nanToYes) {
    flags |= nanToYes;
    return node(mode, feature, value, nanToYes);
  }

  /** A whole tree of one question. */
  TreeList stump(String mode, int feature, double value, boolean nanToYes, double yes, double no) {
    tree();
    int root = split(mode, feature, value, nanToYes);
    children(root, leaf(yes), leaf(no));
    return this;
  }

  /** A leaf with weights for targets 0 and so on. */
  int leaf(double... weights) {
    int leaf = node("LEAF", 0, 0, false);
    for (int i = 0; i < weights.length; i++) {
      weight(leaf, i, weights[i]);
    }
    return leaf;
  }

  /** One more weight. */
  TreeList weight(int node, int target, double weight) {
    voteTrees.add(trees.get(node));
    voteNodes.add(ids.get(node));
    voteIds.add((long) target);
    weights.add(weight);
    return this;
  }

  private int node(String mode, int feature, double value, boolean nanToYes) {
    trees.add(tree);
    ids.add(next++);
    modes.add(mode);
    features.add((long) feature);
    values.add(value);
    missing.add(nanToYes ? 1L : 0L);
    yes.add(0L);
    no.add(0L);
    return ids.size() - 1;
  }

  TreeList children(int node, int yes, int no) {
    this.yes.set(node, ids.get(yes));
    this.no.set(node, ids.get(no));
    return this;
  }

  /** A child by its number in the tree, which need not be there. */
  TreeList rawChildren(int node, long yes, long no) {
    this.yes.set(node, yes);
    this.no.set(node, no);
    return this;
  }

  /** Thresholds and weights as tensors of doubles. */
  TreeList asDoubles() {
    doubles = true;
    return this;
  }

  /** One more attribute. */
  TreeList with(Attribute attribute) {
    more.add(attribute);
    return this;
  }

  TreeList baseValues(double... base) {
    return with(
        doubles
            ? OnnxGraph.attribute(
                "base_values_as_tensor", OnnxGraph.doubles("base", new long[] {base.length}, base))
            : OnnxGraph.floats("base_values", floats(base)));
  }

  double[] thresholds() {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** A model with the input {@code x} and the output {@code y}. */
  byte[] regressor(int inputType, int columns, int targets) {
    List<Attribute> all = attributes("target");
    all.add(OnnxGraph.attribute("n_targets", (long) targets));
    return OnnxGraph.named("trees")
        .input("x", inputType, "batch", columns)
        .output("y", OnnxGraph.FLOAT, "batch", targets)
        .node(
            "ai.onnx.ml",
            "TreeEnsembleRegressor",
            List.of("x"),
            List.of("y"),
            all.toArray(Attribute[]::new))
        .toBytes();
  }

  /** A model with the input {@code x} and the outputs {@code label} and {@code y}. */
  byte[] classifier(int inputType, int columns, long... labels) {
    return classifier(
        inputType,
        columns,
        labels.length,
        OnnxGraph.INT64,
        OnnxGraph.ints("classlabels_int64s", labels));
  }

  byte[] classifier(int inputType, int columns, String... labels) {
    return classifier(
        inputType,
        columns,
        labels.length,
        OnnxGraph.STRING,
        OnnxGraph.texts("classlabels_strings", labels));
  }

  private byte[] classifier(
      int inputType, int columns, int classes, int labelType, Attribute labels) {
    List<Attribute> all = attributes("class");
    all.add(labels);
    return OnnxGraph.named("trees")
        .input("x", inputType, "batch", columns)
        .output("label", labelType, "batch")
        .output("y", OnnxGraph.FLOAT, "batch", classes)
        .node(
            "ai.onnx.ml",
            "TreeEnsembleClassifier",
            List.of("x"),
            List.of("label", "y"),
            all.toArray(Attribute[]::new))
        .toBytes();
  }

  private List<Attribute> attributes(String votes) {
    List<Attribute> all = new ArrayList<>(more);
    all.add(OnnxGraph.ints("nodes_treeids", longs(trees)));
    all.add(OnnxGraph.ints("nodes_nodeids", longs(ids)));
    all.add(OnnxGraph.texts("nodes_modes", modes.toArray(String[]::new)));
    all.add(OnnxGraph.ints("nodes_featureids", longs(features)));
    all.add(OnnxGraph.ints("nodes_truenodeids", longs(yes)));
    all.add(OnnxGraph.ints("nodes_falsenodeids", longs(no)));
    if (flags) {
      all.add(OnnxGraph.ints("nodes_missing_value_tracks_true", longs(missing)));
    }
    all.add(OnnxGraph.ints(votes + "_treeids", longs(voteTrees)));
    all.add(OnnxGraph.ints(votes + "_nodeids", longs(voteNodes)));
    all.add(OnnxGraph.ints(votes + "_ids", longs(voteIds)));
    all.add(numbers("nodes_values", doubles(values)));
    all.add(numbers(votes + "_weights", doubles(weights)));
    return all;
  }

  private Attribute numbers(String name, double[] numbers) {
    return doubles
        ? OnnxGraph.attribute(
            name + "_as_tensor", OnnxGraph.doubles(name, new long[] {numbers.length}, numbers))
        : OnnxGraph.floats(name, floats(numbers));
  }

  private static long[] longs(List<Long> list) {
    return list.stream().mapToLong(Long::longValue).toArray();
  }

  private static double[] doubles(List<Double> list) {
    return list.stream().mapToDouble(Double::doubleValue).toArray();
  }

  static float[] floats(double... numbers) {
    float[] floats = new float[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      floats[i] = (float) numbers[i];
    }
    return floats;
  }

  @Override
  public String toString() {
    return "nodes "
        + modes
        + " features "
        + features
        + " values "
        + values
        + " yes "
        + yes
        + " no "
        + no
        + " missing "
        + missing
        + " weights "
        + weights
        + " for "
        + voteIds
        + " at "
        + voteTrees
        + "/"
        + voteNodes
        + Arrays.asList(more.size());
  }
}
