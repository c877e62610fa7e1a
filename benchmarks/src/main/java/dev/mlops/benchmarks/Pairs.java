package dev.mlops.benchmarks;

import dev.mlops.inference.ModelHandle;
import dev.mlops.runtime.ModelRuntime;
import java.util.Arrays;
import java.util.Locale;

/**
 * What {@code record} takes beyond {@code tuned}: the two go through the same rows in blocks of
 * some milliseconds that take turns in one JVM, so whatever else the machine does meets both.
 * Prints, in nanoseconds a call, the tenth percentile of each and the median of the differences
 * between the two blocks of a pair.
 */
public final class Pairs {
  private static final int CALLS = 1_500;
  private static final int WARM_UP = 150;
  private static final int PAIRS = 450;

  private Pairs() {}

  /** Takes the name of a subject. */
  public static void main(String[] args) {
    Subject<Object> subject = PredictBenchmark.subject(args[0]);
    double[] tuned = new double[PAIRS];
    double[] record = new double[PAIRS];
    double[] more = new double[PAIRS];
    long sum = 0;
    try (ByHand<Object> hand = subject.tuned();
        ModelRuntime runtime = subject.runtime(Engines.of(Engines.ONNX_RUNTIME))) {
      ModelHandle<Object, Forecast> handle = subject.handle(runtime, subject.type);
      for (int pair = -WARM_UP; pair < PAIRS; pair++) {
        int from = (pair + WARM_UP) * CALLS;
        boolean recordFirst = (pair & 1) == 0; // who comes second finds the rows in the caches
        long[] nanos = new long[2];
        for (int turn = 0; turn < 2; turn++) {
          long start = System.nanoTime();
          if (recordFirst == (turn == 0)) {
            for (int i = from; i < from + CALLS; i++) {
              sum -= bits(handle.predict(subject.records.get(i & (Subject.ROWS - 1))).value());
            }
            nanos[1] = System.nanoTime() - start;
          } else {
            for (int i = from; i < from + CALLS; i++) {
              sum += bits(hand.predict(subject.records.get(i & (Subject.ROWS - 1))));
            }
            nanos[0] = System.nanoTime() - start;
          }
        }
        if (pair >= 0) {
          tuned[pair] = nanos[0] / (double) CALLS;
          record[pair] = nanos[1] / (double) CALLS;
          more[pair] = record[pair] - tuned[pair];
        }
      }
    }
    if (sum != 0) {
      throw new IllegalStateException("the answers differ");
    }
    for (double[] each : new double[][] {tuned, record, more}) {
      Arrays.sort(each);
    }
    System.out.printf(
        Locale.ROOT, "%.0f %.0f %.0f%n", tuned[PAIRS / 10], record[PAIRS / 10], more[PAIRS / 2]);
  }

  private static int bits(Forecast forecast) {
    return Float.floatToIntBits(forecast.probability());
  }
}
