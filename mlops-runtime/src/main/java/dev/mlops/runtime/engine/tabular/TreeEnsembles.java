package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.tabular.TreeTable.Mode;
import dev.mlops.runtime.engine.tabular.Votes.Aggregate;
import dev.mlops.runtime.onnx.OnnxConstant;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.regex.Matcher;

/** TreeEnsembleClassifier and TreeEnsembleRegressor, and their successor TreeEnsemble. */
final class TreeEnsembles {
  /** The first version of ai.onnx.ml with TreeEnsemble in place of the other two. */
  private static final long ONE_FOR_BOTH = 5;

  private TreeEnsembles() {}

  /** Adds a forest. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "TreeEnsembleClassifier" -> classifier(node, to);
      case "TreeEnsembleRegressor" -> regressor(node, to);
      default -> ensemble(node, to);
    }
  }

  private static void classifier(OnnxNode node, PlanBuilder to) {
    Value input = input(node, to);
    Labels labels = Labels.of(node, "classlabels_int64s", "classlabels_strings");
    int classes = labels.count();
    require(classes >= 2, "it has %s classes; run here are two and more", classes);
    boolean single = input.type() != ElementType.DOUBLE;
    TreeTable table = ListedTrees.read(node, "class", classes, single);
    double[] base = numbers(node, "base_values", single);
    PostTransform post = PostTransform.of(node.text("post_transform", "NONE"));
    int[] told = node.integers("class_ids").length == 0 ? new int[0] : ids(node, "class_ids");
    boolean oneColumn = classes == 2 && allOne(told);
    boolean positive = noneBelowZero(numbers(node, "class_weights", single));
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
      require(base.length > 0 || alwaysAny(table, classes), "no class has a score for sure");
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
    TreeTable table = ListedTrees.read(node, "target", targets, single);
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

  /** An input of rows by columns of numbers. */
  static Value rows(OnnxNode node, PlanBuilder to) {
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

  // --- version 5 ---

  private static void ensemble(OnnxNode node, PlanBuilder to) {
    require(
        to.opset(Operators.ML) == ONE_FOR_BOTH,
        "version %s of %s is not known",
        to.opset(Operators.ML),
        Operators.ML);
    Value input = rows(node, to);
    require(
        input.type() == ElementType.FLOAT || input.type() == ElementType.DOUBLE,
        "its input is %s",
        input);
    TreeTable table = IndexedTrees.read(node, input.type() == ElementType.FLOAT);
    regression(
        node,
        to,
        input,
        table,
        aggregate(node.integer("aggregate_function", 1)),
        new double[0],
        postTransform(node.integer("post_transform", 0)),
        input.type());
  }

  private static Aggregate aggregate(long number) {
    return switch (Math.toIntExact(number)) {
      case 0 -> Aggregate.AVERAGE;
      case 1 -> Aggregate.SUM;
      case 2 -> Aggregate.MIN;
      case 3 -> Aggregate.MAX;
      default -> throw new Unsupported("its aggregate_function is " + number);
    };
  }

  /** As ONNX Runtime numbers them; the standard has SOFTMAX before LOGISTIC. */
  private static PostTransform postTransform(long number) {
    return switch (Math.toIntExact(number)) {
      case 0 -> PostTransform.NONE;
      case 1 -> PostTransform.LOGISTIC;
      case 2 -> PostTransform.SOFTMAX;
      case 3 -> PostTransform.SOFTMAX_ZERO;
      case 4 -> PostTransform.of("PROBIT");
      default -> throw new Unsupported("its post_transform is " + number);
    };
  }

  // --- all ---

  static int[] ids(OnnxNode node, String name) {
    long[] all = node.integers(name);
    int[] ids = new int[all.length];
    for (int i = 0; i < ids.length; i++) {
      if (all[i] < 0 || all[i] > Integer.MAX_VALUE) {
        throw new Unsupported(name + " has a " + all[i]);
      }
      ids[i] = (int) all[i];
    }
    return ids;
  }

  /** Of an attribute of floats, or of the one that has a tensor in its place. */
  static double[] numbers(OnnxNode node, String name, boolean single) {
    float[] plain = node.numbers(name);
    OnnxConstant tensor = node.attribute(name + "_as_tensor", OnnxConstant.class).orElse(null);
    if (tensor == null || tensor.dims().length == 0) {
      return doubles(plain);
    }
    require(plain.length == 0, "it has both %s and %s_as_tensor", name, name);
    return doubles(tensor, name, single);
  }

  static double[] doubles(OnnxConstant tensor, String name, boolean single) {
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

  private static boolean allOne(int[] ids) {
    for (int id : ids) {
      if (id != ids[0]) {
        return false;
      }
    }
    return ids.length > 0;
  }

  private static boolean noneBelowZero(double[] weights) {
    for (double weight : weights) {
      if (weight < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean alwaysAny(TreeTable table, int targets) {
    for (int target = 0; target < targets; target++) {
      if (always(table, target)) {
        return true;
      }
    }
    return false;
  }

  /** Whether each row gets to a leaf that votes for the target. */
  private static boolean always(TreeTable table, int target) {
    for (int tree = 0; tree < table.roots.length; tree++) {
      int end = tree + 1 < table.roots.length ? table.roots[tree + 1] : table.nodes();
      int node = table.roots[tree];
      while (node < end && speaks(table, node, target)) {
        node++;
      }
      if (node == end) {
        return true;
      }
    }
    return false;
  }

  private static boolean speaks(TreeTable table, int node, int target) {
    boolean speaks = table.modes[node] != Mode.LEAF;
    for (int vote = table.firstVote[node]; vote < table.firstVote[node + 1]; vote++) {
      speaks |= table.voteTargets[vote] == target;
    }
    return speaks;
  }

  /**
   * Declines the node if something is not right.
   *
   * @param otherwise why, with %s for each detail
   */
  static void require(boolean right, String otherwise, Object... details) {
    if (!right) {
      String why = otherwise;
      for (Object detail : details) {
        why = why.replaceFirst("%s", Matcher.quoteReplacement(String.valueOf(detail)));
      }
      throw new Unsupported(why);
    }
  }
}
