package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The distance on the grid against the one of all values. */
class GridDistanceTest {
  private static final Rule RULE = new Rule(0.01, 0.05);

  @ParameterizedTest
  @CsvSource({
    "1, normal, 0",
    "2, normal, 0.3",
    "3, lognormal, 0.2",
    "4, integers, 0.5",
    "5, mass, 0.4",
    "6, lognormal, 1.5",
    "7, integers, 0",
    "8, mass, -3"
  })
  void grid_onAnyShape_isBelowAllValuesByAtMostOneCell(long seed, String shape, double shift) {
    double[] then = draw(seed, 4_000, shape, 0);
    double[] now = draw(seed + 100, 700, shape, shift);
    ColumnBaseline baseline = ColumnBaseline.ofNumbers("x", ElementType.DOUBLE, then, 0);
    NumberCells cells = (NumberCells) baseline.cells();
    long[] counts = count(cells, now);
    Measure grid = Comparison.of(cells, baseline.counts(), counts, RULE).measures().get(0);
    double hidden = 0;
    for (int cell = 0; cell < cells.finite(); cell++) {
      hidden =
          Math.max(
              hidden,
              Math.min(counts[cell] / (double) now.length, baseline.counts()[cell] / 4_000.0));
    }
    double raw = distance(then, now);
    assertThat(raw).isBetween(grid.effect() - 1e-12, grid.effect() + hidden + 1e-12);
  }

  @ParameterizedTest
  @CsvSource({"11, normal, 0.1", "12, integers, 0.3", "13, mass, 0.2"})
  void grid_cutAtEveryValue_isTheDistanceOfAllValues(long seed, String shape, double shift) {
    double[] then = draw(seed, 300, shape, 0);
    double[] now = draw(seed + 100, 200, shape, shift);
    double[] edges =
        DoubleStream.concat(Arrays.stream(then), Arrays.stream(now)).distinct().sorted().toArray();
    NumberCells cells = new NumberCells(edges);
    Measure grid =
        Comparison.of(cells, count(cells, then), count(cells, now), RULE).measures().get(0);
    assertThat(grid.effect()).isEqualTo(distance(then, now), within(1e-12));
  }

  private static long[] count(NumberCells cells, double[] values) {
    long[] counts = new long[cells.size()];
    for (double value : values) {
      counts[cells.cell(value)]++;
    }
    return counts;
  }

  private static double distance(double[] then, double[] now) {
    return DoubleStream.concat(Arrays.stream(then), Arrays.stream(now))
        .map(x -> Math.abs(share(then, x) - share(now, x)))
        .max()
        .orElseThrow();
  }

  private static double share(double[] values, double upTo) {
    return (double) Arrays.stream(values).filter(value -> value <= upTo).count() / values.length;
  }

  private static double[] draw(long seed, int rows, String shape, double shift) {
    DoubleUnaryOperator of =
        switch (shape) {
          case "normal" -> z -> z;
          case "lognormal" -> Math::exp;
          case "integers" -> z -> Math.rint(10 * z) + 0.0;
          case "mass" -> z -> Math.max(0, z);
          default -> throw new AssertionError(shape);
        };
    SplittableRandom random = new SplittableRandom(seed);
    return DoubleStream.generate(() -> of.applyAsDouble(random.nextGaussian() + shift))
        .limit(rows)
        .toArray();
  }
}
