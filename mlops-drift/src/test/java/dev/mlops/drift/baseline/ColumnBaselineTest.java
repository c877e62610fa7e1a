package dev.mlops.drift.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.baseline.ColumnBaseline.Moments;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where the edges lie, and what lands in which cell. */
final class ColumnBaselineTest {
  // ---- numbers ----

  @Test
  void numbers_allDifferent_haveEdgesAtTheirQuantilesAndGuards() {
    double[] values = IntStream.rangeClosed(1, 6400).mapToDouble(i -> i).toArray();

    ColumnBaseline column = numbers(ElementType.INT32, values);

    double[] edges = new double[65];
    for (int i = 1; i <= 64; i++) {
      edges[i] = 100 * i;
    }
    assertThat(edges(column)).containsExactly(edges);
    long[] counts = new long[70];
    Arrays.fill(counts, 1, 65, 100);
    assertThat(column.counts()).containsExactly(counts);
  }

  @Test
  void numbers_whoseRowsAreNoMultipleOf64_takeTheQuantileRoundedUp() {
    double[] values = IntStream.rangeClosed(1, 100).mapToDouble(i -> i).toArray();

    // ceil(100 i / 64): 2, 4, 5, 7, …
    assertThat(Arrays.copyOf(edges(numbers(ElementType.INT32, values)), 6))
        .containsExactly(0, 2, 4, 5, 7, 8);
  }

  @Test
  void numbers_inAnyOrder_giveTheSameCells() {
    double[] values = {5, 1, 4, 1, 3};
    double[] sorted = {1, 1, 3, 4, 5};

    assertThat(edges(numbers(ElementType.FLOAT, values)))
        .containsExactly(edges(numbers(ElementType.FLOAT, sorted)));
    assertThat(values).as("not sorted in place").containsExactly(5, 1, 4, 1, 3);
  }

  @Test
  void numbers_allTheSame_haveACellOfTheirOwnBetweenTheGuards() {
    ColumnBaseline column = numbers(ElementType.FLOAT, 7, 7, 7);

    assertThat(edges(column)).containsExactly(Math.nextDown(7f), 7);
    assertThat(column.counts()).containsExactly(0, 3, 0, 0, 0, 0, 0);
    assertThat(column.moments()).contains(new Moments(7, 0, 7, 7));
  }

  @Test
  void numbers_ofOneRow_haveACellBetweenTheGuards() {
    ColumnBaseline column = numbers(ElementType.DOUBLE, -2.5);

    assertThat(edges(column)).containsExactly(Math.nextDown(-2.5), -2.5);
    assertThat(column.counts()).containsExactly(0, 1, 0, 0, 0, 0, 0);
    assertThat(column.moments()).contains(new Moments(-2.5, 0, -2.5, -2.5));
  }

  @Test
  void numbers_noneOfThemFinite_haveOneFiniteCellAndNoMoments() {
    ColumnBaseline column =
        ColumnBaseline.ofNumbers(
            "x",
            ElementType.FLOAT,
            new double[] {
              Double.NaN,
              Double.NEGATIVE_INFINITY,
              Double.POSITIVE_INFINITY,
              Double.POSITIVE_INFINITY,
              1e300 // more than a float holds
            },
            4);

    assertThat(edges(column)).isEmpty();
    assertThat(column.counts()).containsExactly(0, 1, 3, 1, 4);
    assertThat(column.moments()).isEmpty();
    assertThat(column.rows()).isEqualTo(9);
  }

  @Test
  void numbers_noneAtAll_countNothing() {
    ColumnBaseline column = numbers(ElementType.DOUBLE);

    assertThat(column.counts()).containsExactly(0, 0, 0, 0, 0);
    assertThat(column.moments()).isEmpty();
  }

  @Test
  void numbers_halfOfThemOneValue_giveItACellOfItsOwn() {
    double[] values =
        DoubleStream.concat(
                IntStream.range(0, 500).mapToDouble(i -> 0),
                IntStream.range(0, 500).mapToDouble(i -> (i - 250) / 7.0))
            .filter(value -> value != 0)
            .toArray();
    int others = values.length;
    values =
        DoubleStream.concat(Arrays.stream(values), DoubleStream.generate(() -> 0.0).limit(others))
            .toArray();

    ColumnBaseline column = numbers(ElementType.FLOAT, values);

    NumberCells cells = (NumberCells) column.cells();
    int cell = cells.cell(0);
    assertThat(column.counts()[cell]).isEqualTo(others);
    assertThat(cells.cell(Math.nextDown(0f))).isEqualTo(cell - 1);
    assertThat(cells.cell(Math.nextUp(0f))).isEqualTo(cell + 1);
  }

