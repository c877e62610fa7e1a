package dev.mlops.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CallTest {
  @Test
  void with_nothingSaid_saysNothing() {
    Call call = Call.with();
    assertThat(call.key()).isEmpty();
    assertThat(call.within()).isEmpty();
    assertThat(call.segment()).isEmpty();
    assertThat(call.chance()).isEqualTo(1);
    assertThat(call.recorded()).isTrue();
  }

  @Test
  void with_everythingSaid_keepsAllOfIt() {
    Call call =
        Call.with()
            .key("AL09")
            .within(Duration.ofMillis(20))
            .segment("mobile")
            .chance(0.25)
            .unrecorded();
    assertThat(call.key()).contains("AL09");
    assertThat(call.within()).contains(Duration.ofMillis(20));
    assertThat(call.segment()).contains("mobile");
    assertThat(call.chance()).isEqualTo(0.25);
    assertThat(call.recorded()).isFalse();

    Call backwards =
        Call.with()
            .unrecorded()
            .chance(0.25)
            .segment("mobile")
            .within(Duration.ofMillis(20))
            .key("AL09");
    assertThat(backwards).usingRecursiveComparison().isEqualTo(call);
  }

  @Test
  void key_onAKeptCall_leavesItAsItWas() {
    Call kept = Call.with().segment("mobile");
    Call derived = kept.key("AL09").unrecorded().chance(0).within(Duration.ZERO);
    assertThat(kept.key()).isEmpty();
    assertThat(kept.recorded()).isTrue();
    assertThat(kept.chance()).isEqualTo(1);
    assertThat(kept.within()).isEmpty();
    assertThat(derived.segment()).contains("mobile");
    assertThat(Call.with().key()).isEmpty();
  }

  @Test
  void within_zero_isTakenAndLessRefused() {
    assertThat(Call.with().within(Duration.ZERO).within()).contains(Duration.ZERO);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Call.with().within(Duration.ofMillis(-1)))
        .withMessage("limit was PT-0.001S but must be zero or more; zero never waits");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 1})
  void chance_fromZeroToOne_isTaken(double chance) {
    assertThat(Call.with().chance(chance).chance()).isEqualTo(chance);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.001, 1.001, Double.NaN, Double.POSITIVE_INFINITY})
  void chance_outside_isRefused(double chance) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Call.with().chance(chance))
        .withMessage("chance was " + chance + " but must be from 0 to 1");
  }

  @Test
  void keyAndSegment_null_areRefusedRatherThanLeftOut() {
    assertThatNullPointerException()
        .isThrownBy(() -> Call.with().key(null))
        .withMessage("key is null; leave key() out of a call without one");
    assertThatNullPointerException()
        .isThrownBy(() -> Call.with().segment(null))
        .withMessage("segment is null; leave segment() out of a call without one");
  }
}
