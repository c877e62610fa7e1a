package dev.mlops.drift;

import dev.mlops.inference.Traffic;
import dev.mlops.observe.Observation;
import java.util.Optional;

/** So many rows of {@link TestVersion}, the i-th from the number {@code first + i}. */
record TestRows(int slot, int first, int rows, Traffic traffic) implements Observation {
  static TestRows of(int rows) {
    return new TestRows(0, 0, rows, Traffic.LIVE);
  }

  @Override
  public double number(int row, int column) {
    int at = first + row;
    return column == 0 ? at % 10 : at % 100;
  }

  @Override
  public void floats(int row, float[] into) {
    for (int column = 0; column < Math.min(2, into.length); column++) {
      into[column] = (float) number(row, column);
    }
  }

  @Override
  public boolean missing(int row, int column) {
    return false;
  }

  @Override
  public String text(int row, int column) {
    return (first + row) % 4 == 0 ? "pear" : "apple";
  }

  @Override
  public double element(int row, int column, int index) {
    return number(row, column);
  }

  @Override
  public int size(int row, int column) {
    return 1;
  }

  @Override
  public double score(int row) {
    return 1;
  }

  @Override
  public Optional<String> key() {
    return Optional.empty();
  }

  @Override
  public Optional<String> segment() {
    return Optional.empty();
  }

  @Override
  public String receipt(int row) {
    return "";
  }
}
