package dev.mlops.runtime.onnx;

import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import dev.mlops.runtime.onnx.GraphValue.Dim;
import dev.mlops.runtime.onnx.GraphValue.Form;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A graph's inputs and outputs as a schema, and a schema against them. */
final class GraphSchema {
  /** A wider matrix is a vector: nobody names its columns one by one. */
  static final int WIDEST = 4_096;

  /** Characters of all full names, {@code tensor.column}, of one side, 100 on top of each. */
  private static final long MOST_NAMES = 8_000_000;

  private final Map<String, GraphValue> inputs;
  private final Map<String, GraphValue> outputs;
  private final Map<String, List<String>> mapKeys;

  GraphSchema(
      List<GraphValue> inputs, List<GraphValue> outputs, Map<String, List<String>> mapKeys) {
    this.inputs = byName(inputs);
    this.outputs = byName(outputs);
    this.mapKeys = mapKeys;
  }

  private static Map<String, GraphValue> byName(List<GraphValue> values) {
    Map<String, GraphValue> byName = new LinkedHashMap<>();
    for (GraphValue value : values) {
      byName.put(value.name(), value);
    }
    return byName;
  }

  /** A tensor to be; with columns it is a matrix of them, otherwise one column of the shape. */
  private record Draft(String name, ElementType type, Shape shape, List<String> columns) {}

  // ---------------------------------------------------------------- graph to schema

  ModelSchema derive() {
    List<String> problems = new ArrayList<>();
    Set<String> rowNames = rowNames();
    List<Draft> in = drafts("input", inputs, rowNames, problems);
    List<Draft> out = drafts("output", outputs, rowNames, problems);
    if (!problems.isEmpty()) {
      throw new InvalidSettingsException(problems);
    }
    ModelSchema.Builder builder = ModelSchema.builder();
    for (Draft draft : in) {
      if (!draft.columns().isEmpty()) {
        builder.input(draft.name(), draft.type(), draft.columns().toArray(new String[0]));
      } else {
        builder.input(draft.name(), draft.type(), draft.shape());
      }
      if (draft.type().floating()) {
        // by the full name, which no other column has
        for (String column : draft.columns()) {
          builder.optional(draft.name() + "." + column);
        }
        if (draft.shape().equals(Shape.perRow())) {
          builder.optional(draft.name() + "." + draft.name());
        }
      }
    }
    for (Draft draft : out) {
      if (!draft.columns().isEmpty()) {
        builder.output(draft.name(), draft.type(), draft.columns().toArray(new String[0]));
      } else {
        builder.output(draft.name(), draft.type(), draft.shape());
      }
    }
    return builder.build();
  }

  /** What the inputs' first axes are called. */
  private Set<String> rowNames() {
    Set<String> names = new HashSet<>();
    for (GraphValue input : inputs.values()) {
      List<Dim> dims = input.dims().orElse(List.of());
      if (!dims.isEmpty() && !dims.get(0).symbol().isEmpty()) {
        names.add(dims.get(0).symbol());
      }
    }
    return names;
  }

  private List<Draft> drafts(
      String side, Map<String, GraphValue> values, Set<String> rowNames, List<String> problems) {
    List<Draft> drafts = new ArrayList<>();
    long names = 0;
    for (GraphValue value : values.values()) {
      Optional<Draft> draft = draft(side, value, rowNames, problems);
      if (draft.isPresent()) {
        names += (value.name().length() + 100L) * Math.max(1, draft.get().columns().size());
        if (names > MOST_NAMES) {
          problems.add(
              "the graph's "
                  + side
                  + "s have too many columns to name; give a schema that says what they are");
          return List.of();
        }
        drafts.add(draft.get());
      }
    }
    return apart(drafts);
  }

  /** Gives columns whose names another column of this side has their tensor's name in front. */
  private static List<Draft> apart(List<Draft> drafts) {
    Set<String> seen = new HashSet<>();
    Set<String> twice = new HashSet<>();
    for (Draft draft : drafts) {
      List<String> names = draft.columns().isEmpty() ? List.of(draft.name()) : draft.columns();
      for (String name : names) {
        if (!seen.add(name)) {
          twice.add(name);
        }
      }
    }
    List<Draft> apart = new ArrayList<>();
    for (Draft draft : drafts) {
      apart.add(Collections.disjoint(draft.columns(), twice) ? draft : fullNames(draft));
    }
    return apart;
  }

