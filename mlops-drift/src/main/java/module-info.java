/** Drift: observed values counted as they pass, compared with a baseline, and told as verdicts. */
module dev.mlops.drift {
  requires transitive dev.mlops.api;
  requires com.fasterxml.jackson.databind;
  requires de.siegmar.fastcsv;
  requires org.apache.commons.statistics.distribution;

  exports dev.mlops.drift;
}
