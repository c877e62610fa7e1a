package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.TreeTable.Mode;
import dev.mlops.runtime.engine.tabular.Votes.Aggregate;
import dev.mlops.runtime.onnx.OnnxConstant;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** TreeEnsembleClassifier and TreeEnsembleRegressor, and their successor TreeEnsemble. */
final class TreeEnsembles {
  /** The first version of ai.onnx.ml with TreeEnsemble in place of the other two. */
  private static final long ONE_FOR_BOTH = 5;

  /** Numbers that nodes of a tree may have beyond how many they are, as a multiple. */
  private static final int GAPS = 4;

  private TreeEnsembles() {}

  static void addTo(Map<String, Operator> all) {
    all.put(Operators.key(Operators.ML, "TreeEnsembleClassifier"), TreeEnsembles::classifier);
    all.put(Operators.key(Operators.ML, "TreeEnsembleRegressor"), TreeEnsembles::regressor);
    all.put(Operators.key(Operators.ML, "TreeEnsemble"), TreeEnsembles::ensemble);
  }

  private static void classifier(OnnxNode node, PlanBuilder to) {
    Value input = input(node, to);
    Labels labels = Labels.of(node, "classlabels_int64s", "classlabels_strings");
    int classes = labels.count();
    require(classes >= 2, "it has %s classes; run here are two and more", classes);
    boolean single = input.type() != ElementType.DOUBLE;
    TreeTable table = table(node, "class", classes, single);
    double[] base = numbers(node, "base_values", single);
    PostTransform post = PostTransform.of(node.text("post_transform", "NONE"));
    int[] told = node.integers("class_ids").length == 0 ? new int[0] : ids(node, "class_ids");
    boolean oneColumn = classes == 2 && Arrays.stream(told).distinct().count() == 1;
    boolean positive = Arrays.stream(numbers(node, "class_weights", single)).noneMatch(w -> w < 0);
    TreeScores scores;
    if (classes == 2) {
      require(base.length <= 2, "it has %s base values for two classes", base.length);
      boolean alone = base.length < 2 && !always(table, 1);
      require(!alone || base.length == 0 || oneColumn, "its base value would leave a score unset");
      scores = new TreeScores.TwoClasses(oneColumn, positive, base, post, single);
    } else {
      require(
          base.length == 0 || base.length == classes,
          "it has %s base values for %s classes",
          base.length,
          classes);
      require(
          base.length > 0 || IntStream.range(0, classes).anyMatch(i -> always(table, i)),
          "no class has a score for sure");
      scores = new TreeScores.Classes(base, post, single);
    }
    if (classes == 2 && !oneColumn && !labels.areTexts()) {
      labels = new Labels(new long[] {0, 1}, new String[0]); // so ONNX Runtime has it
    }
    Value label = labels.result(to);
    Value score = to.result(ElementType.FLOAT, Extent.rows(classes));
    to.bind(node, 0, label);
    to.bind(node, 1, score);
    table.check(input.width());
    to.step(
        new TreeStep(
            table,
            Aggregate.SUM,
            scores,
            to.scratch(),
            input,
            labels,
            to.wanted(node, 0) ? label : null,
            to.wanted(node, 1) ? score : null));
  }

  private static void regressor(OnnxNode node, PlanBuilder to) {
    Value input = input(node, to);
    require(
        input.type() == ElementType.FLOAT || input.type() == ElementType.DOUBLE,
        "its input is %s",
        input);
    boolean single = input.type() == ElementType.FLOAT;
    int targets = Math.toIntExact(node.integer("n_targets", 0));
    TreeTable table = table(node, "target", targets, single);
    double[] base = numbers(node, "base_values", single);
    require(
        base.length == 0 || base.length == targets,
        "it has %s base values for %s targets",
        base.length,
        targets);
    regression(
        node,
        to,
        input,
        table,
        Aggregate.of(node.text("aggregate_function", "SUM")),
        base,
        PostTransform.of(node.text("post_transform", "NONE")),
        ElementType.FLOAT);
  }

  private static void regression(
      OnnxNode node,
      PlanBuilder to,
      Value input,
      TreeTable table,
      Aggregate aggregate,
      double[] base,
      PostTransform post,
      ElementType type) {
    Value score = to.result(type, Extent.rows(table.targets));
    to.bind(node, 0, score);
    TreeScores scores =
        new TreeScores.Regression(aggregate, base, table.roots.length, post, table.single);
    table.check(input.width());
    to.step(new TreeStep(table, aggregate, scores, to.scratch(), input, Labels.NONE, null, score));
  }

  // --- from version 1 to 4 ---

