package dev.mlops.store;

import dev.mlops.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * A package, or a file in it, is not what it should be: bytes changed, files are missing or too
 * many, or a file is malformed or reaches outside.
 */
public final class PackageCorruptException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public PackageCorruptException(String message, @Nullable Throwable cause) {
    super(Kind.FAULT, "package-corrupt", message, cause);
  }

  /** Creates the failure. */
  public PackageCorruptException(String message) {
    this(message, null);
  }
}
