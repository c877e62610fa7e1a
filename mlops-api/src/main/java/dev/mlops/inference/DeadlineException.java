package dev.mlops.inference;

import dev.mlops.model.MlopsException;

/**
 * A call was given up while it waited, as its thread was interrupted. Nothing was scored; safe to
 * try again.
 */
public final class DeadlineException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public DeadlineException(String message) {
    super(Kind.RETRY, "deadline", message, null);
  }
}
