package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxGraph.Attribute;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes models of trees, as TreeEnsembleClassifier and TreeEnsembleRegressor have them. Nodes are
 * named by the number that {@link #split} and {@link #leaf} give back; the first of a tree is its
 * root.
 */
final class TreeList {
  private static final List<String> MODES =
      List.of(
          "BRANCH_LEQ",
          "BRANCH_LT",
          "BRANCH_GTE",
          "BRANCH_GT",
          "BRANCH_EQ",
          "BRANCH_NEQ",
          "BRANCH_MEMBER");

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
  private final Map<Integer, double[]> sets = new HashMap<>();
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

  /** Goes on with a tree that others stand behind. */
  TreeList rawTree(long number) {
    tree = number;
    return this;
  }

  /** A node, whose children are told by {@link #children}. */
  int split(String mode, int feature, double value, boolean nanToYes) {
    flags |= nanToYes;
    return node(mode, feature, value, nanToYes);
  }

  /** A node that asks for one of many, for {@link #ensemble} alone. */
  int member(int feature, boolean nanToYes, double... set) {
    int node = split("BRANCH_MEMBER", feature, set[0], nanToYes);
    sets.put(node, set);
    return node;
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

  /** Another number for a node than the order in which it was added. */
  TreeList rawNumber(int node, long number) {
    ids.set(node, number);
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

  /** A model with the input {@code x} and two outputs: the label, and the scores {@code y}. */
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

  /** A TreeEnsemble of version 5, whose leaves have one weight each. */
  byte[] ensemble(int inputType, int columns, int targets, int aggregate, int transform) {
    int[] index = new int[ids.size()];
    List<Integer> splits = new ArrayList<>();
    List<Integer> leaves = new ArrayList<>();
    List<Long> roots = new ArrayList<>();
    for (int i = 0; i < index.length; i++) {
      boolean root = i == 0 || !trees.get(i).equals(trees.get(i - 1));
      boolean leaf = modes.get(i).equals("LEAF");
      if (root) {
        roots.add((long) splits.size());
      }
      if (leaf) {
        index[i] = leaves.size();
        leaves.add(i);
      } else {
        index[i] = splits.size();
      }
      if (root || !leaf) {
        splits.add(i); // a root that is a leaf is a node both of whose ways lead there
      }
    }
    List<Byte> modeNumbers = new ArrayList<>();
    List<Double> members = new ArrayList<>();
    List<List<Long>> ways = List.of(new ArrayList<>(), new ArrayList<>());
    List<List<Long>> leafWays = List.of(new ArrayList<>(), new ArrayList<>());
    for (int i : splits) {
      boolean leaf = modes.get(i).equals("LEAF");
      modeNumbers.add((byte) Math.max(0, MODES.indexOf(modes.get(i))));
      for (double member : sets.getOrDefault(i, new double[0])) {
        members.add(member);
      }
      if (sets.containsKey(i)) {
        members.add(Double.NaN);
      }
      for (int way = 0; way < 2; way++) {
        int to = leaf ? i : byId(trees.get(i), (way == 0 ? yes : no).get(i));
        ways.get(way).add((long) index[to]);
        leafWays.get(way).add(modes.get(to).equals("LEAF") ? 1L : 0L);
      }
    }
    List<Attribute> all = new ArrayList<>(more);
    byte[] modeBytes = new byte[splits.size()];
    for (int i = 0; i < modeBytes.length; i++) {
      modeBytes[i] = modeNumbers.get(i);
    }
    long[] dims = {modeBytes.length};
    all.add(OnnxGraph.attribute("n_targets", (long) targets));
    all.add(OnnxGraph.attribute("aggregate_function", (long) aggregate));
    all.add(OnnxGraph.attribute("post_transform", (long) transform));
    all.add(OnnxGraph.attribute("nodes_modes", OnnxGraph.bytes("modes", dims, modeBytes)));
    all.add(OnnxGraph.ints("tree_roots", longs(roots)));
    all.add(OnnxGraph.ints("nodes_featureids", longs(splits.stream().map(features::get).toList())));
    all.add(OnnxGraph.ints("nodes_truenodeids", longs(ways.get(0))));
    all.add(OnnxGraph.ints("nodes_falsenodeids", longs(ways.get(1))));
    all.add(OnnxGraph.ints("nodes_trueleafs", longs(leafWays.get(0))));
    all.add(OnnxGraph.ints("nodes_falseleafs", longs(leafWays.get(1))));
    all.add(
        OnnxGraph.ints(
            "nodes_missing_value_tracks_true", longs(splits.stream().map(missing::get).toList())));
    List<Integer> votes = leaves.stream().map(this::vote).toList();
    all.add(OnnxGraph.ints("leaf_targetids", longs(votes.stream().map(voteIds::get).toList())));
    boolean wide = inputType == OnnxGraph.DOUBLE;
    all.add(tensor("leaf_weights", wide, doubles(votes.stream().map(weights::get).toList())));
    all.add(tensor("nodes_splits", wide, doubles(splits.stream().map(values::get).toList())));
    if (!members.isEmpty()) {
      all.add(tensor("membership_values", wide, doubles(members)));
    }
    return OnnxGraph.named("trees")
        .ir(10)
        .opset("", 21)
        .opset("ai.onnx.ml", 5)
        .input("x", inputType, "batch", columns)
        .output("y", inputType, "batch", targets)
        .node(
            "ai.onnx.ml", "TreeEnsemble", List.of("x"), List.of("y"), all.toArray(Attribute[]::new))
        .toBytes();
  }

  private int byId(long tree, long id) {
    for (int i = trees.indexOf(tree); i < ids.size(); i++) {
      if (ids.get(i) == id) {
        return i;
      }
    }
    throw new IllegalStateException("no node " + id);
  }

  private int vote(int leaf) {
    for (int i = 0; i < weights.size(); i++) {
      if (voteTrees.get(i).equals(trees.get(leaf)) && voteNodes.get(i).equals(ids.get(leaf))) {
        return i;
      }
    }
    throw new IllegalStateException("no weight for " + leaf);
  }

  private static Attribute tensor(String name, boolean wide, double[] numbers) {
    long[] dims = {numbers.length};
    return OnnxGraph.attribute(
        name,
        wide
            ? OnnxGraph.doubles(name, dims, numbers)
            : OnnxGraph.floats(name, dims, floats(numbers)));
  }

  /** How a value compares with a node's. */
  interface Comparison {
    boolean holds(String mode, float value, float threshold, boolean nanToYes);
  }

  /** The sum of the first weights of the leaves that a row gets to, the slow way. */
  float sum(float[] row, Comparison comparison) {
    float sum = 0;
    for (int i = 0; i < ids.size(); i++) {
      if (i == 0 || !trees.get(i).equals(trees.get(i - 1))) {
        int node = i;
        while (!modes.get(node).equals("LEAF")) {
          boolean holds =
              comparison.holds(
                  modes.get(node),
                  row[(int) (long) features.get(node)],
                  (float) (double) values.get(node),
                  missing.get(node) == 1);
          node = i + (int) (long) (holds ? yes : no).get(node);
        }
        sum += (float) (double) weights.get(vote(node));
      }
    }
    return sum;
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
