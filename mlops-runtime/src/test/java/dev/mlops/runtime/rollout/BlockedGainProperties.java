package dev.mlops.runtime.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;

/** Tolerances are a hundred roundings of sums of at most 200 numbers of at most 40. */
final class BlockedGainProperties {
  private static final double ROUNDING = 1e-9;

  record Gain(int block, double value) {}

  @Provide
  Arbitrary<List<Gain>> gains() {
    Arbitrary<Gain> gain =
        Combinators.combine(
                Arbitraries.integers().between(0, 30), Arbitraries.doubles().between(-40, 40))
            .as(Gain::new);
    return gain.list().ofMinSize(2).ofMaxSize(200).filter(BlockedGainProperties::twoBlocks);
  }

  @Property(tries = 300, seed = "1976")
  void error_anyGains_isTheFormulaWrittenOut(@ForAll("gains") List<Gain> gains) {
    BlockedGain gain = of(gains);
    double n = gains.size();
    double mean = gains.stream().mapToDouble(Gain::value).sum() / n;
    List<Integer> names = gains.stream().map(Gain::block).distinct().toList();
    double squares = 0;
    for (int name : names) {
      double sum = 0;
      int rows = 0;
      for (Gain one : gains) {
        if (one.block() == name) {
          sum += one.value();
          rows++;
        }
      }
      squares += (sum - mean * rows) * (sum - mean * rows);
    }
    double b = names.size();
    assertThat(gain.mean()).isCloseTo(mean, within(ROUNDING));
    assertThat(gain.error())
        .isCloseTo(Math.sqrt(b / (b - 1) * squares / (n * n)), within(ROUNDING));
  }

  @Property(tries = 300, seed = "1977")
  void error_oneRowABlock_isTheStandardErrorOfAMean(@ForAll("gains") List<Gain> gains) {
    BlockedGain gain = new BlockedGain();
    double sum = 0;
    for (int i = 0; i < gains.size(); i++) {
      gain.add("row " + i, gains.get(i).value());
      sum += gains.get(i).value();
    }
    int n = gains.size();
    double mean = sum / n;
    double squares = gains.stream().mapToDouble(g -> (g.value() - mean) * (g.value() - mean)).sum();
    assertThat(gain.error()).isCloseTo(Math.sqrt(squares / (n - 1) / n), within(ROUNDING));
  }

  @Property(tries = 300, seed = "1978")
  void interval_rowsInAnotherOrder_theSame(
      @ForAll("gains") List<Gain> gains, @ForAll Random chance) {
    List<Gain> shuffled = new ArrayList<>(gains);
    Collections.shuffle(shuffled, chance);
    assertThat(of(shuffled).mean()).isCloseTo(of(gains).mean(), within(ROUNDING));
    assertThat(of(shuffled).error()).isCloseTo(of(gains).error(), within(ROUNDING));
  }

  @Property(tries = 300, seed = "1979")
  void interval_gainsScaledAndShifted_scalesAndShifts(
      @ForAll("gains") List<Gain> gains,
      @ForAll @DoubleRange(min = -3, max = 3) double factor,
      @ForAll @DoubleRange(min = -3, max = 3) double shift) {
    List<Gain> moved =
        gains.stream().map(g -> new Gain(g.block(), g.value() * factor + shift)).toList();
    assertThat(of(moved).mean()).isCloseTo(of(gains).mean() * factor + shift, within(ROUNDING));
    assertThat(of(moved).error())
        .isCloseTo(of(gains).error() * Math.abs(factor), within(ROUNDING * 10));
  }

  private static BlockedGain of(List<Gain> gains) {
    BlockedGain gain = new BlockedGain();
    gains.forEach(one -> gain.add("block " + one.block(), one.value()));
    return gain;
  }

  private static boolean twoBlocks(List<Gain> gains) {
    return gains.stream().map(Gain::block).distinct().count() >= 2;
  }
}
