package dev.mlops.runtime;

import dev.mlops.inference.ModelHandle;
import dev.mlops.runtime.Swapping.Answer;
import dev.mlops.runtime.Swapping.Input;
import dev.mlops.runtime.engine.onnx.LeakingEngine;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Swaps a tiny model to and fro as fast as it goes while a thread predicts, and looks every now and
 * then at what the process holds and at what a call costs, in a JVM of its own whose heap has one
 * size and whose compiler works in the foreground: at a look it holds nothing. Prints one line of
 * figures; exits with 0 if no call failed.
 *
 * <p>What a call costs is compared with the same call to a route that never changed, in blocks that
 * take turns: the machine is as fast for the one as for the other.
 */
final class TinySwaps {
  private static final int LOOKS = 40;

  /** Blocks of a look: many and short, so that most meet nothing else the machine does. */
  private static final int PAIRS = 51;

  private static final int CALLS = 100;

  /** Looks that come before the process has settled: code is compiled, pools are filled. */
  private static final int SETTLING = LOOKS / 5;

  private record Look(
      int swaps, long resident, OptionalLong nativeHeap, double[] ratios, double[] nanos) {}

  private final Swapping swapping;
  private final ModelHandle<Input, Answer> pinned;
  private final List<Look> looks = new ArrayList<>();

  private TinySwaps(Swapping swapping) {
    this.swapping = swapping;
    pinned = swapping.runtime.model("m:3", Input.class, Answer.class);
  }

  public static void main(String[] args) throws Exception {
    LeakingEngine leaking = new LeakingEngine();
    try (Swapping swapping =
        new Swapping(
            Path.of(args[0]), args[2].equals("leak") ? leaking : OnnxRuntimeEngine.create())) {
      new TinySwaps(swapping).run(Integer.parseInt(args[1]), leaking, !args[2].equals("hasty"));
    }
    System.exit(0);
  }

  private void run(int swaps, LeakingEngine leaking, boolean waits) throws Exception {
    long before = System.nanoTime();
    int beside = swapping.engine.live() - 1; // the pinned one
    for (int i = 0; i < 40_000; i++) {
      swapping.predict();
      Swapping.check(pinned.predict(swapping.input));
    }
    Callers callers = new Callers().add(1, swapping::predict);
    long spent = 0;
    int most = 0;
    for (int swap = 1; swap <= swaps; swap++) {
      long start = System.nanoTime();
      swapping.swap();
      spent += System.nanoTime() - start;
      if (waits) { // until the one before is closed, or going back to it may share its session
        swapping.engine.awaitLive(1 + beside);
      }
      most = Math.max(most, swapping.engine.live());
      if (swap % (swaps / LOOKS) == 0) {
        int now = swap;
        looks.add(callers.still(() -> look(now, beside)));
      }
    }
    boolean closed = swapping.engine.awaitLive(1 + beside);
    String serving = swapping.predict().version().number();
    callers.stop();
    System.out.printf(
        Locale.ROOT,
        "swaps %d, ms a swap %.2f, calls %d, opened %d, closed %d, live %d, the most live %d,"
            + " beside %d, all closed %s, serves %s of %d, resident KB a swap %.3f, native heap B a swap %s, cost against"
            + " a route that never changed %.3f, ns a call first %.0f, last %.0f,"
            + " resident MB %.1f and at the end %.1f, left open %d, minutes %.2f%n",
        swaps,
        spent / 1e6 / swaps,
        callers.calls(),
        swapping.engine.opened(),
        swapping.engine.closed(),
        swapping.engine.live(),
        most,
        beside,
        closed,
        serving,
        swapping.serving(),
        slope(Look::resident) / 1024,
        looks.get(0).nativeHeap().isPresent()
            ? String.format(Locale.ROOT, "%.1f", slope(look -> look.nativeHeap().getAsLong()))
            : "unknown",
        median(looks.subList(LOOKS - LOOKS / 4, LOOKS), Look::ratios),
        undisturbed(looks.subList(0, LOOKS / 4)),
        undisturbed(looks.subList(LOOKS - LOOKS / 4, LOOKS)),
        looks.get(SETTLING).resident() / 1e6,
        looks.get(LOOKS - 1).resident() / 1e6,
        leaking.leaks(),
        (System.nanoTime() - before) / 60e9);
  }

  private Look look(int swaps, int beside) {
    if (!swapping.engine.awaitLive(1 + beside)) {
      throw new AssertionError("sessions that do not close: " + swapping.engine.live());
    }
    double[] ratios = new double[PAIRS];
    double[] nanos = new double[PAIRS];
    block(swapping.model); // the caches are this thread's again
    block(pinned);
    for (int pair = 0; pair < PAIRS; pair++) {
      nanos[pair] = block(swapping.model);
      ratios[pair] = nanos[pair] / block(pinned);
    }
    ProcessFigures.trim();
    return new Look(swaps, ProcessFigures.resident(), ProcessFigures.nativeHeap(), ratios, nanos);
  }

  private double block(ModelHandle<Input, Answer> model) {
    long start = System.nanoTime();
    for (int i = 0; i < CALLS; i++) {
      Swapping.check(model.predict(swapping.input));
    }
    return (double) (System.nanoTime() - start) / CALLS;
  }

  private interface Figure {
    double of(Look look);
  }

  /**
   * By how much a figure grows a swap after the process has settled: the median of the slopes
   * between any two looks (Theil and Sen), which a look at an odd moment does not move.
   */
  private double slope(Figure figure) {
    List<Look> settled = looks.subList(SETTLING, LOOKS);
    List<Double> slopes = new ArrayList<>();
    for (int i = 0; i < settled.size(); i++) {
      for (int j = i + 1; j < settled.size(); j++) {
        Look one = settled.get(i);
        Look other = settled.get(j);
        slopes.add((figure.of(other) - figure.of(one)) / (other.swaps() - one.swaps()));
      }
    }
    return median(slopes.stream().mapToDouble(slope -> slope).toArray());
  }

  /**
   * The 10th percentile: seconds lie between first and last, in which other work comes and goes.
   */
  private static double undisturbed(List<Look> looks) {
    double[] nanos = looks.stream().flatMapToDouble(look -> Arrays.stream(look.nanos())).toArray();
    Arrays.sort(nanos);
    return nanos[nanos.length / 10];
  }

  private static double median(List<Look> looks, Function<Look, double[]> figures) {
    return median(
        looks.stream().flatMapToDouble(look -> Arrays.stream(figures.apply(look))).toArray());
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
