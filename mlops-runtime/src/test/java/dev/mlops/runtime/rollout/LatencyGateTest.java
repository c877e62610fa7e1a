package dev.mlops.runtime.rollout;

import static dev.mlops.model.ElementType.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every duration is scripted: a model moves the clock, and nobody waits. */
final class LatencyGateTest {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder().input("a", FLOAT).output("y", FLOAT).build();
  private static final FakeVersion VERSION =
      FakeVersion.csv(SCHEMA, 0, "a,expected.y", "1,1", "2,2", "3,3");

  private final Clock clock = new Clock();

  /* ---- the gate itself ---- */

  @Test
  void name_ofEach_saysWhetherItCompares() {
    LatencyGate budget = LatencyGate.atMost(Duration.ofMillis(5));
    assertThat(budget.name()).isEqualTo("latency");
    assertThat(budget.compares()).isFalse();
    LatencyGate relative = LatencyGate.atMostSlower(1.5);
    assertThat(relative.name()).isEqualTo("relative latency");
    assertThat(relative.compares()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT-0.001S", "PT1M0.000000001S"})
  void atMost_noBudget_refused(String budget) {
    assertThatThrownBy(() -> LatencyGate.atMost(Duration.parse(budget)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "atMost was %s but must be above 0 and at most a minute: one prediction",
            Duration.parse(budget));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 0.5, -2, Double.NaN, Double.POSITIVE_INFINITY})
  void atMostSlower_noFactor_refused(double factor) {
    assertThatThrownBy(() -> LatencyGate.atMostSlower(factor))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "atMostSlower was %s but must be finite and above 1: the candidate's median by that of"
                + " the version in force",
            factor);
  }

  /* ---- for a budget ---- */

  @Test
  void budget_everyCallWithin_pass() {
    assertThat(budget(5, taking(() -> 1)))
        .isEqualTo(
            result(Outcome.PASS, "p50 1 ms, p99 1 ms over 400 runs; 0 above the budget of 5 ms"));
  }

  @Test
  void budget_everyCallAbove_fail() {
    assertThat(budget(5, taking(() -> 8)))
        .isEqualTo(
            result(Outcome.FAIL, "p50 8 ms, p99 8 ms over 100 runs; 100 above the budget of 5 ms"));
  }

  @Test
  void budget_exactlyTheBudget_pass() {
    assertThat(budget(5, taking(() -> 5)).outcome()).isEqualTo(Outcome.PASS);
  }

  @ParameterizedTest
  @CsvSource({"100, PASS", "50, UNDECIDED", "25, FAIL"})
  void budget_oneInSoManyAbove_oneInAHundredIsWithin(int each, Outcome outcome) {
    assertThat(budget(5, taking(everyNth(each, 9, 1))).outcome()).isEqualTo(outcome);
  }

  @Test
  void budget_tailAbove_failWithBothFigures() {
    assertThat(budget(5, taking(everyNth(10, 9, 1))).evidence())
        .matches("p50 1 ms, p99 9 ms over \\d{3} runs; \\d\\d above the budget of 5 ms");
  }

  @Test
  void budget_moreThanOneInAHundredButWithinChance_undecided() {
    assertThat(budget(5, taking(everyNth(64, 9, 1))))
        .satisfies(seen -> assertThat(seen.outcome()).isEqualTo(Outcome.UNDECIDED))
        .satisfies(
            seen ->
                assertThat(seen.evidence())
                    .endsWith("; more than 1 in 100, but not in two rounds and beyond chance"));
  }

  @Test
  void budget_slowForAWhileOnly_undecidedNotFail() {
    // all of the first round and nothing of the second
    Result seen = budget(5, taking(() -> clock.millis() < 700 ? 8 : 1));
    assertThat(seen.outcome()).isEqualTo(Outcome.UNDECIDED);
  }

  @Test
  void budget_hiccupsInTheFirstRoundOnly_passOverBoth() {
    // 9 ms at the start of the first round, six of its calls; 1 in 100 of both together
    Result seen = budget(5, taking(() -> clock.millis() >= 250 && clock.millis() < 290 ? 9 : 1));
    assertThat(seen.outcome()).isEqualTo(Outcome.PASS);
    assertThat(seen.evidence()).contains("; 5 above");
  }

  @Test
  void budget_machineHoldsEverythingUp_undecidedAndSaysSo() {
    clock.stall(23, 10);
    Result seen = budget(5, taking(() -> 1));
    assertThat(seen.outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(seen.evidence())
        .contains("p50 1 ms, p99 11 ms")
        .contains("empty loops as long as the median were held up beyond it too")
        .endsWith("try again when it is less busy, or allow more");
  }

  @Test
  void budget_machineHoldsUpButMedianIsAbove_fail() {
    clock.stall(23, 10);
    assertThat(budget(5, taking(() -> 6)).outcome()).isEqualTo(Outcome.FAIL);
  }

  @Test
  void budget_hundredMillisecondsACall_decidedByTenRunsWithinTwoSeconds() {
    assertThat(budget(150, taking(() -> 100)))
        .isEqualTo(
            result(
                Outcome.PASS,
                "p50 100 ms, slowest 100 ms over 10 runs; 0 above the budget of 150 ms"));
    assertThat(clock.millis()).isLessThan(2_000);
  }

  @Test
  void budget_oneOfTenRunsAbove_undecidedAndTwoOfTenInBothRoundsFail() {
    assertThat(budget(150, taking(everyNth(10, 200, 100))).outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(budget(150, taking(everyNth(5, 200, 100))).outcome()).isEqualTo(Outcome.FAIL);
  }

  @Test
  void budget_secondsACall_tooFewUnlessClearlyAbove() {
    assertThat(budget(5_000, taking(() -> 1_000)))
        .isEqualTo(
            result(
                Outcome.UNDECIDED,
                "p50 1 s, slowest 1 s over 4 runs; 0 above the budget of 5 s; fewer than 10 runs in"
                    + " each of two rounds decide nothing"));
    assertThat(budget(5, taking(() -> 1_000)).outcome()).isEqualTo(Outcome.FAIL);
  }

  @Test
  void budget_microsecondsACall_tenThousandRunsAtMost() {
    assertThat(budget(5, taking(() -> 0.002)))
        .isEqualTo(
            result(
                Outcome.PASS, "p50 2 us, p99 2 us over 10,000 runs; 0 above the budget of 5 ms"));
    assertThat(clock.millis()).isLessThan(100);
  }

  @Test
  void budget_slowWhileItWarmsUp_isNotCounted() {
    assertThat(budget(5, taking(() -> clock.millis() < 240 ? 30 : 1)).outcome())
        .isEqualTo(Outcome.PASS);
  }

  @Test
  void rows_golden_oneAtATimeInTurn() {
    List<List<Double>> seen = new ArrayList<>();
    FakeCandidate candidate =
        FakeCandidate.of(VERSION, row -> row)
            .batching(
                rows -> {
                  seen.add(rows.stream().map(row -> row.number("a")).toList());
                  clock.advance(10_000_000);
                  return rows;
                });
    new LatencyGate(50_000_000, 0, clock).check(candidate);
    assertThat(seen).allMatch(rows -> rows.size() == 1);
    assertThat(seen.subList(seen.size() - 6, seen.size()))
        .containsAll(List.of(List.of(1.0), List.of(2.0), List.of(3.0)));
  }

  @Test
  void rows_withoutGoldenRecords_madeUpAndSaidSo() {
    FakeCandidate candidate = FakeCandidate.of(FakeVersion.without(SCHEMA), taking(() -> 1));
    assertThat(new LatencyGate(5_000_000, 0, clock).check(candidate).evidence())
        .isEqualTo("p50 1 ms, p99 1 ms over 400 runs on made-up rows; 0 above the budget of 5 ms");
  }

  @Test
  void rows_thatDoNotFit_leftOut() {
    Function<Row, Row> picky =
        row -> {
          if (row.number("a") == 2) {
            throw new InvalidInputException("a is 2");
          }
          return taking(() -> 1).apply(row);
        };
    assertThat(budget(5, picky).outcome()).isEqualTo(Outcome.PASS);
    assertThat(
            budget(
                5,
                row -> {
                  throw new InvalidInputException("no");
                }))
        .isEqualTo(result(Outcome.SKIPPED, "none of 3 sample rows fits"));
  }

  @Test
  void budget_modelFails_isTheModelsFailure() {
    assertThatThrownBy(
            () ->
                budget(
                    5,
                    row -> {
                      throw new ModelFailedException("node 7 failed", null);
                    }))
        .isInstanceOf(ModelFailedException.class);
  }

  /* ---- beside the version in force ---- */

  @Test
  void slower_nothingServes_skipped() {
    assertThat(new LatencyGate(0, 1.5, clock).check(FakeCandidate.of(VERSION, taking(() -> 1))))
        .isEqualTo(relative(Outcome.SKIPPED, "nothing serves yet to compare with"));
  }

  @Test
  void slower_asFast_pass() {
    assertThat(slower(1.5, () -> 1, () -> 1))
        .isEqualTo(
            relative(
                Outcome.PASS,
                "median 1 ms against 1 ms of 1.0.0: 1.00 times [1.00, 1.00] over 31 pairs of"
                    + " blocks of 5 runs; at most 1.5 is allowed"));
    assertThat(clock.millis()).isLessThan(1_000);
  }

  @Test
  void slower_twiceAsSlow_fail() {
    assertThat(slower(1.5, () -> 2, () -> 1))
        .isEqualTo(
            relative(
                Outcome.FAIL,
                "median 2 ms against 1 ms of 1.0.0: 2.00 times [2.00, 2.00] over 31 pairs of"
                    + " blocks of 3 runs; at most 1.5 is allowed"));
  }

  @ParameterizedTest
  @CsvSource({"1.5, PASS", "1.51, FAIL"})
  void slower_atTheLimit_isWithin(double millis, Outcome outcome) {
    assertThat(slower(1.5, () -> millis, () -> 1).outcome()).isEqualTo(outcome);
  }

  @Test
  void slower_limitWithinTheInterval_undecided() {
    Random noise = new Random(7);
    Result seen = slower(1.5, () -> 1.5 * Math.exp(0.3 * noise.nextGaussian()), () -> 1);
    assertThat(seen.outcome()).isEqualTo(Outcome.UNDECIDED);
    assertThat(seen.evidence()).endsWith(", which the interval holds: try again, or allow more");
  }

  @Test
  void slower_machineGetsSlowerThroughout_pairsDoNotMind() {
    DoubleSupplier tired = () -> 1 + clock.millis() / 100.0;
    assertThat(slower(1.25, tired, tired).outcome()).isEqualTo(Outcome.PASS);
  }

  @Test
  void slower_fewCallsOfEitherAreHeldUp_mediansDoNotMind() {
    assertThat(slower(1.2, everyNth(3, 40, 1), () -> 1).outcome()).isEqualTo(Outcome.PASS);
    assertThat(slower(1.2, () -> 1.4, everyNth(3, 40, 1)).outcome()).isEqualTo(Outcome.FAIL);
  }

  @Test
  void slower_hundredMillisecondsACall_eightPairsWithinThreeSeconds() {
    assertThat(slower(1.5, () -> 100, () -> 100).evidence())
        .contains("[1.00, 1.00] over 8 pairs of blocks of 1 run;");
    assertThat(clock.millis()).isLessThan(3_000);
  }

  @Test
  void slower_secondsACall_tooFewPairs() {
    assertThat(slower(1.5, () -> 2_000, () -> 1_000))
        .isEqualTo(
            relative(
                Outcome.UNDECIDED,
                "median 2 s against 1 s of 1.0.0: 2.00 times over 2 pairs of blocks of 1 run; at"
                    + " most 1.5 is allowed; fewer than 8 pairs decide nothing"));
  }

  @Test
  void slower_microsecondsACall_withinASecond() {
    assertThat(slower(1.5, () -> 0.002, () -> 0.002).evidence())
        .contains("31 pairs of blocks of 999 runs;");
    assertThat(clock.millis()).isLessThan(1_000);
  }

  @Test
  void slower_blocks_takeTurnsAtBeingFirst() {
    List<String> calls = new ArrayList<>();
    FakeCandidate candidate =
        FakeCandidate.of(VERSION, naming(calls, "new")).against(SCHEMA, naming(calls, "old"));
    new LatencyGate(0, 1.5, clock).check(candidate);
    List<String> last = calls.subList(calls.size() - 8, calls.size());
    assertThat(last).containsExactly("new", "old", "old", "new", "new", "old", "old", "new");
  }

  @Test
  void slower_versionInForceFails_undecided() {
    FakeCandidate candidate =
        FakeCandidate.of(VERSION, taking(() -> 1))
            .against(
                SCHEMA,
                row -> {
                  throw new ModelFailedException("node 7 failed", null);
                });
    assertThat(new LatencyGate(0, 1.5, clock).check(candidate))
        .isEqualTo(relative(Outcome.UNDECIDED, "1.0.0 cannot be compared with: node 7 failed"));
  }

  @Test
  void slower_candidateFails_isTheModelsFailure() {
    FakeCandidate candidate =
        FakeCandidate.of(
                VERSION,
                row -> {
                  throw new ModelFailedException("node 7 failed", null);
                })
            .against(SCHEMA, taking(() -> 1));
    assertThatThrownBy(() -> new LatencyGate(0, 1.5, clock).check(candidate))
        .isInstanceOf(ModelFailedException.class);
  }

  @Test
  void slower_noRowFitsBoth_skipped() {
    FakeCandidate candidate =
        FakeCandidate.of(VERSION, taking(() -> 1))
            .against(
                SCHEMA,
                row -> {
                  throw new InvalidInputException("no");
                });
    assertThat(new LatencyGate(0, 1.5, clock).check(candidate))
        .isEqualTo(relative(Outcome.SKIPPED, "none of 3 sample rows fits both it and 1.0.0"));
  }

  /* ---- the stated chances ---- */

  @ParameterizedTest
  @CsvSource({"0.002, 0, 1", "0.01, 0.005, 0.95", "0.05, 0.9, 0.01"})
  void budget_shareAboveByChance_failsAndPassesAsStated(
      double above, double failed, double passed) {
    Random chance = new Random(1976);
    Map<Outcome, Integer> seen =
        outcomes(400, () -> budget(5, taking(() -> chance.nextDouble() < above ? 9 : 1)));
    if (above > 0.01) {
      assertThat(seen.get(Outcome.FAIL)).isGreaterThan((int) (400 * failed));
      assertThat(seen.get(Outcome.PASS)).isLessThanOrEqualTo((int) (400 * passed));
    } else {
      assertThat(seen.get(Outcome.FAIL)).isLessThanOrEqualTo((int) (400 * failed));
    }
    if (above < 0.01) {
      assertThat(seen.get(Outcome.PASS)).isGreaterThanOrEqualTo((int) (400 * passed));
    }
  }

  @Test
  void slower_ratioAtTheLimitByChance_eitherAnswerRarelyAndBesideItAlmostAlways() {
    Random chance = new Random(1976);
    Function<Double, Result> check =
        ratio ->
            slower(
                1.5,
                () -> ratio * Math.exp(0.2 * chance.nextGaussian()),
                () -> Math.exp(0.2 * chance.nextGaussian()));
    Map<Outcome, Integer> atLimit = outcomes(1_000, () -> check.apply(1.5));
    assertThat(atLimit.get(Outcome.FAIL)).isLessThan(16); // 5 expected at most
    assertThat(atLimit.get(Outcome.PASS)).isLessThan(16);
    assertThat(outcomes(200, () -> check.apply(1.0)).get(Outcome.PASS)).isGreaterThan(195);
    assertThat(outcomes(200, () -> check.apply(2.2)).get(Outcome.FAIL)).isGreaterThan(195);
  }

  private static Map<Outcome, Integer> outcomes(int times, Supplier<Result> check) {
    Map<Outcome, Integer> seen = new EnumMap<>(Outcome.class);
    Arrays.stream(Outcome.values()).forEach(outcome -> seen.put(outcome, 0));
    for (int i = 0; i < times; i++) {
      seen.merge(check.get().outcome(), 1, Integer::sum);
    }
    return seen;
  }

  /* ---- scripts ---- */

  private Result budget(long millis, Function<Row, Row> model) {
    clock.now = 0;
    return new LatencyGate(millis * 1_000_000, 0, clock).check(FakeCandidate.of(VERSION, model));
  }

  private Result slower(double factor, DoubleSupplier millis, DoubleSupplier before) {
    clock.now = 0;
    return new LatencyGate(0, factor, clock)
        .check(FakeCandidate.of(VERSION, taking(millis)).against(SCHEMA, taking(before)));
  }

  /** A model whose calls take so long as timed. */
  private Function<Row, Row> taking(DoubleSupplier millis) {
    return row -> {
      clock.advance(Math.round(millis.getAsDouble() * 1_000_000) - Clock.TICK);
      return row;
    };
  }

  private Function<Row, Row> naming(List<String> calls, String name) {
    return row -> {
      calls.add(name);
      return taking(() -> 20).apply(row);
    };
  }

  private static DoubleSupplier everyNth(int each, double then, double else_) {
    int[] calls = {0};
    return () -> ++calls[0] % each == 0 ? then : else_;
  }

  private static Result result(Outcome outcome, String evidence) {
    return new Result("latency", outcome, evidence);
  }

  private static Result relative(Outcome outcome, String evidence) {
    return new Result("relative latency", outcome, evidence);
  }

  /** Moves by itself when looked at, and further where the machine holds everything up. */
  private static final class Clock implements LongSupplier {
    static final long TICK = 1_000;

    private long now;
    private long every;
    private long stall;

    /** From now on nothing goes on for so long after each period. */
    void stall(long everyMillis, long millis) {
      every = everyMillis * 1_000_000;
      stall = millis * 1_000_000;
    }

    void advance(long nanos) {
      long then = now + nanos;
      now = every > 0 && then / every > now / every ? then + stall : then;
    }

    long millis() {
      return now / 1_000_000;
    }

    @Override
    public long getAsLong() {
      advance(TICK);
      return now;
    }
  }
}