  @Test
  void numbers_aValueOfASixtyFourthOfTheRows_isAPointMassAndOneRowLessIsNone() {
    double[] mass = IntStream.range(0, 640).mapToDouble(i -> i).toArray();
    Arrays.fill(mass, 315, 325, 315);
    double[] less = mass.clone();
    less[324] = 324;

    assertThat(edges(numbers(ElementType.INT64, mass))).contains(314, 315);
    assertThat(edges(numbers(ElementType.INT64, less))).doesNotContain(314);
  }

  @Test
  void numbers_wholeOnes_haveTheirEdgesOneBelow() {
    ColumnBaseline column = numbers(ElementType.INT64, 3, 3, 3, 3, 9, 9);

    assertThat(edges(column)).containsExactly(2, 3, 8, 9);
    assertThat(column.counts()).containsExactly(0, 4, 0, 2, 0, 0, 0, 0, 0);
  }

  @Test
  void numbers_wholeOnesBeyond2To53_stillHaveAnEdgeBelow() {
    ColumnBaseline column = numbers(ElementType.INT64, Long.MAX_VALUE, Long.MIN_VALUE);

    assertThat(edges(column))
        .containsExactly(
            Math.nextDown((double) Long.MIN_VALUE), Long.MIN_VALUE, (double) Long.MAX_VALUE);
    assertThat(column.counts()).containsExactly(0, 1, 1, 0, 0, 0, 0, 0);
  }

  @Test
  void numbers_minusZero_isZero() {
    ColumnBaseline column = numbers(ElementType.DOUBLE, -0.0, 0.0, -0.0);

    assertThat(edges(column)).containsExactly(-Double.MIN_VALUE, 0.0);
    assertThat(1 / edges(column)[1]).as("no minus zero").isPositive();
    assertThat(column.counts()[1]).isEqualTo(3);
    Moments moments = column.moments().orElseThrow();
    assertThat(1 / moments.least()).isPositive();
    assertThat(1 / moments.mean()).isPositive();
  }

  @Test
  void numbers_subnormal_areValuesLikeOthers() {
    double least = Float.MIN_VALUE;
    ColumnBaseline column = numbers(ElementType.FLOAT, least, 2 * least, -least, least / 3);

    assertThat(edges(column)).containsExactly(-2 * least, -least, 0, least, 2 * least);
    assertThat(column.counts()).containsExactly(0, 1, 1, 1, 1, 0, 0, 0, 0, 0);
  }

  @Test
  void numbers_atTheEndsOfTheType_haveFiniteEdgesAndMoments() {
    double most = Double.MAX_VALUE;
    ColumnBaseline doubles = numbers(ElementType.DOUBLE, -most, most);
    ColumnBaseline floats = numbers(ElementType.FLOAT, -Float.MAX_VALUE, Float.MAX_VALUE);

    assertThat(edges(doubles)).as("nothing finite lies below").containsExactly(-most, most);
    assertThat(doubles.moments()).contains(new Moments(0, most, -most, most));
    assertThat(edges(floats))
        .containsExactly(
            Math.nextDown((double) -Float.MAX_VALUE), -Float.MAX_VALUE, Float.MAX_VALUE);
  }

