package dev.mlops.runtime;

import dev.mlops.engine.Engine;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.Version;
import dev.mlops.rollout.SwapReport;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.AliasLog;
import dev.mlops.store.ModelStore;
import dev.mlops.store.Revision;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A route that goes to and fro between two versions of a network, each of which answers with its
 * own number. Nothing is kept warm, so each swap loads a session and closes one. The alias is kept
 * in memory: what is measured is the runtime, not the disk.
 */
final class Swapping implements AutoCloseable {
  static final String ROUTE = "m@champion";

  /** One row. */
  record Input(float[] x) {}

  /** What came out. */
  record Answer(float y) {}

  final CountingEngine engine;
  final ModelRuntime runtime;
  final ModelHandle<Input, Answer> model;
  final Input input;
  private final Alias alias;
  private int serving = 1;

  Swapping(Path folder, Engine engine) {
    this(folder, engine, true);
  }

  /** Opens what {@link #publish} has written. */
  Swapping(Path folder, Engine engine, boolean trimMemory) {
    this.engine = new CountingEngine(engine);
    ModelStore directory = DirectoryModelStore.at(folder);
    alias = new Alias(directory);
    alias.moveTo("1", "test", "first");
    runtime =
        ModelRuntime.builder()
            .store(new Moving(directory, alias))
            .engine(this.engine)
            .slots(2)
            .keepWarm(Duration.ZERO)
            .follow(Duration.ZERO) // or the runtime swaps by itself before it is asked to
            .within(Duration.ofSeconds(20)) // the machine may be busy with other things for a while
            .trimMemory(trimMemory)
            .build();
    model = runtime.model(ROUTE, Input.class, Answer.class);
    input = input(directory);
  }

  /** Publishes versions 1 to 3: a chain of square layers. */
  static void publish(Path folder, int layers, int width) throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, Shape.perRow(width))
            .output("y", ElementType.FLOAT)
            .build();
    Path file = Files.createTempFile("model", ".onnx");
    for (int version = 1; version <= 3; version++) {
      chain(layers, width, version).writeTo(file);
      DirectoryModelStore.at(folder)
          .publish(
              ModelPackage.of("m", String.valueOf(version), schema).model("onnx", file).build());
    }
    Files.delete(file);
  }

  private static OnnxGraph chain(int layers, int width, int answer) {
    Random random = new Random(answer);
    OnnxGraph graph =
        OnnxGraph.named("chain")
            .input("x", OnnxGraph.FLOAT, "rows", width)
            .output("y", OnnxGraph.FLOAT, "rows", 1);
    double scale = Math.sqrt(6.0 / width); // what goes through neither grows nor fades
    String last = "x";
    for (int layer = 0; layer < layers; layer++) {
      float[] weights = new float[width * width];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) ((random.nextFloat() * 2 - 1) * scale);
      }
      String name = "w" + layer;
      graph
          .initializer(OnnxGraph.floats(name, new long[] {width, width}, weights))
          .node("MatMul", List.of(last, name), List.of("m" + layer))
          .node("Relu", List.of("m" + layer), List.of("r" + layer));
      last = "r" + layer;
    }
    return graph
        .initializer(OnnxGraph.floats("zero", new long[] {width, 1}, new float[width]))
        .initializer(OnnxGraph.floats("answer", new long[] {1}, answer))
        .node("MatMul", List.of(last, "zero"), List.of("nothing"))
        .node("Add", List.of("nothing", "answer"), List.of("y"));
  }

  /** A row as wide as the model of the store wants it. */
  static Input input(ModelStore store) {
    try (StoredVersion version = store.open(store.versions("m").get(0))) {
      long width = version.schema().inputs().get(0).shape().dims().get(1);
      float[] x = new float[Math.toIntExact(width)];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) Math.sin(i);
      }
      return new Input(x);
    }
  }

  /** Goes to the other version. */
  SwapReport swap() {
    serving = 3 - serving;
    alias.moveTo(String.valueOf(serving), "test", "to and fro");
    SwapReport report = runtime.refresh(ROUTE);
    if (!report.swapped() || !report.to().number().equals(String.valueOf(serving))) {
      throw new AssertionError("no swap to " + serving + ": " + report);
    }
    return report;
  }

  /** The number of the version that serves. */
  int serving() {
    return serving;
  }

  /** Predicts, and checks that the version that is named is the one that answered. */
  Prediction<Answer> predict() {
    Prediction<Answer> prediction = model.predict(input);
    check(prediction);
    return prediction;
  }

  static void check(Prediction<Answer> prediction) {
    float answer = prediction.value().y();
    if (answer != Integer.parseInt(prediction.version().number())) {
      throw new AssertionError(prediction.version() + " answered " + answer);
    }
  }

  /** Closes the runtime, and looks whether that closed each session once. */
  @Override
  public void close() {
    runtime.close();
    if (engine.live() != 0) {
      throw new AssertionError("opened " + engine.opened() + ", closed " + engine.closed());
    }
  }

  /** A directory whose alias is not in it. */
  private record Moving(ModelStore store, Alias alias) implements ModelStore {
    @Override
    public List<String> models() {
      return store.models();
    }

    @Override
    public List<Version> versions(String model) {
      return store.versions(model);
    }

    @Override
    public Version publish(ModelPackage content) {
      return store.publish(content);
    }

    @Override
    public Version resolve(ModelRef ref) {
      return ref.kind() == ModelRef.Kind.ALIAS
          ? alias.head().orElseThrow().version()
          : store.resolve(ref);
    }

    @Override
    public StoredVersion open(Version version) {
      return store.open(version);
    }

    @Override
    public AliasLog alias(String model, String name) {
      return alias;
    }
  }

  /** Keeps its last revision only: ten thousand of them would be garbage to measure. */
  private static final class Alias implements AliasLog {
    private final List<Version> versions = new ArrayList<>();
    private final AtomicReference<Optional<Revision>> head =
        new AtomicReference<>(Optional.empty());

    Alias(ModelStore store) {
      versions.addAll(store.versions("m"));
    }

    @Override
    public Optional<Revision> head() {
      return head.get();
    }

    @Override
    public List<Revision> history() {
      return head.get().stream().toList();
    }

    @Override
    public Revision moveTo(String number, String actor, String reason) {
      Version version =
          versions.stream().filter(each -> each.number().equals(number)).findFirst().orElseThrow();
      long seen = head.get().map(Revision::revision).orElse(0L);
      Revision next = new Revision(seen + 1, version, actor, reason, Instant.EPOCH);
      head.set(Optional.of(next));
      return next;
    }

    @Override
    public Revision moveTo(long seen, String number, String actor, String reason) {
      return moveTo(number, actor, reason);
    }
  }
}
