package dev.mlops.runtime.codec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class HalfTest {
  private static final int INFINITY = 0x7c00;

  @Test
  void everyHalf_toItsValueAndBack_sameBits() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Half.value((short) bits);
      if ((bits & 0x7fff) > INFINITY) {
        assertThat(value).isNaN();
      } else {
        assertThat(Half.of(value)).as(Integer.toHexString(bits)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void valuesBetweenTwoHalves_goToTheNearer_tiesToTheEvenOne() {
    for (int bits = 0; bits < INFINITY - 1; bits++) {
      double low = Half.value((short) bits);
      double high = Half.value((short) (bits + 1));
      double middle = (low + high) / 2;
      assertThat(low).isLessThan(high);
      assertThat(Half.of(middle)).isEqualTo((short) (bits % 2 == 0 ? bits : bits + 1));
      assertThat(Half.of(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(Half.of(-Math.nextUp(middle))).isEqualTo((short) (0x8000 | (bits + 1)));
    }
  }

  @Test
  void knownHalves_haveTheirBits() {
    assertThat(Half.of(1)).isEqualTo((short) 0x3c00);
    assertThat(Half.of(-2)).isEqualTo((short) 0xc000);
    assertThat(Half.of(65504)).isEqualTo((short) 0x7bff);
    assertThat(Half.of(Math.nextDown(65520.0))).isEqualTo((short) 0x7bff);
    assertThat(Half.of(65520)).isEqualTo((short) 0x7c00);
    assertThat(Half.of(Double.NEGATIVE_INFINITY)).isEqualTo((short) 0xfc00);
    assertThat(Half.of(0x1p-24)).isEqualTo((short) 1);
    assertThat(Half.of(0x1p-25)).isEqualTo((short) 0);
    assertThat(Half.of(-0.0)).isEqualTo((short) 0x8000);
    assertThat(Half.of(Double.NaN)).isEqualTo((short) 0x7e00);
  }
}
