package dev.mlops.inference;

import dev.mlops.model.MlopsException;

/**
 * No slot came free within the call's limit, or the runtime is closing. Nothing was scored; safe to
 * try again.
 */
public final class OverloadedException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public OverloadedException(String message) {
    super(Kind.RETRY, "overloaded", message, null);
  }
}
