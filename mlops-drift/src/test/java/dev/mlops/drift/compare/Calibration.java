package dev.mlops.drift.compare;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Windows from known distributions, each against a baseline of 20,000 finite rows that is drawn
 * anew, and what was said of them. The windows of one number share the baseline among the lines.
 */
final class Calibration {
  static final double DELTA = 0.05;
  static final Rule RULE = new Rule(0.01, DELTA);

  private static final int BASELINE = 20_000;
  private static final int DECILES = 10;

  private final int windows;

  Calibration(int windows) {
    this.windows = windows;
  }

  /** A line of the table: what changed, in how many rows, and what was said. */
  static final class Line {
    final String shape;
    final String change;
    final int rows;
    int windows;
    int drift;
    int stable;
    int missingNamed;
    int chiSquareRejected;
    final Map<String, Integer> rejected = new HashMap<>();
    int psiAboveTenth;
    int psiAboveFifth;

    Line(String shape, String change, int rows) {
      this.shape = shape;
      this.change = change;
      this.rows = rows;
    }

    private void add(Comparison comparison, double psi) {
      windows++;
      drift += comparison.level() == Level.DRIFT ? 1 : 0;
      stable += comparison.level() == Level.STABLE ? 1 : 0;
      Measure deciding = comparison.measures().get(comparison.deciding());
      missingNamed +=
          comparison.level() == Level.DRIFT
                  && deciding.name().equals(Comparison.NOT_FINITE)
                  && comparison.reason().contains("missing")
              ? 1
              : 0;
      chiSquareRejected += comparison.chiSquare().pValue() < RULE.alpha() ? 1 : 0;
      for (Measure measure : comparison.measures()) {
        rejected.merge(measure.name(), measure.pValue() < RULE.alpha() ? 1 : 0, Integer::sum);
      }
      psiAboveTenth += psi > 0.1 ? 1 : 0;
      psiAboveFifth += psi > 0.2 ? 1 : 0;
    }

    int rejected(String measure) {
      return rejected.getOrDefault(measure, 0);
    }

    @Override
    public String toString() {
      return "%s, %s, %d rows: %d DRIFT, %d STABLE of %d"
          .formatted(shape, change, rows, drift, stable, windows);
    }
  }

  /**
   * A change of a number column.
   *
   * @param shift of the deviate, in sigma
   * @param missing the share of rows without a value
   * @param rows of a window: finite ones, or all of them
   */
  record NumberChange(String label, double shift, double missing, int rows, boolean finite) {}

  /** Draws the windows of these changes. */
  List<Line> run(NumberShape shape, List<NumberChange> changes, long seed) {
    List<Line> lines = new ArrayList<>();
    changes.forEach(change -> lines.add(new Line(shape.label(), change.label(), change.rows())));
    forEachWindow(
        seed,
        random -> {
          Drawn then = draw(shape, shape.missing(), 0, BASELINE, true, random);
          ColumnBaseline baseline =
              ColumnBaseline.ofNumbers("x", ElementType.DOUBLE, then.values, then.missing);
          NumberCells cells = (NumberCells) baseline.cells();
          NumberCells deciles = deciles(then.values);
          long[] decilesThen = then.countFinite(deciles);
          for (int i = 0; i < changes.size(); i++) {
            NumberChange change = changes.get(i);
            Drawn now =
                draw(shape, change.missing, change.shift, change.rows, change.finite, random);
            lines
                .get(i)
                .add(
                    Comparison.of(cells, baseline.counts(), now.count(cells), RULE),
                    Divergence.psi(new ContingencyTable(decilesThen, now.countFinite(deciles))));
          }
        });
    return lines;
  }

  /**
   * A change of a category column.
   *
   * @param shares the new ones
   */
  record CategoryChange(String label, double[] shares, int rows) {}

  /** Draws the windows of these changes. */
  List<Line> run(CategoryShape shape, List<CategoryChange> changes, long seed) {
    List<Line> lines = new ArrayList<>();
    changes.forEach(change -> lines.add(new Line(shape.label(), change.label(), change.rows())));
    forEachWindow(
        seed,
        random -> {
          long[] then = CategoryShape.draw(random, shape.shares(), BASELINE);
          Map<String, Long> counts = new HashMap<>();
          for (int i = 0; i < then.length; i++) {
            counts.put("c" + i, then[i]);
          }
          ColumnBaseline baseline = ColumnBaseline.ofCategories("x", ElementType.TEXT, counts, 0);
          CategoryCells cells = (CategoryCells) baseline.cells();
          for (int i = 0; i < changes.size(); i++) {
            CategoryChange change = changes.get(i);
            long[] now = CategoryShape.draw(random, change.shares, change.rows);
            long[] inCells = new long[cells.size()];
            for (int category = 0; category < now.length; category++) {
              inCells[cells.cell("c" + category)] += now[category];
            }
            Comparison comparison = Comparison.of(cells, baseline.counts(), inCells, RULE);
            lines.get(i).add(comparison, comparison.psi());
          }
        });
    return lines;
  }

  private void forEachWindow(long seed, Consumer<SplittableRandom> window) {
    for (int i = 0; i < windows; i++) {
      window.accept(new SplittableRandom(seed * 1_000_003 + i));
    }
  }

  private static final class Drawn {
    final double[] values;
    final long missing;

    Drawn(double[] values, long missing) {
      this.values = values;
      this.missing = missing;
    }

    long[] count(NumberCells cells) {
      long[] counts = countFinite(cells);
      counts[cells.missing()] = missing;
      return counts;
    }

    /** As other tools count: they leave out what is missing. */
    long[] countFinite(NumberCells cells) {
      long[] counts = new long[cells.size()];
      for (double value : values) {
        counts[cells.cell(value)]++;
      }
      return counts;
    }
  }

  /** Rows until so many are finite, or so many rows. */
  private static Drawn draw(
      NumberShape shape,
      double missingShare,
      double shift,
      int rows,
      boolean finite,
      SplittableRandom random) {
    double[] values = new double[rows];
    int held = 0;
    int missing = 0;
    while (held + (finite ? 0 : missing) < rows) {
      if (missingShare > 0 && random.nextDouble() < missingShare) {
        missing++;
      } else {
        values[held++] = shape.draw(random, shift);
      }
    }
    return new Drawn(Arrays.copyOf(values, held), missing);
  }

  /** Cells of a tenth of the training values each, as other tools cut them. */
  private static NumberCells deciles(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double[] edges = new double[DECILES - 1];
    for (int i = 0; i < edges.length; i++) {
      edges[i] = sorted[(i + 1) * sorted.length / DECILES - 1];
    }
    return new NumberCells(Arrays.stream(edges).distinct().toArray());
  }
}
