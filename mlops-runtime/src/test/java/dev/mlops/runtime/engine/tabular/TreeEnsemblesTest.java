package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers reckoned by hand, which ONNX Runtime gives, too. */
final class TreeEnsemblesTest {
  private static final float NAN = Float.NaN;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "BRANCH_LEQ, 1 1 0 0",
    "BRANCH_LT, 1 0 0 0",
    "BRANCH_GTE, 0 1 1 0",
    "BRANCH_GT, 0 0 1 0",
    "BRANCH_EQ, 0 1 0 0",
    "BRANCH_NEQ, 1 0 1 1"
  })
  void split_eachMode_holdsBelowAtAboveAndForNan(String mode, String holds) {
    float[] expected = floats(holds);
    TreeList trees = new TreeList().stump(mode, 0, 2, false, 1, 0);
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 1), 1.5f, 2, 2.5f, NAN))
        .containsExactly(expected);
    expected[3] = 1;
    TreeList missing = new TreeList().stump(mode, 0, 2, true, 1, 0);
    assertThat(scores(missing.regressor(OnnxGraph.FLOAT, 1, 1), 1.5f, 2, 2.5f, NAN))
        .containsExactly(expected);
  }

  @Test
  void split_atNothing_takesBothZerosForOne() {
    for (String mode : new String[] {"BRANCH_LEQ", "BRANCH_GTE", "BRANCH_EQ"}) {
      for (double threshold : new double[] {0.0, -0.0}) {
        TreeList trees = new TreeList().stump(mode, 0, threshold, false, 1, 0);
        assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 1), 0f, -0f)).containsExactly(1, 1);
      }
    }
    TreeList less = new TreeList().stump("BRANCH_LT", 0, -0.0, false, 1, 0);
    assertThat(scores(less.regressor(OnnxGraph.FLOAT, 1, 1), 0f, -0f, -Float.MIN_VALUE))
        .containsExactly(0, 0, 1);
  }

  @Test
  void split_atInfinity_isNoNan() {
    TreeList trees =
        new TreeList()
            .stump("BRANCH_LEQ", 0, Double.POSITIVE_INFINITY, false, 1, 0)
            .stump("BRANCH_LT", 0, Double.NEGATIVE_INFINITY, true, 10, 0)
            .stump("BRANCH_GTE", 0, Double.NEGATIVE_INFINITY, false, 100, 0);
    float infinite = Float.POSITIVE_INFINITY;
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 1), infinite, -infinite, NAN))
        .containsExactly(101, 101, 10);
  }

  @Test
  void split_atNan_holdsForNoNumber() {
    TreeList trees =
        new TreeList()
            .stump("BRANCH_LEQ", 0, Double.NaN, false, 1, 0)
            .stump("BRANCH_GT", 0, Double.NaN, true, 10, 0)
            .stump("BRANCH_NEQ", 0, Double.NaN, false, 100, 0);
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 1), -1, 1, NAN))
        .containsExactly(100, 100, 110);
  }

  @Test
  void chain_ofEqualities_isASet() {
    TreeList trees = new TreeList().tree();
    int[] nodes = new int[40];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = trees.split("BRANCH_EQ", 0, 2 * i, false);
    }
    int[] leaves = new int[nodes.length];
    Arrays.setAll(leaves, i -> trees.leaf(1));
    int last = trees.leaf(0);
    for (int i = 0; i < nodes.length; i++) {
      trees.children(nodes[i], leaves[i], i + 1 < nodes.length ? nodes[i + 1] : last);
    }
    assertThat(
            scores(trees.regressor(OnnxGraph.FLOAT, 1, 1), 0, 1, 4, 4.5f, 31, 32, 78, 80, -2, NAN))
        .containsExactly(1, 0, 1, 0, 0, 1, 1, 0, 0, 0);
  }

  @ParameterizedTest
  @CsvSource({"SUM, 3.5 -1.5", "AVERAGE, 2 -0.5", "MIN, 1.5 -1.5", "MAX, 2.5 0.5"})
  void aggregate_ofTwoTrees_hasTheBaseValueLast(String aggregate, String expected) {
    TreeList trees =
        new TreeList()
            .stump("BRANCH_LT", 0, 0, false, -2, 1)
            .stump("BRANCH_LT", 0, 0, false, 0, 2)
            .with(OnnxGraph.attribute("aggregate_function", aggregate))
            .baseValues(0.5);
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 1), 1, -1))
        .containsExactly(floats(expected));
  }

  @Test
  void sum_ofFloats_isInTheTreesOrder() {
    TreeList trees = new TreeList();
    for (double weight : new double[] {1e8, 1, -1e8, 1}) {
      trees.stump("BRANCH_LT", 0, 0, false, weight, 0);
    }
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 1), -1)).containsExactly(1);
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, 1 3",
    "LOGISTIC, 0.7310586 0.95257413",
    "SOFTMAX, 0.11920292 0.880797",
    "SOFTMAX_ZERO, 0.11920292 0.880797"
  })
  void transform_ofTwoTargets_isReckoned(String transform, String expected) {
    TreeList trees = new TreeList().tree();
    trees.leaf(1, 3);
    trees.with(OnnxGraph.attribute("post_transform", transform));
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 2), 0)).containsExactly(floats(expected));
  }

  @Test
  void softmaxZero_ofATargetWithNothing_leavesItThere() {
    TreeList trees = new TreeList().tree();
    trees.leaf(1, 0, 3);
    trees.with(OnnxGraph.attribute("post_transform", "SOFTMAX_ZERO"));
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 3), 0))
        .containsExactly(0.11920292f, 0, 0.880797f);
  }

  @Test
  void transform_ofOneTarget_isLeftOut() {
    TreeList trees = new TreeList().tree();
    trees.leaf(3);
    trees.with(OnnxGraph.attribute("post_transform", "LOGISTIC"));
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 1), 0)).containsExactly(3);
  }

  @Test
  void baseValue_ofATargetThatNoLeafSpeaksOf_countsForNothing() {
    TreeList trees = new TreeList().tree();
    trees.weight(trees.leaf(), 0, 2);
    trees.baseValues(10, 20);
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, 1, 2), 0)).containsExactly(12, 0);
  }

  @Test
  void leaf_withSeveralWeights_addsThemAllButForOneTarget() {
    TreeList two = new TreeList().tree();
    int leaf = two.leaf(1, 2);
    two.weight(leaf, 0, 4);
    assertThat(scores(two.regressor(OnnxGraph.FLOAT, 1, 2), 0)).containsExactly(5, 2);
    TreeList one = new TreeList().tree();
    one.weight(one.leaf(1), 0, 4);
    assertThat(scores(one.regressor(OnnxGraph.FLOAT, 1, 1), 0)).containsExactly(1);
  }

  @Test
  void classifier_ofThree_givesTheFirstOfTheGreatest() {
    TreeList trees = new TreeList().tree();
    int root = trees.split("BRANCH_LT", 0, 0, false);
    trees.children(root, trees.leaf(1, 2, 2), trees.leaf(-3, -2, -1));
    try (BothEngines both =
        BothEngines.of(folder, trees.classifier(OnnxGraph.FLOAT, 1, "a", "b", "c"))) {
      both.run(2, new float[] {-1, 1});
      assertThat((String[]) both.ours(0)).containsExactly("b", "c");
      assertThat((String[]) both.theirs(0)).containsExactly("b", "c");
    }
  }

  @ParameterizedTest
  @CsvSource({
    // weights of one column: probabilities where none is below zero, else scores
    "0.25, 0.75, NONE, 7 9, 0.75 0.25 0.25 0.75",
    "-0.25, 0.75, NONE, 7 9, 0.25 -0.25 -0.75 0.75",
    "-2, 2, LOGISTIC, 7 9, 0.880797 0.11920297 0.11920297 0.880797",
    "0.25, 0.75, LOGISTIC, 7 9, 0.43782347 0.5621765 0.3208213 0.6791787"
  })
  void classifier_ofTwoWithOneColumn_hasRulesOfItsOwn(
      double below, double above, String transform, String labels, String scores) {
    TreeList trees = new TreeList().stump("BRANCH_LT", 0, 0, false, below, above);
    trees.with(OnnxGraph.attribute("post_transform", transform));
    try (BothEngines both = BothEngines.of(folder, trees.classifier(OnnxGraph.FLOAT, 1, 7, 9))) {
      both.run(2, new float[] {-1, 1});
      long[] expected = Arrays.stream(labels.split(" ")).mapToLong(Long::parseLong).toArray();
      assertThat((long[]) both.ours(0)).containsExactly(expected);
      assertThat((long[]) both.theirs(0)).containsExactly(expected);
      assertThat((float[]) both.theirs(1)).containsExactly(floats(scores));
      assertThat((float[]) both.ours(1)).containsExactly(floats(scores));
    }
  }

  @Test
  void classifier_ofDoubles_comparesAndAddsDoubles() {
    double step = 1 + 1e-12;
    TreeList trees = new TreeList().asDoubles();
    trees.stump("BRANCH_LT", 0, step, false, 1, -1).stump("BRANCH_LT", 0, 9, false, 1e-12, 0);
    try (BothEngines both = BothEngines.of(folder, trees.classifier(OnnxGraph.DOUBLE, 1, 0, 1))) {
      both.run(2, new double[] {1, step});
      assertThat((long[]) both.ours(0)).containsExactly(1, 0);
      assertThat((long[]) both.theirs(0)).containsExactly(1, 0);
    }
  }

  @Test
  void classifier_ofWholeNumbers_comparesThemAsFloats() {
    TreeList trees = new TreeList().stump("BRANCH_LEQ", 0, 16_777_216, false, 1, -1);
    try (BothEngines both = BothEngines.of(folder, trees.classifier(OnnxGraph.INT64, 1, 0, 1))) {
      both.run(2, new long[] {16_777_217, 16_777_219});
      assertThat((long[]) both.ours(0)).containsExactly(1, 0);
      assertThat((long[]) both.theirs(0)).containsExactly(1, 0);
    }
  }

  @Test
  void ensemble_withASetOfVersion5_findsItsMembers() {
    TreeList trees = new TreeList().tree();
    int root = trees.member(1, true, 3, 0, 17);
    trees.children(root, trees.leaf(1), trees.leaf(2));
    byte[] model = trees.ensemble(OnnxGraph.FLOAT, 2, 1, 1, 0);
    assertThat(scores(model, 9, 0, 9, 1, 9, 3, 9, 17, 3, 16, 0, NAN))
        .containsExactly(1, 2, 1, 1, 2, 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {5_000, 40_000})
  void forest_ofMoreColumnsThanANodeHasRoomFor_isRunAllTheSame(int columns) {
    TreeList trees = new TreeList();
    for (int column = 0; column < columns; column++) {
      trees.stump("BRANCH_GT", column, 0, column % 2 == 0, 1, 0);
    }
    float[] row = new float[columns];
    row[1] = 1;
    row[4_500] = NAN;
    row[4_501] = NAN;
    row[columns - 1] = 1;
    assertThat(scores(trees.regressor(OnnxGraph.FLOAT, columns, 1), row)).containsExactly(3);
  }

  @Test
  void load_nodesThatAreNoTrees_areDeclinedWithTheReason() {
    TreeList cycle = new TreeList().tree();
    int root = cycle.split("BRANCH_LT", 0, 0, false);
    int inner = cycle.split("BRANCH_LT", 0, 1, false);
    cycle.children(root, inner, cycle.leaf(1)).children(inner, root, cycle.leaf(2));
    assertDeclined(cycle, 1, "its trees have a cycle");

    TreeList dangling = new TreeList().tree();
    dangling.rawChildren(dangling.split("BRANCH_LT", 0, 0, false), 7, 8);
    assertDeclined(dangling, 1, "tree 0 has no node 7");

    TreeList negative = new TreeList().stump("BRANCH_LT", 0, 0, false, 1, 2);
    assertDeclined(negative.rawNumber(1, -1), 1, "a node has the number -1");

    TreeList twice = new TreeList().stump("BRANCH_LT", 0, 0, false, 1, 2);
    assertDeclined(twice.rawNumber(1, 2), 1, "two nodes of a tree have one number");

    TreeList far = new TreeList().stump("BRANCH_LT", 0, 0, false, 1, 2);
    assertDeclined(far.rawNumber(1, 2_000), 1, "a tree of 3 nodes has one with the number 2000");

    TreeList apart = new TreeList().stump("BRANCH_LT", 0, 0, false, 1, 2);
    apart.stump("BRANCH_LT", 0, 0, false, 1, 2).rawTree(0).leaf(3);
    assertDeclined(apart, 1, "the nodes of tree 0 do not stand together");

    TreeList roots = new TreeList().tree();
    roots.leaf(1);
    roots.leaf(2);
    assertDeclined(roots, 1, "no node leads to node 1 of its list");

    assertDeclined(
        new TreeList().stump("BRANCH_LT", 3, 0, false, 1, 2),
        1,
        "a node asks for column 3 of an input of 1");

    TreeList targets = new TreeList().tree();
    targets.leaf(1, 2);
    assertDeclined(targets, 1, "a weight is for target 1 of 1");

    assertDeclined(new TreeList(), 1, "it has no nodes");
    assertDeclined(
        new TreeList().stump("BRANCH_ON", 0, 0, false, 1, 2),
        1,
        "its node mode 'BRANCH_ON' is not known");

    TreeList probit = new TreeList().stump("BRANCH_LT", 0, 0, false, 1, 2);
    probit.with(OnnxGraph.attribute("post_transform", "PROBIT"));
    assertDeclined(probit, 1, "PROBIT");
  }

  private void assertDeclined(TreeList trees, int targets, String why) {
    byte[] model = trees.regressor(OnnxGraph.FLOAT, 1, targets);
    assertThatThrownBy(() -> BothEngines.of(folder, model).close())
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("cannot be run in plain Java")
        .hasMessageContaining(why);
  }

  /** What both engines make of rows of floats. */
  private float[] scores(byte[] model, float... values) {
    try (BothEngines both = BothEngines.of(folder, model)) {
      int columns = Math.toIntExact(both.schema().inputs().get(0).shape().elements());
      both.run(values.length / columns, values);
      float[] ours = (float[]) both.ours(0);
      assertThat(ours).containsExactly((float[]) both.theirs(0));
      return ours;
    }
  }

  private static float[] floats(String numbers) {
    return TreeList.floats(
        Arrays.stream(numbers.split(" ")).mapToDouble(Double::parseDouble).toArray());
  }
}
