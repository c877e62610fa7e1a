package dev.mlops.drift.count;

import dev.mlops.inference.Traffic;
import dev.mlops.observe.Observation;
import java.util.Optional;

/**
 * Rows in an array. A value is a Double or a String, null where it is missing, or something to be
 * thrown when it is read; the last of a row is its score.
 */
class Seen implements Observation {
  private final Traffic traffic;
  private final int slot;
  private final Object[][] rows;

  Seen(int slot, Object[]... rows) {
    this(Traffic.LIVE, slot, rows);
  }

  Seen(Traffic traffic, int slot, Object[]... rows) {
    this.traffic = traffic;
    this.slot = slot;
    this.rows = rows;
  }

  static Object[] row(Object... valuesAndScore) {
    return valuesAndScore;
  }

  private Object value(int row, int column) {
    Object value = rows[row][column];
    if (value instanceof RuntimeException e) {
      throw e;
    }
    if (value instanceof Error e) {
      throw e;
    }
    return value;
  }

  @Override
  public Traffic traffic() {
    return traffic;
  }

  @Override
  public int slot() {
    return slot;
  }

  @Override
  public int rows() {
    return rows.length;
  }

  @Override
  public double number(int row, int column) {
    Object value = value(row, column);
    return value == null ? Double.NaN : (Double) value;
  }

  @Override
  public void floats(int row, float[] into) {
    for (int column = 0; column < Math.min(rows[row].length, into.length); column++) {
      if (!(value(row, column) instanceof String)) {
        into[column] = (float) number(row, column);
      }
    }
  }

  @Override
  public boolean missing(int row, int column) {
    return value(row, column) == null;
  }

  @Override
  public String text(int row, int column) {
    Object value = value(row, column);
    return value == null ? "" : (String) value;
  }

  @Override
  public double score(int row) {
    return number(row, rows[row].length - 1);
  }

  @Override
  public double element(int row, int column, int index) {
    throw new AssertionError("nobody asks");
  }

  @Override
  public int size(int row, int column) {
    throw new AssertionError("nobody asks");
  }

  @Override
  public Optional<String> key() {
    throw new AssertionError("nobody asks");
  }

  @Override
  public Optional<String> segment() {
    throw new AssertionError("nobody asks");
  }

  @Override
  public String receipt(int row) {
    throw new AssertionError("nobody asks");
  }
}
