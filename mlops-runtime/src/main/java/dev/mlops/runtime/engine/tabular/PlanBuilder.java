package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxConstant;
import dev.mlops.runtime.onnx.OnnxNode;
import dev.mlops.runtime.onnx.OnnxProgram;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link Plan} of a graph: only of what the wanted outputs need, with what depends on
 * constants alone computed once, here.
 */
final class PlanBuilder {
  /** Bytes of arrays that are computed here; a graph could ask for any size. */
  private static final int MOST_FOLDED = 1 << 24;

  private final Map<String, Long> opsets;
  private final List<Value> values = new ArrayList<>();
  private final Map<String, Value> bound = new HashMap<>();
  private final List<Step> steps = new ArrayList<>();
  private final Set<String> needed = new HashSet<>();
  private int scratch;
  private boolean folding;

  private PlanBuilder(Map<String, Long> opsets) {
    this.opsets = opsets;
  }

  /** An input of the graph: its name, type and axes. */
  record Input(String name, ElementType type, Extent extent) {}

  /**
   * A plan.
   *
   * @param opsets of the file, by domain
   * @param inputs in the order a caller counts them
   * @param outputs names of what is wanted, in the order a caller counts them
   * @param weights how many numbers its matrix products have
   * @throws Unsupported if something in the way to them cannot be run here exactly
   */
  static Plan build(
      OnnxProgram program,
      Map<String, Long> opsets,
      List<Input> inputs,
      List<String> outputs,
      long weights) {
    return new PlanBuilder(opsets).build(program, inputs, outputs, weights);
  }

  private Plan build(OnnxProgram program, List<Input> inputs, List<String> outputs, long weights) {
    List<Value> in = new ArrayList<>();
    for (Input input : inputs) {
      Value value = value(input.type(), input.extent(), null);
      bound.put(input.name(), value);
      in.add(value);
    }
    List<OnnxNode> live = live(program.nodes(), outputs);
    program
        .constants()
        .forEach(
            (name, constant) -> {
              if (needed.contains(name)) {
                bound.putIfAbsent(name, constant(name, constant));
              }
            });
    live.forEach(this::add);
    List<Value> out = new ArrayList<>();
    for (String name : outputs) {
      Value value = bound.get(name);
      if (value == null) {
        throw new Unsupported("nothing computes the output '" + name + "'");
      }
      out.add(value);
    }
    return new Plan(List.copyOf(values), List.copyOf(steps), in, out, scratch, weights);
  }

  /** The nodes on the way to the outputs. */
  private List<OnnxNode> live(List<OnnxNode> nodes, List<String> outputs) {
    needed.addAll(outputs);
    List<OnnxNode> live = new ArrayList<>();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      OnnxNode node = nodes.get(i);
      if (node.outputs().stream().anyMatch(needed::contains)) {
        needed.addAll(node.inputs());
        live.add(0, node);
      }
    }
    return live;
  }

  private void add(OnnxNode node) {
    int before = steps.size();
    folding =
        node.inputs().stream()
            .filter(name -> !name.isEmpty())
            .allMatch(name -> bound.containsKey(name) && bound.get(name).isConstant());
    try {
      Operators.of(node).add(node, this);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new Unsupported(where(node) + e.getMessage());
    } catch (Unsupported e) {
      throw new Unsupported(where(node) + e.getMessage());
    }
    if (folding && steps.size() > before) {
      fold(node, before);
    }
  }

  private static String where(OnnxNode node) {
    return "node '"
        + (node.name().isEmpty() ? String.join(", ", node.outputs()) : node.name())
        + "' ("
        + (node.domain().isEmpty() ? "" : node.domain() + ".")
        + node.operator()
        + "): ";
  }

  /** Runs the steps of a node whose inputs are known, and keeps what comes out. */
  private void fold(OnnxNode node, int from) {
    Registers once = new Registers(values, scratch);
    once.grow(1);
    for (Step step : steps.subList(from, steps.size())) {
      step.run(once, 1);
    }
    steps.subList(from, steps.size()).clear();
    for (String name : node.outputs()) {
      Value value = bound.get(name);
      if (value != null && !value.isConstant()) {
        Value known = new Value(value.register(), value.type(), value.extent(), once.get(value));
        values.set(known.register(), known);
        bound.put(name, known);
      }
    }
  }

  private Value constant(String name, OnnxConstant constant) {
    Object array = constant.values();
    if (array == null) {
      throw new Unsupported(
          "the tensor '" + name + "' is of a type that is not run here, or stands in another file");
    }
    return value(type(constant.type()), Extent.fixed(constant.dims()), array);
  }

  /** Our type for ONNX's number. */
  static ElementType type(int number) {
    return switch (number) {
      case OnnxConstant.FLOAT -> ElementType.FLOAT;
      case OnnxConstant.DOUBLE -> ElementType.DOUBLE;
      case OnnxConstant.INT32 -> ElementType.INT32;
      case OnnxConstant.INT64 -> ElementType.INT64;
      case OnnxConstant.BOOL -> ElementType.BOOL;
      case OnnxConstant.STRING -> ElementType.TEXT;
      default -> throw new Unsupported("element type number " + number + " is not run here");
    };
  }

  private Value value(ElementType type, Extent extent, @Nullable Object constant) {
    Value value = new Value(values.size(), type, extent, constant);
    values.add(value);
    return value;
  }

  // --- for operators ---

  /** The version of a domain's operators that the file was written for; 1 where it does not say. */
  long opset(String domain) {
    return opsets.getOrDefault(domain, 1L);
  }

  /** An input that the node must have. */
  Value input(OnnxNode node, int index) {
    return optional(node, index)
        .orElseThrow(() -> new Unsupported("its input " + index + " is not there"));
  }

  /** An input that the node may leave out. */
  Optional<Value> optional(OnnxNode node, int index) {
    if (index >= node.inputs().size() || node.inputs().get(index).isEmpty()) {
      return Optional.empty();
    }
    String name = node.inputs().get(index);
    Value value = bound.get(name);
    if (value == null) {
      throw new Unsupported("nothing computes its input '" + name + "'");
    }
    return Optional.of(value);
  }

  /** Whether an output is wanted by anyone. */
  boolean wanted(OnnxNode node, int index) {
    return index < node.outputs().size() && needed.contains(node.outputs().get(index));
  }

  /** A value that a step will write. */
  Value result(ElementType type, Extent extent) {
    if (folding && extent.width() > MOST_FOLDED / Double.BYTES) {
      throw new Unsupported("what it makes of constants is too large: " + extent);
    }
    return value(type, extent, null);
  }

  /** A value that is known now. */
  Value known(ElementType type, Extent extent, Object array) {
    return value(type, extent, array);
  }

  /** An output is this value, which may be one of the inputs in other axes. */
  void bind(OnnxNode node, int index, Value value) {
    if (index < node.outputs().size() && !node.outputs().get(index).isEmpty()) {
      bound.put(node.outputs().get(index), value);
    }
  }

  /** Adds what is done in a run. */
  void step(Step step) {
    steps.add(step);
  }

  /** A place of its own in {@link Registers#scratch}. */
  int scratch() {
    return scratch++;
  }
}
