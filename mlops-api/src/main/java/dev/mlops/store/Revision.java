package dev.mlops.store;

import dev.mlops.model.Version;
import java.time.Instant;

/**
 * One move of an alias.
 *
 * @param revision from 1, without gaps
 * @param version what the alias named from then on
 * @param actor who moved it
 * @param reason why
 * @param time when, by the mover's clock
 */
public record Revision(long revision, Version version, String actor, String reason, Instant time) {
  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is below 1
   */
  public Revision {
    if (revision < 1) {
      throw new IllegalArgumentException(
          "revision " + revision + " is not valid: they count from 1");
    }
  }
}