  private static Value input(OnnxNode node, PlanBuilder to) {
    require(
        to.opset(Operators.ML) < ONE_FOR_BOTH,
        "version %s of %s does not have it",
        to.opset(Operators.ML),
        Operators.ML);
    return rows(node, to);
  }

  private static Value rows(OnnxNode node, PlanBuilder to) {
    Value input = to.input(node, 0);
    require(
        input.extent().perRow() && input.extent().dims().size() == 1,
        "its input is %s; run here are rows by columns",
        input);
    switch (input.type()) {
      case FLOAT, DOUBLE, INT32, INT64 -> {}
      default -> throw new Unsupported("its input is " + input);
    }
    return input;
  }

  private static TreeTable table(OnnxNode node, String votes, int targets, boolean single) {
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
    for (int i = 0; i < count; i++) {
      table.modes[i] = mode(modes[i]);
      table.features[i] = features[i];
      table.values[i] = values[i];
      table.missing[i] = i < missing.length && missing[i] == 1;
      if (table.modes[i] != Mode.LEAF) {
        table.yes[i] = trees.place(treeIds[i], yes[i]);
        table.no[i] = trees.place(treeIds[i], no[i]);
      }
    }
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
      require(ids[i] < targets, "a weight is for target %s of %s", ids[i], targets);
      int leaf = trees.place(voteTrees[i], voteNodes[i]);
      leaves[i] = table.modes[leaf] == Mode.LEAF ? leaf : -1; // those of others are passed over
    }
    table.votes(leaves, ids, weights);
    return table;
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

    Trees(long[] treeIds, long[] nodeIds) {
      for (int from = 0; from < treeIds.length; ) {
        int to = from;
        long most = 0;
        while (to < treeIds.length && treeIds[to] == treeIds[from]) {
          require(nodeIds[to] >= 0, "a node has the number %s", nodeIds[to]);
          most = Math.max(most, nodeIds[to++]);
        }
        require(
            most <= GAPS * (long) (to - from) + 1_000,
            "a tree of %s nodes has one with the number %s",
            to - from,
            most);
        int[] tree = new int[(int) most + 1];
        Arrays.fill(tree, -1);
        for (int i = from; i < to; i++) {
          require(tree[(int) nodeIds[i]] < 0, "two nodes of a tree have one number");
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
      return starts.stream().mapToInt(i -> i).toArray();
    }

    int place(long tree, long node) {
      int[] nodes = places.get(tree);
      int place = nodes == null || node < 0 || node >= nodes.length ? -1 : nodes[(int) node];
      require(place >= 0, "tree %s has no node %s", tree, node);
      return place;
    }
  }

  // --- version 5 ---

  private static void ensemble(OnnxNode node, PlanBuilder to) {
    throw new Unsupported("this operator is not run in plain Java");
  }

  // --- all ---

  private static int[] ids(OnnxNode node, String name) {
    return Arrays.stream(node.integers(name))
        .mapToInt(
            id -> {
              require(id >= 0 && id <= Integer.MAX_VALUE, "%s has a %s", name, id);
              return (int) id;
            })
        .toArray();
  }

  /** Of an attribute of floats, or of the one that has a tensor in its place. */
  private static double[] numbers(OnnxNode node, String name, boolean single) {
    float[] plain = node.numbers(name);
    OnnxConstant tensor = node.attribute(name + "_as_tensor", OnnxConstant.class).orElse(null);
    if (tensor == null || tensor.dims().length == 0) {
      return doubles(plain);
    }
    require(plain.length == 0, "it has both %s and %s_as_tensor", name, name);
    return doubles(tensor, name, single);
  }

  private static double[] doubles(OnnxConstant tensor, String name, boolean single) {
    if (single && tensor.values() instanceof float[] floats) {
      return doubles(floats);
    }
    if (!single && tensor.values() instanceof double[] doubles) {
      return doubles;
    }
    throw new Unsupported("its " + name + " are not of the input's type");
  }

  private static double[] doubles(float[] floats) {
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  /** Whether each row gets to a leaf that votes for the target. */
  private static boolean always(TreeTable table, int target) {
    int tree = 0;
    while (tree < table.roots.length) {
      int end = tree + 1 < table.roots.length ? table.roots[tree + 1] : table.nodes();
      if (IntStream.range(table.roots[tree], end).allMatch(node -> speaks(table, node, target))) {
        return true;
      }
      tree++;
    }
    return false;
  }

  private static boolean speaks(TreeTable table, int node, int target) {
    return table.modes[node] != Mode.LEAF
        || IntStream.range(table.firstVote[node], table.firstVote[node + 1])
            .anyMatch(vote -> table.voteTargets[vote] == target);
  }

  static void require(boolean right, String otherwise, Object... details) {
    if (!right) {
      throw new Unsupported(String.format(otherwise, details));
    }
  }
}
