/** Drift: observed values counted as they pass, compared with a baseline, and told as verdicts. */
module dev.mlops.drift {
  requires transitive dev.mlops.api;
}
