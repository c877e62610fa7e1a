package dev.mlops.inference;

import dev.mlops.model.MlopsException;

/**
 * A call's time ran out after it had begun, or its thread was interrupted. Its work was given up;
 * safe to try again.
 */
public final class DeadlineException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public DeadlineException(String message) {
    super(Kind.RETRY, "deadline", message, null);
  }
}
