package dev.mlops.drift.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class BinsProperties {
  @Property(seed = "2203", tries = 500)
  void bins_ofAnyColumn_holdTheirCellsExactlyAndLieSideBySide(
      @ForAll("types") ElementType type,
      @ForAll boolean score,
      @ForAll @Size(min = 1, max = 400) List<@From("values") Double> then,
      @ForAll @Size(max = 100) List<@From("values") Double> now,
      @ForAll @IntRange(min = 5, max = 30) int most) {
    double[] values = then.stream().mapToDouble(value -> rounded(value, type)).toArray();
    ColumnBaseline column =
        score
            ? ColumnBaseline.ofScores("x", type, values, 0)
            : ColumnBaseline.ofNumbers("x", type, values, 0);
    NumberCells cells = (NumberCells) column.cells();
    long[] serving = new long[cells.size()];
    now.forEach(value -> serving[cells.cell(rounded(value, type))]++);

    Bins bins = Bins.of(cells, type, score, column.counts(), serving, most);

    if (bins.bins().isEmpty()) {
      assertThat(cells.edges().length).isLessThan(3);
      return;
    }
    assertThat(bins.unit()).isPositive();
    double from = bins.from();
    long baselineDrawn = 0;
    long servingDrawn = 0;
    for (Bins.Bin bin : bins.bins()) {
      assertThat(bin.from()).isEqualTo(from);
      assertThat(bin.to()).isGreaterThan(bin.from());
      assertThat(bins.height(bin, bin.baseline(), values.length)).isBetween(0.0, 1.67);
      from = bin.to();
      baselineDrawn += bin.baseline();
      servingDrawn += bin.serving();
    }
    assertThat(baselineDrawn).isEqualTo(sum(column.counts(), bins.first(), bins.last()));
    assertThat(servingDrawn).isEqualTo(sum(serving, bins.first(), bins.last()));
  }

  private static long sum(long[] counts, int first, int last) {
    long sum = 0;
    for (int cell = first; cell <= last; cell++) {
      sum += counts[cell];
    }
    return sum;
  }

  private static double rounded(double value, ElementType type) {
    return switch (type) {
      case FLOAT -> (float) value;
      case DOUBLE -> value;
      default -> Math.rint(value);
    };
  }

  @Provide
  Arbitrary<ElementType> types() {
    return Arbitraries.of(
        ElementType.FLOAT, ElementType.DOUBLE, ElementType.INT16, ElementType.INT64);
  }

  /** Ties, whole numbers, tenths, small and large ones. */
  @Provide
  Arbitrary<Double> values() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(-6, 6).map(Integer::doubleValue),
        Arbitraries.integers().between(-50, 50).map(i -> i / 10.0),
        Arbitraries.doubles().between(-1_000, 1_000).ofScale(4),
        Arbitraries.of(0.0, 5.0, 5.0, 999.0));
  }
}
