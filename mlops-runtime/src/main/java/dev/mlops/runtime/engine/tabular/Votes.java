package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.engine.tabular.TreeTable.Mode;
import java.util.Arrays;

/**
 * What the leaves say of the targets, put together tree after tree, in ONNX Runtime's order: sums
 * of floats depend on it.
 */
final class Votes {
  /** How the trees' votes become one. */
  enum Aggregate {
    SUM,
    AVERAGE,
    MIN,
    MAX;

    static Aggregate of(String name) {
      for (Aggregate each : values()) {
        if (each.name().equals(name)) {
          return each;
        }
      }
      throw new Unsupported("its aggregate_function '" + name + "' is not known");
    }
  }

  private final Aggregate aggregate;
  private final boolean single;
  private final int all;

  /** What stands at each leaf of a {@link Forest}, by node: a weight's bits, or a number. */
  private final int[] worth;

  /** Leaf by number, its votes from here to before the next one's; leaf 0 has none. */
  private final int[] first;

  private final int[] targets;
  private final double[] weights;
  private final float[] floats;

  /** By target, the trees that speak of it alone; none where that is not so of each tree. */
  private final int[][] treesOf;

  /** Whether each leaf has a vote for each target, in order. */
  private final boolean dense;

  Votes(TreeTable table, Aggregate aggregate) {
    this.aggregate = aggregate;
    this.single = table.single;
    this.all = table.targets;
    int nodes = table.nodes();
    this.worth = new int[nodes];
    int[] first = new int[nodes + 2];
    int[] targets = new int[Math.max(nodes, table.voteTargets.length)];
    double[] weights = new double[targets.length];
    int leaves = 1;
    int votes = 0;
    for (int node = 0; node < nodes; node++) {
      if (table.modes[node] == Mode.LEAF) {
        worth[node] = leaves;
        first[leaves++] = votes;
        int from = table.firstVote[node];
        int count = table.votes(node);
        if (all == 1) { // the first weight alone, or else the leaf's own value
          weights[votes++] = count > 0 ? table.voteWeights[from] : table.values[node];
        } else {
          System.arraycopy(table.voteTargets, from, targets, votes, count);
          System.arraycopy(table.voteWeights, from, weights, votes, count);
          votes += count;
        }
      }
    }
    first[leaves] = votes;
    this.first = Arrays.copyOf(first, leaves + 1);
    this.targets = Arrays.copyOf(targets, votes);
    this.weights = Arrays.copyOf(weights, votes);
    this.floats = new float[votes];
    for (int vote = 0; vote < votes; vote++) {
      floats[vote] = (float) weights[vote];
    }
    boolean floatSums = single && (aggregate == Aggregate.SUM || aggregate == Aggregate.AVERAGE);
    this.treesOf = floatSums ? treesOf(table) : new int[0][];
    this.dense = floatSums && isDense();
    for (int node = 0; node < nodes && treesOf.length > 0; node++) {
      if (worth[node] > 0) {
        worth[node] = Float.floatToRawIntBits(floats[this.first[worth[node]]]);
      }
    }
  }

  private int[][] treesOf(TreeTable table) {
    int[] target = haveAll(1) ? table.targetOfTrees(this) : new int[0];
    int[][] trees = new int[target.length == 0 ? 0 : all][0];
    int[] counts = new int[all];
    for (int one : target) {
      counts[one]++;
    }
    for (int i = 0; i < trees.length; i++) {
      trees[i] = new int[counts[i]];
    }
    for (int tree = target.length - 1; tree >= 0; tree--) {
      trees[target[tree]][--counts[target[tree]]] = tree;
    }
    return trees;
  }

  private boolean isDense() {
    if (floats.length != all * (first.length - 2) || !haveAll(all)) {
      return false;
    }
    for (int vote = 0; vote < floats.length; vote++) {
      if (targets[vote] != vote % all) {
        return false;
      }
    }
    return true;
  }

