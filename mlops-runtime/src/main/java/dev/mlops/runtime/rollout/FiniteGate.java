package dev.mlops.runtime.rollout;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.TensorSpec;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Whether every number of floating type that comes out is finite: for the inputs of the golden
 * records, 1,024 at most. Without them two rows made from the schema are tried; as a good model may
 * well take the logarithm of a zero nobody would send, an output fails there only if it is finite
 * for neither.
 */
final class FiniteGate implements Gate {
  private static final int SHOWN = 3;

  @Override
  public String name() {
    return "finite";
  }

  @Override
  public Result check(Candidate candidate) {
    List<TensorSpec> floating = new ArrayList<>();
    for (TensorSpec tensor : candidate.version().schema().outputs()) {
      if (tensor.type().floating()) {
        floating.add(tensor);
      }
    }
    if (floating.isEmpty()) {
      return skipped("no output is of floating type");
    }
    SampleRows samples = SampleRows.of(candidate.version());
    List<Row> answers;
    try {
      answers = Scorer.of(candidate).predict(samples.rows());
    } catch (InvalidInputException e) {
      return fail("the golden records do not fit the schema: " + e.getMessage());
    }
    String which = samples.golden() ? "golden record" : "made-up row";
    List<String> found = new ArrayList<>();
    boolean dead = false;
    int columns = 0;
    for (TensorSpec tensor : floating) {
      for (ColumnSpec column : tensor.columns()) {
        columns++;
        int bad = 0;
        int first = 0;
        double value = 0;
        for (int row = 0; row < answers.size(); row++) {
          double worst = worst(answers.get(row), tensor, column.name());
          if (!Double.isFinite(worst) && bad++ == 0) {
            first = row;
            value = worst;
          }
        }
        dead |= bad == answers.size();
        if (bad > 0) {
          found.add(
              String.format(
                  Locale.ROOT,
                  "'%s' is not finite for %,d of %s, first %s for row %,d",
                  column.name(),
                  bad,
                  Words.count(answers.size(), which),
                  value,
                  first + 1));
        }
      }
    }
    if (found.isEmpty()) {
      return pass(
          Words.count(columns, "column")
              + " of floating type, all finite for "
              + Words.count(answers.size(), which));
    }
    String evidence =
        String.join("; ", found.subList(0, Math.min(SHOWN, found.size())))
            + (found.size() > SHOWN ? "; and " + (found.size() - SHOWN) + " more columns" : "");
    return samples.golden() || dead
        ? fail(evidence)
        : skipped(evidence + ", which decides nothing; publish golden records");
  }

  /** The first element that is not finite, else any. */
  private static double worst(Row answer, TensorSpec tensor, String column) {
    if (Values.single(tensor)) {
      return answer.number(column);
    }
    double last = 0;
    for (double element : answer.doubles(column)) {
      last = element;
      if (!Double.isFinite(element)) {
        break;
      }
    }
    return last;
  }
}
