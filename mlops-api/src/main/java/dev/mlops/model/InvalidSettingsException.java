package dev.mlops.model;

import java.util.List;

/**
 * Settings, a schema or a package that cannot work. Thrown by {@code build()} and by publishing,
 * with every problem at once; nothing was changed.
 */
public final class InvalidSettingsException extends MlopsException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // an immutable list of strings, serializable in fact
  private final List<String> problems;

  /**
   * Creates the failure.
   *
   * @param problems at least one, each naming the value seen and the value wanted
   */
  public InvalidSettingsException(List<String> problems) {
    super(Kind.FAULT, "invalid-settings", text(problems), null);
    this.problems = List.copyOf(problems);
  }

  /** Creates the failure for one problem. */
  public InvalidSettingsException(String problem) {
    this(List.of(problem));
  }

  /** Every problem found, in the order found. */
  public List<String> problems() {
    return problems;
  }

  private static String text(List<String> problems) {
    return problems.size() == 1
        ? problems.get(0)
        : problems.size() + " problems: " + String.join("; ", problems);
  }
}
