package dev.mlops.runtime.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The setting as the recorder uses it. */
final class SlowerThanTest {
  private final SlowerThan setting = new SlowerThan();

  @ParameterizedTest
  @CsvSource({
    "0 ns, PT0S",
    "5ns, PT0.000000005S",
    "7 us, PT0.000007S",
    "50 ms, PT0.05S",
    "2 s, PT2S",
    "3 m, PT3M",
    "1 h, PT1H",
    "1 d, PT24H"
  })
  void holds_forMoreThanTheTime(String text, Duration time) {
    setting.setValue(text);
    assertThat(setting.holds(time.toNanos())).isFalse();
    assertThat(setting.holds(time.toNanos() + 1)).isTrue();
    assertThat(setting.getValue()).isEqualTo(text);
  }

  @Test
  void setValue_whatIsNoTime_staysAsItWas() {
    setting.setValue("1 s");
    setting.setValue("1 fortnight");
    setting.setValue("");
    assertThat(setting.getValue()).isEqualTo("1 s");
  }

  @Test
  void setValue_null_isWhatWasCombined() {
    setting.setValue("3 s");
    setting.combine(Set.of("3 s", "100 ms"));
    setting.setValue(null); // as JDK 17 does
    assertThat(setting.getValue()).isEqualTo("100 ms");
  }

  @Test
  void combine_isTheShortest_andLeavesOutWhatIsNoTime() {
    assertThat(setting.combine(Set.of("10 ms", "8 s", "900 us", "soon"))).isEqualTo("900 us");
    assertThat(setting.combine(Set.of("soon", "never"))).isEqualTo("20 ms");
  }
}
