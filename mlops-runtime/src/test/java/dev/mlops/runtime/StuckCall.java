package dev.mlops.runtime;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.inference.Call;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.MlopsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.observe.LifecycleEvent;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.engine.onnx.ForwardingSlot;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.onnx.SlowModels;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import dev.mlops.store.StoredVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A run that would take months is in native code when a swap comes. Started in a JVM of its own; it
 * prints what it sees, and leaves by the end of {@code main} with its caller still there.
 *
 * <p>Arguments: the folder of a store that {@link #publish} has filled, and how the run ends: as
 * the engine {@code hears} that it should; {@code late}, as it hears it only once the version is
 * parked; {@code never}, as it is deaf; or {@code raw}, by its session, closed under it as nobody
 * should.
 */
final class StuckCall {
  static final Duration DRAIN = Duration.ofSeconds(2);

  /**
   * Bytes of the weights of the version that is stuck; many times what the JVM grows by meanwhile.
   */
  static final int LARGE = 144 << 20;

  private static final String ROUTE = "m@champion";

  /** Steps of a run that somebody waits for: a millisecond. */
  private static final int FEW = 100;

  private static final Duration LONG = Duration.ofMinutes(1);

  private final ModelStore store;
  private final Deaf engine = new Deaf();
  private final LinkedBlockingQueue<LifecycleEvent> events = new LinkedBlockingQueue<>();
  private final CompletableFuture<String> told = new CompletableFuture<>();
  private final ModelRuntime runtime;
  private final ModelHandle<Row, Row> model;
  private long slowest;
  private int answers;

  private StuckCall(Path folder) {
    store = DirectoryModelStore.at(folder);
    move("1");
    runtime =
        ModelRuntime.builder()
            .store(store)
            .engine(engine)
            .listener(events::add)
            .slots(2)
            .within(LONG)
            .drain(DRAIN)
            .keepWarm(Duration.ZERO)
            .follow(Duration.ZERO)
            .build();
    model = runtime.model(ROUTE);
  }

  /** Publishes a large version 1 and a small version 2 that run for as long as they are told to. */
  static void publish(Path folder, Path store) {
    ModelSchema schema =
        ModelSchema.builder()
            .input("steps", ElementType.FLOAT, Shape.perRow(1))
            .output("done", ElementType.FLOAT, Shape.perRow(1))
            .build();
    for (int number = 1; number <= 2; number++) {
      int weights = number == 1 ? LARGE / Float.BYTES : 1;
      DirectoryModelStore.at(store)
          .publish(
              ModelPackage.of("m", String.valueOf(number), schema)
                  .model("onnx", SlowModels.manyOperators(folder, weights))
                  .build());
    }
  }

  public static void main(String[] args) throws Exception {
    new StuckCall(Path.of(args[0])).run(args[1]);
  }

  private void run(String how) throws Exception {
    engine.deaf = !how.equals("hears");
    predict("1");
    Thread caller = new Thread(this::stuck, "stuck");
    caller.setDaemon(true);
    caller.start();
    awaitNative(caller);
    if (how.equals("raw")) {
      System.out.println("closing a session under its run");
      engine.sessions.remove().close();
      caller.join(LONG.toMillis());
      System.out.println("survived");
      return;
    }
    long swap = System.nanoTime();
    move("2");
    runtime.refresh(ROUTE);
    System.out.printf("ms of the swap %.1f%n", millisSince(swap));
    predict("2");
    System.out.printf("ms until the next version answered %.1f%n", millisSince(swap));
    if (!how.equals("hears")) {
      System.out.println(next(LifecycleEvent.Parked.class));
      System.out.printf("ms until parked %.1f%n", millisSince(swap));
      System.out.println(runtime.health().routes().get(0).versions());
      System.out.printf("open while parked %d%n", engine.live());
      System.out.printf("resident MB while parked %.1f%n", resident());
      engine.deaf = how.equals("never");
    }
    if (!engine.deaf) {
      LifecycleEvent.Closed closed = next(LifecycleEvent.Closed.class);
      System.out.println(closed);
      System.out.printf("ms of the drain %d%n", closed.drain().toMillis());
      System.out.println("the caller was told: " + told.get(20, TimeUnit.SECONDS));
      System.out.printf("open when closed %d%n", engine.live());
      System.out.printf("resident MB when closed %.1f%n", resident());
    }
    System.out.printf("answers meanwhile %d, the slowest ms %.1f%n", answers, slowest / 1e6);
    long close = System.nanoTime();
    runtime.close();
    System.out.printf(
        "ms of the close %.1f, sessions opened %d, sessions closed %d, the run goes on %s%n",
        millisSince(close), engine.opened(), engine.closed(), !told.isDone());
  }

  private void move(String number) {
    store.alias("m", "champion").moveTo(number, "test", "the next one");
  }

  private void stuck() {
    try {
      told.complete(
          "an answer of "
              + model
                  .predict(
                      Row.of("steps", SlowModels.FOR_EVER), Call.with().within(Duration.ofDays(1)))
                  .version());
    } catch (MlopsException e) {
      told.complete(e.code() + ": " + e.getMessage());
    }
  }

  /** Waits until a thread is in a run of ONNX Runtime. */
  private static void awaitNative(Thread thread) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (true) {
      StackTraceElement[] stack = thread.getStackTrace();
      if (stack.length > 0
          && stack[0].isNativeMethod()
          && stack[0].getClassName().equals("ai.onnxruntime.OrtSession")) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not in native code: " + Arrays.toString(stack));
      }
      Thread.onSpinWait();
    }
  }

  private void predict(String wanted) {
    long start = System.nanoTime();
    String version = model.predict(Row.of("steps", FEW)).version().number();
    slowest = Math.max(slowest, System.nanoTime() - start);
    answers++;
    if (!version.equals(wanted)) {
      throw new AssertionError("version " + version + " answered, not " + wanted);
    }
  }

  /** The next event of a kind; until it comes, the version in force has to answer. */
  private <E extends LifecycleEvent> E next(Class<E> kind) throws InterruptedException {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (System.nanoTime() < deadline) {
      predict("2");
      LifecycleEvent event = events.poll(1, TimeUnit.MILLISECONDS);
      if (kind.isInstance(event)) {
        return kind.cast(event);
      }
      if (event instanceof LifecycleEvent.Parked || event instanceof LifecycleEvent.Closed) {
        throw new AssertionError("wanted " + kind.getSimpleName() + ", got " + event);
      }
    }
    throw new AssertionError("no " + kind.getSimpleName());
  }

  private static double resident() {
    ProcessFigures.trim();
    return ProcessFigures.resident() / 1e6;
  }

  private static double millisSince(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  /** ONNX Runtime, whose runs cannot be ended while it is deaf. */
  private static final class Deaf extends CountingEngine {
    final Queue<EngineSession> sessions = new ConcurrentLinkedQueue<>();
    volatile boolean deaf;

    Deaf() {
      super(OnnxRuntimeEngine.create());
    }

    @Override
    public EngineSession load(StoredVersion version, int slots) {
      EngineSession session = super.load(version, slots);
      sessions.add(session);
      return new Session(index -> new DeafSlot(session.slot(index)), session::close);
    }

    private final class DeafSlot extends ForwardingSlot {
      DeafSlot(Slot slot) {
        super(slot);
      }

      @Override
      public boolean cancel() {
        return !deaf && super.cancel();
      }
    }
  }
}
