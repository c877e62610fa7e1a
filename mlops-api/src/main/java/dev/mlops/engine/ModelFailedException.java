package dev.mlops.engine;

import dev.mlops.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * A model could not be loaded or run. The caller's input was well-formed; whatever else is serving
 * goes on serving.
 */
public final class ModelFailedException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ModelFailedException(String message, @Nullable Throwable cause) {
    super(Kind.FAULT, "model-failed", message, cause);
  }
}
