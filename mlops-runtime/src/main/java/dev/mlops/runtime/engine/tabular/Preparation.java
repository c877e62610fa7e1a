package dev.mlops.runtime.engine.tabular;

import dev.mlops.model.ElementType;
import dev.mlops.runtime.onnx.OnnxNode;
import java.util.Arrays;
import java.util.List;

/** What stands in front of a model: scaled, filled and joined numbers. */
final class Preparation {
  private Preparation() {}

  /** Adds a node of this family. */
  static void add(OnnxNode node, PlanBuilder to) {
    switch (node.operator()) {
      case "Scaler" -> scaler(node, to);
      case "Imputer" -> imputer(node, to);
      case "Normalizer" -> normalizer(node, to);
      case "Binarizer" -> binarizer(node, to);
      case "FeatureVectorizer" -> vectorizer(node, to);
      case "ArrayFeatureExtractor" -> Moves.extract(node, to);
      default -> to.bind(node, 0, to.input(node, 0)); // ZipMap: names of columns are not values
    }
  }

  /** Numbers of which there is one for each column, or one for all. */
  private static float[] columns(float[] given, Value from, String what) {
    if (given.length == 1) {
      float[] all = new float[from.width()];
      Arrays.fill(all, given[0]);
      return all;
    }
    if (from.extent().rank() != 2 || !from.extent().perRow() || given.length != from.width()) {
      throw new Unsupported("it has " + given.length + " " + what + " for " + from);
    }
    return given;
  }

  private static void scaler(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    float[] offset = columns(node.numbers("offset"), from, "offsets");
    float[] scale = columns(node.numbers("scale"), from, "scales");
    int a = from.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    Value out = to.result(ElementType.FLOAT, from.extent());
    int o = out.register();
    to.step(
        switch (from.type()) {
          case FLOAT ->
              (r, rows) -> scale(r.floats[a], r.floats[o], offset, scale, perRow ? rows : 1);
          case DOUBLE ->
              (r, rows) -> {
                int n = perRow ? rows : 1;
                for (int row = 0, at = 0; row < n; row++) {
                  for (int i = 0; i < width; i++, at++) {
                    r.floats[o][at] = (float) ((r.doubles[a][at] - offset[i]) * scale[i]);
                  }
                }
              };
          case INT32, INT64 ->
              (r, rows) -> {
                int n = perRow ? rows : 1;
                for (int row = 0, at = 0; row < n; row++) {
                  for (int i = 0; i < width; i++, at++) {
                    r.floats[o][at] = (r.longs[a][at] - offset[i]) * scale[i];
                  }
                }
              };
          default -> throw new Unsupported("it is not run here for " + from);
        });
    to.bind(node, 0, out);
  }

  private static void scale(float[] from, float[] into, float[] offset, float[] scale, int rows) {
    int width = offset.length;
    for (int i = 0; i < width; i++) { // of one index alone: vector instructions
      into[i] = (from[i] - offset[i]) * scale[i];
    }
    for (int row = 1, at = width; row < rows; row++) {
      for (int i = 0; i < width; i++, at++) {
        into[at] = (from[at] - offset[i]) * scale[i];
      }
    }
  }

  private static void imputer(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    if (from.extent().rank() == 0) {
      throw new Unsupported("it is not run here for " + from);
    }
    int width = from.width();
    int a = from.register();
    boolean perRow = from.extent().perRow();
    Value out = to.result(from.type(), from.extent());
    int o = out.register();
    float[] floats = node.numbers("imputed_value_floats");
    long[] longs = node.integers("imputed_value_int64s");
    boolean byColumn = from.extent().rank() == 2 && perRow;
    int given = Math.max(floats.length, longs.length);
    if (given > 1 && !byColumn) {
      throw new Unsupported("it has " + given + " values for " + from);
    }
    if (from.type() == ElementType.FLOAT && floats.length > 0 && longs.length == 0) {
      float replaced = node.number("replaced_value_float", 0);
      // as ONNX Runtime has it: the first for all, where there are not as many as columns
      float[] by = floats.length == width ? floats : columns(new float[] {floats[0]}, from, "");
      to.step((r, rows) -> impute(r.floats[a], r.floats[o], by, replaced, perRow ? rows : 1));
    } else if (from.type() == ElementType.INT64 && longs.length > 0 && floats.length == 0) {
      long replaced = node.integer("replaced_value_int64", 0);
      boolean each = longs.length == width;
      to.step(
          (r, rows) -> {
            int n = perRow ? rows : 1;
            for (int row = 0, at = 0; row < n; row++) {
              for (int i = 0; i < width; i++, at++) {
                long value = r.longs[a][at];
                r.longs[o][at] = value == replaced ? longs[each ? i : 0] : value;
              }
            }
          });
    } else {
      throw new Unsupported("it has no values for " + from);
    }
    to.bind(node, 0, out);
  }

