package dev.mlops.drift.report;

import java.util.ArrayList;
import java.util.List;

/** Round places on an axis. */
final class Scale {
  private Scale() {}

  /** Multiples of 1, 2 or 5 times a power of ten from one value to another, at most so many. */
  static List<Double> ticks(double from, double to, int most) {
    double step = step((to - from) / most);
    List<Double> ticks = new ArrayList<>();
    for (double at = Math.ceil(from / step); at * step <= to; at++) {
      ticks.add(rounded(at * step, step));
    }
    return ticks;
  }

  /** The least of 1, 2 and 5 times a power of ten that is not below. */
  static double step(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    double times = least / power;
    return (times <= 1.000_001 ? 1 : times <= 2.000_001 ? 2 : times <= 5.000_001 ? 5 : 10) * power;
  }

  /** Without the dust that adding steps up leaves behind. */
  private static double rounded(double value, double step) {
    double scale = Math.pow(10, Math.max(0, Math.ceil(-Math.log10(step)) + 1));
    double rounded = Math.rint(value * scale) / scale;
    return Double.isFinite(rounded) ? rounded : value;
  }
}
