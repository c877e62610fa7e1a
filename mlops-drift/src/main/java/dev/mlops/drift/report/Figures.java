package dev.mlops.drift.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers, texts and times as people read them; the JSON has them exactly. */
final class Figures {
  private static final char NO_BREAK = '\u00a0';
  private static final int VALUE_DIGITS = 4;
  private static final double PLAIN_FROM = 1e-4;
  private static final double PLAIN_BELOW = 1e9;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private Figures() {}

  /** A count, with thousands parted by commas. */
  static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** A count and what is counted, which takes an s unless there is one. */
  static String count(long count, String what) {
    return count(count) + NO_BREAK + what + (count == 1 ? "" : "s");
  }

  /** A share of some rows in percent; nothing of nothing is a dash. */
  static String percent(long part, long rows) {
    if (rows == 0) {
      return "–";
    }
    BigDecimal percent =
        BigDecimal.valueOf(part)
            .movePointRight(2)
            .divide(BigDecimal.valueOf(rows), 1, RoundingMode.HALF_EVEN);
    if (part == 0 || part == rows) {
      return percent.intValue() + "" + NO_BREAK + "%";
    }
    if (percent.signum() == 0) {
      return "<" + NO_BREAK + "0.1" + NO_BREAK + "%";
    }
    if (percent.intValue() == 100) {
      return ">" + NO_BREAK + "99.9" + NO_BREAK + "%";
    }
    return percent.toPlainString() + NO_BREAK + "%";
  }

  /** An effect or a bound of one: a bound outside 0 to 1 says no more than these do. */
  static String effect(double effect) {
    return Double.isNaN(effect) ? "–" : fixed(Math.min(1, Math.max(0, effect)), 3);
  }

  /** A number that is no share. */
  static String thousandths(double value) {
    return Double.isNaN(value) ? "–" : fixed(value, 3);
  }

  /** A chance: small ones by their order of magnitude. */
  static String chance(double chance) {
    if (Double.isNaN(chance)) {
      return "–";
    }
    if (chance < 1e-300) {
      return "<" + NO_BREAK + sign("1e-300");
    }
    if (chance == 1) {
      return "1";
    }
    return chance < 0.001 ? sign(String.format(Locale.ROOT, "%.0e", chance)) : fixed(chance, 3);
  }

  /** A p-value and what it is. */
  static String p(double chance) {
    String shown = chance(chance);
    return "p" + NO_BREAK + (shown.startsWith("<") ? "" : "=" + NO_BREAK) + shown;
  }

  /** A statistic without a fixed range. */
  static String statistic(double statistic) {
    return Double.isFinite(statistic) ? value(statistic) : "–";
  }

  /** A value of a column or a setting: four digits, more for whole numbers. */
  static String value(double value) {
    return value(value, VALUE_DIGITS);
  }

  /** A value rounded to so many digits, but not to tens. */
  static String value(double value, int digits) {
    double size = Math.abs(value);
    if (value == 0) {
      return "0";
    }
    if (size < PLAIN_FROM || size >= PLAIN_BELOW) {
      return scientific(value, digits);
    }
    BigDecimal exact = new BigDecimal(value);
    BigDecimal rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
    if (rounded.scale() < 0) {
      rounded = exact.setScale(0, RoundingMode.HALF_EVEN);
    }
    return grouped(rounded);
  }

  private static String scientific(double value, int digits) {
    BigDecimal rounded =
        new BigDecimal(value)
            .round(new MathContext(digits, RoundingMode.HALF_EVEN))
            .stripTrailingZeros();
    int exponent = rounded.precision() - rounded.scale() - 1;
    return sign(rounded.movePointLeft(exponent).toPlainString() + "e" + exponent);
  }

  private static String grouped(BigDecimal value) {
    BigDecimal least = value.stripTrailingZeros();
    int places = Math.max(0, least.scale());
    return sign(String.format(Locale.ROOT, "%,." + places + "f", least));
  }

  private static String fixed(double value, int places) {
    return String.format(Locale.ROOT, "%,." + places + "f", value);
  }

  /** A signed change of a share in percentage points. */
  static String points(double change) {
    double points = 100 * change;
    if (Math.abs(points) < 0.05) {
      return "0.0";
    }
    return points > 0 ? "+" + fixed(points, 1) : sign(fixed(points, 1));
  }

  private static String sign(String number) {
    return number.replace('-', '\u2212');
  }

  /** A moment in UTC, to the second. */
  static String time(Instant instant) {
    return TIME.format(instant);
  }

  /** How long something took, in its two largest units. */
  static String duration(Duration duration) {
    long seconds = Math.max(0, duration.toSeconds());
    long[] sizes = {86_400, 3_600, 60, 1};
    String[] names = {"d", "h", "min", "s"};
    for (int i = 0; i < sizes.length - 1; i++) {
      if (seconds >= sizes[i]) {
        long rest = seconds % sizes[i] / sizes[i + 1];
        String first = count(seconds / sizes[i]) + NO_BREAK + names[i];
        return rest == 0 ? first : first + NO_BREAK + rest + NO_BREAK + names[i + 1];
      }
    }
    return seconds + "" + NO_BREAK + "s";
  }

  /**
   * A name or a category: at most so many characters, and none that would break or turn round the
   * text it stands in. A blank one is quoted.
   */
  static String shown(String text, int longest) {
    StringBuilder shown = new StringBuilder();
    int taken = 0;
    for (int i = 0; i < text.length(); ) {
      int character = text.codePointAt(i);
      i += Character.charCount(character);
      if (++taken == longest && i < text.length()) {
        return shown.append('…').toString();
      }
      shown.appendCodePoint(unsafe(character) ? '\ufffd' : character);
    }
    return text.isBlank() ? "“" + shown + "”" : shown.toString();
  }

  private static boolean unsafe(int character) {
    return Character.isISOControl(character)
        || Character.getType(character) == Character.SURROGATE
        || (character >= 0x202a && character <= 0x202e) // embeddings and overrides of direction
        || (character >= 0x2066 && character <= 0x2069); // and isolates
  }
}
