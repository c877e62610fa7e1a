package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.onnx.OnnxGraph;
import java.util.List;
import java.util.SplittableRandom;

/** A random model of trees, and rows that meet its thresholds where it hurts. */
final class RandomTrees {
  private static final String[] MODES = {
    "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"
  };
  private static final int ORDERING_MODES = 4;
  private static final String[] AGGREGATES = {"AVERAGE", "SUM", "MIN", "MAX"};
  private static final String[] TRANSFORMS = {"NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"};

  /** What floats trip over. */
  private static final float[] AWKWARD = {
    0f,
    -0f,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    1e-40f,
    -1e-40f,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    Float.intBitsToFloat(0xffc00001),
    Float.intBitsToFloat(0x7f800001)
  };

  final SplittableRandom random;
  final TreeList trees = new TreeList();
  final int columns;
  final int targets;
  final int inputType;
  final boolean classifier;

  /** Whether it is a TreeEnsemble of version 5. */
  final boolean ensemble;

  final byte[] model;

  private final String transform;
  private final String aggregate;
  private int base;
  private final String mode;
  private final double missing;
  private final boolean categories;
  private final boolean plainWeights;
  private final int column;

  RandomTrees(long seed) {
    this(seed, false);
  }

  /**
   * Of a seed.
   *
   * @param plain whether it is a sum of one target over comparisons of floats
   */
  RandomTrees(long seed, boolean plain) {
    random = new SplittableRandom(seed);
    columns = 1 + random.nextInt(12);
    classifier = !plain && random.nextBoolean();
    ensemble = !plain && !classifier && random.nextBoolean();
    int kind = random.nextInt(10);
    inputType =
        plain || kind < 6
            ? OnnxGraph.FLOAT
            : kind < 8 || !classifier
                ? OnnxGraph.DOUBLE
                : kind == 8 ? OnnxGraph.INT64 : OnnxGraph.INT32;
    mode =
        plain
            ? MODES[random.nextInt(ORDERING_MODES)]
            : random.nextInt(3) == 0 ? "" : MODES[random.nextInt(MODES.length)];
    missing = new double[] {0, 0.5, 1}[random.nextInt(3)];
    categories = !plain && random.nextInt(3) == 0;
    plainWeights = random.nextInt(3) > 0;
    targets = plain ? 1 : classifier ? 2 + random.nextInt(3) : 1 + random.nextInt(3);
    column = plainWeights && random.nextBoolean() ? random.nextInt(targets) : -1;
    if (inputType == OnnxGraph.DOUBLE && !ensemble && random.nextBoolean()) {
      trees.asDoubles();
    }
    int count = 1 + random.nextInt(random.nextInt(4) == 0 ? 100 : 12);
    int depth = random.nextInt(ensemble ? 1 : 0, random.nextInt(4) == 0 ? 14 : 6);
    for (int i = 0; i < count; i++) {
      trees.tree();
      grow(depth, 5 + random.nextInt(60));
    }
    if (random.nextInt(3) == 0 && !ensemble && !plain) {
      base = classifier && targets == 2 ? 1 + random.nextInt(2) : targets;
      double[] values = new double[base];
      for (int i = 0; i < base; i++) {
        values[i] = (float) normal();
      }
      trees.baseValues(values);
    }
    transform = TRANSFORMS[random.nextInt(TRANSFORMS.length)];
    aggregate = classifier || plain ? "SUM" : AGGREGATES[random.nextInt(AGGREGATES.length)];
    if (!ensemble) {
      trees.with(OnnxGraph.attribute("post_transform", transform));
      if (!classifier) {
        trees.with(OnnxGraph.attribute("aggregate_function", aggregate));
      }
    }
    model = model();
  }

  private byte[] model() {
    if (ensemble) {
      return trees.ensemble(
          inputType,
          columns,
          targets,
          List.of(AGGREGATES).indexOf(aggregate),
          List.of(TRANSFORMS).indexOf(transform));
    }
    if (!classifier) {
      return trees.regressor(inputType, columns, targets);
    }
    if (random.nextBoolean()) {
      String[] texts = new String[targets];
      for (int i = 0; i < targets; i++) {
        texts[i] = "class " + i;
      }
      return trees.classifier(inputType, columns, texts);
    }
    long[] numbers = new long[targets];
    for (int i = 0; i < targets; i++) {
      numbers[i] = 10L * i - 7;
    }
    return trees.classifier(inputType, columns, numbers);
  }

  private int grow(int depth, int budget) {
    if (depth == 0 || budget <= 1 || (random.nextInt(8) == 0 && !ensemble)) {
      return leaf();
    }
    String own = mode.isEmpty() ? MODES[random.nextInt(MODES.length)] : mode;
    if (categories && ensemble && random.nextInt(3) > 0) {
      return set(depth, budget);
    }
    if (categories && random.nextInt(2) == 0) {
      return chain(depth, budget);
    }
    int node =
        trees.split(own, random.nextInt(columns), threshold(), random.nextDouble() < missing);
    int part = 1 + random.nextInt(Math.max(1, budget - 1));
    int yes = grow(depth - 1, part);
    int no = grow(depth - 1, budget - part);
    trees.children(node, yes, no);
    return node;
  }

