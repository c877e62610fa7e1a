package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The inputs of a node that works element by element, laid beside each other.
 *
 * @param extent of what comes out
 * @param all by input
 */
record Operands(Extent extent, List<Operand> all) {
  /**
   * One of them: element {@code i} of a row of the result is made of element {@code map[i]} of its
   * row.
   *
   * @param stride how far one row is from the next, 0 where all are the same
   * @param straight whether {@code map[i]} is {@code i}
   */
  @SuppressWarnings("ArrayRecordComponent") // made here and only read
  record Operand(Value value, int stride, int[] map, boolean straight) {
    int register() {
      return value.register();
    }

    /** Where in its array the element for one of the result's stands. */
    int place(int row, int i) {
      return row * stride + map[i];
    }
  }

  /** The inputs from one to before another, which must all be there. */
  static Operands of(OnnxNode node, PlanBuilder to, int from, int end) {
    return of(to, IntStream.range(from, end).mapToObj(i -> to.operand(node, i)).toList());
  }

  /** Values. */
  static Operands of(PlanBuilder to, List<Value> values) {
    Broadcast both = Broadcast.of(values.stream().map(Value::extent).toList());
    List<Operand> all = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      Value value = values.get(i);
      int[] map = both.map(i);
      boolean straight = straight(map, value.width());
      if (value.isConstant() && !straight) {
        value = filled(to, value, both.extent(), map);
        map = IntStream.range(0, map.length).toArray();
        straight = true;
      }
      all.add(new Operand(value, Moves.stride(value), map, straight));
    }
    return new Operands(both.extent(), List.copyOf(all));
  }

  private static boolean straight(int[] map, int width) {
    return map.length == width && IntStream.range(0, width).allMatch(i -> map[i] == i);
  }

  /** A constant with an element for each of the result's. */
  private static Value filled(PlanBuilder to, Value value, Extent extent, int[] map) {
    PlanBuilder.checkSize(extent);
    Object known = Objects.requireNonNull(value.constant());
    Object all = Array.newInstance(known.getClass().getComponentType(), map.length);
    for (int i = 0; i < map.length; i++) {
      System.arraycopy(known, map[i], all, i, 1);
    }
    return to.known(value.type(), new Extent(false, extent.dims()), all);
  }

  Operand get(int index) {
    return all.get(index);
  }

  ElementType type(int index) {
    return all.get(index).value().type();
  }

  /**
   * Whether rows lie behind each other in all that goes in and comes out, so that one loop does.
   */
  boolean flat() {
    return extent.perRow()
        && all.stream().allMatch(one -> one.straight() && one.stride() == extent.width());
  }

  /** Whether no input is looked at through its map. */
  boolean straight() {
    return all.stream().allMatch(Operand::straight);
  }

  int width() {
    return extent.width();
  }
}
