package dev.mlops.drift.report;

import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The cells of a number column as bins that can be drawn: whole cells, some put together, none
 * split.
 *
 * <p>Quantile cells hold about equal shares in very unequal widths, so a bin is drawn by its
 * density: as high as its share would be in a bin of the usual {@link #unit}. Values that lie on a
 * grid (whole numbers, multiples of five) stand in the middle of their bin, and what lies between
 * the grid's values is drawn between them. A cell at either end that is half as wide as all others
 * together, or wider, would leave them little room: it is off the axis and counted beside it.
 *
 * @param bins side by side, in order
 * @param unit the width in which the heights are shares
 * @param origin one of the grid's values; 0 without a grid
 * @param step from one of the grid's values to the next; 0 if the bins are not those of a grid
 * @param at where on the axis each edge lies
 * @param first the first cell drawn
 * @param last the last cell drawn; less than {@code first} if there is nothing to draw
 */
record Bins(
    List<Bin> bins, double unit, double origin, double step, double[] at, int first, int last) {
  /** Bins that are still easy to read. */
  static final int MOST = 30;

  /** Where there may be as many bins, cells of a grid that are still drawn one by one. */
  private static final int GRID_CELLS = 45;

  /** And the values of a grid that still have room side by side on a phone. */
  private static final int GRID_VALUES = 120;

  /** What is left of the grid's step for its value, if there is something between two values. */
  private static final double POINT_WIDTH = 0.6;

  private static final int LARGEST_SCALE = 3;
  private static final MathContext ROUNDED = new MathContext(6, RoundingMode.HALF_EVEN);
  private static final BigDecimal MOST_STEPS = new BigDecimal(1_000_000_000L);

  /** A cell at an end is off the axis if it would take so much of what all others have. */
  private static final double MUCH = 0.5;

  /**
   * A bin.
   *
   * @param from where it begins on the axis
   * @param to where it ends
   */
  record Bin(double from, double to, long baseline, long serving) {}

  /**
   * Bins of at most about so many; none where fewer than two cells are between the guards: there is
   * no axis then.
   *
   * @param score whether the edges are a score's, which lie between its values
   */
  static Bins of(
      NumberCells cells,
      ElementType type,
      boolean score,
      long[] baseline,
      long[] serving,
      int most) {
    double[] edges = cells.edges();
    int first = 1;
    int last = edges.length - 1;
    while (last - first > 1
        && edges[last] - edges[last - 1] > MUCH * (edges[last - 1] - edges[first - 1])) {
      last--;
    }
    while (last - first > 1
        && edges[first] - edges[first - 1] > MUCH * (edges[last] - edges[first])) {
      first++;
    }
    if (last <= first) {
      return new Bins(List.of(), 0, 0, 0, edges, first, last);
    }
    Grid grid = score ? null : Grid.of(edges, type);
    if (grid != null && grid.fits(first, last, most)) {
      return onGrid(grid, baseline, serving, first, last);
    }
    double[] at = grid == null ? edges : grid.between();
    double unit = nice((at[last] - at[first - 1]) / most);
    if (grid != null) {
      unit = grid.step() * Math.max(1, Math.round(unit / grid.step()));
    }
    at = score ? at : widened(at, edges, type, unit);
    return new Bins(merged(at, baseline, serving, first, last, unit), unit, 0, 0, at, first, last);
  }

  /** A value alone in its cell stands in the middle of a bar, and its neighbours make room. */
  private static double[] widened(double[] at, double[] edges, ElementType type, double unit) {
    double[] widened = at.clone();
    for (int cell = 1; cell < edges.length; cell++) {
      if (point(edges, cell, type)) {
        widened[cell - 1] = Math.min(widened[cell - 1], edges[cell] - unit / 2);
        widened[cell] = edges[cell] + unit / 2;
      }
    }
    for (int edge = 1; edge < widened.length; edge++) {
      widened[edge] = Math.max(widened[edge], widened[edge - 1]);
    }
    return widened;
  }

  double from() {
    return bins.get(0).from();
  }

  double to() {
    return bins.get(bins.size() - 1).to();
  }

  /** The height of a count in a bin. */
  double height(Bin bin, long count, long rows) {
    return rows == 0 ? 0 : (double) count / rows * unit / (bin.to() - bin.from());
  }

  private static List<Bin> merged(
      double[] at, long[] baseline, long[] serving, int first, int last, double unit) {
    List<Bin> bins = new ArrayList<>();
    double from = at[first - 1];
    long then = 0;
    long now = 0;
    for (int cell = first; cell <= last; cell++) {
      then += baseline[cell];
      now += serving[cell];
      boolean wide = at[cell] - from >= unit * (1 - 1e-9);
      if (cell == last && !wide && !bins.isEmpty()) {
        Bin before = bins.remove(bins.size() - 1);
        bins.add(
            new Bin(before.from(), at[cell], before.baseline() + then, before.serving() + now));
      } else if (wide || cell == last) {
        bins.add(new Bin(from, at[cell], then, now));
        from = at[cell];
        then = 0;
        now = 0;
      }
    }
    return bins;
  }

  private static Bins onGrid(Grid grid, long[] baseline, long[] serving, int first, int last) {
    boolean between = false;
    for (int cell = first; cell <= last; cell++) {
      between |= grid.values(cell, cell) == 0 && baseline[cell] + serving[cell] > 0;
    }
    double width = grid.step() * (between ? POINT_WIDTH : 1);
    double rest = (grid.step() - width) / 2;
    double[] at = grid.between();
    List<Bin> bins = new ArrayList<>();
    double from = at[first - 1] + (grid.values(first, first) > 0 ? rest : -rest);
    long then = 0;
    long now = 0;
    for (int cell = first; cell <= last; cell++) {
      long values = grid.values(cell, cell);
      double to = at[cell] + (values > 0 ? -rest : rest);
      then += baseline[cell];
      now += serving[cell];
      if (to > from) {
        bins.add(new Bin(from, to, then, now));
        from = to;
        then = 0;
        now = 0;
      }
    }
    return new Bins(bins, width, grid.origin(), grid.step(), at, first, last);
  }

  /** The nearest of 1, 2, 5 times a power of ten that is not above. */
  static double nice(double width) {
    double power = Math.pow(10, Math.floor(Math.log10(width)));
    double times = width / power;
    return (times >= 5 ? 5 : times >= 2 ? 2 : 1) * power;
  }

  /** Whether a cell holds one value alone, the one at its upper edge. */
  static boolean point(double[] edges, int cell, ElementType type) {
    if (cell < 1 || cell >= edges.length) {
      return false;
    }
    double value = edges[cell];
    double least =
        switch (type) {
          case FLOAT -> Math.ulp((float) value);
          case DOUBLE -> Math.ulp(value);
          case FLOAT16 -> Math.max(Math.abs(value) * 0x1p-10, 0x1p-24);
          default -> 1;
        };
    return value - edges[cell - 1] <= least;
  }

  /**
   * Evenly spaced values that all edges stand for.
   *
   * @param origin the least of the baseline
   * @param step from one value to the next
   * @param index for each edge, the number of the last value that is not above it
   */
  private record Grid(double origin, double step, long[] index) {
    static @Nullable Grid of(double[] edges, ElementType type) {
      BigDecimal[] values = new BigDecimal[edges.length];
      int scale = 0;
      for (int i = 0; i < edges.length; i++) {
        BigDecimal value = new BigDecimal(stoodFor(edges, i, type));
        values[i] = type.floating() ? value.round(ROUNDED) : value;
        scale = Math.max(scale, values[i].stripTrailingZeros().scale());
      }
      if (scale > LARGEST_SCALE) {
        return null;
      }
      long[] index = new long[edges.length];
      long step = 0;
      for (int i = 0; i < edges.length; i++) {
        BigDecimal above = values[i].subtract(values[0]).movePointRight(scale);
        if (above.compareTo(MOST_STEPS) > 0) {
          return null;
        }
        index[i] = above.longValue();
        step = gcd(step, index[i]);
      }
      if (step == 0) {
        return null;
      }
      for (int i = 0; i < edges.length; i++) {
        index[i] = index[i] / step - (justBelow(edges, i, type) ? 1 : 0);
      }
      double width = BigDecimal.valueOf(step).movePointLeft(scale).doubleValue();
      return new Grid(values[0].doubleValue(), width, index);
    }

    /** How many values lie in these cells. */
    long values(int first, int last) {
      return index[last] - index[first - 1];
    }

    /** Whether its values can be drawn one by one. */
    boolean fits(int first, int last, int most) {
      int cells = 0;
      for (int cell = first; cell <= last; cell++) {
        cells += values(cell, cell) > 0 ? 1 : 0;
      }
      return cells <= GRID_CELLS * most / MOST
          && values(first, last) <= (long) GRID_VALUES * most / MOST;
    }

    /** For each edge, the place half way between the values that it parts. */
    double[] between() {
      double[] between = new double[index.length];
      for (int i = 0; i < index.length; i++) {
        between[i] = origin + (index[i] + 0.5) * step;
      }
      return between;
    }

    /** Whether an edge is there to part a value from what is below it. */
    private static boolean justBelow(double[] edges, int edge, ElementType type) {
      return edge == 0 || point(edges, edge + 1, type);
    }

    private static double stoodFor(double[] edges, int edge, ElementType type) {
      if (point(edges, edge + 1, type)) {
        return edges[edge + 1];
      }
      return edge > 0 || type.floating() ? edges[edge] : edges[edge] + 1;
    }

    private static long gcd(long a, long b) {
      return b == 0 ? a : gcd(b, a % b);
    }
  }
}
