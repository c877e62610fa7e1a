package dev.mlops.runtime;

import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Swaps a large model while two threads predict, and looks at the resident memory when {@value
 * #FIRST} swaps are through and at the end, in a JVM of its own whose heap has one size. Prints one
 * line; exits with 0 if no call failed and every session but the one that serves was closed.
 */
final class SwapMemory {
  /** By then the allocator has what it needs. */
  static final int FIRST = 50;

  private SwapMemory() {}

  public static void main(String[] args) throws Exception {
    int swaps = Integer.parseInt(args[1]);
    boolean trim = args[2].equals("trim");
    long before = System.nanoTime();
    try (Swapping swapping = new Swapping(Path.of(args[0]), OnnxRuntimeEngine.create())) {
      Callers callers = new Callers().add(2, swapping::predict);
      double untrimmed = 0;
      double first = 0;
      for (int swap = 1; swap <= swaps; swap++) {
        swapping.swap();
        // the one before is closed, or going back to it would share its session instead of loading
        swapping.engine.awaitLive(1);
        if (swap == FIRST) {
          first = callers.still(() -> resident(swapping, trim));
        } else if (swap == swaps) {
          untrimmed = callers.still(() -> resident(swapping, false));
        }
      }
      double last = callers.still(() -> resident(swapping, trim));
      callers.stop();
      System.out.printf(
          Locale.ROOT,
          "swaps %d, resident MB after %d swaps %.1f, at the end before trimming %.1f, last %.1f,"
              + " most %.1f, calls %d, opened %d, closed %d, live %d, minutes %.2f%n",
          swaps,
          FIRST,
          first,
          untrimmed,
          last,
          ProcessFigures.mostResident() / 1e6,
          callers.calls(),
          swapping.engine.opened(),
          swapping.engine.closed(),
          swapping.engine.live(),
          (System.nanoTime() - before) / 60e9);
    }
    System.exit(0);
  }

  /** In MB, when what was replaced is closed. */
  private static double resident(Swapping swapping, boolean trim) {
    if (!swapping.engine.awaitLive(1)) {
      throw new AssertionError("sessions that do not close: " + swapping.engine.live());
    }
    if (trim) {
      ProcessFigures.trim();
    } else {
      ProcessFigures.collect();
    }
    return ProcessFigures.resident() / 1e6;
  }
}
