package dev.mlops.samples.quickstart;

import dev.mlops.inference.Row;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import java.util.List;
import java.util.Locale;

// spotless:off
// region own-gate
/** Nobody knows for certain that a storm will grow: a version that says so has learnt something else. */
record NeverCertain(List<Row> storms, double most) implements Gate {
  @Override public String name() {
    return "never certain";
  }

  @Override public Result check(Candidate candidate) {
    double highest = candidate.predict(storms).stream()
        .mapToDouble(answer -> answer.number("probabilities.1"))
        .max().orElseThrow();
    String evidence = String.format(Locale.ROOT,
        "highest probability %.3f over %d storms, %.3f allowed", highest, storms.size(), most);
    return highest <= most ? pass(evidence) : fail(evidence);
  }
}
// endregion
// spotless:on
