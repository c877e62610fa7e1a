package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxConstant;
import dev.mlops.runtime.onnx.OnnxNode;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Operators that look values up among those a model knows. */
final class Categories {
  private Categories() {}

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    if (node.operator().equals("OneHotEncoder")) {
      oneHot(node, to);
    } else {
      labelEncoder(node, to);
    }
  }

  // --- one hot ---

  private static void oneHot(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    boolean text = from.type() == ElementType.TEXT;
    if (from.extent().rank() > 2) {
      throw new Unsupported("it is not run here for " + from);
    }
    boolean strict = node.integer("zeros", 1) == 0;
    long[] numbers = node.integers("cats_int64s");
    String[] texts = node.texts("cats_strings");
    int count = text ? texts.length : numbers.length;
    if (count == 0 || (numbers.length > 0 && texts.length > 0)) {
      throw new Unsupported("it has no categories for " + from);
    }
    List<Integer> dims = new ArrayList<>(from.extent().dims());
    dims.add(count);
    int a = text ? from.register() : whole(to, from).register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    Value out = to.result(ElementType.FLOAT, from.extent().with(dims));
    int o = out.register();
    Lookup lookup = text ? Lookup.of(texts, true) : Lookup.of(numbers, true);
    to.step(
        text
            ? (r, rows) ->
                mark(r.texts[a], lookup, r.floats[o], perRow ? rows * width : width, count, strict)
            : (r, rows) ->
                mark(
                    r.longs[a], lookup, r.floats[o], perRow ? rows * width : width, count, strict));
    to.bind(node, 0, out);
  }

  /* Twice, as one loop that asks for each value what it is takes a third longer for 64 rows. */
  private static void mark(
      String[] values, Lookup lookup, float[] into, int n, int count, boolean strict) {
    Arrays.fill(into, 0, n * count, 0);
    for (int i = 0, at = 0; i < n; i++, at += count) {
      int place = lookup.find(values[i]);
      if (place >= 0) {
        into[at + place] = 1;
      } else if (strict) {
        throw unknown(values[i]);
      }
    }
  }

  private static void mark(
      long[] values, Lookup lookup, float[] into, int n, int count, boolean strict) {
    Arrays.fill(into, 0, n * count, 0);
    for (int i = 0, at = 0; i < n; i++, at += count) {
      int place = lookup.find(values[i]);
      if (place >= 0) {
        into[at + place] = 1;
      } else if (strict) {
        throw unknown(values[i]);
      }
    }
  }

  private static IllegalArgumentException unknown(Object value) {
    return new IllegalArgumentException(
        "the model does not know the category '" + value + "' and is told to refuse such");
  }

  private static Value whole(PlanBuilder to, Value from) {
    return switch (from.type()) {
      case INT64 -> from;
      case FLOAT, DOUBLE -> Casts.add(to, from, ElementType.INT64);
      default -> throw new Unsupported("it is not run here for " + from);
    };
  }

  // --- from one value to another ---

  private static void labelEncoder(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    if (to.opset(Operators.ML) < 2) {
      throw new Unsupported("before version 2 of ai.onnx.ml it had other attributes");
    }
    boolean findsNaN = to.opset(Operators.ML) >= 4;
    Object keys = listed(node, "keys", from.type());
    Lookup lookup;
    if (keys instanceof String[] texts) {
      lookup = Lookup.of(texts, false);
    } else if (keys instanceof long[] numbers) {
      lookup = Lookup.of(numbers, false);
    } else if (keys instanceof double[] numbers) {
      lookup = Lookup.of(numbers, findsNaN);
    } else {
      lookup = Lookup.of(Casts.widened((float[]) keys), findsNaN);
    }
    ElementType type = valueType(node);
    Object values = listed(node, "values", type);
    if (Array.getLength(keys) != Array.getLength(values)) {
      throw new Unsupported("it has not as many values as keys");
    }
    Object otherwise =
        switch (type) {
          case TEXT -> node.text("default_string", "_Unused");
          case FLOAT -> node.number("default_float", -0f);
          case DOUBLE -> -0.0;
          default -> node.integer("default_int64", -1);
        };
    if (node.attributes().get("default_tensor") instanceof OnnxConstant one) {
      if (one.values() == null || one.elements() != 1 || PlanBuilder.type(one.type()) != type) {
        throw new Unsupported("its default is not one " + type);
      }
      otherwise = Array.get(one.values(), 0);
    }
    to.bind(node, 0, translated(to, from, lookup, type, values, otherwise));
  }

  /** Keys or values, by the one attribute that has them. */
  private static Object listed(OnnxNode node, String what, ElementType type) {
    if (node.attributes().get(what + "_tensor") instanceof OnnxConstant tensor) {
      if (tensor.values() == null || PlanBuilder.type(tensor.type()) != type) {
        throw new Unsupported("its " + what + " are not " + type);
      }
      return tensor.values();
    }
    return switch (type) {
      case TEXT -> node.texts(what + "_strings");
      case INT64 -> node.integers(what + "_int64s");
      case FLOAT -> node.numbers(what + "_floats");
      default -> throw new Unsupported("it is not run here for " + type);
    };
  }

  private static ElementType valueType(OnnxNode node) {
    if (node.attributes().get("values_tensor") instanceof OnnxConstant tensor) {
      return PlanBuilder.type(tensor.type());
    }
    if (node.attributes().containsKey("values_strings")) {
      return ElementType.TEXT;
    }
    return node.attributes().containsKey("values_int64s") ? ElementType.INT64 : ElementType.FLOAT;
  }

  /** Two steps: the place of each value among the keys, then what stands there. */
  private static Value translated(
      PlanBuilder to,
      Value from,
      Lookup lookup,
      ElementType type,
      Object values,
      Object otherwise) {
    int a = from.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    Value place = to.result(ElementType.INT64, from.extent());
    int p = place.register();
    ElementType key = from.type();
    to.step(
        (r, rows) -> {
          int n = perRow ? rows * width : width;
          switch (key) {
            case TEXT -> find(r.texts[a], lookup, r.longs[p], n);
            case FLOAT -> find(r.floats[a], lookup, r.longs[p], n);
            case DOUBLE -> find(r.doubles[a], lookup, r.longs[p], n);
            default -> find(r.longs[a], lookup, r.longs[p], n);
          }
        });
    int count = Array.getLength(values);
    Object all = Array.newInstance(values.getClass().getComponentType(), count + 1);
    Array.set(all, 0, otherwise);
    System.arraycopy(values, 0, all, 1, count);
    return at(to, place, to.known(type, Extent.fixed(count + 1), all));
  }

  /** Places counted from 1 on; 0 is for what is not among the keys. */
  private static void find(String[] values, Lookup lookup, long[] places, int n) {
    for (int i = 0; i < n; i++) {
      places[i] = 1L + lookup.find(values[i]);
    }
  }

  private static void find(float[] values, Lookup lookup, long[] places, int n) {
    for (int i = 0; i < n; i++) {
      places[i] = 1L + lookup.find(Lookup.bits(values[i]));
    }
  }

  private static void find(double[] values, Lookup lookup, long[] places, int n) {
    for (int i = 0; i < n; i++) {
      places[i] = 1L + lookup.find(Lookup.bits(values[i]));
    }
  }

  private static void find(long[] values, Lookup lookup, long[] places, int n) {
    for (int i = 0; i < n; i++) {
      places[i] = 1L + lookup.find(values[i]);
    }
  }

  /** What stands at places among values. */
  static Value at(PlanBuilder to, Value places, Value values) {
    int p = places.register();
    int v = values.register();
    int width = places.width();
    boolean perRow = places.extent().perRow();
    ElementType type = values.type();
    Value out = to.result(type, places.extent());
    int o = out.register();
    to.step(
        (r, rows) -> {
          long[] at = r.longs[p];
          int n = perRow ? rows * width : width;
          if (type == ElementType.FLOAT) {
            take(r.floats[v], at, r.floats[o], n);
          } else if (type == ElementType.INT64) {
            take(r.longs[v], at, r.longs[o], n);
          } else {
            for (int i = 0; i < n; i++) {
              Moves.copy(r, type, v, (int) at[i], o, i);
            }
          }
        });
    return out;
  }

  private static void take(float[] values, long[] at, float[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = values[(int) at[i]];
    }
  }

  private static void take(long[] values, long[] at, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = values[(int) at[i]];
    }
  }
}
