package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxConstant;
import dev.mlops.runtime.onnx.OnnxNode;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Operators that look values up among those a model knows. */
final class Categories {
  private Categories() {}

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "OneHotEncoder" -> oneHot(node, to);
      case "LabelEncoder" -> labelEncoder(node, to);
      default -> categoryMapper(node, to);
    }
  }

  // --- one hot ---

  private static void oneHot(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    if (from.extent().rank() > 2) {
      throw new Unsupported("it is not run here for " + from);
    }
    boolean strict = node.integer("zeros", 1) == 0;
    long[] numbers = node.integers("cats_int64s");
    String[] texts = node.texts("cats_strings");
    boolean text = from.type() == ElementType.TEXT;
    int count = text ? texts.length : numbers.length;
    if (count == 0 || (numbers.length > 0 && texts.length > 0)) {
      throw new Unsupported("it has no categories for " + from);
    }
    List<Integer> dims = new ArrayList<>(from.extent().dims());
    dims.add(count);
    int a = from.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    Value out = to.result(ElementType.FLOAT, from.extent().with(dims));
    int o = out.register();
    if (text) {
      Lookup lookup = Lookup.of(texts, true);
      to.step(
          (r, rows) -> {
            String[] values = r.texts[a];
            float[] into = r.floats[o];
            int n = perRow ? rows * width : width;
            Arrays.fill(into, 0, n * count, 0);
            for (int i = 0, at = 0; i < n; i++, at += count) {
              int place = lookup.find(values[i]);
              if (place >= 0) {
                into[at + place] = 1;
              } else if (strict) {
                throw unknown(values[i]);
              }
            }
          });
    } else {
      Lookup lookup = Lookup.of(numbers, true);
      Value whole = whole(to, from);
      int w = whole.register();
      to.step(
          (r, rows) -> {
            long[] values = r.longs[w];
            float[] into = r.floats[o];
            int n = perRow ? rows * width : width;
            Arrays.fill(into, 0, n * count, 0);
            for (int i = 0, at = 0; i < n; i++, at += count) {
              int place = lookup.find(values[i]);
              if (place >= 0) {
                into[at + place] = 1;
              } else if (strict) {
                throw unknown(values[i]);
              }
            }
          });
    }
    to.bind(node, 0, out);
  }

  private static Value whole(PlanBuilder to, Value from) {
    return switch (from.type()) {
      case INT64 -> from;
      case FLOAT, DOUBLE -> Casts.add(to, from, ElementType.INT64);
      default -> throw new Unsupported("it is not run here for " + from);
    };
  }

  private static IllegalArgumentException unknown(Object value) {
    return new IllegalArgumentException(
        "the model does not know the category '" + value + "' and is told to refuse such");
  }

  // --- from one value to another ---

  private static void labelEncoder(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    if (to.opset(Operators.ML) < 2) {
      String[] classes = node.texts("classes_strings");
      translate(node, to, classes, LongStream.range(0, classes.length).toArray());
      return;
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

  private static void categoryMapper(OnnxNode node, PlanBuilder to) {
    translate(node, to, node.texts("cats_strings"), node.integers("cats_int64s"));
  }

  /**
   * Between texts and numbers that belong together, whichever comes in; the last of equals wins.
   */
  private static void translate(OnnxNode node, PlanBuilder to, String[] texts, long[] numbers) {
    if (texts.length != numbers.length) {
      throw new Unsupported("it has not as many numbers as texts");
    }
    Value from = to.input(node, 0);
    Value out =
        switch (from.type()) {
          case TEXT ->
              translated(
                  to,
                  from,
                  Lookup.of(texts, true),
                  ElementType.INT64,
                  numbers,
                  node.integer("default_int64", -1));
          case INT64 ->
              translated(
                  to,
                  from,
                  Lookup.of(numbers, true),
                  ElementType.TEXT,
                  texts,
                  node.text("default_string", "_Unused"));
          default -> throw new Unsupported("it is not run here for " + from);
        };
    to.bind(node, 0, out);
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
    int last = Array.getLength(values);
    Value place = to.result(ElementType.INT64, from.extent());
    int p = place.register();
    to.step(
        switch (from.type()) {
          case TEXT ->
              (r, rows) -> {
                int n = perRow ? rows * width : width;
                for (int i = 0; i < n; i++) {
                  int found = lookup.find(r.texts[a][i]);
                  r.longs[p][i] = found < 0 ? last : found;
                }
              };
          case FLOAT ->
              (r, rows) -> {
                int n = perRow ? rows * width : width;
                for (int i = 0; i < n; i++) {
                  int found = lookup.find(Lookup.bits(r.floats[a][i]));
                  r.longs[p][i] = found < 0 ? last : found;
                }
              };
          case DOUBLE ->
              (r, rows) -> {
                int n = perRow ? rows * width : width;
                for (int i = 0; i < n; i++) {
                  int found = lookup.find(Lookup.bits(r.doubles[a][i]));
                  r.longs[p][i] = found < 0 ? last : found;
                }
              };
          default ->
              (r, rows) -> {
                int n = perRow ? rows * width : width;
                for (int i = 0; i < n; i++) {
                  int found = lookup.find(r.longs[a][i]);
                  r.longs[p][i] = found < 0 ? last : found;
                }
              };
        });
    Object all = Array.newInstance(values.getClass().getComponentType(), last + 1);
    System.arraycopy(values, 0, all, 0, last);
    Array.set(all, last, otherwise);
    return at(to, place, type, all);
  }

  /** What stands at places among values. */
  static Value at(PlanBuilder to, Value places, ElementType type, Object values) {
    int p = places.register();
    int width = places.width();
    boolean perRow = places.extent().perRow();
    Value out = to.result(type, places.extent());
    int o = out.register();
    to.step(
        switch (type) {
          case TEXT -> {
            String[] texts = (String[]) values;
            yield (r, rows) -> {
              int n = perRow ? rows * width : width;
              for (int i = 0; i < n; i++) {
                r.texts[o][i] = texts[(int) r.longs[p][i]];
              }
            };
          }
          case FLOAT -> {
            float[] floats = (float[]) values;
            yield (r, rows) -> {
              int n = perRow ? rows * width : width;
              for (int i = 0; i < n; i++) {
                r.floats[o][i] = floats[(int) r.longs[p][i]];
              }
            };
          }
          case DOUBLE -> {
            double[] doubles = (double[]) values;
            yield (r, rows) -> {
              int n = perRow ? rows * width : width;
              for (int i = 0; i < n; i++) {
                r.doubles[o][i] = doubles[(int) r.longs[p][i]];
              }
            };
          }
          default -> {
            long[] longs = (long[]) values;
            yield (r, rows) -> {
              int n = perRow ? rows * width : width;
              for (int i = 0; i < n; i++) {
                r.longs[o][i] = longs[(int) r.longs[p][i]];
              }
            };
          }
        });
    return out;
  }
}
