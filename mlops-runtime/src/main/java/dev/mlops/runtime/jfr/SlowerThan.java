package dev.mlops.runtime.jfr;

import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jdk.jfr.SettingControl;
import org.jspecify.annotations.Nullable;

/**
 * From when on a prediction is slow: {@code 20 ms} unless a recording says otherwise, in the form
 * of the recorder's own thresholds.
 */
final class SlowerThan extends SettingControl {
  private static final String USUAL = "20 ms";
  private static final Pattern TIME = Pattern.compile("(\\d{1,18})\\s*(ns|us|ms|s|m|h|d)");

  /* JDK 17 loses what combine answers, and sets null: then the last answer is what was meant. */
  private volatile String combined = USUAL;
  private volatile String value = USUAL;
  private volatile long nanos = nanos(USUAL).orElseThrow();

  boolean holds(long took) {
    return took > nanos;
  }

  /** The shortest, so that every recording gets at least what it asks for. */
  @Override
  public String combine(Set<String> values) {
    String shortest = USUAL;
    long least = Long.MAX_VALUE;
    for (String text : values) {
      OptionalLong read = nanos(text);
      if (read.isPresent() && read.getAsLong() < least) {
        shortest = text;
        least = read.getAsLong();
      }
    }
    combined = shortest;
    return shortest;
  }

  @Override
  public void setValue(@Nullable String given) {
    String text = given == null ? combined : given;
    OptionalLong read = nanos(text);
    if (read.isPresent()) {
      value = text;
      nanos = read.getAsLong();
    }
  }

  @Override
  public String getValue() {
    return value;
  }

  /** Empty where the text is no time; the recorder wants such a value to be ignored. */
  private static OptionalLong nanos(String text) {
    Matcher matcher = TIME.matcher(text.strip());
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    TimeUnit unit =
        switch (matcher.group(2)) {
          case "ns" -> TimeUnit.NANOSECONDS;
          case "us" -> TimeUnit.MICROSECONDS;
          case "ms" -> TimeUnit.MILLISECONDS;
          case "s" -> TimeUnit.SECONDS;
          case "m" -> TimeUnit.MINUTES;
          case "h" -> TimeUnit.HOURS;
          default -> TimeUnit.DAYS;
        };
    return OptionalLong.of(unit.toNanos(Long.parseLong(matcher.group(1))));
  }
}