  private static void impute(float[] from, float[] into, float[] by, float replaced, int rows) {
    boolean missing = Float.isNaN(replaced);
    for (int row = 0, at = 0; row < rows; row++) {
      for (float other : by) {
        float value = from[at];
        into[at++] = (missing ? Float.isNaN(value) : value == replaced) ? other : value;
      }
    }
  }

  private static void normalizer(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    if (from.type() != ElementType.FLOAT || !from.extent().perRow() || from.extent().rank() != 2) {
      throw new Unsupported("it is not run here for " + from);
    }
    String norm = node.text("norm", "MAX");
    boolean squares = norm.equals("L2");
    boolean sum = norm.equals("L1");
    if (!squares && !sum && !norm.equals("MAX")) {
      throw new Unsupported("its norm is " + norm);
    }
    int a = from.register();
    int width = from.width();
    Value out = to.result(ElementType.FLOAT, from.extent());
    int o = out.register();
    to.step(
        (r, rows) -> {
          float[] values = r.floats[a];
          float[] into = r.floats[o];
          for (int at = 0; at < rows * width; at += width) {
            if (squares) {
              normalizeL2(values, into, at, width);
            } else {
              float by = sum ? sum(values, at, width) : max(values, at, width);
              for (int i = at; i < at + width; i++) {
                into[i] = by != 0 ? values[i] / by : values[i];
              }
            }
          }
        });
    to.bind(node, 0, out);
  }

  private static float max(float[] from, int at, int width) {
    float max = -Float.MAX_VALUE;
    for (int i = at; i < at + width; i++) {
      max = max < from[i] ? from[i] : max; // not Math.max: NaN is passed over
    }
    return max;
  }

  private static float sum(float[] from, int at, int width) {
    float sum = 0;
    for (int i = at; i < at + width; i++) {
      sum += Math.abs(from[i]);
    }
    return sum;
  }

  private static void normalizeL2(float[] from, float[] into, int at, int width) {
    float sum = 0;
    for (int i = at; i < at + width; i++) {
      sum += from[i] * from[i];
    }
    for (int i = at; i < at + width; i++) {
      float value = from[i];
      if (sum != 0) {
        float root = (float) Math.sqrt(value * value / sum);
        into[i] = value < 0 ? -root : root;
      } else {
        into[i] = value;
      }
    }
  }

  private static void binarizer(OnnxNode node, PlanBuilder to) {
    Value from = to.input(node, 0);
    if (from.type() != ElementType.FLOAT) {
      throw new Unsupported("it is not run here for " + from);
    }
    float threshold = node.number("threshold", 0);
    int a = from.register();
    int width = from.width();
    boolean perRow = from.extent().perRow();
    Value out = to.result(ElementType.FLOAT, from.extent());
    int o = out.register();
    to.step(
        (r, rows) -> {
          int n = perRow ? rows * width : width;
          for (int i = 0; i < n; i++) {
            float value = r.floats[a][i];
            if (Float.isNaN(value)) {
              throw new IllegalArgumentException(
                  "a value to compare with " + threshold + " is NaN; impute it first");
            }
            r.floats[o][i] = value > threshold ? 1 : 0;
          }
        });
    to.bind(node, 0, out);
  }

  private static void vectorizer(OnnxNode node, PlanBuilder to) {
    long[] dimensions = node.integers("inputdimensions");
    List<String> inputs = node.inputs();
    if (dimensions.length != inputs.size()) {
      throw new Unsupported(
          "it has " + inputs.size() + " inputs but " + dimensions.length + " lengths");
    }
    int total = 0;
    for (long dimension : dimensions) {
      total = Math.addExact(total, Math.toIntExact(dimension));
    }
    PlanBuilder.checkSize(Extent.rows(total));
    Value out = to.result(ElementType.FLOAT, Extent.rows(total));
    int offset = 0;
    for (int i = 0; i < dimensions.length; i++) {
      Value from = to.input(node, i);
      if (!from.extent().perRow() || from.extent().rank() != 2 || dimensions[i] < 0) {
        throw new Unsupported("it joins " + from);
      }
      switch (from.type()) {
        case FLOAT -> {}
        case DOUBLE, INT32, INT64 -> from = Casts.add(to, from, ElementType.FLOAT);
        default -> throw new Unsupported("it joins " + from);
      }
      join(to, from, out, offset, (int) Math.min(dimensions[i], from.width()));
      offset += (int) dimensions[i];
    }
    to.bind(node, 0, out);
  }

  /** Copies the first columns to their place; what is between was 0 from the start. */
  private static void join(PlanBuilder to, Value from, Value out, int offset, int columns) {
    int a = from.register();
    int o = out.register();
    int width = from.width();
    int total = out.width();
    to.step(
        (r, rows) -> {
          for (int row = 0; row < rows; row++) {
            System.arraycopy(r.floats[a], row * width, r.floats[o], row * total + offset, columns);
          }
        });
  }
}
