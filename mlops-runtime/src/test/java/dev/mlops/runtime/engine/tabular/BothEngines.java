package dev.mlops.runtime.engine.tabular;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.engine.onnx.TestVersion;
import java.nio.file.Path;
import java.util.Arrays;

/** The same model in plain Java and on ONNX Runtime, with one thread and arrays in and out. */
final class BothEngines implements AutoCloseable {
  private final ModelSchema schema;
  private final EngineSession ours;
  private final EngineSession theirs;

  private BothEngines(ModelSchema schema, EngineSession ours, EngineSession theirs) {
    this.schema = schema;
    this.ours = ours;
    this.theirs = theirs;
  }

  /** Loads a model in both; the plain one first, whose reason is thrown if it declines. */
  static BothEngines of(Path folder, byte[] model) {
    return of(TestVersion.of(folder, model));
  }

  static BothEngines of(TestVersion version) {
    EngineSession ours = TabularEngine.create().load(version, 1);
    return new BothEngines(version.schema(), ours, OnnxRuntimeEngine.create().load(version, 1));
  }

  ModelSchema schema() {
    return schema;
  }

  /**
   * Runs both.
   *
   * @param inputs one array a tensor, row behind row: {@code float[]}, {@code double[]}, {@code
   *     long[]}, {@code int[]}, {@code short[]}, {@code byte[]} (truth values as 0 and 1) or {@code
   *     String[]}
   */
  void run(int rows, Object... inputs) {
    run(ours.slot(0), rows, inputs);
    run(theirs.slot(0), rows, inputs);
  }

  private void run(Slot slot, int rows, Object... inputs) {
    for (int i = 0; i < inputs.length; i++) {
      Tensor tensor = slot.input(i, rows);
      Object from = inputs[i];
      switch (schema.inputs().get(i).type()) {
        case FLOAT -> tensor.floats().put(0, (float[]) from);
        case DOUBLE -> tensor.doubles().put(0, (double[]) from);
        case INT64 -> tensor.longs().put(0, (long[]) from);
        case INT32 -> tensor.ints().put(0, (int[]) from);
        case INT16, FLOAT16 -> tensor.shorts().put(0, (short[]) from);
        case INT8, UINT8, BOOL -> tensor.bytes().put(0, (byte[]) from);
        case TEXT -> System.arraycopy(from, 0, tensor.texts(), 0, ((String[]) from).length);
      }
    }
    slot.run(rows);
  }

  /** What came out of ours: an array as those of {@link #run}. */
  Object ours(int output) {
    return read(ours.slot(0).output(output));
  }

  /** What came out of ONNX Runtime. */
  Object theirs(int output) {
    return read(theirs.slot(0).output(output));
  }

  private static Object read(Tensor tensor) {
    int count = 1;
    for (long dim : tensor.shape()) {
      count *= Math.toIntExact(dim);
    }
    Object array = array(tensor.type(), count);
    switch (tensor.type()) {
      case FLOAT -> tensor.floats().get(0, (float[]) array);
      case DOUBLE -> tensor.doubles().get(0, (double[]) array);
      case INT64 -> tensor.longs().get(0, (long[]) array);
      case INT32 -> tensor.ints().get(0, (int[]) array);
      case INT16, FLOAT16 -> tensor.shorts().get(0, (short[]) array);
      case INT8, UINT8, BOOL -> tensor.bytes().get(0, (byte[]) array);
      case TEXT -> {
        return Arrays.copyOf(tensor.texts(), count);
      }
    }
    return array;
  }

  private static Object array(ElementType type, int count) {
    return switch (type) {
      case FLOAT -> new float[count];
      case DOUBLE -> new double[count];
      case INT64 -> new long[count];
      case INT32 -> new int[count];
      case INT16, FLOAT16 -> new short[count];
      case INT8, UINT8, BOOL -> new byte[count];
      case TEXT -> new String[count];
    };
  }

  @Override
  public void close() {
    ours.close();
    theirs.close();
  }
}
