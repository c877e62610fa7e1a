package dev.mlops.runtime.engine.tabular;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of all trees as their operator has them, each by its place in the operator's list.
 *
 * <p>Checked by {@link #order}: each tree is one whole without a cycle.
 */
final class TreeTable {
  /** How a node compares the row's value with its own. */
  enum Mode {
    LEQ,
    LT,
    GTE,
    GT,
    EQ,
    NEQ,
    LEAF
  }

  /** Steps that comparing subtrees may take. */
  private static final int MOST_COMPARED = 20_000_000;

  /** Numbers that joining chains may copy. */
  private static final long MOST_JOINED = 1L << 30;

  /** Whether thresholds and weights are floats; else doubles. */
  final boolean single;

  /** Columns that the leaves vote for. */
  final int targets;

  final Mode[] modes;
  final int[] features;
  final double[] values;

  /** Whether a NaN goes where the comparison holds. */
  final boolean[] missing;

  final int[] yes;

  /** As it stands in the file; {@link #otherwise} is where the walk goes. */
  final int[] no;

  /** Where the comparison does not hold, once chains are put together. */
  int[] otherwise = new int[0];

  /** Of {@link Mode#EQ}, once chains are put together. */
  final double[] @Nullable [] members;

  /** The first node of each tree. */
  int[] roots = new int[0];

  /** A leaf's votes are those from its place here to before the next one's. */
  final int[] firstVote;

  int[] voteTargets = new int[0];
  double[] voteWeights = new double[0];

  private int compared;
  private long joined;

  TreeTable(boolean single, int targets, int nodes) {
    this.single = single;
    this.targets = targets;
    this.modes = new Mode[nodes];
    this.features = new int[nodes];
    this.values = new double[nodes];
    this.missing = new boolean[nodes];
    this.yes = new int[nodes];
    this.no = new int[nodes];
    this.members = new double[nodes][];
    this.firstVote = new int[nodes + 1];
  }

  int nodes() {
    return modes.length;
  }

  int votes(int leaf) {
    return firstVote[leaf + 1] - firstVote[leaf];
  }

  /**
   * Takes the leaves' weights, in order.
   *
   * @param leaves the node of each; -1 for those that count for nothing
   */
  void votes(int[] leaves, int[] ids, double[] weights) {
    for (int leaf : leaves) {
      if (leaf >= 0) {
        firstVote[leaf + 1]++;
      }
    }
    for (int node = 0; node < nodes(); node++) {
      firstVote[node + 1] += firstVote[node];
    }
    voteTargets = new int[firstVote[nodes()]];
    voteWeights = new double[firstVote[nodes()]];
    int[] next = firstVote.clone();
    for (int i = 0; i < leaves.length; i++) {
      if (leaves[i] >= 0) {
        int vote = next[leaves[i]]++;
        voteTargets[vote] = ids[i];
        voteWeights[vote] = weights[i];
      }
    }
  }

  /**
   * Looks whether what the nodes ask for is there.
   *
   * @param columns of the input
   * @throws Unsupported if not
   */
  void check(int columns) {
    for (int feature : features) {
      if (feature >= columns) {
        throw new Unsupported("a node asks for column " + feature + " of an input of " + columns);
      }
    }
  }

  /**
   * Puts chains of nodes that ask for one value after the other together, and says in which order
   * each node comes after its children.
   *
   * @throws Unsupported if a tree has a cycle
   */
  int[] order() {
    otherwise = no.clone();
    int[] order = new int[nodes()];
    int done = 0;
    byte[] state = new byte[nodes()]; // 0 not seen, 1 below the present node, 2 done
    int[] path = new int[nodes() + 1];
    boolean shared = shared();
    for (int root : roots) {
      if (state[root] != 0) {
        throw new Unsupported("the first node of a tree is in another one, too");
      }
      int length = 0;
      path[length++] = root;
      while (length > 0) {
        int node = path[length - 1];
        if (state[node] == 0) {
          state[node] = 1;
          chain(node);
        }
        int next = modes[node] == Mode.LEAF ? -1 : unseen(state, otherwise[node], yes[node]);
        if (next >= 0) {
          path[length++] = next;
        } else {
          length--;
          state[node] = 2;
          merge(node, shared);
          order[done++] = node;
        }
      }
    }
    return reached(order, done);
  }

  /** Whether several nodes lead to one. */
  private boolean shared() {
    boolean[] led = new boolean[nodes()];
    for (int node = 0; node < led.length; node++) {
      if (modes[node] != Mode.LEAF) {
        if (led[yes[node]] || led[no[node]] || yes[node] == no[node]) {
          return true;
        }
        led[yes[node]] = true;
        led[no[node]] = true;
      }
    }
    return false;
  }

  /** Without those that nothing leads to any more, as they are part of a chain. */
  private int[] reached(int[] order, int length) {
    boolean[] reached = new boolean[nodes()];
    for (int root : roots) {
      reached[root] = true;
    }
    for (int i = length - 1; i >= 0; i--) {
      int node = order[i];
      if (reached[node] && modes[node] != Mode.LEAF) {
        reached[yes[node]] = true;
        reached[otherwise[node]] = true;
      }
    }
    int left = 0;
    for (int i = 0; i < length; i++) {
      if (reached[order[i]]) {
        order[left++] = order[i];
      }
    }
    return Arrays.copyOf(order, left);
  }

  private static int unseen(byte[] state, int first, int second) {
    if (state[first] == 1 || state[second] == 1) {
      throw new Unsupported("its trees have a cycle");
    }
    return state[first] == 0 ? first : state[second] == 0 ? second : -1;
  }

  /**
   * The target of each tree, if all leaves of each have the same; else none.
   *
   * @param votes one a leaf
   */
  int[] targetOfTrees(Votes votes) {
    int[] targets = new int[roots.length];
    boolean[] seen = new boolean[nodes()];
    int[] open = new int[2 * nodes() + 1];
    for (int tree = 0; tree < roots.length; tree++) {
      targets[tree] = -1;
      int length = 0;
      open[length++] = roots[tree];
      while (length > 0) {
        int node = open[--length];
        if (modes[node] == Mode.LEAF) {
          int own = votes.target(node);
          if (targets[tree] >= 0 && targets[tree] != own) {
            return new int[0];
          }
          targets[tree] = own;
        } else if (!seen[node]) {
          seen[node] = true;
          open[length++] = yes[node];
          open[length++] = otherwise[node];
        } else {
          return new int[0]; // parts of trees are shared: rare, and not looked into
        }
      }
    }
    return targets;
  }

  /**
   * Converters write "is one of" as a chain of "is equal to" whose nodes repeat the same subtree.
   * ONNX Runtime runs such a chain as one node where the values are small whole numbers, the first
   * has no way of its own for NaN, and the subtrees look alike. It takes a little too much for
   * alike, and so do we.
   */
  private void chain(int node) {
    if (modes[node] != Mode.EQ) {
      return;
    }
    double[] all = {values[node]};
    if (inMask(values[node]) && !missing[node]) {
      int next = no[node];
      List<Double> more = new ArrayList<>();
      while (modes[next] == Mode.EQ
          && features[next] == features[node]
          && inMask(values[next])
          && alike(yes[node], yes[next], false)) {
        more.add(values[next]);
        next = no[next];
        if (more.size() > nodes()) {
          throw new Unsupported("its trees have a cycle");
        }
      }
      if (!more.isEmpty() && modes[roots[0]] == Mode.LEAF) {
        throw new Unsupported(
            "ONNX Runtime gives the first tree's leaf the weights of a chain of equalities");
      }
      otherwise[node] = next;
      all = joined(all, more.stream().mapToDouble(Double::doubleValue).toArray());
    }
    members[node] = all;
  }

  /** Whether ONNX Runtime keeps the value as a bit of a number as wide as a threshold. */
  private boolean inMask(double value) {
    return value >= 1 && value <= (single ? 32 : 64) && value == Math.floor(value);
  }

  /** The same for other values and for sets, where nothing at all changes by it. */
  private void merge(int node, boolean shared) {
    double[] own = members[node];
    int next = otherwise[node];
    double[] others = own == null ? null : members[next];
    if (own != null
        && others != null
        && features[next] == features[node]
        && alike(yes[node], yes[next], true)) {
      joined += own.length + others.length;
      if (joined > MOST_JOINED) {
        throw new Unsupported("its chains of equalities are too long");
      }
      members[node] = joined(own, others);
      if (!shared) {
        members[next] = null; // or a chain would take memory by its length's square
      }
      missing[node] |= missing[next];
      otherwise[node] = otherwise[next];
    }
  }

  private static double[] joined(double[] some, double[] others) {
    double[] all = new double[some.length + others.length];
    System.arraycopy(some, 0, all, 0, some.length);
    System.arraycopy(others, 0, all, some.length, others.length);
    return all;
  }

  /**
   * Whether two subtrees are the same.
   *
   * @param exactly or as ONNX Runtime looks: it passes over the ways for NaN, and all but the first
   *     vote of a leaf
   */
  private boolean alike(int one, int other, boolean exactly) {
    List<int[]> pairs = new ArrayList<>();
    pairs.add(new int[] {one, other});
    while (!pairs.isEmpty()) {
      int[] pair = pairs.remove(pairs.size() - 1);
      int a = pair[0];
      int b = pair[1];
      if (++compared > MOST_COMPARED) {
        throw new Unsupported("its chains of equalities take too long to compare");
      }
      if (exactly && a == b) {
        continue;
      }
      if (modes[a] != modes[b]
          || features[a] != features[b]
          || values[a] != values[b]
          || (exactly && (missing[a] != missing[b] || !Arrays.equals(members[a], members[b])))) {
        return false;
      }
      if (modes[a] == Mode.LEAF) {
        if (!sameVotes(a, b, exactly)) {
          return false;
        }
      } else {
        pairs.add(new int[] {yes[a], yes[b]});
        pairs.add(exactly ? new int[] {otherwise[a], otherwise[b]} : new int[] {no[a], no[b]});
      }
    }
    return true;
  }

  private boolean sameVotes(int a, int b, boolean exactly) {
    if (!exactly) {
      if (votes(a) == 0 || votes(b) == 0) {
        throw new Unsupported("it has a leaf without a weight behind a chain of equalities");
      }
      return voteWeights[firstVote[a]] == voteWeights[firstVote[b]];
    }
    if (votes(a) != votes(b)) {
      return false;
    }
    for (int i = 0; i < votes(a); i++) {
      if (voteTargets[firstVote[a] + i] != voteTargets[firstVote[b] + i]
          || Double.doubleToRawLongBits(voteWeights[firstVote[a] + i])
              != Double.doubleToRawLongBits(voteWeights[firstVote[b] + i])) {
        return false;
      }
    }
    return true;
  }
}
