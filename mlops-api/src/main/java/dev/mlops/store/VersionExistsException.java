package dev.mlops.store;

import dev.mlops.model.MlopsException;
import dev.mlops.model.Version;

/** A number is taken by other bytes. The version that is there stays as it is. */
public final class VersionExistsException extends MlopsException {
  private static final long serialVersionUID = 1L;

  private final transient Version present;

  /**
   * Creates the failure.
   *
   * @param present the version that has the number
   * @param refused the id of what was to be published
   */
  public VersionExistsException(Version present, String refused) {
    super(
        Kind.FAULT,
        "version-exists",
        present
            + " is there already with other content ("
            + present.id()
            + ", refused "
            + refused
            + "). A version never changes: publish under a new number",
        null);
    this.present = present;
  }

  /** The version that has the number. */
  public Version present() {
    return present;
  }
}
