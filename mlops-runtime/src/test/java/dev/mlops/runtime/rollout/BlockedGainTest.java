package dev.mlops.runtime.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class BlockedGainTest {
  @Test
  void margin_twoBlocks_asByHand() {
    BlockedGain gain = new BlockedGain();
    gain.add("a", 1);
    gain.add("a", 2);
    gain.add("b", 6);
    // m = 3; S_a - 2m = -3, S_b - m = 3; variance 2/1 * 18 / 9 = 4; t(0.975, 1) = 12.7062
    assertThat(gain.rows()).isEqualTo(3);
    assertThat(gain.blocks()).isEqualTo(2);
    assertThat(gain.mean()).isEqualTo(3);
    assertThat(gain.error()).isCloseTo(2, within(1e-15));
    assertThat(gain.margin()).isCloseTo(2 * 12.706204736, within(1e-8));
  }

  @Test
  void margin_oneBlock_notANumber() {
    BlockedGain gain = new BlockedGain();
    gain.add("a", 1);
    gain.add("a", 2);
    assertThat(gain.mean()).isEqualTo(1.5);
    assertThat(gain.error()).isNaN();
    assertThat(gain.margin()).isNaN();
  }

  @Test
  void mean_noRows_notANumber() {
    assertThat(new BlockedGain().mean()).isNaN();
  }
}
