package dev.mlops.rollout;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.store.StoredVersion;
import java.util.List;
import java.util.Optional;

/**
 * A version that is loaded but does not serve, and what it is to replace. Valid while the gate that
 * was given it runs.
 */
public interface Candidate {
  /** The candidate's package. */
  StoredVersion version();

  /** The schema its own files tell, as the engine reads it. */
  ModelSchema described();

  /** The version in force; empty if the route serves none. */
  Optional<Version> active();

  /** The schema of the version in force. */
  Optional<ModelSchema> activeSchema();

  /**
   * Scores rows with the candidate; no observer is told.
   *
   * @throws InvalidInputException if a row does not fit the candidate's schema
   * @throws ModelFailedException if the model fails
   */
  List<Row> predict(List<Row> rows);

  /**
   * Scores rows with the version in force; no observer is told.
   *
   * @throws IllegalStateException if there is none
   */
  List<Row> predictActive(List<Row> rows);
}
