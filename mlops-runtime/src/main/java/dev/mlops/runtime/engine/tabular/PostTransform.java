package dev.mlops.runtime.engine.tabular;

/**
 * What the operators of ai.onnx.ml make of their scores at the end. All of it is reckoned in float,
 * as ONNX Runtime does, whatever the type of the scores.
 */
enum PostTransform {
  NONE,
  LOGISTIC,
  SOFTMAX,
  SOFTMAX_ZERO;

  /** By the name in the attribute {@code post_transform}. */
  static PostTransform of(String name) {
    for (PostTransform each : values()) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    throw new Unsupported(
        name.equals("PROBIT")
            ? "its post_transform PROBIT makes much of a logarithm's last bit"
            : "its post_transform '" + name + "' is not known");
  }

  /**
   * Changes the scores in place.
   *
   * @param single whether they are floats, so that each operation rounds to one
   */
  void apply(double[] scores, boolean single) {
    switch (this) {
      case NONE -> {}
      case LOGISTIC -> {
        for (int i = 0; i < scores.length; i++) {
          scores[i] = logistic((float) scores[i]);
        }
      }
      case SOFTMAX -> softmax(scores);
      case SOFTMAX_ZERO -> softmaxZero(scores, single);
    }
  }

  /** 1 / (1 + exp(-score)), by way of the side where nothing overflows. */
  static float logistic(float score) {
    float above = 1 / (1 + FloatExp.of(-Math.abs(score)));
    return score < 0 ? 1 - above : above;
  }

  private static void softmax(double[] scores) {
    float most = most(scores);
    float sum = 0;
    for (int i = 0; i < scores.length; i++) {
      float e = FloatExp.of((float) scores[i] - most);
      scores[i] = e;
      sum += e;
    }
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) scores[i] / sum;
    }
  }

  /** As softmax, but a score that is nothing stays nothing. */
  private static void softmaxZero(double[] scores, boolean single) {
    float most = most(scores);
    float scale = FloatExp.of(-most);
    float sum = 0;
    for (int i = 0; i < scores.length; i++) {
      float score = (float) scores[i];
      if (score > 0.0000001f || score < -0.0000001f) {
        float e = FloatExp.of(score - most);
        scores[i] = e;
        sum += e;
      } else {
        scores[i] = rounded(scores[i] * scale, single);
      }
    }
    for (int i = 0; i < scores.length; i++) {
      scores[i] = rounded(scores[i] / sum, single);
    }
  }

  private static float most(double[] scores) {
    float most = -Float.MAX_VALUE;
    for (double score : scores) {
      if ((float) score > most) {
        most = (float) score;
      }
    }
    return most;
  }

  /**
   * A sum, product or quotient of two floats that was reckoned in double, as it would have been in
   * float: a double has more than twice the digits, so that rounding twice does no harm.
   */
  static double rounded(double value, boolean single) {
    return single ? (float) value : value;
  }
}
