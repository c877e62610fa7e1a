package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final Rule RULE = new Rule(0.01, 0.05);
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
}
