package dev.mlops.runtime.rollout;

import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers with their nouns, for evidence. */
final class Words {
  private static final String[] UNITS = {"ns", "us", "ms", "s"};

  private Words() {}

  /** {@code 1 row}, {@code 1,997 rows}. */
  static String count(long number, String noun) {
    return grouped(number) + " " + noun + (number == 1 ? "" : "s");
  }

  /* By hand: each version that passes its gates is counted, and a formatter takes a fresh JVM 10 ms. */
  private static String grouped(long number) {
    StringBuilder digits = new StringBuilder().append(number);
    for (int comma = digits.length() - 3; comma > 0; comma -= 3) {
      digits.insert(comma, ',');
    }
    return digits.toString();
  }

  /** {@code 850 ns}, {@code 12.3 us}, {@code 5 ms}, {@code 1.04 s}: three digits. */
  static String time(long nanos) {
    int thousands = nanos < 1_000 ? 0 : nanos < 1_000_000 ? 1 : nanos < 1_000_000_000 ? 2 : 3;
    return BigDecimal.valueOf(nanos, 3 * thousands)
            .round(new MathContext(3))
            .stripTrailingZeros()
            .toPlainString()
        + " "
        + UNITS[thousands];
  }
}