  /** Whether all leaves have so many votes. */
  private boolean haveAll(int votes) {
    for (int leaf = 1; leaf < first.length - 1; leaf++) {
      if (first[leaf + 1] - first[leaf] != votes) {
        return false;
      }
    }
    return true;
  }

  /** The target of the first vote of a node that is a leaf and has one. */
  int target(int node) {
    return targets[first[worth[node]]];
  }

  /** For {@link Forest#of}. */
  int[] worth() {
    return worth;
  }

  /** Leaves {@link Visit#scores} and {@link Visit#told}. */
  void count(Forest forest, Visit visit) {
    if (treesOf.length > 0) {
      addTrees(forest, visit);
      return;
    }
    forest.leaves(visit);
    if (dense) {
      addDense(visit);
      return;
    }
    Arrays.fill(visit.told, false);
    switch (aggregate) {
      case MIN -> least(visit, 1);
      case MAX -> least(visit, -1);
      default -> {
        if (single) {
          addFloats(visit);
        } else {
          addDoubles(visit);
        }
      }
    }
  }

  /** What a leaf is worth stands in the leaf. */
  private void addTrees(Forest forest, Visit visit) {
    boolean walked = false;
    for (int target = 0; target < all; target++) {
      int[] trees = treesOf[target];
      visit.told[target] = trees.length > 0;
      if (trees.length == forest.trees()) {
        visit.scores[target] = forest.sum(visit);
      } else {
        if (!walked && trees.length > 0) {
          forest.leaves(visit);
          walked = true;
        }
        visit.scores[target] = sum(visit.leaves, trees);
      }
    }
  }

  private static float sum(int[] leaves, int[] trees) {
    float sum = 0;
    for (int tree : trees) {
      sum += Float.intBitsToFloat(leaves[tree]);
    }
    return sum;
  }

  /** Two targets at a time, with their sums at hand. */
  private void addDense(Visit visit) {
    for (int target = 0; target < all; target++) {
      visit.told[target] = true;
      if (target + 1 < all) {
        visit.told[target + 1] = true;
        addTwo(visit, target++);
      } else {
        addOne(visit, target);
      }
    }
  }

  private void addTwo(Visit visit, int target) {
    float one = 0;
    float two = 0;
    for (int leaf : visit.leaves) {
      if (leaf > 0) {
        int vote = (leaf - 1) * all + target;
        one += floats[vote];
        two += floats[vote + 1];
      }
    }
    visit.scores[target] = one;
    visit.scores[target + 1] = two;
  }

  private void addOne(Visit visit, int target) {
    float sum = 0;
    for (int leaf : visit.leaves) {
      if (leaf > 0) {
        sum += floats[(leaf - 1) * all + target];
      }
    }
    visit.scores[target] = sum;
  }

  private void addFloats(Visit visit) {
    float[] sums = visit.floats;
    Arrays.fill(sums, 0);
    for (int leaf : visit.leaves) {
      for (int i = first[leaf]; i < first[leaf + 1]; i++) {
        sums[targets[i]] += floats[i];
        visit.told[targets[i]] = true;
      }
    }
    for (int i = 0; i < sums.length; i++) {
      visit.scores[i] = sums[i];
    }
  }

  private void addDoubles(Visit visit) {
    Arrays.fill(visit.scores, 0);
    for (int leaf : visit.leaves) {
      for (int i = first[leaf]; i < first[leaf + 1]; i++) {
        visit.scores[targets[i]] += weights[i];
        visit.told[targets[i]] = true;
      }
    }
  }

  /** The least, or the greatest where the sign is negative. */
  private void least(Visit visit, int sign) {
    Arrays.fill(visit.scores, 0);
    for (int leaf : visit.leaves) {
      for (int i = first[leaf]; i < first[leaf + 1]; i++) {
        int target = targets[i];
        if (!visit.told[target] || sign * weights[i] < sign * visit.scores[target]) {
          visit.scores[target] = weights[i];
          visit.told[target] = true;
        }
      }
    }
  }
}
