package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.TreeEnsembles.ids;
import static dev.mlops.runtime.engine.tabular.TreeEnsembles.require;

import dev.mlops.runtime.engine.tabular.TreeTable.Mode;
import dev.mlops.runtime.onnx.OnnxConstant;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Trees as TreeEnsemble has them, by places in its lists. In the table its leaves stand behind its
 * nodes.
 */
final class IndexedTrees {
  private static final Mode[] MODES = {Mode.LEQ, Mode.LT, Mode.GTE, Mode.GT, Mode.EQ, Mode.NEQ};

  /** The mode of a node that asks whether a value is in a set. */
  private static final int MEMBER = MODES.length;

  /** A set of no more numbers, and none greater, is a chain of equalities for ONNX Runtime. */
  private static final int SMALL_SET = 30;

  private final OnnxNode node;
  private final boolean single;
  private final int[] features;
  private final int[] yes;
  private final int[] no;
  private final long[] yesLeaf;
  private final long[] noLeaf;
  private final int[] leafTargets;

  private IndexedTrees(OnnxNode node, boolean single) {
    this.node = node;
    this.single = single;
    this.features = ids(node, "nodes_featureids");
    this.yes = ids(node, "nodes_truenodeids");
    this.no = ids(node, "nodes_falsenodeids");
    this.yesLeaf = node.integers("nodes_trueleafs");
    this.noLeaf = node.integers("nodes_falseleafs");
    this.leafTargets = ids(node, "leaf_targetids");
  }

  /** All of a node. */
  static TreeTable read(OnnxNode node, boolean single) {
    return new IndexedTrees(node, single).table();
  }

  private TreeTable table() {
    int targets = Math.toIntExact(node.integer("n_targets", 0));
    require(targets > 0, "it has %s targets", targets);
    long[] modes =
        node.attribute("nodes_modes", OnnxConstant.class)
            .map(this::modes)
            .orElseGet(() -> new long[0]);
    double[] splits = numbers("nodes_splits");
    int count = features.length;
    for (int length :
        new int[] {
          modes.length, splits.length, yes.length, no.length, yesLeaf.length, noLeaf.length
        }) {
      require(length == count, "its lists of nodes have the lengths %s and %s", count, length);
    }
    double[] weights = numbers("leaf_weights");
    require(
        weights.length == leafTargets.length,
        "it has %s weights for %s leaves",
        weights.length,
        leafTargets.length);
    List<double[]> sets = sets(modes);
    int chained = sets.stream().mapToInt(set -> Math.max(0, set.length - 1)).sum();
    int leaves = leafTargets.length;
    TreeTable table = new TreeTable(single, targets, count + leaves + chained);
    long[] missing = node.integers("nodes_missing_value_tracks_true");
    for (int i = 0; i < count; i++) {
      table.modes[i] = modes[i] == MEMBER ? Mode.EQ : MODES[(int) modes[i]];
      table.features[i] = features[i];
      table.values[i] = splits[i];
      table.missing[i] = i < missing.length && missing[i] == 1;
      table.yes[i] = place(yes[i], yesLeaf[i] != 0);
      table.no[i] = place(no[i], noLeaf[i] != 0);
    }
    Arrays.fill(table.modes, count, count + leaves, Mode.LEAF);
    chain(table, sets, count + leaves);
    for (int target : leafTargets) {
      require(target < targets, "a weight is for target %s of %s", target, targets);
    }
    table.votes(IntStream.range(count, count + leaves).toArray(), leafTargets, weights);
    table.roots = Arrays.stream(ids(node, "tree_roots")).map(this::root).toArray();
    require(table.roots.length > 0, "it has no trees");
    return table;
  }

  private long[] modes(OnnxConstant tensor) {
    if (tensor.type() != OnnxConstant.UINT8 || !(tensor.values() instanceof long[] modes)) {
      throw new Unsupported("its nodes_modes are not numbers of 8 bits");
    }
    for (long mode : modes) {
      require(mode <= MEMBER, "its node mode %s is not known", mode);
    }
    return modes;
  }

  private double[] numbers(String name) {
    return node.attribute(name, OnnxConstant.class)
        .map(tensor -> TreeEnsembles.doubles(tensor, name, single))
        .orElseGet(() -> new double[0]);
  }

  private int place(int index, boolean leaf) {
    int length = leaf ? leafTargets.length : features.length;
    require(index < length, "a node leads to %s of %s", index, length);
    return leaf ? features.length + index : index;
  }

  /** Both ways of a node that is no more than its leaf lead there. */
  private int root(int root) {
    require(root < features.length, "a tree starts at node %s of %s", root, features.length);
    boolean leaf = yes[root] == no[root] && yesLeaf[root] != 0 && noLeaf[root] != 0;
    require(
        !leaf || yes[root] == root,
        "of a tree that is leaf %s alone ONNX Runtime takes another",
        root);
    return leaf ? place(root, true) : root;
  }

  /** By node, empty for those that ask for no set; NaN stands between them. */
  private List<double[]> sets(long[] modes) {
    double[] all = numbers("membership_values");
    List<double[]> sets = new ArrayList<>();
    int at = 0;
    for (long mode : modes) {
      int from = at;
      if (mode == MEMBER) {
        while (at < all.length && !Double.isNaN(all[at])) {
          at++;
        }
        double[] set = Arrays.copyOfRange(all, from, at++);
        require(
            isSmall(set),
            "ONNX Runtime rounds what it looks for in a set of other than a few small"
                + " numbers");
        sets.add(set);
      } else {
        sets.add(new double[0]);
      }
    }
    return sets;
  }

  private static boolean isSmall(double[] set) {
    return set.length > 0
        && set.length <= SMALL_SET
        && Arrays.stream(set).allMatch(member -> member >= 0 && member <= SMALL_SET);
  }

  /** As ONNX Runtime does: what it makes of chains of equalities afterwards, it makes of these. */
  private static void chain(TreeTable table, List<double[]> sets, int free) {
    for (int i = 0; i < sets.size(); i++) {
      double[] set = sets.get(i);
      if (set.length > 0) {
        table.values[i] = set[0];
      }
      int last = i;
      int otherwise = table.no[i];
      for (int k = 1; k < set.length; k++, free++) {
        table.modes[free] = Mode.EQ;
        table.features[free] = table.features[i];
        table.values[free] = set[k];
        table.missing[free] = table.missing[i];
        table.yes[free] = table.yes[i];
        table.no[last] = free;
        last = free;
      }
      table.no[last] = otherwise;
    }
  }
}
