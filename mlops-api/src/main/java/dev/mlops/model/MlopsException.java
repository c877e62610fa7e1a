package dev.mlops.model;

import org.jspecify.annotations.Nullable;

/**
 * The root of what this library throws when something goes wrong at run time. Unchecked. The type
 * says what happened, {@link #kind()} what a caller can do about it, {@link #code()} is stable
 * across releases and safe to match on in alerts and tests; {@code docs/errors.md} lists them all.
 *
 * <p>Mistakes of the calling code are not among them: an argument out of its range is an {@link
 * IllegalArgumentException}, a call at the wrong time an {@link IllegalStateException}.
 */
public abstract class MlopsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a caller can do about a failure. A service maps these to HTTP 400, 503 and 500. */
  public enum Kind {
    /** The caller's input is at fault: sending the same again fails again. */
    INPUT,
    /** Nothing is wrong with the input: the same call may succeed in a moment. */
    RETRY,
    /** The model, its package, the settings or this library are at fault: a person has to act. */
    FAULT
  }

  private final Kind kind;
  private final String code;

  /**
   * Creates the failure.
   *
   * @param kind what a caller can do about it
   * @param code a stable name in lower-case words joined by hyphens, such as {@code
   *     model-not-found}
   * @param message what was seen, what was wanted, what to do
   * @param cause what led to it, if it was another failure
   */
  protected MlopsException(Kind kind, String code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.code = code;
  }

  /** What a caller can do about it. */
  public final Kind kind() {
    return kind;
  }

  /** A stable name of the failure, such as {@code model-not-found}. */
  public final String code() {
    return code;
  }
}
