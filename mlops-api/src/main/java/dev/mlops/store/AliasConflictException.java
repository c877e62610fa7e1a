package dev.mlops.store;

import dev.mlops.model.MlopsException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Somebody else moved the alias first. Nothing was moved by this call; look at the head and decide
 * again.
 */
public final class AliasConflictException extends MlopsException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Revision head;

  /**
   * Creates the failure.
   *
   * @param alias such as {@code storms@champion}
   * @param seen the revision the mover had looked at; 0 for none
   * @param head the revision in force; null if there is none
   */
  public AliasConflictException(String alias, long seen, @Nullable Revision head) {
    super(
        Kind.FAULT,
        "alias-conflict",
        alias
            + " was to move from revision "
            + seen
            + ", but "
            + (head == null
                ? "it has no revision"
                : "revision "
                    + head.revision()
                    + " is in force: "
                    + head.version()
                    + ", moved by "
                    + head.actor()
                    + " ("
                    + head.reason()
                    + ")")
            + ". Look at it and decide again",
        null);
    this.head = head;
  }

  /** The revision in force; empty if there is none. */
  public Optional<Revision> head() {
    return Optional.ofNullable(head);
  }
}
