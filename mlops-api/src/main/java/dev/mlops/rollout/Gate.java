package dev.mlops.rollout;

/**
 * A check a version must pass before it serves. It runs on the thread that asked for the version,
 * while whatever serves goes on serving.
 *
 * <p>A {@link dev.mlops.engine.ModelFailedException} that it lets out is a {@link Outcome#FAIL} of
 * the candidate; a gate that scores with the version in force catches what that one throws.
 * Anything else it throws is {@link Outcome#UNDECIDED}: it says that the gate could not do its
 * work, and nothing about the version, which is checked again when it is asked for again.
 */
public interface Gate {
  /** What it checks, in one or two lower-case words. */
  String name();

  /** Checks a candidate. */
  Result check(Candidate candidate);

  /**
   * Whether it compares the candidate with the version in force. Such a gate can bar a way back, so
   * an override is told its result but does not obey it, and at a start it compares with the
   * version that served before.
   */
  default boolean compares() {
    return false;
  }

  /** What a check found. */
  enum Outcome {
    /** The version may serve as far as this gate goes. */
    PASS,
    /** It must not serve; remembered, so that it is not tried again by itself. */
    FAIL,
    /**
     * The evidence decides neither way: it does not serve now, and is tried again when asked for
     * again.
     */
    UNDECIDED,
    /** There was nothing to check, for the reason the evidence gives. */
    SKIPPED
  }

  /**
   * An outcome and what it rests on.
   *
   * @param gate the gate's name
   * @param evidence in words, with the numbers
   */
  record Result(String gate, Outcome outcome, String evidence) {
    /** Whether the version may serve as far as this result goes. */
    public boolean lets() {
      return outcome == Outcome.PASS || outcome == Outcome.SKIPPED;
    }

    /** {@code quality FAIL: …}. */
    @Override
    public String toString() {
      return gate + " " + outcome + ": " + evidence;
    }
  }

  /** A pass of this gate. */
  default Result pass(String evidence) {
    return new Result(name(), Outcome.PASS, evidence);
  }

  /** A failure of this gate. */
  default Result fail(String evidence) {
    return new Result(name(), Outcome.FAIL, evidence);
  }

  /** An open question. */
  default Result undecided(String evidence) {
    return new Result(name(), Outcome.UNDECIDED, evidence);
  }

  /** Nothing to check. */
  default Result skipped(String evidence) {
    return new Result(name(), Outcome.SKIPPED, evidence);
  }
}
