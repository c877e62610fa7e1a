package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.engine.tabular.TreeTable.Mode;
import java.util.Arrays;
import java.util.stream.IntStream;

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
  private final int[] first;
  private final int[] targets;
  private final float[] floats;
  private final double[] weights;

  /** The target of all the leaves, each of which has one weight to add to it; -1 where not so. */
  private final int only;

  /** What stands at each leaf of a {@link Forest}, by node. */
  private final int[] worth;

  Votes(TreeTable table, Aggregate aggregate) {
    this.aggregate = aggregate;
    this.single = table.single;
    int nodes = table.nodes();
    this.worth = new int[nodes];
    int[] first = new int[nodes + 2];
    int[] targets = new int[Math.max(nodes, table.voteTargets.length)];
    double[] weights = new double[targets.length];
    int leaves = 1; // 0 is the leaf that says nothing
    int votes = 0;
    for (int node = 0; node < nodes; node++) {
      if (table.modes[node] == Mode.LEAF) {
        worth[node] = leaves;
        first[leaves++] = votes;
        int from = table.firstVote[node];
        int count = table.votes(node);
        if (table.targets == 1) { // the first weight alone, or else the leaf's own value
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
    boolean adds = aggregate == Aggregate.SUM || aggregate == Aggregate.AVERAGE;
    this.only = single && adds ? only() : -1;
    if (only >= 0) {
      for (int node = 0; node < nodes; node++) {
        if (worth[node] > 0) {
          worth[node] = Float.floatToRawIntBits(floats[worth[node] - 1]);
        }
      }
    }
  }

  private int only() {
    boolean one =
        IntStream.range(1, first.length - 1).allMatch(leaf -> first[leaf + 1] - first[leaf] == 1)
            && Arrays.stream(targets).distinct().count() == 1;
    return one ? targets[0] : -1;
  }

  /** For {@link Forest#of}. */
  int[] worth() {
    return worth;
  }

  /** Leaves {@link Visit#scores} and {@link Visit#told}. */
  void count(Forest forest, Visit visit) {
    Arrays.fill(visit.told, false);
    if (only >= 0) {
      Arrays.fill(visit.scores, 0);
      visit.scores[only] = forest.sum(visit);
      visit.told[only] = true;
      return;
    }
    forest.leaves(visit);
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
