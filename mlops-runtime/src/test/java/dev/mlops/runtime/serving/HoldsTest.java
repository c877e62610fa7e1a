package dev.mlops.runtime.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

class HoldsTest {
  private final Holds holds = new Holds();

  @Test
  void refuse_givesNoMoreAndKeepsThoseGiven() {
    assertThat(holds.take()).isTrue();
    assertThat(holds.take()).isTrue();
    holds.refuse();
    assertThat(holds.take()).isFalse();
    holds.release();
    assertThat(holds.any()).isTrue();
    holds.release();
    assertThat(holds.any()).isFalse();
    assertThat(holds.take()).as("after the last was given up").isFalse();
  }

  @Test
  void release_withoutAHold_throwsAndChangesNothing() {
    String message = "release without a hold; call it once for each take() that gave true";
    assertThatIllegalStateException().isThrownBy(holds::release).withMessage(message);
    assertThat(holds.take()).isTrue();
    holds.release();
    holds.refuse();
    assertThatIllegalStateException().isThrownBy(holds::release).withMessage(message);
    assertThat(holds.any()).isFalse();
  }
}
