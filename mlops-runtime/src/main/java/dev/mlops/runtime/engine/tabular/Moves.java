package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Operators that put elements elsewhere in their row and change none. */
final class Moves {
  private Moves() {}

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "Concat" -> concat(node, to);
      case "Split" -> split(node, to);
      case "Gather" -> gather(node, to);
      case "Slice" -> slice(node, to);
      case "Transpose" -> transpose(node, to);
      default -> expand(node, to);
    }
  }

  // --- what the operators are made of ---

  /** Makes all rows equal to the one that is known. */
  static void repeat(PlanBuilder to, Value one, Value all) {
    pick(to, one, all, range(one.width()));
  }

  /** Each element of a row of the result is the one of the source's row that the map names. */
  static void pick(PlanBuilder to, Value from, Value into, int[] map) {
    int a = from.register();
    int o = into.register();
    int stride = stride(from);
    boolean perRow = into.extent().perRow();
    ElementType type = from.type();
    to.step(
        switch (type) {
          case FLOAT -> (r, rows) -> pick(r.floats[a], stride, r.floats[o], map, perRow ? rows : 1);
          case TEXT -> (r, rows) -> pick(r.texts[a], stride, r.texts[o], map, perRow ? rows : 1);
          default ->
              (r, rows) -> {
                int n = perRow ? rows : 1;
                for (int row = 0, at = 0, out = 0; row < n; row++, at += stride) {
                  for (int index : map) {
                    copy(r, type, a, at + index, o, out++);
                  }
                }
              };
        });
  }

  private static void pick(float[] from, int stride, float[] into, int[] map, int rows) {
    for (int row = 0, at = 0, out = 0; row < rows; row++, at += stride) {
      for (int index : map) {
        into[out++] = from[at + index];
      }
    }
  }

  private static void pick(String[] from, int stride, String[] into, int[] map, int rows) {
    for (int row = 0, at = 0, out = 0; row < rows; row++, at += stride) {
      for (int index : map) {
        into[out++] = from[at + index];
      }
    }
  }

  /** One element of any type, from one register to another. */
  static void copy(Registers r, ElementType type, int from, int at, int into, int to) {
    switch (type) {
      case FLOAT -> r.floats[into][to] = r.floats[from][at];
      case DOUBLE -> r.doubles[into][to] = r.doubles[from][at];
      case TEXT -> r.texts[into][to] = r.texts[from][at];
      default -> r.longs[into][to] = r.longs[from][at];
    }
  }

  /** How far one row is from the next. */
  static int stride(Value value) {
    return value.extent().perRow() && !value.isUniform() ? value.width() : 0;
  }

  private static int[] range(int width) {
    return IntStream.range(0, width).toArray();
  }

  /** The output is some elements of the input's row in another order. */
  private static void bindPicked(
      OnnxNode node, int output, PlanBuilder to, Value from, Extent extent, int[] map) {
    boolean same =
        from.extent().perRow() == extent.perRow() && Arrays.equals(map, range(from.width()));
    if (same) {
      to.bind(node, output, from.as(extent));
      return;
    }
    Value into = to.result(from.type(), extent);
    pick(to, from, into, map);
    to.bind(node, output, into);
  }

  /** Which elements are left when one axis is replaced by some of its own places. */
  private static int[] along(Extent extent, int axis, int[] places) {
    List<Integer> dims = extent.dims();
    int length = dims.get(axis);
    int inner = extent.width(axis + 1, dims.size());
    int outer = extent.width(0, axis);
    PlanBuilder.checkSize(Extent.rows(outer, places.length, inner));
    int[] map = new int[outer * places.length * inner];
    int at = 0;
    for (int o = 0; o < outer; o++) {
      for (int place : places) {
        for (int i = 0; i < inner; i++) {
          map[at++] = (o * length + place) * inner + i;
        }
      }
    }
    return map;
  }

  /**
   * The output is the input with some places of one axis, which other axes may take the place of.
   */
  private static void bindPlaces(
      OnnxNode node,
      int output,
      PlanBuilder to,
      Value from,
      int axis,
      int[] places,
      List<Integer> by) {
    Extent extent = from.extent();
    Extent made = extent.with(replaced(extent.dims(), axis, by));
    bindPicked(node, output, to, from, made, along(extent, axis, places));
  }

  private static List<Integer> replaced(List<Integer> dims, int axis, List<Integer> by) {
    List<Integer> all = new ArrayList<>(dims.subList(0, axis));
    all.addAll(by);
    all.addAll(dims.subList(axis + 1, dims.size()));
    return all;
  }

  // --- the operators ---

  private static void concat(OnnxNode node, PlanBuilder to) {
    List<Value> parts = new ArrayList<>();
    for (int i = 0; i < node.inputs().size(); i++) {
      parts.add(to.moved(node, i));
    }
    Value first = parts.get(0);
    Extent extent = first.extent();
    int axis = extent.axis(node.integer("axis", to.opset("") < 4 ? 1 : Long.MAX_VALUE));
    int length = 0;
    for (Value part : parts) {
      List<Integer> dims = part.extent().dims();
      if (part.type() != first.type()
          || part.extent().perRow() != extent.perRow()
          || dims.size() != extent.dims().size()
          || !replaced(dims, axis, List.of()).equals(replaced(extent.dims(), axis, List.of()))) {
        throw new Unsupported("it joins " + first + " and " + part);
      }
      length += dims.get(axis);
    }
    Value into =
        to.result(first.type(), extent.with(replaced(extent.dims(), axis, List.of(length))));
    int width = into.width() / extent.width(0, axis);
    int at = 0;
    for (Value part : parts) {
      int chunk = part.extent().width(axis, extent.dims().size());
      join(to, part, into, chunk, at, width, extent.width(0, axis));
      at += chunk;
    }
    to.bind(node, 0, into);
  }

  /** Copies runs of a source to their places, a width of the result apart. */
  private static void join(
      PlanBuilder to, Value from, Value into, int chunk, int at, int width, int outer) {
    if (chunk == 0) {
      return;
    }
    int a = from.register();
    int o = into.register();
    boolean perRow = into.extent().perRow();
    boolean single = from.type() == ElementType.FLOAT;
    if (single && chunk == 1) {
      to.step(
          (r, rows) -> {
            float[] source = r.floats[a];
            float[] target = r.floats[o];
            int runs = perRow ? rows * outer : outer;
            for (int run = 0, t = at; run < runs; run++, t += width) {
              target[t] = source[run];
            }
          });
      return;
    }
    to.step(
        (r, rows) -> {
          Object source = single ? r.floats[a] : r.array(from);
          Object target = single ? r.floats[o] : r.array(into);
          copy(source, target, chunk, at, width, perRow ? rows * outer : outer);
        });
  }

  @SuppressWarnings("SuspiciousSystemArraycopy") // both are of the type that the plan knows
  private static void copy(Object from, Object into, int chunk, int at, int width, int runs) {
    for (int run = 0, t = at, f = 0; run < runs; run++, t += width, f += chunk) {
      System.arraycopy(from, f, into, t, chunk);
    }
  }

  private static void split(OnnxNode node, PlanBuilder to) {
    Value from = to.moved(node, 0);
    Extent extent = from.extent();
    int axis = extent.axis(node.integer("axis", 0));
    int length = extent.dims().get(axis);
    long[] sizes =
        to.opset("") < 13 || !to.has(node, 1)
            ? node.integers("split")
            : to.constant(node, 1, long[].class);
    int parts = node.outputs().size();
    if (sizes.length == 0) {
      if (node.integer("num_outputs", parts) != parts) {
        throw new Unsupported("it has " + parts + " outputs but splits into another number");
      }
      boolean uneven = to.opset("") >= 18;
      if (!uneven && length % parts != 0) {
        throw new Unsupported(length + " elements do not split into " + parts + " equal parts");
      }
      int each = (length + parts - 1) / parts;
      sizes = new long[parts];
      Arrays.fill(sizes, each);
      sizes[parts - 1] = length - (long) each * (parts - 1);
    }
    if (sizes.length != parts
        || Arrays.stream(sizes).sum() != length
        || Arrays.stream(sizes).anyMatch(size -> size < 0)) {
      throw new Unsupported("it splits " + length + " elements into " + Arrays.toString(sizes));
    }
    int at = 0;
    for (int i = 0; i < parts; i++) {
      int size = (int) sizes[i];
      if (to.wanted(node, i)) {
        int[] places = IntStream.range(at, at + size).toArray();
        bindPlaces(node, i, to, from, axis, places, List.of(size));
      }
      at += size;
    }
  }

  private static void gather(OnnxNode node, PlanBuilder to) {
    Value from = to.moved(node, 0);
    Extent extent = from.extent();
    int axis = extent.axis(node.integer("axis", 0));
    int[] places = places(to.constant(node, 1, long[].class), extent.dims().get(axis));
    if (from.type() == ElementType.TEXT && axis < extent.dims().size() - 1) {
      throw new Unsupported("ONNX Runtime leaves out texts of blocks"); // seen in 1.28
    }
    bindPlaces(node, 0, to, from, axis, places, to.extent(node, 1).dims());
  }

  private static int[] places(long[] indices, int length) {
    int[] places = new int[indices.length];
    for (int i = 0; i < places.length; i++) {
      long place = indices[i] < 0 ? indices[i] + length : indices[i];
      if (place < 0 || place >= length) {
        throw new Unsupported("it takes element " + indices[i] + " of " + length);
      }
      places[i] = (int) place;
    }
    return places;
  }

  private static void slice(OnnxNode node, PlanBuilder to) {
    Value from = to.moved(node, 0);
    boolean attributes = to.opset("") < 10;
    long[] starts = attributes ? node.integers("starts") : to.constant(node, 1, long[].class);
    long[] ends = attributes ? node.integers("ends") : to.constant(node, 2, long[].class);
    long[] axes = node.integers("axes");
    if (!attributes && to.has(node, 3)) {
      axes = to.constant(node, 3, long[].class);
    } else if (axes.length == 0) {
      axes = IntStream.range(0, starts.length).asLongStream().toArray();
    }
    long[] steps = new long[starts.length];
    Arrays.fill(steps, 1);
    if (!attributes && to.has(node, 4)) {
      steps = to.constant(node, 4, long[].class);
    }
    if (ends.length != starts.length
        || axes.length != starts.length
        || steps.length != starts.length) {
      throw new Unsupported("its starts, ends, axes and steps are not of one length");
    }
    Extent extent = from.extent();
    if (starts.length > extent.rank()) {
      throw new Unsupported("it cuts " + starts.length + " axes of " + extent);
    }
    int[] map = range(from.width());
    for (int i = 0; i < starts.length; i++) {
      boolean all = starts[i] == 0 && ends[i] >= Integer.MAX_VALUE && steps[i] == 1;
      if (all) {
        continue; // also of the rows
      }
      int axis = extent.axis(axes[i]);
      int[] places = places(starts[i], ends[i], steps[i], extent.dims().get(axis));
      int[] next = along(extent, axis, places);
      for (int n = 0; n < next.length; n++) {
        next[n] = map[next[n]];
      }
      map = next;
      extent = extent.with(replaced(extent.dims(), axis, List.of(places.length)));
    }
    bindPicked(node, 0, to, from, extent, map);
  }

  private static int[] places(long start, long end, long step, int length) {
    if (step == 0) {
      throw new Unsupported("a step of its slice is 0");
    }
    long first = start < 0 ? start + length : start;
    long last = end < 0 ? end + length : end;
    int back = step < 0 ? 1 : 0; // then it may begin at the last element and end before the first
    first = Math.min(Math.max(first, 0), length - back);
    last = Math.min(Math.max(last, -back), length - back);
    int by = (int) Math.min(Math.max(step, -length - 1), length + 1);
    int count = (int) Math.max(0, (last - first + by - Integer.signum(by)) / by);
    int[] places = new int[count];
    for (int i = 0; i < count; i++) {
      places[i] = (int) first + i * by;
    }
    return places;
  }

  private static void transpose(OnnxNode node, PlanBuilder to) {
    Value from = to.moved(node, 0);
    Extent extent = from.extent();
    int rank = extent.rank();
    long[] order = node.integers("perm");
    if (order.length == 0) {
      order = IntStream.range(0, rank).mapToLong(i -> rank - 1 - i).toArray();
    }
    if (!Arrays.equals(
        Arrays.stream(order).sorted().toArray(),
        IntStream.range(0, rank).asLongStream().toArray())) {
      throw new Unsupported("perm is no order of " + rank + " axes: " + Arrays.toString(order));
    }
    int skip = extent.perRow() ? 1 : 0;
    if (skip == 1 && order[0] != 0) {
      throw new Unsupported("it moves the rows to another axis than the first");
    }
    int axes = rank - skip;
    List<Integer> dims = new ArrayList<>();
    int[] strides = new int[axes];
    for (int i = 0; i < axes; i++) {
      int axis = (int) order[i + skip] - skip;
      dims.add(extent.dims().get(axis));
      strides[i] = extent.width(axis + 1, axes);
    }
    bindPicked(node, 0, to, from, extent.with(dims), walk(dims, strides));
  }

  /** The source's element for each of the result's, given how far apart a step on each axis is. */
  static int[] walk(List<Integer> dims, int[] strides) {
    Extent all = new Extent(true, List.copyOf(dims));
    PlanBuilder.checkSize(all);
    int[] map = new int[all.width()];
    for (int at = 0; at < map.length; at++) {
      int rest = at;
      for (int i = strides.length - 1; i >= 0; i--) {
        map[at] += rest % dims.get(i) * strides[i];
        rest /= dims.get(i);
      }
    }
    return map;
  }

  private static void expand(OnnxNode node, PlanBuilder to) {
    Value from = to.folds() ? to.operand(node, 0) : to.input(node, 0);
    Extent wanted = Extent.ofShape(to.shape(node, 1));
    Broadcast both = Broadcast.of(List.of(from.extent(), wanted));
    bindPicked(node, 0, to, from, both.extent(), both.map(0));
  }

  /** Columns by their numbers. */
  static void extract(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    Extent extent = from.extent();
    if (to.extent(node, 1).perRow()) {
      label(node, to, from);
      return;
    }
    int axis = extent.axis(-1);
    long[] named = to.constant(node, 1, long[].class);
    if (Arrays.stream(named).anyMatch(index -> index < 0)) {
      throw new Unsupported("ONNX Runtime reads elements before the first by a negative index");
    }
    int[] places = places(named, extent.dims().get(axis));
    List<Integer> by = extent.rank() == 1 ? List.of(1, places.length) : List.of(places.length);
    bindPlaces(node, 0, to, from, axis, places, by);
  }

  /** The label of each row, of which there is a list: a row of all labels comes out. */
  private static void label(OnnxNode node, PlanBuilder to, Value from) {
    Value places = to.input(node, 1);
    Extent labels = from.extent();
    if (!from.isConstant()
        || labels.perRow()
        || labels.width() != labels.dims().get(labels.rank() - 1)) {
      throw new Unsupported("it takes elements of " + from + " by " + places);
    }
    if (places.type() != ElementType.INT64 || places.width() != 1 || to.folds()) {
      throw new Unsupported("it takes elements by " + places);
    }
    to.bindTransposed(node, Categories.at(to, places.as(Extent.rows()), from));
  }
}
