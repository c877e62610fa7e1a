package dev.mlops.inference;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a caller says about one call beside its input. Immutable: each method returns another call,
 * so one may be kept and used by all threads.
 */
public final class Call {
  private static final Call PLAIN = new Call(null, null, null, 1.0, true);

  private final @Nullable String key;
  private final @Nullable Duration limit;
  private final @Nullable String segment;
  private final double chance;
  private final boolean recorded;

  private Call(
      @Nullable String key,
      @Nullable Duration limit,
      @Nullable String segment,
      double chance,
      boolean recorded) {
    this.key = key;
    this.limit = limit;
    this.segment = segment;
    this.chance = chance;
    this.recorded = recorded;
  }

  /** A call that says nothing, to be added to. */
  public static Call with() {
    return PLAIN;
  }

  /**
   * Whom or what the input is about: a customer, a storm. Rows of one key belong together: they are
   * counted in one block when an interval is computed, and see one side of an experiment.
   */
  public Call key(String key) {
    Objects.requireNonNull(key, "key is null; leave key() out of a call without one");
    return new Call(key, limit, segment, chance, recorded);
  }

  /**
   * How long the call may take: the wait for a slot and, where the engine can be stopped, the run,
   * which is ended some milliseconds after its time at the latest. Zero never waits for a slot, and
   * leaves the run the runtime's own limit.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public Call within(Duration limit) {
    if (limit.isNegative()) {
      throw new IllegalArgumentException(
          "limit was " + limit + " but must be zero or more; zero never waits");
    }
    return new Call(key, limit, segment, chance, recorded);
  }

  /**
   * The part of the population the input belongs to, by a name of few values such as {@code
   * mobile}.
   */
  public Call segment(String segment) {
    Objects.requireNonNull(segment, "segment is null; leave segment() out of a call without one");
    return new Call(key, limit, segment, chance, recorded);
  }

  /**
   * How likely this prediction is to get a label, where that depends on it: a rejected applicant
   * never gets one.
   *
   * @param thatItGetsALabel from 0 to 1; 1 unless said
   * @throws IllegalArgumentException if it is outside
   */
  public Call chance(double thatItGetsALabel) {
    if (!(thatItGetsALabel >= 0 && thatItGetsALabel <= 1)) {
      throw new IllegalArgumentException(
          "chance was " + thatItGetsALabel + " but must be from 0 to 1");
    }
    return new Call(key, limit, segment, thatItGetsALabel, recorded);
  }

  /** Keeps the call from observers: a job's rows would drown those of live traffic. */
  public Call unrecorded() {
    return new Call(key, limit, segment, chance, false);
  }

  /** The key; empty if none was given. */
  public Optional<String> key() {
    return Optional.ofNullable(key);
  }

  /** The limit; empty if none was given, and the runtime's own counts. */
  public Optional<Duration> within() {
    return Optional.ofNullable(limit);
  }

  /** The segment; empty if none was given. */
  public Optional<String> segment() {
    return Optional.ofNullable(segment);
  }

  /** The chance of a label. */
  public double chance() {
    return chance;
  }

  /** Whether observers are told. */
  public boolean recorded() {
    return recorded;
  }
}