  private static Draft fullNames(Draft draft) {
    List<String> names = new ArrayList<>();
    for (String column : draft.columns()) {
      names.add(draft.name() + "." + column);
    }
    return new Draft(draft.name(), draft.type(), draft.shape(), names);
  }

  private Optional<Draft> draft(
      String side, GraphValue value, Set<String> rowNames, List<String> problems) {
    String who = side + " " + Texts.quoted(value.name());
    boolean maps = value.form() == Form.MAPS && side.equals("output");
    if (value.form() != Form.TENSOR && !maps) {
      problems.add(
          who + " is " + value.kind() + ", which cannot be served; export the model with tensors");
      return Optional.empty();
    }
    Optional<ElementType> type = TensorType.ours(value.type());
    if (type.isEmpty()) {
      problems.add(
          who
              + " is "
              + value.description()
              + ", and "
              + TensorType.name(value.type())
              + " is not supported; export the model with a Cast to a type that is, such as float");
      return Optional.empty();
    }
    if (maps) {
      List<String> keys = mapKeys.getOrDefault(value.name(), List.of());
      if (keys.isEmpty()) {
        problems.add(
            who
                + " is "
                + value.kind()
                + ", and no ZipMap node says which keys they have; export the model without ZipMap");
        return Optional.empty();
      }
      return Optional.of(new Draft(value.name(), type.get(), Shape.perRow(keys.size()), keys));
    }
    if (value.dims().isEmpty()) {
      problems.add(who + " has no shape in the graph; give a schema that says what it is");
      return Optional.empty();
    }
    Shape shape = shape(value.dims().get(), rowNames);
    if (shape.dims().contains(0L) || tooLarge(shape)) {
      problems.add(
          who + " is " + value.description() + ", which no row can fill; export the model again");
      return Optional.empty();
    }
    List<Long> dims = shape.dims();
    boolean matrix = dims.size() == 2 && dims.get(0) == Shape.ROWS && dims.get(1) != Shape.ANY;
    if (matrix && dims.get(1) == 1) {
      return Optional.of(new Draft(value.name(), type.get(), Shape.perRow(), List.of()));
    }
    if (matrix && dims.get(1) <= WIDEST) {
      List<String> columns = new ArrayList<>();
      for (int column = 0; column < dims.get(1); column++) {
        columns.add(Integer.toString(column));
      }
      return Optional.of(new Draft(value.name(), type.get(), shape, columns));
    }
    return Optional.of(new Draft(value.name(), type.get(), shape, List.of()));
  }

  private static boolean tooLarge(Shape shape) {
    try {
      return shape.elements() > Integer.MAX_VALUE;
    } catch (ArithmeticException e) {
      return true;
    }
  }

  private static Shape shape(List<Dim> dims, Set<String> rowNames) {
    if (dims.isEmpty()) {
      return Shape.perCall();
    }
    int rows = dims.get(0).fixed() ? namedAxis(dims, rowNames) : 0;
    long[] lengths = new long[dims.size()];
    for (int axis = 0; axis < lengths.length; axis++) {
      lengths[axis] =
          axis == rows ? Shape.ROWS : dims.get(axis).fixed() ? dims.get(axis).length() : Shape.ANY;
    }
    return Shape.of(lengths);
  }

  /** The one axis behind the first that is called as rows are; 0 where none or several are. */
  private static int namedAxis(List<Dim> dims, Set<String> rowNames) {
    int named = 0;
    for (int axis = 1; axis < dims.size(); axis++) {
      if (rowNames.contains(dims.get(axis).symbol())) {
        if (named > 0) {
          return 0;
        }
        named = axis;
      }
    }
    return named;
  }

  // ---------------------------------------------------------------- schema against graph

