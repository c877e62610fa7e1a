package dev.mlops.drift.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The tails that p-values and bounds are made of, against SciPy's. */
class TailsTest {
  private static final Percentage CLOSE = Percentage.withPercentage(1e-7); // 1e-9 relative

  @TestFactory
  List<DynamicTest> tail_atAnyDepth_isSciPys() throws IOException {
    try (InputStream in = TailsTest.class.getResourceAsStream("/reference/tails.csv")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      List<DynamicTest> tests =
          text.lines()
              .skip(2)
              .map(line -> DynamicTest.dynamicTest(line, () -> check(line.split(",", -1))))
              .toList();
      assertThat(tests).hasSizeGreaterThan(200);
      return tests;
    }
  }

  private static void check(String[] line) {
    int freedom = Integer.parseInt(line[1]);
    double x = Double.parseDouble(line[2]);
    double tail =
        switch (line[0]) {
          case "kolmogorov" -> Kolmogorov.survival(x);
          case "normal" -> Normal.survival(x);
          case "quantile" -> Normal.exceededWith(x);
          case "chi-square" -> ChiSquaredDistribution.of(freedom).survivalProbability(x);
          default -> throw new AssertionError(line[0]);
        };
    double expected = Double.parseDouble(line[3]);
    assertThat(tail).isCloseTo(expected, CLOSE);
  }

  @Test
  void kolmogorov_whereTheSeriesMeet_isTheSame() {
    double below = Kolmogorov.survival(Math.nextDown(1.1));
    assertThat(Kolmogorov.survival(1.1)).isEqualTo(below, within(1e-15));
  }

  @Test
  void kolmogorov_atTheEnds_isOneAndZero() {
    assertThat(Kolmogorov.survival(0)).isEqualTo(1);
    assertThat(Kolmogorov.survival(1e-300)).isEqualTo(1);
    assertThat(Kolmogorov.survival(0.01)).isEqualTo(1);
    assertThat(Kolmogorov.survival(1e9)).isZero();
    assertThat(Kolmogorov.survival(Double.POSITIVE_INFINITY)).isZero();
  }
}
