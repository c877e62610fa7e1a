package dev.mlops.drift;

import java.time.Duration;
import java.time.Instant;

/** When a window ends: after so many rows, or at a time of the clock. Immutable. */
public final class Window {
  private static final long ROWS = 1L << 40;

  private final long rows;
  private final Duration length;

  private Window(long rows, Duration length) {
    this.rows = rows;
    this.length = length;
  }

  /**
   * A window of at least so many rows. It ends when the monitor next looks, which a slot asks for
   * after its share of them: a window may hold more rows than this, and never fewer.
   *
   * @param atLeast from 1 to 2^40; below some 1,000 rows a verdict is seldom more than INSUFFICIENT
   * @throws IllegalArgumentException if it is not
   */
  public static Window rows(long atLeast) {
    if (atLeast < 1 || atLeast > ROWS) {
      throw new IllegalArgumentException(
          "a window of " + atLeast + " rows; wanted from 1 to 2^40, such as 2_000");
    }
    return new Window(atLeast, Duration.ZERO);
  }

  /**
   * A window that ends at each whole multiple of a length since 1970-01-01T00:00Z, whatever the
   * local time does: the windows of all processes are then the same ones. A version that begins to
   * serve in mid-window has a partial first one; a window without a prediction gives no report.
   *
   * <p>Ends are met by a look of the monitor, which comes some milliseconds later; what is counted
   * in between is in the window that ended. Weeks begin on Thursdays, as 1970 did.
   *
   * @param length from one second to 366 days, cut to whole milliseconds
   * @throws IllegalArgumentException if it is not
   */
  public static Window every(Duration length) {
    if (length.compareTo(Duration.ofSeconds(1)) < 0 || length.compareTo(Duration.ofDays(366)) > 0) {
      throw new IllegalArgumentException(
          "a window of " + length + "; wanted from a second to 366 days, such as PT1H");
    }
    return new Window(0, Duration.ofMillis(length.toMillis()));
  }

  /** Whether it ends after so many rows. */
  boolean byRows() {
    return rows > 0;
  }

  /** The rows it ends after; 0 if it ends by time. */
  long rows() {
    return rows;
  }

  /** When the window that holds this moment began; only where it ends by time. */
  Instant begin(Instant moment) {
    return Instant.ofEpochMilli(
        Math.floorDiv(moment.toEpochMilli(), length.toMillis()) * length.toMillis());
  }

  /** When the window that holds this moment ends; only where it ends by time. */
  Instant end(Instant moment) {
    return begin(moment).plusMillis(length.toMillis());
  }

  @Override
  public String toString() {
    return byRows() ? "at least " + rows + " rows" : "every " + length;
  }
}
