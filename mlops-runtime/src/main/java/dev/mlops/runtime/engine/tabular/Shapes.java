package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxConstant;
import dev.mlops.runtime.onnx.OnnxNode;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Constants, and operators that change the axes of a value or tell them. Nothing is left to run.
 */
final class Shapes {
  private Shapes() {}

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "Identity" -> to.bind(node, 0, to.moved(node, 0));
      case "Constant" -> constant(node, to);
      case "Dropout" -> dropout(node, to);
      case "Reshape" -> reshape(node, to);
      case "Flatten" -> flatten(node, to);
      case "Squeeze" -> squeeze(node, to);
      case "Unsqueeze" -> unsqueeze(node, to);
      case "Shape" -> shape(node, to);
      default -> constantOfShape(node, to);
    }
  }

  private static void constant(OnnxNode node, PlanBuilder to) {
    if (node.attributes().size() != 1) {
      throw new Unsupported("it has not one value but " + node.attributes().keySet());
    }
    String name = node.attributes().keySet().iterator().next();
    Object given = node.attributes().get(name);
    Value value;
    if (given instanceof OnnxConstant tensor) {
      value = to.constant(node.outputs().get(0), tensor);
    } else if (given instanceof Float number) {
      value = to.known(ElementType.FLOAT, Extent.fixed(), new float[] {number});
    } else if (given instanceof float[] numbers) {
      value = to.known(ElementType.FLOAT, Extent.fixed(numbers.length), numbers);
    } else if (given instanceof Long number) {
      value = to.known(ElementType.INT64, Extent.fixed(), new long[] {number});
    } else if (given instanceof long[] numbers) {
      value = to.known(ElementType.INT64, Extent.fixed(numbers.length), numbers);
    } else if (given instanceof String text) {
      value = to.known(ElementType.TEXT, Extent.fixed(), new String[] {text});
    } else if (given instanceof String[] texts) {
      value = to.known(ElementType.TEXT, Extent.fixed(texts.length), texts);
    } else {
      throw new Unsupported("its value is of a kind that is not run here: " + name);
    }
    if (value.hasRowsMark()) {
      throw new Unsupported("it holds " + Extent.ROWS + ", a mark of ours");
    }
    to.bind(node, 0, value);
  }

  private static void dropout(OnnxNode node, PlanBuilder to) {
    if (to.wanted(node, 1)) {
      throw new Unsupported("its mask is used");
    }
    if (to.opset("") < 7 && node.integer("is_test", 0) == 0) {
      throw new Unsupported("it is written for training");
    }
    if (to.has(node, 2) && to.constant(node, 2, long[].class)[0] != 0) {
      throw new Unsupported("it is written for training");
    }
    to.bind(node, 0, to.input(node, 0));
  }

  private static void reshape(OnnxNode node, PlanBuilder to) {
    Optional<Value> transposed = to.transposed(node, 0);
    if (transposed.isPresent()) {
      straighten(node, to, transposed.get());
      return;
    }
    Value from = to.moved(node, 0);
    Extent extent = from.extent();
    long[] wanted = to.opset("") < 5 ? node.integers("shape").clone() : to.shape(node, 1).clone();
    long[] given = extent.shape();
    int open = -1;
    long known = 1;
    for (int i = 0; i < wanted.length; i++) {
      if (wanted[i] == 0) {
        if (node.integer("allowzero", 0) != 0 || i >= given.length) {
          throw new Unsupported("its shape has an axis of no elements");
        }
        wanted[i] = given[i];
      }
      if (wanted[i] == -1 && open < 0) {
        open = i;
      } else if (wanted[i] < 0) {
        throw new Unsupported("its shape is " + Arrays.toString(wanted));
      } else if (wanted[i] != Extent.ROWS) {
        known = Math.multiplyExact(known, wanted[i]);
      }
    }
    int width = extent.width();
    boolean rowsNamed = wanted.length > 0 && wanted[0] == Extent.ROWS;
    if (extent.perRow() && !rowsNamed) {
      if (open != 0 || known != width) {
        throw new Unsupported("it gives " + from + " axes without the rows as the first of them");
      }
      wanted[0] = Extent.ROWS;
    } else if (open >= 0) {
      if (known == 0 || width % known != 0) {
        throw new Unsupported("it gives " + from + " axes that do not hold as many elements");
      }
      wanted[open] = width / known;
    }
    Extent into = Extent.ofShape(wanted);
    if (into.perRow() != extent.perRow() || into.width() != width) {
      throw new Unsupported("it makes " + into + " of " + extent);
    }
    to.bind(node, 0, from.as(into));
  }

  /** One row of all rows becomes rows again. */
  private static void straighten(OnnxNode node, PlanBuilder to, Value from) {
    long[] wanted = to.shape(node, 1);
    boolean rows = wanted.length > 0 && (wanted[0] == -1 || wanted[0] == Extent.ROWS);
    for (int i = 1; i < wanted.length; i++) {
      rows &= wanted[i] == 1;
    }
    if (!rows) {
      throw new Unsupported("its shape is " + Arrays.toString(wanted) + " for one row of all rows");
    }
    wanted = wanted.clone();
    wanted[0] = Extent.ROWS;
    to.bind(node, 0, from.as(Extent.ofShape(wanted)));
  }

  private static void flatten(OnnxNode node, PlanBuilder to) {
    Value from = to.moved(node, 0);
    Extent extent = from.extent();
    long named = node.integer("axis", 1);
    long axis = named < 0 ? named + extent.rank() : named;
    if (axis < 0 || axis > extent.rank()) {
      throw new Unsupported("there is no axis " + named + " in " + extent);
    }
    if (!extent.perRow() || axis != 1) {
      throw new Unsupported("it joins the rows with another axis, or has none");
    }
    to.bind(node, 0, from.as(Extent.rows(extent.width())));
  }

  private static long[] axes(OnnxNode node, PlanBuilder to) {
    if (to.opset("") < 13) {
      return node.integers("axes");
    }
    return to.has(node, 1) ? to.constant(node, 1, long[].class) : new long[0];
  }

  private static void squeeze(OnnxNode node, PlanBuilder to) {
    Value from = to.moved(node, 0);
    Extent extent = from.extent();
    long[] axes = axes(node, to);
    if (axes.length == 0) {
      throw new Unsupported("what it leaves depends on the number of rows");
    }
    Set<Integer> out = new TreeSet<>();
    for (long axis : axes) {
      out.add(extent.axis(axis));
    }
    List<Integer> dims = new ArrayList<>();
    for (int i = 0; i < extent.dims().size(); i++) {
      if (!out.contains(i)) {
        dims.add(extent.dims().get(i));
      } else if (extent.dims().get(i) != 1) {
        throw new Unsupported("it takes out an axis of " + extent + " that is longer than 1");
      }
    }
    to.bind(node, 0, from.as(extent.with(dims)));
  }

  private static void unsqueeze(OnnxNode node, PlanBuilder to) {
    Value from = to.moved(node, 0);
    Extent extent = from.extent();
    long[] axes = axes(node, to);
    int rank = extent.rank() + axes.length;
    Set<Integer> in = new TreeSet<>();
    for (long named : axes) {
      long axis = named < 0 ? named + rank : named;
      if (axis < 0 || axis >= rank || !in.add((int) axis)) {
        throw new Unsupported("it puts axes " + Arrays.toString(axes) + " into " + extent);
      }
    }
    if (extent.perRow() && in.contains(0)) {
      throw new Unsupported("it moves the rows to another axis than the first");
    }
    List<Integer> dims = new ArrayList<>();
    int at = 0;
    for (int i = extent.perRow() ? 1 : 0; i < rank; i++) {
      dims.add(in.contains(i) ? 1 : extent.dims().get(at++));
    }
    to.bind(node, 0, from.as(extent.with(dims)));
  }

  private static void shape(OnnxNode node, PlanBuilder to) {
    long[] shape = to.extent(node, 0).shape();
    int from = place(node.integer("start", 0), shape.length);
    int end = place(node.integer("end", shape.length), shape.length);
    long[] part = Arrays.copyOfRange(shape, from, Math.max(from, end));
    to.bind(node, 0, to.known(ElementType.INT64, Extent.fixed(part.length), part));
  }

  private static int place(long named, int length) {
    return (int) Math.min(Math.max(named < 0 ? named + length : named, 0), length);
  }

  private static void constantOfShape(OnnxNode node, PlanBuilder to) {
    Extent extent = Extent.ofShape(to.shape(node, 0));
    OnnxConstant of =
        node.attribute("value", OnnxConstant.class)
            .orElseGet(() -> new OnnxConstant(OnnxConstant.FLOAT, new long[] {1}, new float[1]));
    ElementType type = PlanBuilder.type(of.type());
    PlanBuilder.checkSize(extent);
    Object one = of.values();
    if (one == null || type == ElementType.TEXT || Array.getLength(one) != 1) {
      throw new Unsupported("its value is not one number");
    }
    Object array = Array.newInstance(one.getClass().getComponentType(), extent.width());
    for (int i = 0; i < extent.width(); i++) {
      System.arraycopy(one, 0, array, i, 1);
    }
    to.bind(node, 0, to.known(type, extent, array));
  }
}
