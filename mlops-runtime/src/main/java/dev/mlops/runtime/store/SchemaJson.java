package dev.mlops.runtime.store;

import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A schema as the fields {@code inputs}, {@code outputs} and {@code score} of a manifest. */
final class SchemaJson {
  private static final String TYPES =
      "one of float, double, float16, int8, int16, int32, int64, uint8, bool, text";

  private SchemaJson() {}

  static void write(ModelSchema schema, JsonText json) {
    write("inputs", schema.inputs(), json);
    write("outputs", schema.outputs(), json);
    Optional<String> score = schema.score();
    if (score.isPresent()) {
      json.field("score", score.get());
    }
  }

  private static void write(String field, List<TensorSpec> tensors, JsonText json) {
    json.beginArray(field);
    for (TensorSpec tensor : tensors) {
      json.beginObject();
      json.field("name", tensor.name());
      json.field("type", tensor.type().name().toLowerCase(Locale.ROOT));
      json.beginArray("shape");
      for (long length : tensor.shape().dims()) {
        if (length == Shape.ROWS) {
          json.value("rows");
        } else if (length == Shape.ANY) {
          json.value("any");
        } else {
          json.value(length);
        }
      }
      json.endArray();
      json.beginArray("columns");
      for (ColumnSpec column : tensor.columns()) {
        json.beginObject();
        json.field("name", column.name());
        if (column.optional()) {
          json.field("optional", true);
        }
        if (column.categorical() && tensor.type() != ElementType.TEXT) { // text always is
          json.field("categorical", true);
        }
        json.endObject();
      }
      json.endArray();
      json.endObject();
    }
    json.endArray();
  }

  static ModelSchema read(JsonFields manifest) {
    List<TensorSpec> inputs = tensors(manifest, "inputs");
    List<TensorSpec> outputs = tensors(manifest, "outputs");
    String score = manifest.optionalText("score").orElse(null);
    try {
      return schema(inputs, outputs, score);
    } catch (InvalidSettingsException e) {
      throw manifest.refused("its schema cannot be: " + e.getMessage());
    }
  }

  private static List<TensorSpec> tensors(JsonFields manifest, String field) {
    boolean input = field.equals("inputs");
    List<TensorSpec> tensors = new ArrayList<>();
    for (JsonFields tensor : manifest.objects(field)) {
      ElementType type = type(tensor);
      Shape shape = shape(tensor);
      List<ColumnSpec> columns = new ArrayList<>();
      for (JsonFields column : tensor.objects("columns")) {
        try {
          columns.add(
              new ColumnSpec(
                  column.text("name"),
                  type,
                  input && column.flag("optional"),
                  input && (column.flag("categorical") || type == ElementType.TEXT)));
        } catch (IllegalArgumentException e) {
          throw column.refused(String.valueOf(e.getMessage()));
        }
      }
      try {
        tensors.add(new TensorSpec(tensor.text("name"), type, shape, columns));
      } catch (IllegalArgumentException e) {
        throw tensor.refused(String.valueOf(e.getMessage()));
      }
    }
    return tensors;
  }

  private static ElementType type(JsonFields tensor) {
    String text = tensor.text("type");
    for (ElementType type : ElementType.values()) {
      if (type.name().toLowerCase(Locale.ROOT).equals(text)) {
        return type;
      }
    }
    throw tensor.refused("type", TYPES);
  }

  private static Shape shape(JsonFields tensor) {
    String wanted = "a list of lengths of at least 0, \"rows\" at most once, and \"any\"";
    List<Long> dims = new ArrayList<>();
    for (Object length : tensor.scalars("shape")) {
      if (length.equals("rows")) {
        dims.add(Shape.ROWS);
      } else if (length.equals("any")) {
        dims.add(Shape.ANY);
      } else if (length instanceof Long fixed && fixed >= 0) {
        dims.add(fixed);
      } else {
        throw tensor.refused("shape", wanted);
      }
    }
    try {
      return new Shape(dims);
    } catch (IllegalArgumentException e) {
      throw tensor.refused("shape", wanted);
    }
  }

  /*
   * A schema comes from its builder only. The builder names the one column of a vector or an image
   * after its tensor, so such a column of another name is renamed afterwards.
   */
  private static ModelSchema schema(
      List<TensorSpec> inputs, List<TensorSpec> outputs, @Nullable String score) {
    ModelSchema.Builder builder = ModelSchema.builder();
    for (TensorSpec tensor : inputs) {
      if (matrix(tensor)) {
        builder.input(tensor.name(), tensor.type(), columns(tensor));
      } else {
        builder.input(tensor.name(), tensor.type(), tensor.shape());
      }
      for (ColumnSpec column : tensor.columns()) {
        String name = tensor.name() + "." + (matrix(tensor) ? column.name() : tensor.name());
        if (column.optional()) {
          builder.optional(name);
        }
        if (column.categorical()) {
          builder.categorical(name);
        }
      }
    }
    for (TensorSpec tensor : outputs) {
      if (matrix(tensor)) {
        builder.output(tensor.name(), tensor.type(), columns(tensor));
      } else {
        builder.output(tensor.name(), tensor.type(), tensor.shape());
        String column = tensor.columns().get(0).name();
        if (column.equals(score) || (tensor.name() + "." + column).equals(score)) {
          score = tensor.name();
        }
      }
    }
    if (score != null) {
      builder.score(score);
    }
    ModelSchema schema = builder.build();
    for (TensorSpec tensor : Stream.concat(inputs.stream(), outputs.stream()).toList()) {
      if (!matrix(tensor) && !tensor.columns().get(0).name().equals(tensor.name())) {
        schema = schema.named(tensor.name(), columns(tensor));
      }
    }
    if (!schema.inputs().equals(inputs) || !schema.outputs().equals(outputs)) {
      throw new InvalidSettingsException(
          "tensors that share a name must name their one column alike, but they are "
              + inputs
              + " and "
              + outputs);
    }
    return schema;
  }

  private static boolean matrix(TensorSpec tensor) {
    return tensor.shape().equals(Shape.perRow(tensor.columns().size()));
  }

  private static String[] columns(TensorSpec tensor) {
    return tensor.columns().stream().map(ColumnSpec::name).toArray(String[]::new);
  }
}
