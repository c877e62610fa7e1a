package dev.mlops.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.rollout.Gate.Outcome;
import dev.mlops.rollout.Gate.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GateTest {
  private final Gate gate =
      new Gate() {
        @Override
        public String name() {
          return "mine";
        }

        @Override
        public Result check(Candidate candidate) {
          return pass("looked at");
        }
      };

  @Test
  void results_ofAGate_bearItsName() {
    assertThat(gate.check(null)).isEqualTo(new Result("mine", Outcome.PASS, "looked at"));
    assertThat(gate.fail("worse")).isEqualTo(new Result("mine", Outcome.FAIL, "worse"));
    assertThat(gate.undecided("few rows"))
        .isEqualTo(new Result("mine", Outcome.UNDECIDED, "few rows"));
    assertThat(gate.skipped("no rows")).isEqualTo(new Result("mine", Outcome.SKIPPED, "no rows"));
    assertThat(gate.fail("worse")).hasToString("mine FAIL: worse");
  }

  @ParameterizedTest
  @CsvSource({"PASS, true", "SKIPPED, true", "FAIL, false", "UNDECIDED, false"})
  void lets_onlyWhatPassedOrHadNothingToCheck(Outcome outcome, boolean lets) {
    assertThat(new Result("mine", outcome, "").lets()).isEqualTo(lets);
  }

  @Test
  void compares_unlessSaid_isFalse() {
    assertThat(gate.compares()).isFalse();
  }
}
