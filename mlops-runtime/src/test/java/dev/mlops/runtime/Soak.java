package dev.mlops.runtime;

import dev.mlops.inference.Call;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.runtime.Swapping.Answer;
import dev.mlops.runtime.Swapping.Input;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;

/**
 * Hours of a service in short: a swap a second, a rollback every {@value #ROLLBACK_EVERY} of them,
 * two callers and one of batches, a store on the disk, in a JVM of its own whose heap has one size.
 * Prints what the process held in the first and the last third of the time; exits with 0 if no call
 * failed.
 */
final class Soak {
  private static final int ROLLBACK_EVERY = 10;
  private static final int BATCH = 100;
  private static final int LOOKS = 60;

  /** What serves, and what is kept warm. */
  private static final int SERVING = 2;

  /** The machine may be busy with other things for a while. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Swaps before the time begins: code is compiled, pools are filled. */
  private static final int SETTLING = 30;

  private record Look(long threads, long files, long sessions, long resident) {}

  private Soak() {}

  public static void main(String[] args) throws Exception {
    int seconds = Integer.parseInt(args[1]);
    ModelStore store = DirectoryModelStore.at(Path.of(args[0]));
    store.alias("m", "champion").moveTo("1", "test", "first");
    CountingEngine engine = new CountingEngine(OnnxRuntimeEngine.create());
    List<Look> looks = new ArrayList<>();
    int rollbacks = 0;
    try (ModelRuntime runtime = ModelRuntime.builder().store(store).engine(engine).build()) {
      ModelHandle<Input, Answer> model = runtime.model(Swapping.ROUTE, Input.class, Answer.class);
      Input input = Swapping.input(store);
      List<Input> batch = Collections.nCopies(BATCH, input);
      Callers callers =
          new Callers()
              .add(2, () -> Swapping.check(model.predict(input, Call.with().within(PATIENCE))))
              .add(1, () -> batch(model.predictAll(batch, Call.with().within(PATIENCE))));
      long start = System.nanoTime();
      int every = Math.max(1, seconds / LOOKS);
      int serving = 1;
      int warm = 2;
      for (int second = 1 - SETTLING; second <= seconds; second++) {
        int next = 6 - serving - warm; // of three, so that it has to be loaded
        swap(store, runtime, next);
        warm = serving;
        serving = next;
        if (second % ROLLBACK_EVERY == 0) {
          serving = Integer.parseInt(runtime.rollback(Swapping.ROUTE, "a drill").to().number());
          warm = next;
          rollbacks++;
        }
        await(start + (second + SETTLING) * 1_000_000_000L);
        if (second > 0 && second % every == 0) {
          looks.add(callers.still(() -> look(engine)));
        }
      }
      callers.stop();
      System.out.printf(
          Locale.ROOT,
          "seconds %d, swaps %d, rollbacks %d, calls %d, looks %d, opened %d, closed %d, %s, %s,"
              + " %s, %s%n",
          seconds,
          seconds + SETTLING,
          rollbacks,
          callers.calls(),
          looks.size(),
          engine.opened(),
          engine.closed(),
          thirds("threads", looks, Look::threads),
          thirds("files", looks, Look::files),
          thirds("sessions", looks, Look::sessions),
          thirds("resident KB", looks, look -> look.resident() / 1024));
    }
    System.out.printf(
        Locale.ROOT, "after close opened %d, closed %d%n", engine.opened(), engine.closed());
    System.exit(engine.live() == 0 ? 0 : 1);
  }

  private static void swap(ModelStore store, ModelRuntime runtime, int to) {
    store.alias("m", "champion").moveTo(String.valueOf(to), "test", "the next one");
    if (!runtime.refresh(Swapping.ROUTE).to().number().equals(String.valueOf(to))) {
      throw new AssertionError("no swap to " + to);
    }
  }

  private static void batch(List<Prediction<Answer>> answers) {
    for (Prediction<Answer> answer : answers) {
      Swapping.check(answer);
      if (!answer.version().equals(answers.get(0).version())) {
        throw new AssertionError("a batch of two versions");
      }
    }
  }

  private static void await(long until) {
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static Look look(CountingEngine engine) {
    engine.awaitLive(SERVING);
    ProcessFigures.trim();
    return new Look(
        ProcessFigures.threads(), ProcessFigures.files(), engine.live(), ProcessFigures.resident());
  }

  /** The median of the first third and of the last. */
  private static String thirds(String name, List<Look> looks, ToLongFunction<Look> figure) {
    int third = looks.size() / 3;
    return String.format(
        Locale.ROOT,
        "first %s %d, last %s %d",
        name,
        median(looks.subList(0, third), figure),
        name,
        median(looks.subList(looks.size() - third, looks.size()), figure));
  }

  private static long median(List<Look> looks, ToLongFunction<Look> figure) {
    long[] values = looks.stream().mapToLong(figure).toArray();
    Arrays.sort(values);
    return values[values.length / 2];
  }
}
