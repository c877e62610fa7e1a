package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import dev.mlops.runtime.engine.ModelFiles;
import dev.mlops.runtime.onnx.OnnxModel;
import dev.mlops.runtime.onnx.OnnxNode;
import dev.mlops.runtime.onnx.OnnxProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A model made ready: its values and the steps between them. Immutable; safe for all threads.
 *
 * @param values by register
 * @param inputs in the schema's order, as outputs
 * @param scratch how many places steps keep something in
 * @param weights how many numbers its matrix products have
 */
record Plan(
    List<Value> values,
    List<Step> steps,
    List<Value> inputs,
    List<Value> outputs,
    int scratch,
    long weights) {
  /* The newest versions of operators whose meaning was looked at. */
  private static final long NEWEST_OPSET = 25;
  private static final long NEWEST_ML_OPSET = 5;

  /** The newest version of the file's form; ONNX Runtime refuses later ones as well. */
  private static final long NEWEST_FORM = 13;

  private static final Set<String> PRODUCTS = Set.of("MatMul", "Gemm");

  /**
   * Makes a model ready.
   *
   * @throws Unsupported if any part of it cannot be run here as ONNX Runtime would
   * @throws dev.mlops.store.PackageCorruptException if its file is no ONNX model
   */
  static Plan of(ModelFiles files) {
    OnnxModel outline = files.outline();
    refuseUnknown(outline);
    long heap = Runtime.getRuntime().maxMemory();
    if (files.fileBytes() > heap / 8) {
      throw new Unsupported(
          "its file of %d MB is more than an eighth of the heap's %d MB"
              .formatted(files.fileBytes() >> 20, heap >> 20));
    }
    ModelSchema schema = files.schema();
    List<PlanBuilder.Input> inputs = new ArrayList<>();
    for (TensorSpec spec : schema.inputs()) {
      inputs.add(new PlanBuilder.Input(spec.name(), spec.type(), extent(spec, outline)));
    }
    List<String> outputs = new ArrayList<>();
    for (TensorSpec spec : schema.outputs()) {
      outputs.add(spec.name());
    }
    OnnxProgram program = OnnxProgram.read(files.file());
    Plan plan =
        PlanBuilder.build(program, outline.opsets(), inputs, outputs, matrixWeights(program));
    for (int i = 0; i < outputs.size(); i++) {
      checkOutput(schema.outputs().get(i), plan.outputs().get(i), files);
    }
    return plan;
  }

  /** Before the weights are read, which may be many. */
  private static void refuseUnknown(OnnxModel outline) {
    if (outline.irVersion() > NEWEST_FORM) {
      throw new Unsupported(
          "it is of IR version "
              + outline.irVersion()
              + ", and the newest known here is "
              + NEWEST_FORM);
    }
    if (outline.hasExternalData()) {
      throw new Unsupported("it has weights in other files");
    }
    List<String> unknown = new ArrayList<>();
    for (String name : outline.operators()) {
      if (!Operators.known(name)) {
        unknown.add(name);
      }
    }
    if (!unknown.isEmpty()) {
      throw new Unsupported(
          "it has " + (unknown.size() == 1 ? "the operator " : "the operators ") + list(unknown));
    }
    refuseNewer(outline, "", "ONNX's operators", NEWEST_OPSET);
    refuseNewer(outline, Operators.ML, Operators.ML, NEWEST_ML_OPSET);
  }

  private static void refuseNewer(OnnxModel outline, String domain, String name, long newest) {
    long version = outline.opsets().getOrDefault(domain, 1L);
    if (version > newest) {
      throw new Unsupported(
          "it is written for version "
              + version
              + " of "
              + name
              + ", and the newest known here is "
              + newest);
    }
  }

  private static String list(List<String> names) {
    int most = 5;
    String first = String.join(", ", names.subList(0, Math.min(most, names.size())));
    return names.size() > most ? first + " and " + (names.size() - most) + " more" : first;
  }

  private static Extent extent(TensorSpec spec, OnnxModel outline) {
    if (spec.type() == ElementType.FLOAT16) {
      throw new Unsupported("its input '" + spec.name() + "' is FLOAT16");
    }
    long[] axes = outline.axes(spec.name()).orElse(null);
    if (axes == null) {
      throw new Unsupported("the axes of its input '" + spec.name() + "' are not told");
    }
    if (spec.shape().rowAxis() != 0 || axes.length == 0 || axes[0] >= 0) {
      throw new Unsupported(
          "its input '" + spec.name() + "' does not have a first axis of any number of rows");
    }
    List<Long> schema = spec.shape().dims();
    List<Integer> dims = new ArrayList<>();
    for (int i = 1; i < axes.length; i++) {
      long length = axes[i] < 0 && schema.size() == axes.length ? schema.get(i) : axes[i];
      if (length < 0) {
        throw new Unsupported("its input '" + spec.name() + "' has another axis of any length");
      }
      if (length > Integer.MAX_VALUE) {
        throw new Unsupported("its input '" + spec.name() + "' has an axis of " + length);
      }
      dims.add((int) length);
    }
    return new Extent(true, List.copyOf(dims));
  }

  private static long matrixWeights(OnnxProgram program) {
    long sum = 0;
    for (OnnxNode node : program.nodes()) {
      if (PRODUCTS.contains(node.operator())) {
        for (String input : node.inputs()) {
          sum +=
              program.constants().containsKey(input)
                  ? program.constants().get(input).elements()
                  : 0;
        }
      }
    }
    return sum;
  }

  private static void checkOutput(TensorSpec spec, Value value, ModelFiles files) {
    boolean fits =
        value.type() == spec.type()
            && value.extent().perRow()
            && spec.shape().rowAxis() == 0
            && spec.shape().dims().lastIndexOf(Shape.ANY) < 1
            && value.width() == spec.shape().elements();
    if (!fits) {
      throw new Unsupported(
          "its output '"
              + spec.name()
              + "' is "
              + value
              + " here, and "
              + spec.type()
              + " "
              + spec.shape()
              + " in the schema");
    }
    List<String> keys = files.mapKeys(spec.name());
    if (!keys.isEmpty() && keys.size() != spec.columns().size()) {
      throw new Unsupported(
          "its output '"
              + spec.name()
              + "' has "
              + keys.size()
              + " classes, and "
              + spec.columns().size()
              + " columns in the schema");
    }
  }

  /** A slot's own. */
  Registers registers() {
    Registers registers = new Registers(values, scratch);
    for (Step step : steps) {
      step.open(registers);
    }
    return registers;
  }
}
