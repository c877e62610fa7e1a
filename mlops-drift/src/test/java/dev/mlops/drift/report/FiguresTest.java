package dev.mlops.drift.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0          | 0",
        "-0.0       | 0",
        "1          | 1",
        "0.1        | 0.1",
        "12.345678  | 12.35",
        "-3.5       | −3.5",
        "1234567.8  | 1,234,568",
        "155        | 155",
        "99999.5    | 100,000",
        "0.00012345 | 0.0001234",
        "0.0000123  | 1.23e−5",
        "2.5e9      | 2.5e9",
        "-1e300     | −1e300"
      })
  void value_ofAnySize_isShort(double value, String shown) {
    assertThat(Figures.value(value)).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0         | 10   | 0~%",
        "10        | 10   | 100~%",
        "5         | 10   | 50.0~%",
        "1         | 3    | 33.3~%",
        "1349      | 2000 | 67.4~%",
        "1         | 9999 | <~0.1~%",
        "9998      | 9999 | >~99.9~%",
        "0         | 0    | –"
      })
  void percent_ofRows_isNoneOrAllOnlyWhereItIs(long part, long rows, String shown) {
    assertThat(Figures.percent(part, rows)).isEqualTo(shown.replace('~', '\u00a0'));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1       | p~=~1",
        "0.0312  | p~=~0.031",
        "0.00099 | p~=~1e−03",
        "1e-12   | p~=~1e−12",
        "0       | p~<~1e−300",
        "NaN     | p~=~–"
      })
  void p_smallChance_isAnOrderOfMagnitude(double chance, String shown) {
    assertThat(Figures.p(chance)).isEqualTo(shown.replace('~', '\u00a0'));
  }

  @Test
  void effect_boundBeyondAShare_saysNoMoreThanTheShare() {
    assertThat(Figures.effect(-0.02)).isEqualTo("0.000");
    assertThat(Figures.effect(1.2)).isEqualTo("1.000");
    assertThat(Figures.effect(0.0625)).isEqualTo("0.063");
    assertThat(Figures.effect(Double.NaN)).isEqualTo("–");
  }

  @Test
  void points_ofAChange_haveASignUnlessThereIsNone() {
    assertThat(Figures.points(0.123)).isEqualTo("+12.3");
    assertThat(Figures.points(-0.123)).isEqualTo("−12.3");
    assertThat(Figures.points(-0.0001)).isEqualTo("0.0");
  }

  @Test
  void count_ofThings_isOneOrMany() {
    assertThat(Figures.count(1, "column")).isEqualTo("1\u00a0column");
    assertThat(Figures.count(1_234_567, "row")).isEqualTo("1,234,567\u00a0rows");
  }

  @Test
  void time_isUtcToTheSecond() {
    assertThat(Figures.time(Instant.parse("2026-11-25T02:03:04.999Z")))
        .isEqualTo("2026-11-25 02:03:04");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0~s",
    "59, 59~s",
    "60, 1~min",
    "3725, 1~h 2~min",
    "86400, 1~d",
    "90061, 1~d 1~h",
    "-5, 0~s"
  })
  void duration_isInItsTwoLargestUnits(long seconds, String shown) {
    assertThat(Figures.duration(Duration.ofSeconds(seconds)))
        .isEqualTo(shown.replace('~', '\u00a0').replace(' ', '\u00a0'));
  }

  @Test
  void shown_text_isShortAndBreaksNothing() {
    assertThat(Figures.shown("wind", 4)).isEqualTo("wind");
    assertThat(Figures.shown("winds", 4)).isEqualTo("win…");
    assertThat(Figures.shown("🌀🌀🌀", 2)).isEqualTo("🌀…");
    assertThat(Figures.shown("a\u202eb\u0000c\nd\ud800", 99))
        .isEqualTo("a\ufffdb\ufffdc\ufffdd\ufffd");
    assertThat(Figures.shown("", 9)).isEqualTo("“”");
    assertThat(Figures.shown("  ", 9)).isEqualTo("“  ”");
    assertThat(Figures.shown("a‍b", 9)).isEqualTo("a‍b");
  }
}
