package dev.mlops.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Trees from a seed, to be written in the format of whoever scores them: what they answer means
 * nothing, what they cost is what trained ones of that shape cost. A split is between the values of
 * rows that come by it, at a random quantile, so that rows spread over the leaves.
 *
 * @param all each adds the value of one leaf
 * @param link what makes a probability of the sum
 */
record Trees(List<Tree> all, Link link) {
  /** From a sum to the probability of the second class. */
  enum Link {
    /** Boosted trees: the sum is a logit. */
    LOGISTIC,
    /** A random forest: a leaf holds its share of the probability. */
    NONE
  }

  /**
   * One tree; node 0 is its root, and children come after their parent.
   *
   * @param feature of a branch
   * @param number a branch's threshold, below which a row goes left; a leaf's value
   * @param missingLeft where a branch sends NaN
   * @param left a branch's left child, whose sibling is the next node; of a leaf 0
   */
  record Tree(int[] feature, float[] number, boolean[] missingLeft, int[] left) {
    int nodes() {
      return left.length;
    }

    boolean leaf(int node) {
      return left[node] == 0;
    }

    /** Of branches or of leaves, the number each has among its kind. */
    int[] ranks(boolean leaves) {
      int[] ranks = new int[nodes()];
      int rank = 0;
      for (int node = 0; node < ranks.length; node++) {
        if (leaf(node) == leaves) {
          ranks[node] = rank++;
        }
      }
      return ranks;
    }

    int[] parents() {
      int[] parents = new int[nodes()];
      for (int node = 0; node < parents.length; node++) {
        if (!leaf(node)) {
          parents[left[node]] = node;
          parents[left[node] + 1] = node;
        }
      }
      return parents;
    }
  }

  /**
   * How a tree grows.
   *
   * @param depth the longest way to a leaf
   * @param leaves after so many nothing is split
   * @param least rows in each of the two halves of a split
   * @param evenly level by level; otherwise often the leaf that came last, as growth by gain does
   */
  record Shape(int depth, int leaves, int least, boolean evenly) {}

  /** Grows trees on rows. */
  static Trees grow(long seed, int count, Shape shape, Link link, float[][] rows) {
    Random random = new Random(seed);
    int[] all = new int[rows.length];
    Arrays.setAll(all, i -> i);
    List<Tree> trees = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Growth growth = new Growth(random, shape, rows);
      growth.grow(all);
      trees.add(growth.tree(link, count));
    }
    return new Trees(trees, link);
  }

  int nodes() {
    return all.stream().mapToInt(Tree::nodes).sum();
  }

  /** What they are like. */
  @Override
  public String toString() {
    int deepest = 0;
    long depths = 0;
    int leaves = 0;
    for (Tree tree : all) {
      int[] parents = tree.parents();
      int[] depth = new int[tree.nodes()];
      for (int node = 1; node < depth.length; node++) {
        depth[node] = depth[parents[node]] + 1;
        deepest = Math.max(deepest, depth[node]);
      }
      for (int node = 0; node < depth.length; node++) {
        if (tree.leaf(node)) {
          leaves++;
          depths += depth[node];
        }
      }
    }
    return String.format(
        Locale.ROOT,
        "%d trees of %.0f leaves at a depth of %.1f on average and at most %d",
        all.size(),
        leaves / (double) all.size(),
        depths / (double) leaves,
        deepest);
  }

  private static final class Growth {
    private static final int TRIES = 8;

    /** What can still be split. */
    private record Open(int node, int depth, int[] rows) {}

    private final Random random;
    private final Shape shape;
    private final float[][] rows;
    private final List<Integer> feature = new ArrayList<>();
    private final List<Float> number = new ArrayList<>();
    private final List<Integer> left = new ArrayList<>();

    Growth(Random random, Shape shape, float[][] rows) {
      this.random = random;
      this.shape = shape;
      this.rows = rows;
    }

    void grow(int[] all) {
      List<Open> open = new ArrayList<>(List.of(new Open(node(), 0, all)));
      int leaves = 1;
      while (!open.isEmpty() && leaves < shape.leaves()) {
        int next = 0;
        if (!shape.evenly()) {
          next = random.nextBoolean() ? open.size() - 1 : random.nextInt(open.size());
        }
        if (split(open.remove(next), open)) {
          leaves++;
        }
      }
    }

    private boolean split(Open leaf, List<Open> open) {
      if (leaf.depth() == shape.depth()) {
        return false;
      }
      int[] here = leaf.rows();
      for (int i = 0; i < TRIES; i++) {
        int column = random.nextInt(rows[0].length);
        float threshold = rows[here[random.nextInt(here.length)]][column];
        int[] below = Arrays.stream(here).filter(row -> rows[row][column] < threshold).toArray();
        if (below.length >= shape.least() && here.length - below.length >= shape.least()) {
          int[] rest =
              Arrays.stream(here).filter(row -> !(rows[row][column] < threshold)).toArray();
          feature.set(leaf.node(), column);
          number.set(leaf.node(), threshold);
          left.set(leaf.node(), node());
          open.add(new Open(left.get(leaf.node()), leaf.depth() + 1, below));
          open.add(new Open(node(), leaf.depth() + 1, rest));
          return true;
        }
      }
      return false;
    }

    private int node() {
      feature.add(0);
      number.add(0f);
      left.add(0);
      return left.size() - 1;
    }

    Tree tree(Link link, int trees) {
      int nodes = left.size();
      float[] numbers = new float[nodes];
      boolean[] missingLeft = new boolean[nodes];
      for (int node = 0; node < nodes; node++) {
        numbers[node] = number.get(node);
        if (left.get(node) != 0) {
          missingLeft[node] = link == Link.LOGISTIC && random.nextBoolean();
        } else if (link == Link.LOGISTIC) {
          numbers[node] = (float) (random.nextGaussian() / Math.sqrt(trees));
        } else {
          numbers[node] = random.nextFloat() / trees;
        }
      }
      int[] features = feature.stream().mapToInt(Integer::intValue).toArray();
      return new Tree(
          features, numbers, missingLeft, left.stream().mapToInt(Integer::intValue).toArray());
    }
  }
}
