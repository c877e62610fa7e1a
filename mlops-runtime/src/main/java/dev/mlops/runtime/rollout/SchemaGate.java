package dev.mlops.runtime.rollout;

import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import dev.mlops.rollout.Candidate;
import dev.mlops.rollout.Gate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether the package's schema is the model's own, and the same as that of the version in force:
 * the same input columns, no output gone. Tensors and places may differ between versions, and an
 * input may become optional; everything else is a new model, under a new name.
 */
final class SchemaGate implements Gate {
  @Override
  public String name() {
    return "schema";
  }

  @Override
  public Result check(Candidate candidate) {
    ModelSchema schema = candidate.version().schema();
    List<String> problems = againstModel(schema, candidate.described());
    if (!problems.isEmpty()) {
      return fail("the package's schema is not the model's: " + String.join("; ", problems));
    }
    String fits =
        Words.count(schema.inputs().size(), "tensor")
            + " in and "
            + schema.outputs().size()
            + " out as the model has them";
    if (candidate.activeSchema().isEmpty()) {
      return pass(fits);
    }
    ModelSchema active = candidate.activeSchema().get();
    String number =
        candidate.active().map(version -> version.number()).orElse("the active version");
    List<String> inputs = changedInputs(active, schema);
    List<String> outputs = lostOutputs(active, schema);
    if (!inputs.isEmpty() || !outputs.isEmpty()) {
      List<String> all = new ArrayList<>(inputs);
      all.addAll(outputs);
      return fail(
          "changed "
              + (inputs.isEmpty() ? "outputs" : "inputs")
              + " are a new model name: against "
              + number
              + ", "
              + String.join("; ", all));
    }
    return pass(fits + ", the columns are those of " + number);
  }

  // ------------------------------------------------------------ the package against the model

  private static List<String> againstModel(ModelSchema schema, ModelSchema described) {
    List<String> problems = new ArrayList<>();
    Map<String, TensorSpec> inputs = byName(described.inputs());
    tensors("input", schema.inputs(), inputs, problems);
    Map<String, TensorSpec> given = byName(schema.inputs());
    for (TensorSpec left : inputs.values()) {
      if (!given.containsKey(left.name())) {
        problems.add(
            "the model also takes input '"
                + left.name()
                + "' "
                + left.type()
                + left.shape()
                + ", which the schema leaves out");
      }
    }
    tensors("output", schema.outputs(), byName(described.outputs()), problems);
    return problems;
  }

  private static void tensors(
      String side, List<TensorSpec> schema, Map<String, TensorSpec> model, List<String> problems) {
    for (TensorSpec tensor : schema) {
      String who = side + " '" + tensor.name() + "'";
      TensorSpec own = model.get(tensor.name());
      if (own == null) {
        problems.add(who + " is not in the model, whose " + side + "s are " + model.keySet());
        continue;
      }
      if (tensor.type() != own.type()) {
        problems.add(who + " is " + tensor.type() + " but the model's is " + own.type());
      }
      if (!fits(side, tensor.shape(), own.shape())) {
        problems.add(who + " has shape " + tensor.shape() + " but the model's " + own.shape());
      }
    }
  }

  /** A model's open axis takes any length; the row axis may be one on which it takes one row. */
  private static boolean fits(String side, Shape schema, Shape model) {
    List<Long> wanted = column(schema);
    List<Long> own = column(model);
    if (wanted.size() != own.size()) {
      return false;
    }
    for (int axis = 0; axis < own.size(); axis++) {
      long length = wanted.get(axis);
      long there = own.get(axis);
      boolean same =
          there < 0
              || length == there
              || (length == Shape.ROWS && there == 1)
              || (length == Shape.ANY && side.equals("output"));
      if (!same) {
        return false;
      }
    }
    return true;
  }

  /** {@code [rows, 1]} is {@code [rows]}. */
  private static List<Long> column(Shape shape) {
    return shape.equals(Shape.perRow(1)) ? Shape.perRow().dims() : shape.dims();
  }

  private static Map<String, TensorSpec> byName(List<TensorSpec> tensors) {
    Map<String, TensorSpec> map = new LinkedHashMap<>();
    for (TensorSpec tensor : tensors) {
      map.put(tensor.name(), tensor);
    }
    return map;
  }

  // ------------------------------------------------------------ against the version in force

  /** What a caller sees of a column; empty is one value, else the shape of a vector. */
  private record Seen(ColumnSpec column, List<Long> vector) {
    String text() {
      return column.type() + (vector.isEmpty() ? "" : new Shape(vector).toString());
    }

    boolean same(Seen other) {
      return column.type() == other.column.type() && vector.equals(other.vector);
    }
  }

  private static List<String> changedInputs(ModelSchema active, ModelSchema schema) {
    List<String> changes = new ArrayList<>();
    Map<String, Seen> before = seen(active.inputs());
    Map<String, Seen> now = seen(schema.inputs());
    before.forEach(
        (name, old) -> {
          Seen there = now.get(name);
          if (there == null) {
            changes.add("input '" + name + "' is gone");
          } else if (!there.same(old)) {
            changes.add("input '" + name + "' was " + old.text() + " and is " + there.text());
          } else if (old.column().optional() && !there.column().optional()) {
            changes.add("input '" + name + "' could be missing and no longer can");
          }
        });
    now.forEach(
        (name, there) -> {
          if (!before.containsKey(name)) {
            changes.add("input '" + name + "' " + there.text() + " is new");
          }
        });
    return changes;
  }

  private static List<String> lostOutputs(ModelSchema active, ModelSchema schema) {
    List<String> changes = new ArrayList<>();
    Map<String, Seen> now = seen(schema.outputs());
    seen(active.outputs())
        .forEach(
            (name, old) -> {
              Seen there = now.get(name);
              if (there == null) {
                changes.add("output '" + name + "' is gone");
              } else if (!there.same(old)) {
                changes.add("output '" + name + "' was " + old.text() + " and is " + there.text());
              }
            });
    return changes;
  }

  private static Map<String, Seen> seen(List<TensorSpec> tensors) {
    Map<String, Seen> columns = new LinkedHashMap<>();
    for (TensorSpec tensor : tensors) {
      List<Long> vector = Values.single(tensor) ? List.of() : tensor.shape().dims();
      for (ColumnSpec column : tensor.columns()) {
        columns.put(column.name(), new Seen(column, vector));
      }
    }
    return columns;
  }
}