  @Test
  void numbers_inFloat16_areRoundedToHalvesAndCutBetweenThem() {
    ColumnBaseline column =
        numbers(ElementType.FLOAT16, 1, 1, 1 + 0x1p-12, 2049, 65519.9, 65520, 0x1p-25, 0x1p-24);

    assertThat(edges(column)).containsExactly(-0x1p-24, 0, 0x1p-24, 1 - 0x1p-11, 1, 2048, 65504);
    assertThat(column.counts()).containsExactly(0, 1, 1, 0, 3, 1, 1, 0, 0, 1, 0, 0);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT", "DOUBLE"})
  void moments_ofKnownValues_areTheirs(ElementType type) {
    Moments moments = numbers(type, 2, 4, 4, 4, 5, 5, 7, 9).moments().orElseThrow();

    assertThat(moments.mean()).isEqualTo(5);
    assertThat(moments.deviation()).isCloseTo(Math.sqrt(32 / 7.0), within(1e-15));
    assertThat(moments.least()).isEqualTo(2);
    assertThat(moments.greatest()).isEqualTo(9);
  }

  @Test
  void moments_ofAConstantWhoseSumIsRounded_areItself() {
    Moments moments = numbers(ElementType.DOUBLE, 0.1, 0.1, 0.1).moments().orElseThrow();

    assertThat(moments).isEqualTo(new Moments(0.1, 0, 0.1, 0.1));
  }

  @Test
  void moments_ofAFarOffset_keepTheirDigits() {
    Moments moments =
        numbers(ElementType.DOUBLE, 1e15 + 1, 1e15 + 2, 1e15 + 3).moments().orElseThrow();

    assertThat(moments.mean()).isEqualTo(1e15 + 2);
    assertThat(moments.deviation()).isEqualTo(1);
  }

  @Test
  void moments_ofHugeAndTinyValues_neitherOverflowNorVanish() {
    Moments huge = numbers(ElementType.DOUBLE, 1e300, 3e300).moments().orElseThrow();
    Moments tiny = numbers(ElementType.DOUBLE, 1e-300, 3e-300).moments().orElseThrow();

    assertThat(huge.deviation()).isCloseTo(Math.sqrt(2) * 1e300, within(1e285));
    assertThat(tiny.deviation()).isCloseTo(Math.sqrt(2) * 1e-300, within(1e-315));
  }

  @Test
  void numbers_ofText_areRefused() {
    assertThatThrownBy(() -> numbers(ElementType.TEXT, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("column 'x' is TEXT and measures nothing; wanted a type of numbers");
  }

  // ---- scores ----

  @Test
  void scores_haveTheirEdgesBetweenTheValues() {
    ColumnBaseline column = ColumnBaseline.ofScores("p", ElementType.FLOAT, d(0.25, 0.5, 0.75), 1);

    assertThat(edges(column)).containsExactly(0.125, 0.375, 0.625, 0.875);
    assertThat(column.counts()).containsExactly(0, 1, 1, 1, 0, 0, 0, 0, 1);
  }

  @Test
  void scores_thatMoveInTheirLastBits_stayInTheirCells() {
    double[] values = IntStream.range(0, 5000).mapToDouble(i -> (i * 7919 % 5000) / 5e3).toArray();
    Arrays.fill(values, 0, 1000, 0.3);
    ColumnBaseline column = ColumnBaseline.ofScores("p", ElementType.FLOAT, values, 0);

    NumberCells cells = (NumberCells) column.cells();
    for (double value : values) {
      float read = (float) value;
      float up = read + 2 * Math.ulp(read);
      float down = read - 2 * Math.ulp(read);
      assertThat(cells.cell(up)).isEqualTo(cells.cell(read));
      assertThat(cells.cell(down)).isEqualTo(cells.cell(read));
    }
    assertThat(column.counts()[cells.cell((float) 0.3)]).as("a point mass").isBetween(1000L, 1002L);
  }

  @Test
  void scores_allTheSame_leaveALittleRoomOnBothSides() {
    ColumnBaseline column = ColumnBaseline.ofScores("p", ElementType.FLOAT, d(1, 1, 1), 0);

    assertThat(edges(column)).containsExactly(1 - 0x1p-20, 1 + 0x1p-20);
    assertThat(column.counts()).containsExactly(0, 3, 0, 0, 0, 0, 0);
  }

  @Test
  void scores_closeToEachOther_leaveNoLessRoomOutside() {
    ColumnBaseline column = ColumnBaseline.ofScores("p", ElementType.FLOAT, d(1, 1 + 0x1p-23), 0);

    assertThat(edges(column)).containsExactly(1 - 0x1p-20, 1 + 0x1p-24, 1 + 0x1p-23 + 0x1p-20);
  }

  @Test
  void scores_inFloat16_leaveRoomForHalves() {
    ColumnBaseline column = ColumnBaseline.ofScores("p", ElementType.FLOAT16, d(1, 1), 0);

    assertThat(edges(column)).containsExactly(1 - 0x1p-7, 1 + 0x1p-7);
  }

  @Test
  void scores_thatAreNeighbouringDoubles_arePartedStill() {
    double low = Math.nextUp(1.0);
    double high = Math.nextUp(low); // what lies midway is rounded up, to this one
    ColumnBaseline column =
        ColumnBaseline.ofScores("p", ElementType.DOUBLE, d(low, low, high, high), 0);

    assertThat(column.counts()).containsExactly(0, 2, 2, 0, 0, 0, 0, 0);
  }

  @Test
  void scores_atTheEndsOfAllDoubles_haveFiniteEdges() {
    double most = Double.MAX_VALUE;
    ColumnBaseline column = ColumnBaseline.ofScores("p", ElementType.DOUBLE, d(-most, most), 0);

    assertThat(edges(column)).containsExactly(0, most);
    assertThat(column.counts()).containsExactly(1, 1, 0, 0, 0, 0, 0);
  }

  // ---- categories ----

  @Test
  void categories_standByFrequencyThenByCodePoint() {
    String wide = "\uD83D\uDE00"; // above U+FFFF, yet its chars are below those of the next
    String narrow = "\uFF21";
    ColumnBaseline column =
        ColumnBaseline.ofCategories(
            "kind", ElementType.TEXT, Map.of("b", 2L, "a", 2L, wide, 1L, narrow, 1L, "", 5L), 3);

    CategoryCells cells = (CategoryCells) column.cells();
    assertThat(cells.top()).containsExactly("", "a", "b", narrow, wide);
    assertThat(cells.others()).isEmpty();
    assertThat(cells.allKnown()).isTrue();
    assertThat(column.counts()).containsExactly(5, 2, 2, 1, 1, 0, 0, 3);
    assertThat(column.moments()).isEmpty();
  }

  @Test
  void categories_beyondAHundred_areOthersByName() {
    ColumnBaseline column = categories(150);

    CategoryCells cells = (CategoryCells) column.cells();
    assertThat(cells.top()).hasSize(100).startsWith("c00000", "c00001").endsWith("c00099");
    assertThat(cells.others()).hasSize(50).isSorted().startsWith("c00100");
    assertThat(cells.cell("c00149")).isEqualTo(cells.other());
    assertThat(cells.cell("never seen")).isEqualTo(cells.unseen());
    assertThat(column.counts()[cells.other()]).isEqualTo(50);
  }

  @Test
  void categories_beyondTenThousandOthers_areNotKnownByName() {
    assertThat(((CategoryCells) categories(10_100).cells()).allKnown()).isTrue();

    ColumnBaseline column = categories(10_101);
    CategoryCells cells = (CategoryCells) column.cells();

    assertThat(cells.allKnown()).isFalse();
    assertThat(cells.top()).hasSize(100);
    assertThat(cells.others()).isEmpty();
    assertThat(cells.cell("never seen")).isEqualTo(cells.other());
    assertThat(column.rows()).isEqualTo(10_101);
  }

  @Test
  void categories_noneAtAll_haveTheSpecialCellsOnly() {
    ColumnBaseline column = ColumnBaseline.ofCategories("k", ElementType.INT8, new HashMap<>(), 2);

    assertThat(column.counts()).containsExactly(0, 0, 2);
  }

  @Test
  void categories_neverSeen_areRefused() {
    assertThatThrownBy(() -> ColumnBaseline.ofCategories("k", ElementType.TEXT, Map.of("a", 0L), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a category of column 'k' was seen 0 times; leave it out");
  }

  @Test
  void categories_thatAreOthers_standByCodePoint() {
    Map<String, Long> counts = new HashMap<>();
    for (int i = 0; i < 100; i++) {
      counts.put("top" + i, 9L);
    }
    counts.putAll(Map.of("z", 3L, "y", 1L, "x", 2L));

    ColumnBaseline column = ColumnBaseline.ofCategories("id", ElementType.TEXT, counts, 0);

    assertThat(((CategoryCells) column.cells()).others()).containsExactly("x", "y", "z");
  }

  private static ColumnBaseline categories(int distinct) {
    Map<String, Long> counts = new HashMap<>();
    for (int i = 0; i < distinct; i++) {
      counts.put("c%05d".formatted(i), 1L);
    }
    return ColumnBaseline.ofCategories("id", ElementType.TEXT, counts, 0);
  }

  private static ColumnBaseline numbers(ElementType type, double... values) {
    return ColumnBaseline.ofNumbers("x", type, values, 0);
  }

  private static double[] edges(ColumnBaseline column) {
    return ((NumberCells) column.cells()).edges();
  }

  private static double[] d(double... values) {
    return values;
  }

  @Test
  void names_andTypes_areKept() {
    assertThat(List.of(numbers(ElementType.FLOAT, 1).name(), categories(1).name()))
        .containsExactly("x", "id");
    assertThat(numbers(ElementType.FLOAT16, 1).type()).isEqualTo(ElementType.FLOAT16);
  }
}
