package dev.mlops.drift.report;

import static dev.mlops.model.ElementType.DOUBLE;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BinsTest {
  @Test
  void bins_ofAContinuousColumn_areReadableAndKeepTheirDensity() {
    Random random = new Random(1);
    double[] normal = random.doubles(20_000, 0, 1).toArray();

    Bins bins = bins(FLOAT, normal, normal);

    assertThat(bins.bins()).hasSizeBetween(15, Bins.MOST + 5);
    assertThat(bins.from()).isCloseTo(0, within(0.001));
    assertThat(bins.to()).isCloseTo(1, within(0.001));
    assertThat(bins.unit()).isEqualTo(0.02);
    for (Bins.Bin bin : bins.bins()) {
      assertThat(bin.to() - bin.from()).isGreaterThanOrEqualTo(bins.unit() * 0.999);
      assertThat(bins.height(bin, bin.baseline(), 20_000)).isCloseTo(0.02, within(0.003));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT", "DOUBLE", "INT8", "INT64"})
  void bins_ofMonths_areOneAMonthWithTheMonthInTheMiddle(ElementType type) {
    double[] months =
        DoubleStream.iterate(0, i -> i + 1).limit(1_200).map(i -> 1 + i % 12).toArray();

    Bins bins = bins(type, months, new double[] {3, 3, 12});

    assertThat(bins.step()).isEqualTo(1);
    assertThat(bins.bins()).hasSize(12);
    for (int i = 0; i < 12; i++) {
      Bins.Bin bin = bins.bins().get(i);
      assertThat(bin.from()).isEqualTo(i + 0.5);
      assertThat(bin.to()).isEqualTo(i + 1.5);
      assertThat(bin.baseline()).isEqualTo(100);
      assertThat(bin.serving()).isEqualTo(i == 2 ? 2 : i == 11 ? 1 : 0);
      assertThat(bins.height(bin, bin.baseline(), 1_200)).isCloseTo(1 / 12.0, within(1e-12));
    }
  }

  @Test
  void bins_whatLiesBetweenTheValuesOfAGrid_isDrawnBetween() {
    double[] fives = new Random(2).ints(2_000, 2, 12).mapToDouble(i -> 5 * i).toArray();

    Bins bins = bins(FLOAT, fives, new double[] {12.86, 12.86, 20, 20, 20});

    assertThat(bins.step()).isEqualTo(5);
    assertThat(bins.bins().get(0).from()).isCloseTo(8.5, within(1e-9));
    assertThat(bins.bins().get(0).to()).isCloseTo(11.5, within(1e-9));
    Bins.Bin between = bins.bins().get(1);
    assertThat(between.from()).isCloseTo(11.5, within(1e-9));
    assertThat(between.to()).isCloseTo(13.5, within(1e-9));
    assertThat(between.baseline()).isZero();
    assertThat(between.serving()).isEqualTo(2);
    assertThat(bins.bins().get(4).serving()).isEqualTo(3);
  }

  @Test
  void bins_aPointMassAmongOtherValues_isABarAndNoSpike() {
    Random random = new Random(3);
    double[] values = new double[10_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 2 == 0 ? 0 : random.nextGaussian();
    }

    Bins bins = bins(DOUBLE, values, values);

    Bins.Bin zero =
        bins.bins().stream().filter(bin -> bin.from() < 0 && bin.to() > 0).findFirst().get();
    assertThat(zero.to() - zero.from()).isBetween(0.999 * bins.unit(), 2.001 * bins.unit());
    assertThat(bins.height(zero, zero.baseline(), 10_000)).isBetween(0.25, 0.6);
  }

  @Test
  void bins_fewValuesFarApart_areBarsWhereTheValuesAre() {
    double[] values = new double[1_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = new double[] {5_099.1, 5_191, 5_195.8, 5_228.1}[i % 4];
    }

    Bins bins = bins(FLOAT, values, new double[] {5_099.1, 5_099.1});

    Bins.Bin first = bins.bins().get(0);
    assertThat((first.from() + first.to()) / 2).isCloseTo(5_099.1, within(0.01));
    assertThat(first.to() - first.from()).isCloseTo(bins.unit(), within(0.01));
    assertThat(first.serving()).isEqualTo(2);
    assertThat(bins.height(first, first.serving(), 2)).isCloseTo(1, within(0.01));
  }

  @Test
  void bins_aHeavyTail_isOffTheAxis() {
    Random random = new Random(4);
    double[] values = random.doubles(20_000).map(u -> 1 / (1 - u)).toArray();

    Bins bins = bins(DOUBLE, values, values);

    assertThat(bins.to()).isLessThan(40);
    long drawn = bins.bins().stream().mapToLong(Bins.Bin::baseline).sum();
    assertThat(drawn).isBetween(18_000L, 19_900L);
  }

  @Test
  void bins_oneValue_haveNoAxis() {
    assertThat(bins(FLOAT, new double[] {5, 5, 5}, new double[] {5}).bins()).isEmpty();
    assertThat(bins(INT64, new double[] {5, 5, 5}, new double[] {5}).bins()).isEmpty();
    assertThat(bins(FLOAT, new double[0], new double[] {5}).bins()).isEmpty();
  }

  @Test
  void bins_ofAScoreOfFewValues_areCutBetweenThem() {
    ColumnBaseline baseline =
        ColumnBaseline.ofScores("score", FLOAT, new double[] {1, 1, 2, 2, 3, 3}, 0);
    NumberCells cells = (NumberCells) baseline.cells();

    Bins bins = Bins.of(cells, FLOAT, true, baseline.counts(), new long[cells.size()], Bins.MOST);

    assertThat(bins.step()).isZero();
    assertThat(bins.bins()).extracting(Bins.Bin::baseline).containsExactly(2L, 2L, 2L);
    assertThat(bins.bins().get(1).from()).isEqualTo(1.5);
    assertThat(bins.bins().get(1).to()).isEqualTo(2.5);
  }

  static Bins bins(ElementType type, double[] baseline, double[] serving) {
    ColumnBaseline column = ColumnBaseline.ofNumbers("x", type, baseline, 0);
    NumberCells cells = (NumberCells) column.cells();
    long[] counts = new long[cells.size()];
    for (double value : serving) {
      counts[cells.cell(type == FLOAT ? (float) value : value)]++;
    }
    return Bins.of(cells, type, false, column.counts(), counts, Bins.MOST);
  }
}
