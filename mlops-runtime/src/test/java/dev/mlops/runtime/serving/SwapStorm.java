package dev.mlops.runtime.serving;

import dev.mlops.inference.Call;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Swaps a real model over and over while two threads predict, one of them in long batches; run in a
 * JVM of its own, so that a native crash is an exit code. Version k answers as {@code storms} 1
 * where k is odd and as {@code storms} 2 where it is even, so an answer tells which model gave it.
 *
 * <p>Prints one line of figures, and what went wrong; exits with 0 if nothing did.
 */
final class SwapStorm {
  private static final Row ROW =
      Row.of(
          "month",
          9,
          "hour",
          12,
          "lat",
          29.7,
          "long",
          -60.2,
          "wind",
          65,
          "pressure",
          979,
          "wind_change_6h",
          0,
          "pressure_change_6h",
          -5);
  private static final int BATCH = 5_000;

  /** The one that serves and the pinned two. */
  private static final int SERVING = 3;

  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final AtomicLong predictions = new AtomicLong();
  private final AtomicLong batches = new AtomicLong();

  /** The number of the version that serves, written when its refresh has returned. */
  private volatile int published = 1;

  private volatile boolean done;

  /* By the version's number modulo 2; written before the threads start. */
  private final double[] answers = new double[2];
  private int mostLive;

  public static void main(String[] args) throws Exception {
    System.exit(new SwapStorm().run(Path.of(args[0]), Integer.parseInt(args[1])) ? 0 : 1);
  }

  private boolean run(Path fixtures, int swaps) throws Exception {
    MemoryStore store = new MemoryStore();
    for (int k = 1; k <= swaps + 1; k++) {
      put(store, fixtures, String.valueOf(k), k % 2);
    }
    for (int kind = 0; kind < 2; kind++) { // versions of their own, since a session may be shared
      put(store, fixtures, "pinned-" + kind, kind);
    }
    store.move("1");
    CountingEngine engine = new CountingEngine(OnnxRuntimeEngine.create());
    Routes routes =
        new Routes(
            new Settings(
                store,
                TestRuntime.forAll(List.of(engine)),
                List.of(),
                List.of(),
                List.of(),
                new Settings.Limits(
                    2, Duration.ofSeconds(30), Duration.ZERO, Duration.ofSeconds(10)),
                TestUpkeep.NOTHING,
                Optional.empty(),
                InstantSource.system(),
                0));
    ModelHandle<Row, Row> model = routes.handle("m@champion", Row.class, Row.class);
    for (int kind = 0; kind < 2; kind++) { // what each model answers, by routes that do not change
      answers[kind] =
          routes.handle("m:pinned-" + kind, Row.class, Row.class).predict(ROW).value().number("1");
    }
    Thread single = new Thread(() -> guarded(() -> single(model)));
    Thread batch = new Thread(() -> guarded(() -> batch(model)));
    single.start();
    batch.start();
    for (int k = 2; k <= swaps + 1 && wrong.isEmpty(); k++) {
      int before = engine.opened();
      store.move(String.valueOf(k));
      routes.refresh("m@champion");
      published = k;
      expect(engine.opened() == before + 1, "swap to " + k + " loaded no session of its own");
      mostLive = Math.max(mostLive, engine.live());
    }
    done = true;
    single.join();
    batch.join();
    expect(
        engine.awaitLive(SERVING), // the last ones were being closed
        "opened "
            + engine.opened()
            + ", closed "
            + engine.closed()
            + " while "
            + SERVING
            + " serve");
    routes.close(Duration.ofSeconds(30));
    expect(engine.opened() == swaps + 3, "sessions opened: " + engine.opened());
    expect(engine.opened() == engine.closed(), "sessions closed: " + engine.closed());
    expect(store.open() == 0, "packages left open: " + store.open());
    expect(predictions.get() > swaps && batches.get() > 0, "load was too small to say anything");
    System.out.println(
        "swaps "
            + swaps
            + ", predictions "
            + predictions
            + ", batches of "
            + BATCH
            + " "
            + batches
            + ", sessions opened "
            + engine.opened()
            + ", closed "
            + engine.closed()
            + ", most at once "
            + mostLive
            + ", wrong "
            + wrong.size());
    wrong.stream().limit(5).forEach(System.out::println);
    return wrong.isEmpty();
  }

  /** A version that answers as {@code storms} 1, or as 2 where its kind is 0. */
  private static void put(MemoryStore store, Path fixtures, String number, int kind) {
    store.put(
        number,
        kind == 1 ? schema("lat", "wind") : schema("wind", "lat"),
        "onnx",
        fixtures.resolve("models/storms/" + (2 - kind) + "/model.onnx"));
  }

  private void single(ModelHandle<Row, Row> model) {
    while (!done) {
      int before = published;
      check(model.predict(ROW), before);
      predictions.incrementAndGet();
    }
  }

  private void batch(ModelHandle<Row, Row> model) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      rows.add(ROW);
    }
    while (!done) {
      int before = published;
      List<Prediction<Row>> answers = model.predictAll(rows, Call.with());
      for (Prediction<Row> answer : answers) {
        expect(answer.version().equals(answers.get(0).version()), "a batch of two versions");
        check(answer, before);
      }
      expect(answers.size() == BATCH, "a batch of " + answers.size());
      batches.incrementAndGet();
    }
  }

  private void check(Prediction<Row> answer, int published) {
    int version = Integer.parseInt(answer.version().number());
    if (version < published) {
      wrong.add("a call begun after " + published + " was published was answered by " + version);
    }
    if (Math.abs(answer.value().number("1") - answers[version % 2]) > 1e-6) {
      wrong.add("an answer named " + version + " is not that version's");
    }
  }

  /**
   * The same columns, two of them in one order or the other: each version wants a codec of its own.
   */
  private static ModelSchema schema(String third, String fifth) {
    return ModelSchema.builder()
        .input(
            "features",
            ElementType.FLOAT,
            "month",
            "hour",
            third,
            "long",
            fifth,
            "pressure",
            "wind_change_6h",
            "pressure_change_6h")
        .output("probabilities", ElementType.FLOAT, "0", "1")
        .score("probabilities.1")
        .build();
  }

  private void expect(boolean holds, String what) {
    if (!holds) {
      wrong.add(what);
    }
  }

  private void guarded(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      wrong.add("a prediction failed: " + e);
    }
  }
}
