package dev.mlops.drift.compare;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.ColumnCells;
import dev.mlops.drift.count.NumberCells;
import java.util.List;
import java.util.Optional;

/**
 * A column's serving counts against its training counts.
 *
 * @param measures of a number: {@link #DISTANCE} (left out where one side has no finite value) and
 *     {@link #NOT_FINITE}; of a category: {@link #SHARE} and {@link #VARIATION}; none where one
 *     side has no rows
 * @param deciding the measure the verdict rests on, an index in {@code measures}; -1 if none
 * @param chiSquare over all cells
 * @param psi population stability index over all cells, a description and never a rule
 * @param jensenShannon divergence over all cells in bits, 0 to 1; a description and never a rule
 * @param level the verdict
 * @param reason the verdict's evidence in a sentence or two; where it cannot decide, what would
 *     suffice
 */
public record Comparison(
    Rule rule,
    List<Measure> measures,
    int deciding,
    ChiSquare chiSquare,
    double psi,
    double jensenShannon,
    Level level,
    String reason) {
  /** Kolmogorov and Smirnov's distance on the grid of edges, of finite values. */
  public static final String DISTANCE = "ks-distance";

  /** The change in the share of values that are missing, NaN or infinite. */
  public static final String NOT_FINITE = "not-finite-share";

  /** The largest change in the share of one cell. */
  public static final String SHARE = "largest-share-change";

  /** Half the sum of the absolute changes of all shares. */
  public static final String VARIATION = "total-variation";

  /** The measure the verdict rests on. */
  public Optional<Measure> decidingMeasure() {
    return deciding < 0 ? Optional.empty() : Optional.of(measures.get(deciding));
  }

  /**
   * Compares.
   *
   * @param cells of both
   * @param baseline training counts, one a cell
   * @param serving serving counts, one a cell
   */
  public static Comparison of(ColumnCells cells, long[] baseline, long[] serving, Rule rule) {
    if (baseline.length != cells.size() || serving.length != cells.size()) {
      throw new IllegalArgumentException(
          "%d training and %d serving counts for %d cells; wanted one a cell of each"
              .formatted(baseline.length, serving.length, cells.size()));
    }
    ContingencyTable table = new ContingencyTable(baseline, serving);
    boolean numbers = cells instanceof NumberCells;
    List<Measure> measures = measures(cells, table, rule);
    Level level = level(measures);
    int deciding = deciding(measures, level);
    return new Comparison(
        rule,
        measures,
        deciding,
        ChiSquare.of(table, numbers ? Groups.neighbours(table) : Groups.smallest(table)),
        Divergence.psi(table),
        Divergence.jensenShannon(table),
        level,
        Reason.of(cells, table, measures, deciding, rule));
  }

  private static List<Measure> measures(ColumnCells cells, ContingencyTable table, Rule rule) {
    if (table.oneSided()) {
      return List.of();
    }
    if (cells instanceof NumberCells numbers) {
      ContingencyTable finite = table.range(0, numbers.finite());
      Measure notFinite = Measures.notFinite(table, numbers, rule);
      return finite.oneSided()
          ? List.of(notFinite)
          : List.of(Measures.distance(finite, rule), notFinite);
    }
    CategoryCells categories = (CategoryCells) cells;
    return List.of(Measures.share(table, categories, rule), Measures.variation(table, rule));
  }

  private static Level level(List<Measure> measures) {
    if (measures.stream().anyMatch(measure -> measure.level() == Level.DRIFT)) {
      return Level.DRIFT;
    }
    // A measure without an upper bound can only say DRIFT, and has not.
    boolean stable =
        measures.stream()
            .filter(measure -> !Double.isNaN(measure.upper()))
            .allMatch(measure -> measure.level() == Level.STABLE);
    return stable && !measures.isEmpty() ? Level.STABLE : Level.INSUFFICIENT;
  }

  /** Of those that say DRIFT the one that is surest; else the first that says what is said. */
  private static int deciding(List<Measure> measures, Level level) {
    int deciding = -1;
    for (int i = 0; i < measures.size(); i++) {
      Measure measure = measures.get(i);
      if (measure.level() == level
          && (deciding < 0
              || (level == Level.DRIFT && measure.lower() > measures.get(deciding).lower()))) {
        deciding = i;
      }
    }
    return deciding;
  }
}
