package dev.mlops.runtime;

import dev.mlops.engine.Slot;
import dev.mlops.inference.Codec;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.SwapReport;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.store.DirectoryModelStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A runtime over a real store and engine whose steps can fail, with two threads that predict all
 * the time. Version 1.0.0 serves and answers x, version k answers k·x; all others are refused by
 * the last gate as undecided, which is not remembered, until {@link #swap}.
 */
final class FaultBed {
  static final String ROUTE = "m@champion";
  static final ModelSchema SCHEMA = schema("x");
  private static final long BREATH = 50_000;

  final Path folder;
  final Path state;
  final Steps steps = new Steps();
  final DirectoryModelStore store;
  final SteppedStore stepped;
  final SteppedEngine engine = new SteppedEngine(OnnxRuntimeEngine.create(), steps);
  final LastGate gate = new LastGate();
  final UserCodec codec = new UserCodec();
  final ModelRuntime runtime;
  final ModelHandle<Float, Float> byCodec;
  final AtomicLong predictions = new AtomicLong();
  final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final ModelHandle<Row, Row> model;
  private final List<Thread> callers = new ArrayList<>();
  private volatile String expected = "1.0.0";
  private volatile boolean done;

  FaultBed(Path folder, Path state) throws IOException {
    this.folder = folder;
    this.state = state;
    store = DirectoryModelStore.at(folder.resolve("store"));
    stepped = new SteppedStore(store, steps);
    publish("1.0.0", SCHEMA, times(folder.resolve("1.onnx"), 1), 1f);
    move("1.0.0");
    runtime =
        ModelRuntime.builder()
            .store(stepped)
            .follow(Duration.ZERO)
            .engine(engine)
            .gate(gate)
            .slots(3) // the two callers and one who breaks things
            .within(Duration.ofSeconds(20)) // a busy machine is no failure
            .keepWarm(Duration.ZERO)
            .state(state)
            .build();
    model = runtime.model(ROUTE);
    byCodec = runtime.model(ROUTE, codec);
    gate.shut = true;
    for (int i = 0; i < 2; i++) {
      Thread caller = new Steps.Caller(this::predict);
      caller.setDaemon(true);
      caller.start();
      callers.add(caller);
    }
  }

  static ModelSchema schema(String input) {
    return ModelSchema.builder()
        .input(input, ElementType.FLOAT)
        .output("y", ElementType.FLOAT)
        .score("y")
        .build();
  }

  /** y = factor · x. */
  static Path times(Path file, float factor) {
    return OnnxGraph.named("times")
        .input("x", OnnxGraph.FLOAT, "batch")
        .initializer(OnnxGraph.floats("w", new long[] {1}, factor))
        .node("Mul", List.of("x", "w"), List.of("y"))
        .output("y", OnnxGraph.FLOAT, "batch")
        .writeTo(file);
  }

  /** Publishes a version; where it says what it answers to 1, with golden records. */
  void publish(String number, ModelSchema schema, Path model, @Nullable Float toOne)
      throws IOException {
    ModelPackage.Builder content = ModelPackage.of("m", number, schema).model("onnx", model);
    if (toOne != null) {
      StringBuilder lines = new StringBuilder();
      for (int i = 1; i <= 8; i++) {
        lines.append("{\"in\":{\"x\":%d},\"out\":{\"y\":%s}}%n".formatted(i, toOne * i));
      }
      content.golden(Files.writeString(folder.resolve("golden.jsonl"), lines), 1e-5);
    }
    store.publish(content.build());
  }

  void move(String number) {
    store.alias("m", "champion").moveTo(number, "test", "the next one");
  }

  /** The folder of a version in the store. */
  Path files(String number) {
    return folder.resolve("store/m/versions").resolve(number);
  }

  SwapReport refresh() {
    return runtime.refresh(ROUTE);
  }

  /** Waits until each caller has had some more answers. */
  void awaitAnswers(int more) {
    long wanted = predictions.get() + more;
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (predictions.get() < wanted && failures.isEmpty()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("no answers meanwhile");
      }
      Thread.onSpinWait();
    }
  }

  /** What is not as it was: one version, loaded and open, and no file that is only for a while. */
  List<String> leftovers() throws IOException {
    List<String> left = new ArrayList<>();
    String serving = model.version().number();
    if (!serving.equals(expected)) {
      left.add("serves " + serving);
    }
    if (runtime.health().routes().size() != 1 || !runtime.health().ready()) {
      left.add("health " + runtime.health());
    }
    if (!engine.awaitLive(1)) {
      left.add(engine.live() + " sessions");
    }
    // the package is closed behind its session
    long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
    while (stepped.open() != 1 && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    if (stepped.open() != 1) {
      left.add(stepped.open() + " packages or parts");
    }
    left.addAll(temporary(folder));
    left.addAll(temporary(state));
    return left;
  }

  private static List<String> temporary(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(
              file ->
                  file.toString().endsWith(".tmp")
                      || String.valueOf(file.getParent()).endsWith(".staging"))
          .map(Path::toString)
          .toList();
    }
  }

  /** Lets the last gate pass, and takes over a version that answers k·x. */
  void swap(String number, int k) {
    gate.shut = false;
    expected = ""; // for the time of the swap either may answer
    refresh();
    expected = number;
    Prediction<Row> answer = model.predict(Row.of("x", 3));
    if (!answer.version().number().equals(number) || answer.value().number("y") != 3.0 * k) {
      failures.add("after the swap " + answer.version() + " answered " + answer.value());
    }
  }

  private void predict() {
    float x = 0;
    while (!done) {
      x = x < 1000 ? x + 1 : 1;
      try {
        String before = expected;
        Prediction<Row> answer = model.predict(Row.of("x", x));
        String number = answer.version().number();
        if (before.equals(expected) && !before.isEmpty() && !number.equals(before)) {
          failures.add("answered by " + number + ", not by " + before);
        }
        if (answer.value().number("y") != x * (number.charAt(0) - '0')) {
          failures.add(number + " answered " + answer.value() + " to " + x);
        }
        predictions.incrementAndGet();
        LockSupport.parkNanos(BREATH); // two busy threads would leave the swaps no processor
      } catch (RuntimeException | Error e) {
        failures.add("a prediction failed: " + e);
        return;
      }
    }
  }

  /** Ends the callers and the runtime, which must leave nothing open. */
  void end() throws InterruptedException {
    done = true;
    for (Thread caller : callers) {
      caller.join();
    }
    runtime.close();
    if (!engine.awaitLive(0)) {
      failures.add(engine.live() + " sessions after close");
    }
    if (stepped.open() != 0) {
      failures.add(stepped.open() + " packages after close");
    }
  }

  /** The names in a folder. */
  static Set<String> listing(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** Does not decide while it is shut, or does as it is told. */
  static final class LastGate implements Gate {
    volatile boolean shut;
    volatile @Nullable Runnable instead;

    @Override
    public String name() {
      return "last";
    }

    @Override
    public Result check(Candidate candidate) {
      Runnable now = instead;
      if (now != null) {
        now.run();
      }
      return shut ? undecided("shut") : pass("open");
    }
  }

  /** A number to a number, until it is told to fail. */
  static final class UserCodec implements Codec<Float, Float> {
    volatile @Nullable Runnable beforeWrite;
    volatile @Nullable Runnable afterWrite;
    volatile @Nullable Runnable beforeRead;

    @Override
    public void write(List<? extends Float> in, Slot to) {
      run(beforeWrite);
      for (int row = 0; row < in.size(); row++) {
        to.input(0, in.size()).floats().put(row, in.get(row));
      }
      run(afterWrite);
    }

    @Override
    public Float read(Slot from, int row) {
      run(beforeRead);
      return from.output(0).floats().get(row);
    }

    private static void run(@Nullable Runnable fault) {
      if (fault != null) {
        fault.run();
      }
    }
  }
}
