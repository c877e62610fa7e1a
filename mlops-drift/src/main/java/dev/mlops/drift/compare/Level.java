package dev.mlops.drift.compare;

/** What the counts can say. */
public enum Level {
  /** The change is larger than delta, beyond chance. */
  DRIFT,
  /** The change is smaller than delta, beyond chance. */
  STABLE,
  /** Neither can be said with these rows. */
  INSUFFICIENT
}
