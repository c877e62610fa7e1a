package dev.mlops.inference;

import dev.mlops.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * No slot came free within the call's limit, the runtime is closed, or a version's drain time was
 * over while a call, a batch or a lease was on it. There is no answer; safe to try again.
 */
public final class OverloadedException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public OverloadedException(String message) {
    this(message, null);
  }

  /** Creates the failure, with what led to it. */
  public OverloadedException(String message, @Nullable Throwable cause) {
    super(Kind.RETRY, "overloaded", message, cause);
  }
}
