package dev.mlops.runtime.rollout;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Row;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import java.util.List;

/**
 * How far an answer is from the truth. Where the score stands in a tensor of several columns, the
 * truth is the name of one of them and the loss is -ln of the probability there, clipped at 1e-15;
 * where it stands alone, the truth is a number and the loss is the squared difference.
 */
final class Loss {
  private static final double CLIP = 1e-15;
  // rounding of a float32 softmax, and far below any score that is no probability
  private static final double ROUNDING = 1e-5;

  private final String score;
  private final TensorSpec tensor;

  private Loss(String score, TensorSpec tensor) {
    this.score = score;
    this.tensor = tensor;
  }

  /**
   * The loss of a score.
   *
   * @param score an output column of the schema
   */
  static Loss of(ModelSchema schema, String score) {
    ModelSchema.Place place = schema.output(score).orElseThrow();
    return new Loss(
        schema.outputColumns().get(place.index()).name(), schema.outputs().get(place.tensor()));
  }

  /** Whether the truth is the name of a column. */
  boolean classes() {
    return tensor.columns().size() > 1;
  }

  String name() {
    return classes() ? "log loss" : "squared error";
  }

  /**
   * The loss of one answer.
   *
   * @throws IllegalArgumentException if the truth cannot be one; the message completes "the truth"
   * @throws ModelFailedException if the answer is none that has a loss
   */
  double of(Row answer, String truth) {
    if (!classes()) {
      double wanted = Values.number(truth);
      if (!Double.isFinite(wanted)) {
        throw new IllegalArgumentException("is not finite");
      }
      double given = answer.number(score);
      if (!Double.isFinite(given)) {
        throw new ModelFailedException(
            "'" + score + "' was " + given + "; wanted a finite number", null);
      }
      return (given - wanted) * (given - wanted);
    }
    String column = column(truth);
    double given = answer.number(column);
    if (!(given >= -ROUNDING && given <= 1 + ROUNDING)) {
      throw new ModelFailedException(
          "'" + column + "' was " + given + "; wanted a probability from 0 to 1", null);
    }
    return -Math.log(Math.min(1, Math.max(CLIP, given)));
  }

  private String column(String truth) {
    List<String> names = tensor.columns().stream().map(ColumnSpec::name).toList();
    for (String name : names) {
      if (truth.equals(name) || truth.equals(tensor.name() + "." + name)) {
        return name;
      }
    }
    throw new IllegalArgumentException(
        "is none of the columns " + names + " of '" + tensor.name() + "'");
  }
}
