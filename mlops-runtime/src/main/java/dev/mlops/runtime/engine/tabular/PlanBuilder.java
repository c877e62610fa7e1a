package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxConstant;
import dev.mlops.runtime.onnx.OnnxNode;
import dev.mlops.runtime.onnx.OnnxProgram;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
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

  /** Elements of one row in all values together, what is computed here among them. */
  private static final long MOST_ELEMENTS = 1 << 23;

  /** Values; each node whose inputs are known looks at all there are. */
  private static final int MOST_VALUES = 20_000;

  private final Map<String, Long> opsets;
  private final List<Value> values = new ArrayList<>();
  private final Map<String, Value> bound = new HashMap<>();
  private final List<Step> steps = new ArrayList<>();
  private final Set<String> needed = new HashSet<>();
  private final Map<Value, Value> spread = new HashMap<>();
  private final Map<String, Value> transposed = new HashMap<>();
  private int scratch;
  private long elements;
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
    refuseTwins(program);
    List<OnnxNode> live = live(program.nodes(), outputs);
    for (Map.Entry<String, OnnxConstant> constant : program.constants().entrySet()) {
      String name = constant.getKey();
      if (needed.contains(name) && !bound.containsKey(name)) {
        bound.put(name, constant(name, constant.getValue()));
      }
    }
    for (OnnxNode node : live) {
      add(node);
    }
    List<Value> out = new ArrayList<>();
    for (String name : outputs) {
      Value value = bound.get(name);
      if (value == null) {
        throw new Unsupported("nothing computes the output '" + name + "'");
      }
      out.add(spread(unmarked(value)));
    }
    return new Plan(List.copyOf(values), List.copyOf(steps), in, out, scratch, weights);
  }

  /** Which of two is meant, nobody knows; ONNX Runtime refuses such a file. */
  private void refuseTwins(OnnxProgram program) {
    Set<String> names = new HashSet<>(program.constants().keySet());
    names.addAll(bound.keySet());
    for (OnnxNode node : program.nodes()) {
      for (String output : node.outputs()) {
        if (!output.isEmpty() && !names.add(output)) {
          throw new Unsupported(where(node) + "its output has the name of another value");
        }
      }
    }
  }

  /** The nodes on the way to the outputs. */
  private List<OnnxNode> live(List<OnnxNode> nodes, List<String> outputs) {
    needed.addAll(outputs);
    List<OnnxNode> live = new ArrayList<>();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      OnnxNode node = nodes.get(i);
      if (!Collections.disjoint(node.outputs(), needed)) {
        needed.addAll(node.inputs());
        needed.remove(""); // an input that is left out
        live.add(node);
      }
    }
    Collections.reverse(live);
    return live;
  }

  private void add(OnnxNode node) {
    int before = steps.size();
    int made = values.size();
    folding = takesConstantsAlone(node);
    try {
      Operators.add(node, this);
      if (folding && steps.size() > before) {
        fold(node, before, made);
      }
    } catch (Unsupported | IllegalArgumentException | ArithmeticException e) {
      throw new Unsupported(where(node) + e.getMessage());
    } catch (IndexOutOfBoundsException
        | ClassCastException
        | NoSuchElementException e) { // of a graph that is not sound
      throw new Unsupported(where(node) + "it does not fit together: " + e.getMessage());
    }
    folding = false;
  }

  private boolean takesConstantsAlone(OnnxNode node) {
    for (String name : node.inputs()) {
      Value value = bound.get(name);
      if (!name.isEmpty() && (value == null || !value.isConstant())) {
        return false;
      }
    }
    return true;
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
  private void fold(OnnxNode node, int from, int made) {
    Registers once = new Registers(values, scratch);
    once.grow(values.subList(made, values.size()), 1);
    for (Step step : steps.subList(from, steps.size())) {
      step.open(once);
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

  /** A tensor in the file. */
  Value constant(String name, OnnxConstant constant) {
    Object array = constant.values();
    if (array == null) {
      throw new Unsupported(
          "the tensor '" + name + "' is of a type that is not run here, or stands in another file");
    }
    Value value = add(type(constant.type()), Extent.fixed(constant.dims()), array);
    if (value.hasRowsMark()) {
      throw new Unsupported("the tensor '" + name + "' holds " + Extent.ROWS + ", a mark of ours");
    }
    return value;
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

  /** One that takes memory beside the file's. */
  private Value value(ElementType type, Extent extent, @Nullable Object constant) {
    int width = extent.width();
    elements += width;
    if (elements > MOST_ELEMENTS) {
      throw new Unsupported("a row of all its values has more than " + MOST_ELEMENTS + " elements");
    }
    if (extent.perRow() && width == 0) {
      throw new Unsupported("a row of it has no elements: " + extent);
    }
    return add(type, extent, constant);
  }

  private Value add(ElementType type, Extent extent, @Nullable Object constant) {
    if (values.size() == MOST_VALUES) {
      throw new Unsupported("it has more than " + MOST_VALUES + " values");
    }
    Value value = new Value(values.size(), type, extent, constant);
    values.add(value);
    return value;
  }

  // --- for operators ---

  /** The version of a domain's operators that the file was written for; 1 where it does not say. */
  long opset(String domain) {
    return opsets.getOrDefault(domain, 1L);
  }

  /** Whether the node has an input. */
  boolean has(OnnxNode node, int index) {
    return index < node.inputs().size() && !node.inputs().get(index).isEmpty();
  }

  /** Whether all that the node takes is known, so that its steps are run now, on one row. */
  boolean folds() {
    return folding;
  }

  /** An input that the node must have. */
  Value input(OnnxNode node, int index) {
    return spread(operand(node, index));
  }

  /** An input that the node may leave out. */
  Optional<Value> optional(OnnxNode node, int index) {
    return has(node, index) ? Optional.of(input(node, index)) : Optional.empty();
  }

  /**
   * An input whose elements are looked at one by one with those of others: one row of it stands for
   * all where {@link Value#isUniform}.
   */
  Value operand(OnnxNode node, int index) {
    return unmarked(present(node, index));
  }

  /** An input whose elements are only moved; the number of rows may be among them. */
  Value moved(OnnxNode node, int index) {
    return folding ? present(node, index) : input(node, index);
  }

  /** The axes of an input. */
  Extent extent(OnnxNode node, int index) {
    return present(node, index).extent();
  }

  /** An input that is a shape, in which {@link Extent#ROWS} may stand. */
  long[] shape(OnnxNode node, int index) {
    return constant(present(node, index), index, long[].class);
  }

  /** An input that must be known now. */
  <T> T constant(OnnxNode node, int index, Class<T> array) {
    return constant(operand(node, index), index, array);
  }

  private static <T> T constant(Value value, int index, Class<T> array) {
    Object known = value.constant();
    if (known == null || value.isUniform()) {
      throw new Unsupported("its input " + index + " is not a constant");
    }
    if (!array.isInstance(known)) {
      throw new Unsupported("its input " + index + " is " + value);
    }
    return array.cast(known);
  }

  private Value present(OnnxNode node, int index) {
    if (!has(node, index)) {
      throw new Unsupported("its input " + index + " is not there");
    }
    String name = node.inputs().get(index);
    Value value = bound.get(name);
    if (value == null) {
      throw new Unsupported(
          transposed.containsKey(name)
              ? "its input '" + name + "' has the rows as its second axis"
              : "nothing computes its input '" + name + "'");
    }
    return value;
  }

  /**
   * An input whose axes are {@code [1, rows]}, as a list of labels is made by some exports. Only
   * what puts that right again may ask for it; its extent here is {@code [rows]}.
   */
  Optional<Value> transposed(OnnxNode node, int index) {
    return Optional.ofNullable(transposed.get(node.inputs().get(index)));
  }

  /** An output is such a value. */
  void bindTransposed(OnnxNode node, Value value) {
    transposed.put(node.outputs().get(0), value);
  }

  private static Value unmarked(Value value) {
    if (value.hasRowsMark()) {
      throw new Unsupported("the number of rows is used as a number");
    }
    return value;
  }

  /** Gives a value that is the same for all rows an array of rows, once. */
  private Value spread(Value value) {
    if (folding || !value.isUniform()) {
      return value;
    }
    Value all = spread.get(value);
    if (all == null) {
      all = value(value.type(), value.extent(), null);
      Moves.repeat(this, value, all);
      spread.put(value, all);
    }
    return all;
  }

  /** Whether an output is wanted by anyone. */
  boolean wanted(OnnxNode node, int index) {
    return index < node.outputs().size() && needed.contains(node.outputs().get(index));
  }

  /** A value that a step will write. */
  Value result(ElementType type, Extent extent) {
    if (extent.width() == 0) {
      throw new Unsupported("its result has no elements: " + extent);
    }
    if (folding) {
      checkSize(extent);
    }
    return value(type, extent, null);
  }

  /** Throws {@link Unsupported} where a constant, or a map of places, would be too large. */
  static void checkSize(Extent extent) {
    if (extent.width() > MOST_FOLDED / Double.BYTES) {
      throw new Unsupported("what it makes is too large: " + extent);
    }
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

  /** The register of an array that a step keeps something in between its lines. */
  int room(ElementType type, int length) {
    return result(type, Extent.fixed(length)).register();
  }

  /** A place of its own in {@link Registers#scratch}, for what is no array. */
  int scratch() {
    return scratch++;
  }
}
