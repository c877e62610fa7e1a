package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.ColumnCells;
import dev.mlops.drift.count.NumberCells;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** What holds of any counts, however few, many or lopsided. */
class ComparisonProperties {
  private static final double ROUNDING = 1e-12;

  /** Both sides of a column, and what it is held to. */
  record Case(ColumnCells cells, long[] baseline, long[] serving, Rule rule) {
    Comparison compare() {
      return Comparison.of(cells, baseline, serving, rule);
    }

    @Override
    public String toString() {
      return cells.getClass().getSimpleName()
          + Arrays.toString(baseline)
          + Arrays.toString(serving)
          + rule;
    }
  }

  @Provide
  Arbitrary<Case> cases() {
    Arbitrary<ColumnCells> cells =
        Arbitraries.integers()
            .between(0, 40)
            .flatMap(
                size ->
                    Arbitraries.of(
                        new NumberCells(IntStream.range(0, size).asDoubleStream().toArray()),
                        new CategoryCells(
                            IntStream.range(0, size).mapToObj(i -> "c" + i).toList(),
                            List.of(),
                            true)));
    Arbitrary<Long> count =
        Arbitraries.frequencyOf(
            Tuple.of(4, Arbitraries.just(0L)),
            Tuple.of(6, Arbitraries.longs().between(0, 20)),
            Tuple.of(4, Arbitraries.longs().between(0, 5_000)),
            Tuple.of(1, Arbitraries.longs().between(0, 1L << 53)));
    Arbitrary<Rule> rule =
        Arbitraries.of(0.001, 0.01, 0.05, 0.5)
            .flatMap(alpha -> Arbitraries.of(0.01, 0.05, 0.3).map(delta -> new Rule(alpha, delta)));
    return cells.flatMap(
        of ->
            count
                .array(long[].class)
                .ofSize(of.size())
                .tuple2()
                .flatMap(
                    sides -> rule.map(held -> new Case(of, sides.get1(), sides.get2(), held))));
  }

  @Property(seed = "2204")
  void measures_ofAnyCounts_lieBetweenTheirBounds(@ForAll("cases") Case given) {
    Comparison comparison = given.compare();
    for (Measure measure : comparison.measures()) {
      assertThat(measure.effect()).isBetween(0.0, 1 + ROUNDING);
      assertThat(measure.lower()).isLessThan(measure.effect());
      assertThat(measure.pValue()).isBetween(0.0, 1.0);
      if (!Double.isNaN(measure.upper())) {
        assertThat(measure.upper()).isGreaterThanOrEqualTo(measure.effect());
      }
    }
    assertThat(comparison.reason()).isNotEmpty().doesNotContain("NaN %", "Infinity", "null");
    assertThat(comparison.jensenShannon()).isBetween(0.0, 1 + ROUNDING);
    assertThat(comparison.psi()).isGreaterThanOrEqualTo(0).isFinite();
  }

  @Property(seed = "2205")
  void level_ofAnyCounts_isWhatTheMeasuresSay(@ForAll("cases") Case given) {
    Comparison comparison = given.compare();
    boolean empty = sum(given.baseline()) == 0 || sum(given.serving()) == 0;
    assertThat(comparison.measures().isEmpty()).isEqualTo(empty);
    if (empty) {
      assertThat(comparison.level()).isEqualTo(Level.INSUFFICIENT);
      assertThat(comparison.deciding()).isEqualTo(-1);
      return;
    }
    Measure deciding = comparison.measures().get(comparison.deciding());
    assertThat(deciding.level()).isEqualTo(comparison.level());
    boolean drift = comparison.measures().stream().anyMatch(m -> m.level() == Level.DRIFT);
    assertThat(comparison.level() == Level.DRIFT).isEqualTo(drift);
  }

  @Property(seed = "2206")
  void groups_ofAnyCounts_areLargeEnoughOrOne(@ForAll("cases") Case given) {
    ChiSquare test = given.compare().chiSquare();
    double n = sum(given.serving());
    double m = sum(given.baseline());
    double[] pooled = new double[test.freedom() + 1];
    for (int cell = 0; cell < given.cells().size(); cell++) {
      double held = (double) given.serving()[cell] + given.baseline()[cell];
      assertThat(test.groups()[cell] < 0).isEqualTo(held == 0);
      if (held > 0) {
        pooled[test.groups()[cell]] += held;
      }
    }
    if (test.freedom() > 0) {
      assertThat(Arrays.stream(pooled).min().orElseThrow() * Math.min(n, m) / (n + m))
          .isGreaterThanOrEqualTo(5 * (1 - ROUNDING));
    }
  }

  @Property(seed = "2207")
  void sides_exchanged_areAsFarApart(@ForAll("cases") Case given) {
    Comparison there = given.compare();
    Comparison back =
        new Case(
                given.cells(),
                /* baseline= */ given.serving(),
                /* serving= */ given.baseline(),
                given.rule())
            .compare();
    assertThat(back.level()).isEqualTo(there.level());
    for (int i = 0; i < there.measures().size(); i++) {
      Measure measure = there.measures().get(i);
      assertThat(back.measures().get(i).effect())
          .isEqualTo(measure.effect(), within(ROUNDING * measure.effect()));
    }
    assertThat(back.chiSquare().groups()).isEqualTo(there.chiSquare().groups());
    assertThat(back.jensenShannon()).isEqualTo(there.jensenShannon(), within(ROUNDING));
  }

  @Property(seed = "2208")
  void side_comparedWithItself_hasNotChanged(@ForAll("cases") Case given) {
    Comparison same =
        new Case(given.cells(), given.serving(), given.serving(), given.rule()).compare();
    assertThat(same.level()).isNotEqualTo(Level.DRIFT);
    assertThat(same.measures()).allMatch(m -> m.effect() == 0 && m.pValue() == 1 && m.cell() == -1);
    assertThat(same.chiSquare().pValue()).isEqualTo(1);
    assertThat(same.psi()).isZero();
    assertThat(same.jensenShannon()).isZero();
  }

  @Property(seed = "2209")
  void variation_ofCategories_isAtLeastTheLargestChange(@ForAll("cases") Case given) {
    List<Measure> measures = given.compare().measures();
    if (given.cells() instanceof CategoryCells && !measures.isEmpty()) {
      assertThat(measures.get(1).effect())
          .isGreaterThanOrEqualTo(measures.get(0).effect() * (1 - ROUNDING));
    }
  }

  @Property(seed = "2210")
  void share_ofCategories_isAtMostWhatOtherHoldsAndAMargin(@ForAll("cases") Case given) {
    List<Measure> measures = given.compare().measures();
    if (given.cells() instanceof CategoryCells cells && !measures.isEmpty()) {
      double n = sum(given.serving());
      double m = sum(given.baseline());
      double hidden =
          Math.max(given.serving()[cells.other()] / n, given.baseline()[cells.other()] / m);
      double margin = Normal.exceededWith(given.rule().alpha()) / 2 * Math.sqrt(1 / n + 1 / m);
      Measure share = measures.get(0);
      assertThat(share.upper())
          .isEqualTo(Math.max(share.effect(), hidden) + margin, within(ROUNDING));
    }
  }

  private static double sum(long[] counts) {
    return Arrays.stream(counts).asDoubleStream().sum();
  }
}
