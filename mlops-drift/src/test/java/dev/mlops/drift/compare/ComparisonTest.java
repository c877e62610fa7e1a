package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final Rule RULE = new Rule(0.01, 0.05);
  private static final Rule WIDE = new Rule(0.01, 0.1);
  private static final NumberCells NUMBERS = new NumberCells(9.999999, 20, 30, 40);
  private static final CategoryCells CATEGORIES =
      new CategoryCells(List.of("a", "b", "c"), List.of("d"), true);

  @Test
  void numbers_sameShares_stableByTheDistance() {
    long[] counts = {0, 1000, 1000, 1000, 0, 0, 0, 0, 0};
    Comparison same = Comparison.of(NUMBERS, counts, counts, RULE);
    assertThat(same.level()).isEqualTo(Level.STABLE);
    assertThat(same.measures())
        .extracting(Measure::name)
        .containsExactly(Comparison.DISTANCE, Comparison.NOT_FINITE);
    assertThat(same.deciding()).isZero();
    assertThat(same.chiSquare().pValue()).isEqualTo(1);
    assertThat(same.psi()).isZero();
    assertThat(same.jensenShannon()).isZero();
  }

  @Test
  void numbers_shifted_driftWithTheBoundsOfTheFormulas() {
    long[] before = {0, 1000, 1000, 1000, 0, 0, 0, 0, 0};
    long[] after = {0, 400, 200, 400, 0, 0, 0, 0, 0};
    Measure distance = Comparison.of(NUMBERS, before, after, RULE).measures().get(0);
    double s = Math.sqrt(1 / 1000.0 + 1 / 3000.0);
    assertThat(distance.effect()).isEqualTo(1 / 15.0, within(1e-15));
    assertThat(distance.cell()).isEqualTo(1);
    assertThat(distance.lower())
        .isEqualTo(1 / 15.0 - Math.sqrt(Math.log(200) / 2) * s, within(1e-15));
    assertThat(distance.upper()).isEqualTo(1 / 15.0 + 2.3263478740408408 / 2 * s, within(1e-14));
    assertThat(distance.rows()).isEqualTo(1000);
    assertThat(distance.baselineRows()).isEqualTo(3000);
    assertThat(distance.level()).isEqualTo(Level.INSUFFICIENT);
  }

  @Test
  void numbers_allBeyondEitherEndOfTraining_haveMovedAllTheWay() {
    long[] before = {0, 1000, 1000, 1000, 0, 0, 0, 0, 0};
    long[] above = {0, 0, 0, 0, 500, 0, 0, 0, 0};
    long[] below = {500, 0, 0, 0, 0, 0, 0, 0, 0};
    Measure up = Comparison.of(NUMBERS, before, above, RULE).measures().get(0);
    Measure down = Comparison.of(NUMBERS, before, below, RULE).measures().get(0);
    assertThat(up.effect()).isEqualTo(1);
    assertThat(up.cell()).isEqualTo(3);
    assertThat(down.effect()).isEqualTo(1);
    assertThat(down.cell()).isZero();
  }

  @Test
  void numbers_allMissing_driftByTheShareAlone() {
    long[] before = {0, 1000, 1000, 1000, 0, 0, 0, 0, 0};
    long[] after = {0, 0, 0, 0, 0, 0, 0, 0, 500};
    Comparison gone = Comparison.of(NUMBERS, before, after, RULE);
    assertThat(gone.level()).isEqualTo(Level.DRIFT);
    assertThat(gone.measures()).extracting(Measure::name).containsExactly(Comparison.NOT_FINITE);
    assertThat(gone.measures().get(0).cell()).isEqualTo(NUMBERS.missing());
    assertThat(gone.deciding()).isZero();
  }

  @Test
  void categories_oneShareUp_driftByIt() {
    long[] before = {1000, 1000, 1000, 10, 0, 0};
    long[] after = {300, 300, 900, 0, 0, 0};
    Comparison up = Comparison.of(CATEGORIES, before, after, RULE);
    assertThat(up.level()).isEqualTo(Level.DRIFT);
    assertThat(up.measures())
        .extracting(Measure::name)
        .containsExactly(Comparison.SHARE, Comparison.VARIATION);
    assertThat(up.measures().get(0).cell()).isEqualTo(2);
  }

  @Test
  void notFinite_anyKind_isOneShareOfAllRows() {
    long[] before = {0, 900, 0, 0, 0, 10, 20, 30, 40};
    long[] after = {0, 300, 0, 0, 0, 0, 50, 100, 50};
    Measure share = Comparison.of(NUMBERS, before, after, RULE).measures().get(1);
    double s = Math.sqrt(1 / 500.0 + 1 / 1000.0);
    double pooled = 300 / 1500.0;
    assertThat(share.name()).isEqualTo(Comparison.NOT_FINITE);
    assertThat(share.effect()).isEqualTo(0.3, within(1e-15));
    assertThat(share.lower()).isEqualTo(0.3 - 2.5758293035489004 / 2 * s, within(1e-14));
    assertThat(share.upper()).isEqualTo(0.3 + 2.3263478740408408 / 2 * s, within(1e-14));
    assertThat(share.pValue())
        .isCloseTo(
            2 * Normal.survival(0.3 / (s * Math.sqrt(pooled * (1 - pooled)))),
            Percentage.withPercentage(1e-7));
    assertThat(share.cell()).isEqualTo(NUMBERS.nan());
    assertThat(share.rows()).isEqualTo(500);
    assertThat(share.baselineRows()).isEqualTo(1000);
  }

  @Test
  void distance_ofFiniteValues_doesNotSeeWhatIsMissing() {
    long[] before = {0, 300, 300, 300, 0, 0, 0, 0, 100};
    long[] after = {0, 30, 30, 30, 0, 0, 0, 0, 910};
    Measure distance = Comparison.of(NUMBERS, before, after, RULE).measures().get(0);
    assertThat(distance.effect()).isZero();
    assertThat(distance.cell()).isEqualTo(-1);
    assertThat(distance.pValue()).isEqualTo(1);
    assertThat(distance.rows()).isEqualTo(90);
    assertThat(distance.baselineRows()).isEqualTo(900);
  }

  @Test
  void categories_anyCounts_haveTheBoundsOfTheFormulas() {
    long[] before = {400, 300, 200, 100, 0, 0};
    long[] after = {300, 100, 50, 0, 50, 0};
    Comparison comparison = Comparison.of(CATEGORIES, before, after, RULE);
    double s = Math.sqrt(1 / 500.0 + 1 / 1000.0);
    Measure share = comparison.measures().get(0);
    assertThat(share.effect()).isEqualTo(0.2, within(1e-15));
    // Five of the six cells hold something.
    assertThat(share.lower())
        .isEqualTo(0.2 - Normal.exceededWith(0.01 / 10) / 2 * s, within(1e-14));
    assertThat(share.upper()).isEqualTo(0.2 + 2.3263478740408408 / 2 * s, within(1e-14));
    assertThat(share.cell()).isZero();
    Measure variation = comparison.measures().get(1);
    double deviations = 0;
    double chances = 0;
    for (double pooled : new double[] {700, 400, 250, 100, 50}) {
      double deviation = Math.sqrt(pooled / 1500 * (1 - pooled / 1500));
      deviations += deviation;
      chances += 2 * Normal.survival(0.2 / (s * deviation));
    }
    double c = Math.sqrt(Math.log(200) / 2);
    assertThat(share.pValue()).isCloseTo(chances, Percentage.withPercentage(1e-7));
    assertThat(variation.effect()).isEqualTo(0.3, within(1e-15));
    assertThat(variation.lower()).isEqualTo(0.3 - s * (0.4 * deviations + c), within(1e-14));
    assertThat(variation.upper()).isNaN();
    assertThat(variation.pValue())
        .isCloseTo(
            2 * Math.exp(-2 * Math.pow(0.3 / s - 0.4 * deviations, 2)),
            Percentage.withPercentage(1e-7));
    assertThat(variation.cell()).isEqualTo(-1);
  }

  @Test
  void categories_oneWithoutACellTakesOver_isNotStable() {
    // 1,000 equal categories: 100 have cells, and what one of the other 900 does is not seen.
    CategoryCells hundred = new CategoryCells(names("c", 100), names("d", 900), true);
    long[] before = new long[hundred.size()];
    long[] after = new long[hundred.size()];
    Arrays.fill(before, 0, 100, 20);
    Arrays.fill(after, 0, 100, 10);
    before[hundred.other()] = 18_000;
    after[hundred.other()] = 9_000;
    Comparison hidden = Comparison.of(hundred, before, after, RULE);
    assertThat(hidden.level()).isEqualTo(Level.INSUFFICIENT);
    Measure share = hidden.measures().get(0);
    double margin = Normal.exceededWith(0.01) / 2 * Math.sqrt(1 / 10_000.0 + 1 / 20_000.0);
    assertThat(share.effect()).isZero();
    assertThat(share.lower()).isNegative();
    assertThat(share.upper()).isEqualTo(0.9 + margin, within(1e-14));
  }

  @Test
  void categories_fewRowsWithoutACell_areStableWithinWhatTheseCouldHide() {
    long[] before = {400, 300, 260, 40, 0, 0};
    long[] after = {4_000, 3_000, 2_700, 300, 0, 0};
    Measure share = Comparison.of(CATEGORIES, before, after, WIDE).measures().get(0);
    double margin = Normal.exceededWith(0.01) / 2 * Math.sqrt(1 / 10_000.0 + 1 / 1_000.0);
    assertThat(share.effect()).isEqualTo(0.01, within(1e-15));
    assertThat(share.upper())
        .as("of both sides the larger")
        .isEqualTo(0.04 + margin, within(1e-14));
    assertThat(share.level()).isEqualTo(Level.STABLE);
    assertThat(Comparison.of(CATEGORIES, after, before, WIDE).measures().get(0).upper())
        .isEqualTo(share.upper(), within(1e-15));
  }

  @Test
  void categories_halfOfFortyGone_driftByTheVariationWhereNoShareIsLarge() {
    CategoryCells forty =
        new CategoryCells(IntStream.range(0, 40).mapToObj(i -> "c" + i).toList(), List.of(), true);
    long[] before = new long[43];
    long[] after = new long[43];
    for (int i = 0; i < 40; i++) {
      before[i] = 500;
      after[i] = i % 2 == 0 ? 500 : 0;
    }
    Comparison half = Comparison.of(forty, before, after, RULE);
    assertThat(half.measures().get(0).level()).isEqualTo(Level.STABLE);
    assertThat(half.level()).isEqualTo(Level.DRIFT);
    assertThat(half.deciding()).isEqualTo(1);
  }

  @Test
  void deciding_ofTwoThatDrift_isTheOneSurestToBeLarge() {
    long[] before = {0, 3000, 3000, 3000, 0, 0, 0, 0, 0};
    Comparison missing =
        Comparison.of(NUMBERS, before, new long[] {0, 800, 0, 0, 0, 0, 0, 0, 4000}, RULE);
    assertThat(missing.measures()).allMatch(measure -> measure.level() == Level.DRIFT);
    assertThat(missing.deciding()).isEqualTo(1);
    Comparison moved =
        Comparison.of(NUMBERS, before, new long[] {0, 4000, 0, 0, 0, 0, 0, 0, 800}, RULE);
    assertThat(moved.measures()).allMatch(measure -> measure.level() == Level.DRIFT);
    assertThat(moved.deciding()).isZero();
  }

  @Test
  void deciding_whereOnlyTheShareIsOpen_isTheShare() {
    long[] before = {0, 3000, 3000, 3000, 0, 0, 0, 0, 0};
    Comparison open =
        Comparison.of(NUMBERS, before, new long[] {0, 3000, 3000, 3000, 0, 0, 0, 0, 470}, RULE);
    assertThat(open.measures())
        .extracting(Measure::level)
        .containsExactly(Level.STABLE, Level.INSUFFICIENT);
    assertThat(open.level()).isEqualTo(Level.INSUFFICIENT);
    assertThat(open.deciding()).isEqualTo(1);
  }

  @Test
  void counts_upToTheLargestExactDouble_giveSharesAsSmallCountsDo() {
    long unit = 1L << 50;
    long[] before = {0, 2, 3, 3, 0, 0, 0, 0, 0};
    long[] after = {0, 3, 1, 4, 0, 0, 0, 0, 2};
    Comparison small = Comparison.of(NUMBERS, before, after, RULE);
    Comparison large =
        Comparison.of(
            NUMBERS,
            Arrays.stream(before).map(count -> count * unit).toArray(),
            Arrays.stream(after).map(count -> count * unit).toArray(),
            RULE);
    assertThat(large.level()).isEqualTo(Level.DRIFT);
    for (int i = 0; i < 2; i++) {
      assertThat(large.measures().get(i).effect()).isEqualTo(small.measures().get(i).effect());
      assertThat(large.measures().get(i).lower())
          .isEqualTo(large.measures().get(i).effect(), within(1e-6));
    }
    assertThat(large.psi()).isEqualTo(small.psi());
    assertThat(large.jensenShannon()).isEqualTo(small.jensenShannon());
  }

  @Test
  void changes_farBelowTheSharesRounding_areStillRight() {
    long[] before = {0, 1L << 51, 1L << 51, 1L << 51, 0, 0, 0, 0, 0};
    long[] after = before.clone();
    after[1]++;
    Measure distance = Comparison.of(NUMBERS, before, after, RULE).measures().get(0);
    double rows = 3.0 * (1L << 51);
    assertThat(distance.effect()).isCloseTo(2.0 / 3 / rows, Percentage.withPercentage(1e-7));
  }

  @Test
  void anySide_withoutRows_insufficientWithoutMeasures() {
    long[] before = {0, 1000, 1000, 1000, 0, 0, 0, 0, 0};
    long[] none = new long[NUMBERS.size()];
    Comparison empty = Comparison.of(NUMBERS, before, none, RULE);
    assertThat(empty.level()).isEqualTo(Level.INSUFFICIENT);
    assertThat(empty.measures()).isEmpty();
    assertThat(empty.deciding()).isEqualTo(-1);
    assertThat(Comparison.of(NUMBERS, none, before, RULE).measures()).isEmpty();
    assertThat(Comparison.of(NUMBERS, none, none, RULE).psi()).isZero();
  }

  @Test
  void counts_ofOtherCells_areRefused() {
    assertThatThrownBy(() -> Comparison.of(NUMBERS, new long[9], new long[6], RULE))
        .hasMessage("9 training and 6 serving counts for 9 cells; wanted one a cell of each");
  }

  @Test
  void jensenShannon_ofSharesFarApart_isANumber() {
    CategoryCells cells = new CategoryCells(List.of("a", "b"), List.of(), true);
    long most = 1L << 53;
    Comparison far =
        Comparison.of(
            cells,
            new long[] {1, most, most, most, most},
            new long[] {most, 0, 0, 0, 0},
            new Rule(0.01, 0.05));
    assertThat(far.jensenShannon()).isEqualTo(1, within(1e-12));
  }

  private static List<String> names(String prefix, int many) {
    return IntStream.range(0, many).mapToObj(i -> prefix + i).toList();
  }
}
