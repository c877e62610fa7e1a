package dev.mlops.runtime;

import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * Swaps a large model while two threads predict, and looks at the resident memory when {@value
 * #FIRST} swaps are through and at the end, in a JVM of its own whose heap has one size.
 *
 * <p>Arguments: the folder of a store; the number of swaps; {@code trim} for a runtime that gives
 * freed memory back, {@code keep} for one that does not. Prints one line; exits with 0 if no call
 * failed and every session but the one that serves was closed.
 */
final class SwapMemory {
  /** By then the allocator has what it needs. */
  static final int FIRST = 50;

  /** The runtime gives memory back once a minute, and a little later what came in between. */
  private static final long TRIMMED_WITHIN = 63_000_000_000L;

  /** So much at once does not leave a process that swaps nothing, unless it is given back. */
  private static final double GIVEN_BACK_MB = 32;

  private SwapMemory() {}

  public static void main(String[] args) throws Exception {
    int swaps = Integer.parseInt(args[1]);
    boolean trim = args[2].equals("trim");
    long before = System.nanoTime();
    try (Swapping swapping = new Swapping(Path.of(args[0]), OnnxRuntimeEngine.create(), trim)) {
      Callers callers = new Callers().add(2, swapping::predict);
      double first = 0;
      for (int swap = 1; swap <= swaps; swap++) {
        swapping.swap();
        // the one before is closed, or going back to it would share its session instead of loading
        swapping.engine.awaitLive(1);
        if (swap == FIRST) {
          first = callers.still(() -> atOnce(swapping, trim));
        }
      }
      double untrimmed = callers.still(() -> resident(swapping));
      double last = trim ? trimmed(callers, swapping) : untrimmed;
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

  /** The same, without waiting until the runtime gives back what was freed. */
  private static double atOnce(Swapping swapping, boolean trim) {
    double resident = resident(swapping);
    if (trim) {
      ProcessFigures.trim();
      resident = ProcessFigures.resident() / 1e6;
    }
    return resident;
  }

  /** In MB, when what was replaced is closed, and without what only garbage holds. */
  private static double resident(Swapping swapping) {
    if (!swapping.engine.awaitLive(1)) {
      throw new AssertionError("sessions that do not close: " + swapping.engine.live());
    }
    ProcessFigures.collect();
    return ProcessFigures.resident() / 1e6;
  }

  /** The same when the runtime has given back what it will, while calls go on. */
  private static double trimmed(Callers callers, Swapping swapping) throws Exception {
    double most = callers.still(() -> resident(swapping)) - GIVEN_BACK_MB;
    long end = System.nanoTime() + TRIMMED_WITHIN;
    while (ProcessFigures.resident() / 1e6 > most && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(100_000_000L);
    }
    return callers.still(() -> resident(swapping));
  }
}
