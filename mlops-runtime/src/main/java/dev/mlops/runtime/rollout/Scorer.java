package dev.mlops.runtime.rollout;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.rollout.Candidate;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores rows in batches, and one by one where the model takes single rows only: whether a route
 * needs batches is not a gate's to decide.
 */
final class Scorer {
  /** As many rows as a batch is cut into when it is served. */
  static final int CHUNK = 1024;

  private final Candidate candidate;
  private final boolean active;
  private boolean singly;

  private Scorer(Candidate candidate, boolean active) {
    this.candidate = candidate;
    this.active = active;
  }

  /** Scores with the candidate. */
  static Scorer of(Candidate candidate) {
    return new Scorer(candidate, false);
  }

  /** Scores with the version in force beside it. */
  static Scorer ofActive(Candidate candidate) {
    return new Scorer(candidate, true);
  }

  /** An answer a row, in order. */
  List<Row> predict(List<Row> rows) {
    if (!singly) {
      try {
        return run(rows);
      } catch (ModelFailedException e) {
        if (rows.size() == 1) {
          throw e;
        }
        run(rows.subList(0, 1));
        singly = true;
      } catch (InvalidInputException e) {
        // a tensor for the whole call keeps rows apart; a bad row is told as the batch told it
        return oneByOneOr(rows, e);
      }
    }
    return oneByOne(rows);
  }

  private List<Row> oneByOneOr(List<Row> rows, InvalidInputException ofBatch) {
    if (rows.size() == 1) {
      throw ofBatch;
    }
    try {
      List<Row> answers = oneByOne(rows);
      singly = true;
      return answers;
    } catch (InvalidInputException ofRow) {
      throw ofBatch;
    }
  }

  private List<Row> oneByOne(List<Row> rows) {
    List<Row> answers = new ArrayList<>(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      answers.addAll(run(rows.subList(i, i + 1)));
    }
    return answers;
  }

  /** Whether batches failed where single rows did not. */
  boolean singly() {
    return singly;
  }

  private List<Row> run(List<Row> rows) {
    List<Row> answers = active ? candidate.predictActive(rows) : candidate.predict(rows);
    if (answers.size() != rows.size()) {
      throw new ModelFailedException(
          "the model gave " + answers.size() + " answers to " + rows.size() + " rows", null);
    }
    return answers;
  }
}
