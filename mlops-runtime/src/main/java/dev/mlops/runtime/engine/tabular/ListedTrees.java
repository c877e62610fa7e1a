package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.TreeEnsembles.ids;
import static dev.mlops.runtime.engine.tabular.TreeEnsembles.numbers;
import static dev.mlops.runtime.engine.tabular.TreeEnsembles.require;

import dev.mlops.runtime.engine.tabular.TreeTable.Mode;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Trees as TreeEnsembleClassifier and TreeEnsembleRegressor have them: all by numbers. A forest's
 * first reading is run by the interpreter, so what is done for each node is few calls.
 */
final class ListedTrees {
  /** Numbers that nodes of a tree may have beyond how many they are, as a multiple. */
  private static final int GAPS = 4;

  /** And in all trees together, for those of few nodes with large numbers. */
  private static final int MORE_GAPS = 1 << 20;

  private ListedTrees() {}

  static TreeTable read(OnnxNode node, String votes, int targets, boolean single) {
    long[] treeIds = node.integers("nodes_treeids");
    long[] nodeIds = node.integers("nodes_nodeids");
    String[] modes = node.texts("nodes_modes");
    long[] yes = node.integers("nodes_truenodeids");
    long[] no = node.integers("nodes_falsenodeids");
    long[] missing = node.integers("nodes_missing_value_tracks_true");
    int[] features = ids(node, "nodes_featureids");
    double[] values = numbers(node, "nodes_values", single);
    int count = treeIds.length;
    require(count > 0, "it has no nodes");
    require(targets > 0, "it has %s targets", targets);
    for (int length :
        new int[] {
          nodeIds.length, modes.length, yes.length, no.length, features.length, values.length
        }) {
      require(length == count, "its lists of nodes have the lengths %s and %s", count, length);
    }
    Trees trees = new Trees(treeIds, nodeIds);
    TreeTable table = new TreeTable(single, targets, count);
    table.roots = trees.starts();
    Mode mode = Mode.LEAF;
    for (int i = 0; i < count; i++) {
      if (i == 0 || !modes[i].equals(modes[i - 1])) {
        mode = mode(modes[i]);
      }
      table.modes[i] = mode;
      table.missing[i] = i < missing.length && missing[i] == 1;
      if (mode != Mode.LEAF) {
        table.yes[i] = trees.place(treeIds[i], yes[i]);
        table.no[i] = trees.place(treeIds[i], no[i]);
      }
    }
    System.arraycopy(features, 0, table.features, 0, count);
    System.arraycopy(values, 0, table.values, 0, count);
    oneRootEach(table);
    int[] ids = ids(node, votes + "_ids");
    long[] voteTrees = node.integers(votes + "_treeids");
    long[] voteNodes = node.integers(votes + "_nodeids");
    double[] weights = numbers(node, votes + "_weights", single);
    for (int length : new int[] {voteTrees.length, voteNodes.length, weights.length}) {
      require(
          length == ids.length,
          "its lists of weights have the lengths %s and %s",
          ids.length,
          length);
    }
    int[] leaves = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] >= targets) {
        throw new Unsupported("a weight is for target " + ids[i] + " of " + targets);
      }
      int leaf = trees.place(voteTrees[i], voteNodes[i]);
      leaves[i] = table.modes[leaf] == Mode.LEAF ? leaf : -1; // those of others are passed over
    }
    table.votes(leaves, ids, weights);
    return table;
  }

  private static void oneRootEach(TreeTable table) {
    boolean[] led = new boolean[table.nodes()];
    for (int root : table.roots) {
      led[root] = true;
    }
    for (int i = 0; i < led.length; i++) {
      if (table.modes[i] != Mode.LEAF) {
        led[table.yes[i]] = true;
        led[table.no[i]] = true;
      }
    }
    for (int i = 0; i < led.length; i++) {
      if (!led[i]) {
        throw new Unsupported(
            "no node leads to node " + i + " of its list, which is not the first of a tree");
      }
    }
  }

  private static Mode mode(String mode) {
    return switch (mode) {
      case "BRANCH_LEQ" -> Mode.LEQ;
      case "BRANCH_LT" -> Mode.LT;
      case "BRANCH_GTE" -> Mode.GTE;
      case "BRANCH_GT" -> Mode.GT;
      case "BRANCH_EQ" -> Mode.EQ;
      case "BRANCH_NEQ" -> Mode.NEQ;
      case "LEAF" -> Mode.LEAF;
      default -> throw new Unsupported("its node mode '" + mode + "' is not known");
    };
  }

  /** Places in the list of nodes by tree and number. */
  private static final class Trees {
    private final Map<Long, int[]> places = new HashMap<>();
    private final List<Integer> starts = new ArrayList<>();

    /* What was asked for last: the nodes of a tree stand together. */
    private long last;
    private int @Nullable [] lastPlaces;

    Trees(long[] treeIds, long[] nodeIds) {
      long room = GAPS * (long) treeIds.length + MORE_GAPS;
      for (int from = 0; from < treeIds.length; ) {
        int to = from;
        long most = 0;
        while (to < treeIds.length && treeIds[to] == treeIds[from]) {
          if (nodeIds[to] < 0) {
            throw new Unsupported("a node has the number " + nodeIds[to]);
          }
          most = Math.max(most, nodeIds[to++]);
        }
        require(
            most <= GAPS * (long) (to - from) + 1_000,
            "a tree of %s nodes has one with the number %s",
            to - from,
            most);
        room -= most + 1;
        require(room >= 0, "the numbers of its nodes are far greater than how many they are");
        int[] tree = new int[(int) most + 1];
        Arrays.fill(tree, -1);
        for (int i = from; i < to; i++) {
          if (tree[(int) nodeIds[i]] >= 0) {
            throw new Unsupported("two nodes of a tree have one number");
          }
          tree[(int) nodeIds[i]] = i;
        }
        require(
            places.put(treeIds[from], tree) == null,
            "the nodes of tree %s do not stand together",
            treeIds[from]);
        starts.add(from);
        from = to;
      }
    }

    int[] starts() {
      int[] all = new int[starts.size()];
      for (int i = 0; i < all.length; i++) {
        all[i] = starts.get(i);
      }
      return all;
    }

    int place(long tree, long node) {
      if (tree != last || lastPlaces == null) {
        last = tree;
        lastPlaces = places.get(tree);
      }
      int[] nodes = lastPlaces;
      int place = nodes == null || node < 0 || node >= nodes.length ? -1 : nodes[(int) node];
      if (place < 0) {
        throw new Unsupported("tree " + tree + " has no node " + node);
      }
      return place;
    }
  }
}
