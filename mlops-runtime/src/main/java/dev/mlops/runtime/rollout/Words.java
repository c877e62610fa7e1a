package dev.mlops.runtime.rollout;

import java.util.Locale;

/** Numbers with their nouns, for evidence. */
final class Words {
  private Words() {}

  /** {@code 1 row}, {@code 1,997 rows}. */
  static String count(long number, String noun) {
    return String.format(Locale.ROOT, "%,d %s%s", number, noun, number == 1 ? "" : "s");
  }
}
