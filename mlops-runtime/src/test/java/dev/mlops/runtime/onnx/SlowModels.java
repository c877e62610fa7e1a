package dev.mlops.runtime.onnx;

import static dev.mlops.runtime.onnx.OnnxGraph.BOOL;
import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static dev.mlops.runtime.onnx.OnnxGraph.INT64;
import static dev.mlops.runtime.onnx.OnnxGraph.attribute;
import static dev.mlops.runtime.onnx.OnnxGraph.floats;
import static dev.mlops.runtime.onnx.OnnxGraph.longs;

import java.nio.file.Path;
import java.util.List;

/**
 * Models that run for as long as their input says. Both have one input {@code steps FLOAT[rows, 1]}
 * and one output {@code done FLOAT[rows, 1]}, which is the input again; the largest of the rows
 * decides. Zero, which is what a warm-up without sample records sends, takes no time.
 */
public final class SlowModels {
  /** More steps than anybody waits for: a run of {@link #manyOperators} ends when it is ended. */
  public static final float FOR_EVER = 1e12f;

  private static final int SIZE = 64;

  private SlowModels() {}

  /**
   * An operator a step, each some ten microseconds, so a run ends soon after it is cancelled. A
   * million steps take some 6 seconds.
   */
  public static Path manyOperators(Path folder) {
    return manyOperators("done").writeTo(folder.resolve("many-operators.onnx"));
  }

  /** The same with so many weights beside, of which a run reads one: they are there to be large. */
  public static Path manyOperators(Path folder, int weights) {
    return manyOperators("counted")
        .initializer(floats("large", new long[] {weights}, new float[weights]))
        .node("Cast", List.of("zero"), List.of("first"), attribute("to", INT64))
        .node("Gather", List.of("large", "first"), List.of("read"))
        .node("Add", List.of("counted", "read"), List.of("done"))
        .writeTo(folder.resolve("many-operators-" + weights + ".onnx"));
  }

  private static OnnxGraph manyOperators(String answer) {
    OnnxGraph body =
        OnnxGraph.named("step")
            .input("step", INT64)
            .input("more", BOOL)
            .input("in", FLOAT, SIZE, SIZE)
            .node("Identity", List.of("more"), List.of("go_on"))
            .node("MatMul", List.of("in", "weights"), List.of("out"))
            .output("go_on", BOOL)
            .output("out", FLOAT, SIZE, SIZE);
    return slow("many operators", answer)
        .initializer(floats("start", new long[] {SIZE, SIZE}, new float[SIZE * SIZE]))
        .initializer(floats("weights", new long[] {SIZE, SIZE}, new float[SIZE * SIZE]))
        .node("Loop", List.of("count", "", "start"), List.of("work"), attribute("body", body));
  }

  /**
   * One operator, which nobody can end in the middle. Its time grows with the square of the steps:
   * 20,000 take 0.2 seconds, 80,000 take 3.
   */
  public static Path oneOperator(Path folder) {
    return slow("one operator", "done")
        .initializer(longs("one", new long[] {1}, 1))
        .initializer(longs("four", new long[] {1}, 4))
        .initializer(longs("most", new long[] {1}, Integer.MAX_VALUE))
        .node("Reshape", List.of("count", "one"), List.of("boxes"))
        .node("Concat", List.of("one", "boxes", "four"), List.of("box_shape"), attribute("axis", 0))
        .node(
            "Concat", List.of("one", "one", "boxes"), List.of("score_shape"), attribute("axis", 0))
        .node("ConstantOfShape", List.of("box_shape"), List.of("box"))
        .node("ConstantOfShape", List.of("score_shape"), List.of("score"))
        // each box is held against all before it
        .node("NonMaxSuppression", List.of("box", "score", "most"), List.of("kept"))
        .node("Cast", List.of("kept"), List.of("work"), attribute("to", FLOAT))
        .writeTo(folder.resolve("one-operator.onnx"));
  }

  /** Counts the steps into {@code count}; the answer is the steps once {@code work} is there. */
  private static OnnxGraph slow(String name, String answer) {
    return OnnxGraph.named(name)
        .input("steps", FLOAT, "batch", 1)
        .output("done", FLOAT, "batch", 1)
        .initializer(floats("nothing", new long[0], 0))
        .node("ReduceMax", List.of("steps"), List.of("largest"), attribute("keepdims", 0))
        .node("Cast", List.of("largest"), List.of("count"), attribute("to", INT64))
        .node("Size", List.of("work"), List.of("size"))
        .node("Cast", List.of("size"), List.of("size_float"), attribute("to", FLOAT))
        .node("Mul", List.of("size_float", "nothing"), List.of("zero"))
        .node("Add", List.of("steps", "zero"), List.of(answer));
  }
}
