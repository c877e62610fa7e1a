package dev.mlops.store;

import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelRef;
import java.util.List;

/** No version is there by that name. */
public final class ModelNotFoundException extends MlopsException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // a record of strings, and only for those who catch it in this JVM
  private final transient ModelRef ref;

  /**
   * Creates the failure.
   *
   * @param ref what was asked for
   * @param present what is there instead: numbers, aliases or models
   */
  public ModelNotFoundException(ModelRef ref, List<String> present) {
    super(
        Kind.FAULT,
        "model-not-found",
        "No "
            + ref
            + "; the store holds "
            + present
            + ". Publish it, move the alias, or ask for one of these",
        null);
    this.ref = ref;
  }

  /** What was asked for. */
  public ModelRef ref() {
    return ref;
  }
}
