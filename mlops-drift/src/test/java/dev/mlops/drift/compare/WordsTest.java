package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WordsTest {
  @Test
  void percent_ofAFewOrAlmostAll_isNeverNoneOrAll() {
    assertThat(Words.percent(0)).isEqualTo("0 %");
    assertThat(Words.percent(1)).isEqualTo("100 %");
    assertThat(Words.percent(0.1 + 0.2)).isEqualTo("30 %");
    assertThat(Words.percent(0.12345)).isEqualTo("12.3 %");
    assertThat(Words.percent(0.0004)).isEqualTo("0.04 %");
    assertThat(Words.percent(0.9996)).isEqualTo("99.96 %");
    assertThat(Words.percent(1 - 1e-16)).isEqualTo("100 %");
  }

  @Test
  void figure_roundedPastItsLimit_hasMoreFigures() {
    assertThat(Words.figure(0.12345, 0.05)).isEqualTo("0.123");
    assertThat(Words.figure(0.049996, 0.05)).isEqualTo("0.049996");
    assertThat(Words.figure(0.050001, 0.05)).isEqualTo("0.050001");
    assertThat(Words.figure(0.05, 0.05)).isEqualTo("0.05");
    assertThat(Words.figure(0, 0.05)).isEqualTo("0");
    assertThat(Words.figure(1.0E-5, 0.05)).isEqualTo("0.00001");
  }

  @Test
  void about_anyCount_hasTwoFigures() {
    assertThat(Words.about(2_234.5)).isEqualTo("2,200");
    assertThat(Words.about(1_254_000)).isEqualTo("1,300,000");
    assertThat(Words.about(7.3)).isEqualTo("8");
  }

  @Test
  void confidence_ofAnyAlpha_isTheRest() {
    assertThat(Words.confidence(0.01)).isEqualTo("99 %");
    assertThat(Words.confidence(0.001)).isEqualTo("99.9 %");
    assertThat(Words.confidence(0.5)).isEqualTo("50 %");
  }

  @Test
  void between_neighboursOfTheType_isAtTheOne() {
    assertThat(between(Math.nextDown(25f), 25f)).isEqualTo("at 25");
    assertThat(between(Math.nextDown(0.1), 0.1)).isEqualTo("at 0.1");
    assertThat(between(24, 25)).isEqualTo("above 24 and up to 25");
    assertThat(between(-1.5f, 1e20)).isEqualTo("above -1.5 and up to 1E+20");
    assertThat(between(1234567.1, 1234567.2)).isEqualTo("above 1234567.1 and up to 1234567.2");
    assertThat(between((float) 0.1, (float) 0.2)).isEqualTo("above 0.1 and up to 0.2");
    assertThat(between(Math.nextDown(0f), 0f)).isEqualTo("at 0");
    assertThat(between(6, Math.nextDown(9f), 9)).isEqualTo("above 6 and below 9");
    assertThat(between(4.99609375, 5)).isEqualTo("above 4.9961 and up to 5");
  }

  private static String between(double... edges) {
    return Words.between(edges, 1);
  }

  @Test
  void edge_farFromOthers_hasFewFiguresAndIsNotBelowItself() {
    assertThat(Words.edge(new double[] {1, 1.23456123, 2}, 1)).isEqualTo("1.23457");
    assertThat(Words.edge(new double[] {-2, -1.23456789, 2}, 1)).isEqualTo("-1.23456");
    assertThat(Words.edge(new double[] {0.1f}, 0)).isEqualTo("0.1");
    assertThat(Words.edge(new double[] {1, 12345678.4, 1e9}, 1))
        .as("down to ones, for a date is a number too")
        .isEqualTo("12345679");
    assertThat(Words.edge(new double[] {1700000000, 1800000000}, 1)).isEqualTo("1800000000");
  }

  @Test
  void edge_closeToOthers_hasAsManyFiguresAsPartThem() {
    double[] dates = {20240131, 20240229, 20240331};
    assertThat(Words.edge(dates, 1)).isEqualTo("20240229");
    double[] seconds = {1700000000, 1700000060, 1700000120};
    assertThat(Words.edge(seconds, 1)).isEqualTo("1700000060");
    double next = 48.1371 + 1e-5;
    double[] places = {Math.nextDown(48.1371), 48.1371, Math.nextDown(next), next};
    assertThat(Words.edge(places, 1)).isEqualTo("48.1371");
    assertThat(Words.edge(places, 3)).isEqualTo(Double.toString(next));
    double inDoubles = 0.1f;
    assertThat(Words.edge(new double[] {Math.nextDown(inDoubles), inDoubles, 1}, 1))
        .isEqualTo("0.10000000149011612");
  }
}
