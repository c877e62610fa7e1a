package dev.mlops.drift.baseline;

import dev.mlops.drift.baseline.ColumnBaseline.Moments;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import java.util.Arrays;
import java.util.Optional;

/**
 * The values of a column that measures something, kept until they are cut into cells: 4 bytes a
 * value for FLOAT and FLOAT16, 8 for the other types, and half as much again while the array grows.
 * Used by one thread at a time.
 */
final class NumberColumn {
  private static final int PARTS = 64;
  private static final int MOST = Integer.MAX_VALUE - 8;
  private static final int FIRST = 1024;

  /* Outside of these, squares would overflow or underflow. */
  private static final int WIDE = 400;

  /* How far engines and batch sizes move a score, in steps of its type. */
  private static final int JITTER = 8;

  private final String name;
  private final ElementType type;
  private final boolean narrow;
  private float[] floats = new float[0];
  private double[] doubles = new double[0];
  private int size;
  private long minusInfinities;
  private long infinities;
  private long nans;
  private long missing;

  NumberColumn(String name, ElementType type) {
    if (type == ElementType.TEXT) {
      throw new IllegalArgumentException(
          "column '" + name + "' is TEXT and measures nothing; wanted a type of numbers");
    }
    this.name = name;
    this.type = type;
    this.narrow = type == ElementType.FLOAT || type == ElementType.FLOAT16;
  }

  /** Adds a value, which may be NaN or infinite. */
  void add(double value) {
    double read = Precision.round(value, type);
    if (Double.isFinite(read)) {
      keep(read);
    } else if (Double.isNaN(read)) {
      nans++;
    } else if (read > 0) {
      infinities++;
    } else {
      minusInfinities++;
    }
  }

  void addMissing(long rows) {
    missing += rows;
  }

  /** Cut at the values themselves; sorts what was added. */
  ColumnBaseline cut() {
    return cut(false);
  }

  /** Cut midway between two values, for what a model computes; sorts what was added. */
  ColumnBaseline cutMidway() {
    return cut(true);
  }

  private void keep(double value) {
    int length = narrow ? floats.length : doubles.length;
    if (size == length) {
      if (size == MOST) {
        throw new InvalidSettingsException(
            "column '" + name + "' has more than " + MOST + " values; take a sample of the rows");
      }
      int longer = (int) Math.min(MOST, Math.max(FIRST, size + (long) (size >> 1)));
      if (narrow) {
        floats = Arrays.copyOf(floats, longer);
      } else {
        doubles = Arrays.copyOf(doubles, longer);
      }
    }
    if (narrow) {
      floats[size++] = (float) value;
    } else {
      doubles[size++] = value;
    }
  }

  private double at(int index) {
    return narrow ? floats[index] : doubles[index];
  }

  private ColumnBaseline cut(boolean midway) {
    if (narrow) {
      Arrays.sort(floats, 0, size);
    } else {
      Arrays.sort(doubles, 0, size);
    }
    double[] edges = edges(midway);
    NumberCells cells = new NumberCells(edges);
    long[] counts = new long[cells.size()];
    for (int i = 0, cell = 0; i < size; i++) {
      double value = at(i);
      while (cell < edges.length && value > edges[cell]) {
        cell++;
      }
      counts[cell]++;
    }
    counts[cells.minusInfinity()] = minusInfinities;
    counts[cells.infinity()] = infinities;
    counts[cells.nan()] = nans;
    counts[cells.missing()] = missing;
    return new ColumnBaseline(name, type, cells, counts, moments());
  }

  /*
   * One walk over the runs of equal values, in which edges come up in order. A run that holds a
   * quantile, x[ceil(i N / 64) - 1] for i from 1 to 63, has an edge above it. A run of N / 64 rows
   * or more is a point mass and has one below it and one above it, so that it has a cell of its
   * own. So have the first one below it and the last one above it: what lies outside is guarded.
   */
  private double[] edges(boolean midway) {
    double[] edges = new double[2 * PARTS + 2];
    int count = 0;
    int quantile = 1;
    for (int start = 0, end; start < size; start = end) {
      end = start + 1;
      while (end < size && at(end) == at(start)) {
        end++;
      }
      boolean holdsQuantile = false;
      while (quantile < PARTS && ((long) quantile * size + PARTS - 1) / PARTS - 1 < end) {
        holdsQuantile = true;
        quantile++;
      }
      boolean pointMass = end - start >= 2 && (long) (end - start) * PARTS >= size;
      if (start == 0 || pointMass) {
        count =
            append(edges, count, midway ? midwayBelow(start) : Precision.below(at(start), type));
      }
      if (holdsQuantile || pointMass || end == size) {
        count = append(edges, count, midway ? midwayAbove(end) : at(start));
      }
    }
    return Arrays.copyOf(edges, count);
  }

  /** Leaves out what is no new edge: the one before stands there already, or there is none. */
  private static int append(double[] edges, int count, double edge) {
    if (!Double.isFinite(edge) || (count > 0 && edge <= edges[count - 1])) {
      return count;
    }
    edges[count] = edge;
    return count + 1;
  }

  private double midwayBelow(int start) {
    return start == 0 ? at(0) - room(0) : between(at(start - 1), at(start));
  }

  private double midwayAbove(int end) {
    if (end < size) {
      return between(at(end - 1), at(end));
    }
    return Math.min(at(end - 1) + room(end - 1), Double.MAX_VALUE);
  }

  /** Above or at the lower of two values, below the upper one. */
  private static double between(double lower, double upper) {
    double middle = lower / 2 + upper / 2;
    return middle >= lower && middle < upper ? middle + 0.0 : lower;
  }

  /** Half of the way that would lead to the neighbour, and no less than a score moves by itself. */
  private double room(int outermost) {
    double largest = Math.max(Math.abs(at(0)), Math.abs(at(size - 1)));
    double least = JITTER * Precision.step(largest, type);
    double value = at(outermost);
    int inwards = outermost == 0 ? 1 : -1;
    for (int i = outermost + inwards; i >= 0 && i < size; i += inwards) {
      if (at(i) != value) {
        return Math.max(least, Math.abs(at(i) / 2 - value / 2));
      }
    }
    return least;
  }

  private Optional<Moments> moments() {
    if (size == 0) {
      return Optional.empty();
    }
    double least = at(0);
    double greatest = at(size - 1);
    double largest = Math.max(Math.abs(least), Math.abs(greatest));
    int exponent = largest == 0 ? 0 : Math.getExponent(largest);
    int scale = Math.abs(exponent) > WIDE ? exponent : 0;
    double mean = 0;
    double lost = 0; // Neumaier's sum: what the additions rounded away
    for (int i = 0; i < size; i++) {
      double value = Math.scalb(at(i), -scale);
      double sum = mean + value;
      lost += Math.abs(mean) >= Math.abs(value) ? (mean - sum) + value : (value - sum) + mean;
      mean = sum;
    }
    mean = (mean + lost) / size;
    double squares = 0;
    for (int i = 0; i < size; i++) {
      double away = Math.scalb(at(i), -scale) - mean;
      squares += away * away;
    }
    double variance = size == 1 ? 0 : squares / (size - 1);
    double deviation = least == greatest ? 0 : Math.scalb(Math.sqrt(variance), scale);
    return Optional.of(
        new Moments(
            Math.min(greatest, Math.max(least, Math.scalb(mean, scale))) + 0.0,
            Math.min(deviation, Double.MAX_VALUE), // two values at both ends of all doubles
            least,
            greatest));
  }
}