  private int set(int depth, int budget) {
    double[] set = new double[1 + random.nextInt(6)];
    for (int i = 0; i < set.length; i++) {
      set[i] = random.nextInt(20) == 0 ? random.nextInt(100) / 4.0 : random.nextInt(31);
    }
    int node = trees.member(random.nextInt(columns), random.nextDouble() < missing, set);
    int yes = grow(depth - 1, 1 + budget / 3);
    trees.children(node, yes, grow(depth - 1, budget / 2));
    return node;
  }

  /** One of several values, as converters write it: the same leaf again and again. */
  private int chain(int depth, int budget) {
    int feature = random.nextInt(columns);
    int length = 1 + random.nextInt(6);
    double weight = weight();
    int[] nodes = new int[length];
    int offset = random.nextInt(3) == 0 ? 30 : 0;
    for (int i = 0; i < length; i++) {
      nodes[i] =
          trees.split(
              "BRANCH_EQ",
              random.nextInt(12) == 0 ? random.nextInt(columns) : feature,
              random.nextInt(8) == 0 ? threshold() : offset + random.nextInt(6),
              random.nextDouble() < missing);
    }
    int[] leaves = new int[length];
    for (int i = 0; i < length; i++) {
      leaves[i] = trees.leaf();
      vote(leaves[i], random.nextInt(8) == 0 ? weight() : weight);
    }
    int last = grow(depth - 1, budget - 1);
    for (int i = 0; i < length; i++) {
      trees.children(nodes[i], leaves[i], i + 1 < length ? nodes[i + 1] : last);
    }
    return nodes[0];
  }

  private int leaf() {
    int leaf = trees.leaf();
    vote(leaf, weight());
    return leaf;
  }

  private void vote(int leaf, double weight) {
    if (column >= 0) {
      trees.weight(leaf, column, weight);
    } else if (ensemble) {
      trees.weight(leaf, random.nextInt(targets), weight);
    } else if (plainWeights) {
      for (int i = 0; i < targets; i++) {
        trees.weight(leaf, i, i == 0 ? weight : weight());
      }
    } else {
      for (int i = 1 + random.nextInt(3); i > 0; i--) {
        trees.weight(leaf, random.nextInt(targets), weight);
      }
    }
  }

  private double weight() {
    return (float) (random.nextInt(20) == 0 ? random.nextInt(-2, 3) : normal());
  }

  private double normal() {
    double sum = 0;
    for (int i = 0; i < 12; i++) {
      sum += random.nextDouble();
    }
    return sum - 6;
  }

  private double threshold() {
    return switch (random.nextInt(5)) {
      case 0 -> AWKWARD[random.nextInt(AWKWARD.length)];
      case 1, 2 -> random.nextInt(-3, 8);
      default -> inputType == OnnxGraph.DOUBLE ? normal() : (float) normal();
    };
  }

  /** Whether nothing but sums and comparisons stands between the weights and what comes out. */
  boolean exact() {
    return transform.equals("NONE") || (!classifier && targets == 1);
  }

  /** Rows of the input's type. */
  Object rows(int rows) {
    double[] thresholds = trees.thresholds();
    int length = rows * columns;
    switch (inputType) {
      case OnnxGraph.FLOAT -> {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
          float threshold = (float) thresholds[random.nextInt(thresholds.length)];
          values[i] =
              switch (random.nextInt(7)) {
                case 0 -> AWKWARD[random.nextInt(AWKWARD.length)];
                case 1 -> threshold;
                case 2 -> Math.nextUp(threshold);
                case 3 -> Math.nextDown(threshold);
                case 4 -> random.nextInt(-3, 40);
                default -> (float) normal();
              };
        }
        return values;
      }
      case OnnxGraph.DOUBLE -> {
        double[] values = new double[length];
        for (int i = 0; i < length; i++) {
          double threshold = thresholds[random.nextInt(thresholds.length)];
          values[i] =
              switch (random.nextInt(9)) {
                case 0 -> AWKWARD[random.nextInt(AWKWARD.length)];
                case 1 -> threshold;
                case 2 -> Math.nextUp(threshold);
                case 3 -> Math.nextDown(threshold);
                case 4 -> (float) threshold;
                case 5 -> random.nextInt(-3, 70);
                case 6 -> Double.MIN_VALUE * random.nextInt(-2, 3);
                default -> normal();
              };
        }
        return values;
      }
      default -> {
        long[] values = new long[length];
        for (int i = 0; i < length; i++) {
          values[i] =
              switch (random.nextInt(8)) {
                case 0 -> Integer.MAX_VALUE - random.nextInt(100);
                case 1 -> Integer.MIN_VALUE + random.nextInt(100);
                case 2 -> inputType == OnnxGraph.INT64 ? random.nextLong() : random.nextInt();
                default -> random.nextInt(-3, 40);
              };
        }
        if (inputType == OnnxGraph.INT64) {
          return values;
        }
        int[] ints = new int[length];
        for (int i = 0; i < length; i++) {
          ints[i] = (int) values[i];
        }
        return ints;
      }
    }
  }

  @Override
  public String toString() {
    return (classifier ? "classifier" : ensemble ? "ensemble" : "regressor")
        + " of "
        + targets
        + " targets, "
        + (mode.isEmpty() ? "all modes" : mode)
        + (categories ? " with chains" : "")
        + ", NaN to yes "
        + missing
        + ", weights "
        + (column >= 0 ? "of one column" : plainWeights ? "of all" : "of some")
        + ", "
        + base
        + " base values, "
        + aggregate
        + ", "
        + transform
        + ", inputs of type "
        + inputType;
  }
}
