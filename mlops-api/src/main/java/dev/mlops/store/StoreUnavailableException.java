package dev.mlops.store;

import dev.mlops.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * A store could not be read or written just now. It says nothing about what the store holds;
 * nothing is half-written.
 */
public final class StoreUnavailableException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public StoreUnavailableException(String message, @Nullable Throwable cause) {
    super(Kind.RETRY, "store-unavailable", message, cause);
  }
}
