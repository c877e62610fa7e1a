package dev.mlops.store;

import dev.mlops.model.Version;
import java.time.Instant;
import java.util.Objects;

/**
 * One move of an alias.
 *
 * @param revision from 1, without gaps
 * @param version what the alias named from then on
 * @param actor who moved it, at most 1,000 characters
 * @param reason why, at most 10,000 characters
 * @param time when, by the mover's clock
 */
public record Revision(long revision, Version version, String actor, String reason, Instant time) {
  private static final int LONGEST_ACTOR = 1_000;
  private static final int LONGEST_REASON = 10_000;

  /**
   * Checks the parts: a revision is kept for ever, so it must not be one that cannot be read.
   *
   * @throws IllegalArgumentException if the number is below 1, or a text is too long
   */
  public Revision {
    if (revision < 1) {
      throw new IllegalArgumentException(
          "revision " + revision + " is not valid: they count from 1");
    }
    Objects.requireNonNull(actor, "an alias is moved by somebody: say who, as the actor");
    Objects.requireNonNull(reason, "an alias is moved for a reason: say which");
    check("actor", actor, LONGEST_ACTOR);
    check("reason", reason, LONGEST_REASON);
  }

  private static void check(String what, String text, int longest) {
    if (text.length() > longest) {
      throw new IllegalArgumentException(
          "the "
              + what
              + " has "
              + text.length()
              + " characters; at most "
              + longest
              + " are kept");
    }
  }
}
