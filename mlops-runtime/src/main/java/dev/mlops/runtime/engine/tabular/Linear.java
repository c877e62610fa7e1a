package dev.mlops.runtime.engine.tabular;

import static dev.mlops.runtime.engine.tabular.TreeEnsembles.require;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import org.jspecify.annotations.Nullable;

/** LinearClassifier and LinearRegressor. */
final class Linear {
  private Linear() {}

  /** Adds a linear model. */
  static void add(OnnxNode node, PlanBuilder to) {
    if (node.operator().equals("LinearClassifier")) {
      classifier(node, to);
    } else {
      regressor(node, to);
    }
  }

  private static void classifier(OnnxNode node, PlanBuilder to) {
    Value given = TreeEnsembles.rows(node, to);
    Value input =
        given.type() == ElementType.FLOAT ? given : Casts.add(to, given, ElementType.FLOAT);
    float[] intercepts = node.numbers("intercepts");
    int classes = intercepts.length;
    require(classes > 0, "it has no intercepts, by which ONNX Runtime counts the classes");
    Labels labels = Labels.of(node, "classlabels_ints", "classlabels_strings");
    int columns = Math.max(2, classes);
    require(
        classes == 1 ? labels.count() == 2 : labels.count() >= classes,
        "it has %s labels for %s classes",
        labels.count(),
        columns);
    Value label = labels.result(to);
    Value score = to.result(ElementType.FLOAT, Extent.rows(columns));
    to.bind(node, 0, label);
    to.bind(node, 1, score);
    to.step(
        new Products(
            rows(node, input, classes),
            intercepts,
            transform(node),
            to.room(ElementType.DOUBLE, intercepts.length),
            input.register(),
            input.width(),
            labels,
            to.wanted(node, 0) ? label : null,
            to.wanted(node, 1) ? score : null));
  }

  private static void regressor(OnnxNode node, PlanBuilder to) {
    Value input = TreeEnsembles.rows(node, to);
    require(input.type() == ElementType.FLOAT, "its input is %s", input);
    int targets = Math.toIntExact(node.integer("targets", 1));
    require(targets > 0, "it has %s targets", targets);
    float[] intercepts = node.numbers("intercepts");
    Value score = to.result(ElementType.FLOAT, Extent.rows(targets));
    to.bind(node, 0, score);
    to.step(
        new Products(
            rows(node, input, targets),
            intercepts.length == targets ? intercepts : new float[targets],
            transform(node),
            to.room(ElementType.DOUBLE, targets),
            input.register(),
            input.width(),
            Labels.NONE,
            null,
            score));
  }

  /** One array a target. */
  private static double[][] rows(OnnxNode node, Value input, int targets) {
    float[] all = node.numbers("coefficients");
    int width = input.width();
    require(
        all.length == (long) targets * width,
        "it has %s coefficients for %s columns and %s targets",
        all.length,
        width,
        targets);
    double[][] rows = new double[targets][width];
    for (int i = 0; i < all.length; i++) {
      rows[i / width][i % width] = all[i];
    }
    return rows;
  }

  private static PostTransform transform(OnnxNode node) {
    PostTransform post = PostTransform.of(node.text("post_transform", "NONE"));
    require(
        post != PostTransform.SOFTMAX_ZERO,
        "its post_transform SOFTMAX_ZERO jumps where a sum's last bits decide");
    return post;
  }

  /** The sums of a row's products with each target's coefficients. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Products(
      double[][] coefficients,
      float[] intercepts,
      PostTransform post,
      int room,
      int input,
      int width,
      Labels labels,
      @Nullable Value label,
      @Nullable Value score)
      implements Step {
    @Override
    public void run(Registers registers, int rows) {
      double[] scores = registers.doubles[room];
      float[] values = registers.floats[input];
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < scores.length; i++) {
          scores[i] = (float) (sum(values, row * width, coefficients[i]) + intercepts[i]);
        }
        if (label != null) {
          labels.write(registers, label, row, best(scores));
        }
        if (score != null) {
          write(registers.floats[score.register()], row, score.width(), scores);
        }
      }
    }

    /**
     * In double, as ONNX Runtime's order of summing depends on the processor; four sums at a time,
     * so that none waits for the one before.
     */
    private static double sum(float[] values, int from, double[] weights) {
      double a = 0;
      double b = 0;
      double c = 0;
      double d = 0;
      int i = 0;
      for (; i < weights.length - 3; i += 4) {
        a += values[from + i] * weights[i];
        b += values[from + i + 1] * weights[i + 1];
        c += values[from + i + 2] * weights[i + 2];
        d += values[from + i + 3] * weights[i + 3];
      }
      for (; i < weights.length; i++) {
        a += values[from + i] * weights[i];
      }
      return a + b + (c + d);
    }

    private static int best(double[] scores) {
      if (scores.length == 1) {
        return scores[0] > 0 ? 1 : 0;
      }
      int best = 0;
      for (int i = 1; i < scores.length; i++) {
        if (scores[i] > scores[best]) {
          best = i;
        }
      }
      return best;
    }

    /** One score becomes two for two labels; else it stays as it is. */
    private void write(float[] into, int row, int width, double[] scores) {
      int from = row * width;
      if (scores.length > 1) {
        post.apply(scores, true);
        for (int i = 0; i < scores.length; i++) {
          into[from + i] = (float) scores[i];
        }
        return;
      }
      float score = (float) scores[0];
      if (width == 1) {
        into[from] = score;
      } else if (post == PostTransform.LOGISTIC) {
        into[from] = PostTransform.logistic(-score);
        into[from + 1] = PostTransform.logistic(score);
      } else {
        into[from] = 1 - score;
        into[from + 1] = score;
      }
    }
  }
}
