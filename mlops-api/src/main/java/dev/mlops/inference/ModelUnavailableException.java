package dev.mlops.inference;

import dev.mlops.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * The route serves no version yet: the store cannot be reached, holds none, or the first one does
 * not load. Nothing was scored; safe to try again, as loading goes on behind it.
 */
public final class ModelUnavailableException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ModelUnavailableException(String message, @Nullable Throwable cause) {
    super(Kind.RETRY, "model-unavailable", message, cause);
  }
}
