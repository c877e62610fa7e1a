package dev.mlops.inference;

import dev.mlops.model.MlopsException;
import java.util.List;

/**
 * The caller's input does not fit: a column too many, too few or of another type, or a value that
 * its column cannot hold. Nothing was scored. Messages name row, column and type, never the value,
 * which may be personal.
 */
public final class InvalidInputException extends MlopsException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // an immutable list of strings, serializable in fact
  private final List<String> problems;

  /**
   * Creates the failure.
   *
   * @param problems at least one, each naming what was seen and what was wanted
   */
  public InvalidInputException(List<String> problems) {
    super(
        Kind.INPUT,
        "invalid-input",
        problems.size() == 1
            ? problems.get(0)
            : problems.size() + " problems: " + String.join("; ", problems),
        null);
    this.problems = List.copyOf(problems);
  }

  /** Creates the failure for one problem. */
  public InvalidInputException(String problem) {
    this(List.of(problem));
  }

  /** Every problem found. */
  public List<String> problems() {
    return problems;
  }
}
