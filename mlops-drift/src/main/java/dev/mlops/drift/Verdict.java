package dev.mlops.drift;

/**
 * What one window says about one column.
 *
 * @param column the input column's name, or the score's as the schema names it
 * @param level the verdict
 * @param effect how much it changed, as a share from 0 to 1: what is measured says {@code test};
 *     NaN where nothing could be compared
 * @param lower what the change is at least, beyond chance; DRIFT where this is above delta
 * @param upper what it is at most, beyond chance; STABLE where this is below delta; NaN where this
 *     measure can only say DRIFT
 * @param delta the change that matters
 * @param pValue the chance of an effect as large without any change; NaN as for the effect
 * @param test what was measured: {@code ks-distance}, {@code not-finite-share}, {@code
 *     largest-share-change}, {@code total-variation}, or {@code none}
 * @param rows serving rows it rests on
 * @param baselineRows training rows it rests on
 * @param reason the evidence in words; where it cannot decide, what would suffice
 */
public record Verdict(
    String column,
    Level level,
    double effect,
    double lower,
    double upper,
    double delta,
    double pValue,
    String test,
    long rows,
    long baselineRows,
    String reason) {
  /** What can be said. */
  public enum Level {
    /** The change is larger than delta, beyond chance. */
    DRIFT,
    /** The change is smaller than delta, beyond chance. */
    STABLE,
    /** Neither can be said with these rows. */
    INSUFFICIENT
  }
}