  List<String> check(ModelSchema schema) {
    List<String> problems = new ArrayList<>();
    side("input", schema.inputs(), inputs, problems);
    Set<String> given = new HashSet<>();
    for (TensorSpec input : schema.inputs()) {
      given.add(input.name());
    }
    for (GraphValue input : inputs.values()) {
      if (!given.contains(input.name())) {
        problems.add(
            "the graph wants an input "
                + Texts.quoted(input.name())
                + ", "
                + input.description()
                + ", which is not in the schema");
      }
    }
    side("output", schema.outputs(), outputs, problems);
    return List.copyOf(problems);
  }

  private void side(
      String side, List<TensorSpec> specs, Map<String, GraphValue> values, List<String> problems) {
    for (TensorSpec spec : specs) {
      GraphValue value = values.get(spec.name());
      if (value == null) {
        problems.add(
            side
                + " "
                + Texts.quoted(spec.name())
                + " of the schema is not in the graph, whose "
                + side
                + "s are "
                + Texts.list(values.keySet()));
      } else {
        compare(side, spec, value, problems);
      }
    }
  }

  private void compare(String side, TensorSpec spec, GraphValue value, List<String> problems) {
    String who = side + " " + Texts.quoted(spec.name());
    String does = side.equals("input") ? " but the graph wants " : " but the graph gives ";
    boolean maps = value.form() == Form.MAPS && side.equals("output");
    if (value.form() != Form.TENSOR && !maps) {
      problems.add(
          who
              + " is "
              + value.kind()
              + " in the graph, which cannot be served; export the model"
              + " with tensors");
      return;
    }
    if (!TensorType.ours(value.type()).equals(Optional.of(spec.type()))) {
      problems.add(
          who + " is " + spec.type() + " in the schema" + does + TensorType.name(value.type()));
    }
    if (maps) {
      compareMaps(who, spec, value, problems);
    } else if (value.dims().isPresent() && !fits(side, spec.shape().dims(), value.dims().get())) {
      problems.add(who + " " + shapeOf(spec) + " in the schema" + does + value.axes());
    }
  }

  private static String shapeOf(TensorSpec spec) {
    int columns = spec.columns().size();
    if (spec.shape().equals(Shape.perRow())) {
      return "has 1 column";
    }
    return spec.shape().equals(Shape.perRow(columns))
        ? "has " + columns + (columns == 1 ? " column" : " columns")
        : "is " + spec.shape();
  }

  private void compareMaps(String who, TensorSpec spec, GraphValue value, List<String> problems) {
    List<String> columns = new ArrayList<>();
    for (ColumnSpec column : spec.columns()) {
      columns.add(column.name());
    }
    if (!fits("output", spec.shape().dims(), List.of(Dim.UNKNOWN, new Dim(columns.size(), "")))) {
      problems.add(
          who
              + " is "
              + spec.shape()
              + " in the schema but the graph gives "
              + value.kind()
              + "; it is a matrix with a column a key");
      return;
    }
    List<String> keys = mapKeys.get(value.name());
    if (keys == null) {
      return;
    }
    if (keys.size() != columns.size()) {
      problems.add(
          who
              + " "
              + shapeOf(spec)
              + " in the schema but the graph gives maps with the "
              + keys.size()
              + " keys "
              + Texts.list(keys));
    } else if (!keys.equals(columns) && new HashSet<>(keys).equals(new HashSet<>(columns))) {
      problems.add(
          who
              + " has the columns "
              + Texts.list(columns)
              + " in the schema but the graph gives the keys in the order "
              + Texts.list(keys));
    }
  }

  private static boolean fits(String side, List<Long> schema, List<Dim> graph) {
    List<Long> wanted = schema;
    if (schema.equals(List.of(Shape.ROWS)) && graph.size() == 2) {
      wanted = List.of(Shape.ROWS, 1L);
    } else if (schema.equals(List.of(Shape.ROWS, 1L)) && graph.size() == 1) {
      wanted = List.of(Shape.ROWS);
    }
    if (wanted.size() != graph.size()) {
      return false;
    }
    for (int axis = 0; axis < graph.size(); axis++) {
      long length = wanted.get(axis);
      Dim dim = graph.get(axis);
      boolean any = length == Shape.ROWS || !dim.fixed() || length == dim.length();
      // an output may well be of fixed length where the schema leaves it open
      if (!any && !(length == Shape.ANY && side.equals("output"))) {
        return false;
      }
    }
    return true;
  }
}
