package dev.mlops.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.mlops.engine.EngineSession;
import dev.mlops.inference.Call;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.OverloadedException;
import dev.mlops.inference.Row;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Leaves the JVM in the middle of something, without tidying up first unless a version is being
 * loaded. Run in a JVM of its own, whose exit code is what it is about.
 *
 * <p>Arguments: the folder of a store that holds {@link TwinModel}'s versions; what goes on: {@code
 * idle}, {@code predict}, {@code close}, {@code swap} or {@code load}; how to leave: {@code exit}
 * with {@link #CODE}, or {@code term}, the signal; and a seed for the moment.
 *
 * <p>{@code raw-load} is the control: it leaves while two threads open sessions of ONNX Runtime,
 * without a runtime that could be closed first.
 */
final class Leaving {
  static final int CODE = 42;

  private static final List<Row> BATCH = Collections.nCopies(200_000, TwinModel.ROW);

  private final ModelStore store;
  private final SplittableRandom random;
  private final BegunEngine engine = new BegunEngine();
  private final CountDownLatch busy = new CountDownLatch(2);

  private Leaving(Path folder, long seed) {
    this.store = DirectoryModelStore.at(folder);
    this.random = new SplittableRandom(seed);
  }

  public static void main(String[] args) throws Exception {
    Leaving leaving = new Leaving(Path.of(args[0]), Long.parseLong(args[3]));
    if (args[1].equals("raw-load")) {
      leaving.loadRaw(Path.of(args[0]).resolveSibling(TwinModel.SLOW + "1.onnx"));
    } else {
      leaving.begin(args[1], "leaving-" + args[3]);
    }
    System.out.println(args[1] + ": leaving by " + args[2]);
    if (args[2].equals("exit")) {
      System.exit(CODE);
    }
    terminate();
    new CountDownLatch(1).await(); // the signal ends it
  }

  private void begin(String what, String alias) throws Exception {
    boolean load = what.equals("load");
    // in the middle of one long load, or of one of many short ones
    String name = load && random.nextBoolean() ? TwinModel.SLOW : TwinModel.NAME;
    String route = name + "@" + alias;
    store.alias(name, alias).moveTo("1", "test", "first");
    ModelRuntime runtime =
        ModelRuntime.builder()
            .store(store)
            .engine(engine)
            .slots(load ? 1 : 2)
            .keepWarm(Duration.ZERO)
            .build();
    ModelHandle<Row, Row> model = runtime.model(route);
    model.predict(TwinModel.ROW);
    switch (what) {
      case "predict" -> {
        start(() -> repeat(() -> model.predict(TwinModel.ROW)));
        start(() -> repeat(() -> model.predictAll(BATCH.subList(0, 2_000), Call.with())));
        busy.await();
      }
      case "close" -> {
        start(() -> repeat(() -> model.predict(TwinModel.ROW)));
        start(() -> repeat(() -> model.predictAll(BATCH, Call.with())));
        busy.await();
        start(runtime::close);
        awaitClosed(model); // and the batch goes on
      }
      case "swap" -> {
        start(() -> repeat(() -> model.predictAll(BATCH, Call.with())));
        start(() -> repeat(() -> model.predictAll(BATCH, Call.with())));
        busy.await();
        store.alias(name, alias).moveTo("2", "test", "second");
        runtime.refresh(route); // the old version drains from here on
      }
      case "load" ->
          start(
              () -> {
                busy.countDown();
                for (int number = 2; ; number = 3 - number) {
                  store.alias(name, alias).moveTo(String.valueOf(number), "test", "next");
                  runtime.refresh(route);
                }
              });
      default -> {}
    }
    spin(random.nextInt(100_000_000));
    if (load) {
      runtime.close();
      System.out.printf(
          "loads begun %d, of which sessions opened %d and closed %d%n",
          engine.begun.get(), engine.opened(), engine.closed());
    }
  }

  private void loadRaw(Path model) throws Exception {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Runnable load =
        () ->
            repeat(
                () -> {
                  try {
                    environment.createSession(model.toString()).close();
                  } catch (OrtException e) {
                    throw new IllegalStateException(e);
                  }
                });
    start(load);
    start(load);
    busy.await();
    spin(random.nextInt(100_000_000));
  }

  /** Counts loads that begin, beside those that end well. */
  private static final class BegunEngine extends CountingEngine {
    final AtomicInteger begun = new AtomicInteger();

    BegunEngine() {
      super(OnnxRuntimeEngine.create());
    }

    @Override
    public EngineSession load(StoredVersion version, int slots) {
      begun.incrementAndGet();
      return super.load(version, slots);
    }
  }

  private void repeat(Runnable call) {
    busy.countDown();
    while (true) {
      call.run();
    }
  }

  private static void start(Runnable work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (OverloadedException e) {
                // the runtime was closed, as the test wants it
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private static void awaitClosed(ModelHandle<Row, Row> model) {
    while (true) {
      try {
        model.predict(TwinModel.ROW);
      } catch (OverloadedException e) {
        if (e.getMessage().startsWith("the runtime is closed")) {
          return;
        }
      }
    }
  }

  private static void spin(long nanos) {
    for (long end = System.nanoTime() + nanos; System.nanoTime() < end; ) {
      Thread.onSpinWait();
    }
  }

  private static void terminate() throws IOException {
    new ProcessBuilder("sh", "-c", "kill -TERM " + ProcessHandle.current().pid()).start();
  }
}
