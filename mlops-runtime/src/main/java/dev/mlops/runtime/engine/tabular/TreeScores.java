package dev.mlops.runtime.engine.tabular;

import dev.mlops.runtime.engine.tabular.Votes.Aggregate;

/** What comes of the trees' votes in the end; ONNX Runtime's rules, with what is odd in them. */
interface TreeScores {
  /**
   * Turns {@link Visit#scores} into what the operator gives.
   *
   * @return the label's place, of a classifier
   */
  int finish(Visit visit);

  /** A regressor's: base values last, and of one target no transform. */
  record Regression(
      Aggregate aggregate, double[] base, int trees, PostTransform post, boolean single)
      implements TreeScores {
    @Override
    public int finish(Visit visit) {
      double[] scores = visit.scores;
      for (int i = 0; i < scores.length; i++) {
        double score = visit.told[i] || scores.length == 1 ? scores[i] : 0;
        if (aggregate == Aggregate.AVERAGE) {
          score = rounded(score / trees);
        }
        // a target that no leaf spoke of is nothing, even with a base value
        scores[i] =
            scores.length == 1 || visit.told[i]
                ? rounded(score + (base.length == 0 ? 0 : base[i]))
                : 0;
      }
      if (scores.length > 1) {
        post.apply(scores, single);
      }
      return 0;
    }

    private double rounded(double value) {
      return PostTransform.rounded(value, single);
    }
  }

  /** A classifier's for more than two classes: the first of the greatest. */
  record Classes(double[] base, PostTransform post, boolean single) implements TreeScores {
    @Override
    public int finish(Visit visit) {
      double[] scores = visit.scores;
      int best = -1;
      double most = 0;
      for (int i = 0; i < scores.length; i++) {
        boolean told = visit.told[i];
        if (base.length > 0) {
          scores[i] = told ? PostTransform.rounded(scores[i] + base[i], single) : base[i];
          told = true;
        }
        if (told && (best < 0 || scores[i] > most)) {
          best = i;
          most = scores[i];
        }
      }
      post.apply(scores, single);
      return best;
    }
  }

  /**
   * A classifier's for two classes.
   *
   * @param oneColumn whether all weights are of one class
   * @param positive whether no weight is below zero, so that they are taken for probabilities
   */
  record TwoClasses(
      boolean oneColumn, boolean positive, double[] base, PostTransform post, boolean single)
      implements TreeScores {
    @Override
    public int finish(Visit visit) {
      double[] scores = visit.scores;
      boolean first = visit.told[0];
      boolean second = visit.told[1];
      if (base.length == 2) {
        if (second) {
          scores[1] = rounded(base[1] + scores[0]); // not the second's own: so it stands there
          scores[0] = -scores[1];
        } else {
          scores[1] = rounded(scores[1] + base[1]);
          scores[0] = rounded(scores[0] + base[0]);
        }
      } else if (base.length == 1) {
        scores[0] = rounded(scores[0] + base[0]);
      }
      double decisive = second ? scores[1] : first ? scores[0] : 0;
      boolean probability = oneColumn && positive;
      int label = decisive > (probability ? 0.5 : 0) ? 1 : 0;
      double score = first ? scores[0] : 0;
      if (second || base.length == 2) {
        scores[0] = score;
        scores[1] = second ? scores[1] : 0;
        post.apply(scores, single);
      } else if (post == PostTransform.LOGISTIC) {
        scores[0] = PostTransform.logistic((float) -score);
        scores[1] = PostTransform.logistic((float) score);
      } else if (probability) {
        scores[0] = rounded(1 - score);
        scores[1] = score;
      } else {
        scores[0] = first ? -score : 0;
        scores[1] = score;
      }
      return label;
    }

    private double rounded(double value) {
      return PostTransform.rounded(value, single);
    }
  }
}
