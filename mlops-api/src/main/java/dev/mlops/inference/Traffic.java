package dev.mlops.inference;

/** Which part of the traffic a prediction belongs to. */
public enum Traffic {
  /** Answered to the caller by the version in force. */
  LIVE,
  /** Answered to the caller by a version that is being tried on a share of the traffic. */
  CANARY,
  /** Computed beside the answer by a version that is being watched; the caller never saw it. */
  SHADOW
}
