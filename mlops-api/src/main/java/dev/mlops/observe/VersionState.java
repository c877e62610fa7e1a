package dev.mlops.observe;

/**
 * Where a version is on its way through a route. {@code docs/lifecycle.md} draws the way; what is
 * closed is in no state any more.
 */
public enum VersionState {
  /** Its package is opened and verified, an engine loads it, and it is warmed up. */
  LOADING,
  /** It is loaded, and the gates look at it. */
  CHECKING,
  /** It answers. */
  ACTIVE,
  /** It answered until another took its place, and is kept loaded for a rollback. */
  RETAINED,
  /** It answers no new calls; those that run are let finish. */
  DRAINING,
  /**
   * A call runs on in it that its engine cannot stop. Its memory stays taken until the call ends.
   */
  PARKED,
  /** A gate did not let it pass. */
  REFUSED,
  /** A rollback turned it away; nothing but a person or a newer revision brings it back. */
  BANNED
}
