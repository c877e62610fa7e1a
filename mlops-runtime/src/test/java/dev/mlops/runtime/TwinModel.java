package dev.mlops.runtime;

import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;

import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.store.DirectoryModelStore;
import dev.mlops.store.ModelStore;
import java.nio.file.Path;
import java.util.List;

/**
 * A small network in two versions that differ in their answer, for JVMs of their own: three layers
 * of 64, 48 kB, a few microseconds a row.
 */
final class TwinModel {
  static final String NAME = "twin";

  /** The name of its other form, of the same answers, which takes long to load. */
  static final String SLOW = "slow";

  static final Row ROW = Row.of("x", 2);

  private static final int WIDTH = 64;

  private TwinModel() {}

  /** What a version answers to {@link #ROW}. */
  static double answer(String number) {
    return 2.0 * WIDTH * Integer.parseInt(number);
  }

  /** A store in a folder that holds versions 1 and 2 of both forms. */
  static ModelStore publish(Path folder) {
    ModelStore store = DirectoryModelStore.at(folder.resolve("store"));
    publish(store, folder, NAME, 0);
    publish(store, folder, SLOW, 2_000);
    return store;
  }

  private static void publish(ModelStore store, Path folder, String name, int detours) {
    for (int number = 1; number <= 2; number++) {
      ModelSchema schema =
          ModelSchema.builder()
              .input("x", ElementType.FLOAT)
              .output("y", ElementType.FLOAT)
              .build();
      Path file = graph(number, detours).writeTo(folder.resolve(name + number + ".onnx"));
      store.publish(
          ModelPackage.of(name, String.valueOf(number), schema).model("onnx", file).build());
    }
  }

  /** {@code y = x * 64 * number}, by way of two products and more sums that change nothing. */
  private static OnnxGraph graph(int number, int detours) {
    float[] spread = new float[WIDTH];
    float[] identity = new float[WIDTH * WIDTH];
    float[] sum = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      spread[i] = 1;
      identity[i * WIDTH + i] = 1;
      sum[i] = number;
    }
    OnnxGraph graph =
        OnnxGraph.named("twin" + number)
            .input("x", FLOAT, "batch", 1)
            .initializer(OnnxGraph.floats("w0", new long[] {1, WIDTH}, spread))
            .initializer(OnnxGraph.floats("w1", new long[] {WIDTH, WIDTH}, identity))
            .initializer(OnnxGraph.floats("w2", new long[] {WIDTH, WIDTH}, identity))
            .initializer(OnnxGraph.floats("w3", new long[] {WIDTH, 1}, sum))
            .node("MatMul", List.of("x", "w0"), List.of("h0"))
            .node("MatMul", List.of("h0", "w1"), List.of("h1"))
            .node("Relu", List.of("h1"), List.of("h2"))
            .node("MatMul", List.of("h2", "w2"), List.of("h3"))
            .node("MatMul", List.of("h3", "w3"), List.of("s0"));
    for (int i = 0; i < detours; i++) {
      graph.node("Abs", List.of("s" + i), List.of("s" + (i + 1)));
    }
    return graph.node("Relu", List.of("s" + detours), List.of("y")).output("y", FLOAT, "batch", 1);
  }
}
