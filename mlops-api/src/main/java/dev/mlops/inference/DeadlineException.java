package dev.mlops.inference;

import dev.mlops.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * A call was given up: its time was over while the model ran, its thread was interrupted, or its
 * lease had expired. Safe to try again.
 */
public final class DeadlineException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public DeadlineException(String message) {
    this(message, null);
  }

  /** Creates the failure, with what led to it. */
  public DeadlineException(String message, @Nullable Throwable cause) {
    super(Kind.RETRY, "deadline", message, cause);
  }
}
