package dev.mlops.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The columns that go into a model and come out of it, and their places in tensors. It is data that
 * travels in the package, in training's own order; records and rows bind to it by column name.
 *
 * <p>A name is looked up as a column first, then as {@code tensor.column}; a schema in which some
 * name would mean two columns of one side is refused when it is built. Immutable; safe for all
 * threads.
 */
public final class ModelSchema {
  /**
   * Where a column stands.
   *
   * @param tensor index in {@link #inputs()} or {@link #outputs()}
   * @param column index in that tensor's columns
   * @param index index among all columns of that side, tensors in order
   */
  public record Place(int tensor, int column, int index) {}

  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final @Nullable String score;
  private final Map<String, Place> inputPlaces;
  private final Map<String, Place> outputPlaces;
  private final List<ColumnSpec> inputColumns;
  private final List<ColumnSpec> outputColumns;

  private ModelSchema(
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      @Nullable String score,
      List<String> problems) {
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
    this.score = score;
    this.inputColumns = flat(this.inputs);
    this.outputColumns = flat(this.outputs);
    this.inputPlaces = places("input", this.inputs, problems);
    this.outputPlaces = places("output", this.outputs, problems);
    if (inputs.isEmpty()) {
      problems.add("the schema has no input; a model needs at least one");
    }
    if (outputs.isEmpty()) {
      problems.add("the schema has no output; a model needs at least one");
    }
    if (score != null) {
      Place place = outputPlaces.get(score);
      if (place == null) {
        problems.add(
            "score '"
                + score
                + "' is no output column; there are "
                + outputColumns.stream().map(ColumnSpec::name).toList());
      } else if (this.outputColumns.get(place.index()).type() == ElementType.TEXT
          || !this.outputs.get(place.tensor()).scalarColumns()) {
        problems.add(
            "score '"
                + score
                + "' must be one number a row, but it is "
                + this.outputColumns.get(place.index()).type()
                + " "
                + this.outputs.get(place.tensor()).shape());
      }
    }
  }

  /** Starts a schema. */
  public static Builder builder() {
    return new Builder();
  }

  /** The tensors that go in, in order. */
  public List<TensorSpec> inputs() {
    return inputs;
  }

  /** The tensors that come out, in order. */
  public List<TensorSpec> outputs() {
    return outputs;
  }

  /** All input columns, tensors in order. */
  public List<ColumnSpec> inputColumns() {
    return inputColumns;
  }

  /** All output columns, tensors in order. */
  public List<ColumnSpec> outputColumns() {
    return outputColumns;
  }

  /** The output column that drift and quality look at. */
  public Optional<String> score() {
    return Optional.ofNullable(score);
  }

  /**
   * Where the input column of this name stands; the name may be {@code column} or {@code
   * tensor.column}.
   */
  public Optional<Place> input(String name) {
    return Optional.ofNullable(inputPlaces.get(name));
  }

  /**
   * Where the output column of this name stands; the name may be {@code column} or {@code
   * tensor.column}.
   */
  public Optional<Place> output(String name) {
    return Optional.ofNullable(outputPlaces.get(name));
  }

  /**
   * The same schema with the columns of one tensor renamed: for a schema read from a graph, which
   * knows a matrix but not its columns' names.
   *
   * @param tensor an input or output tensor with as many columns
   * @throws InvalidSettingsException if there is no such tensor, or the number of names differs
   */
  public ModelSchema named(String tensor, String... columns) {
    List<String> problems = new ArrayList<>();
    List<TensorSpec> newInputs = renamed(inputs, tensor, columns, problems);
    List<TensorSpec> newOutputs = renamed(outputs, tensor, columns, problems);
    if (newInputs.equals(inputs) && newOutputs.equals(outputs) && problems.isEmpty()) {
      boolean known =
          inputs.stream().anyMatch(t -> t.name().equals(tensor))
              || outputs.stream().anyMatch(t -> t.name().equals(tensor));
      if (!known) {
        problems.add(
            "no tensor '"
                + tensor
                + "' to name the columns of; there are "
                + names(inputs)
                + " and "
                + names(outputs));
      }
    }
    String newScore = score;
    if (score != null) {
      Place place = Objects.requireNonNull(outputPlaces.get(score));
      TensorSpec spec = newOutputs.get(place.tensor());
      newScore = spec.name().equals(tensor) ? spec.columns().get(place.column()).name() : score;
    }
    return checked(new ModelSchema(newInputs, newOutputs, newScore, problems), problems);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ModelSchema that
        && inputs.equals(that.inputs)
        && outputs.equals(that.outputs)
        && Objects.equals(score, that.score);
  }

  @Override
  public int hashCode() {
    return Objects.hash(inputs, outputs, score);
  }

  /** For people: the tensors with their types and columns. */
  @Override
  public String toString() {
    return "inputs "
        + text(inputs)
        + ", outputs "
        + text(outputs)
        + (score == null ? "" : ", score " + score);
  }

  private static String text(List<TensorSpec> tensors) {
    StringBuilder text = new StringBuilder();
    for (TensorSpec tensor : tensors) {
      text.append(text.isEmpty() ? "" : ", ")
          .append(tensor.name())
          .append(' ')
          .append(tensor.type())
          .append(tensor.shape());
      if (tensor.columns().size() > 1) {
        text.append(tensor.columns().stream().map(ColumnSpec::name).toList());
      }
    }
    return text.toString();
  }

  private static List<String> names(List<TensorSpec> tensors) {
    return tensors.stream().map(TensorSpec::name).toList();
  }

  private static List<ColumnSpec> flat(List<TensorSpec> tensors) {
    List<ColumnSpec> columns = new ArrayList<>();
    for (TensorSpec tensor : tensors) {
      columns.addAll(tensor.columns());
    }
    return List.copyOf(columns);
  }

  private static List<TensorSpec> renamed(
      List<TensorSpec> tensors, String name, String[] columns, List<String> problems) {
    List<TensorSpec> result = new ArrayList<>();
    for (TensorSpec tensor : tensors) {
      if (!tensor.name().equals(name)) {
        result.add(tensor);
        continue;
      }
      if (tensor.columns().size() != columns.length) {
        problems.add(
            "tensor '"
                + name
                + "' has "
                + tensor.columns().size()
                + " columns, but "
                + columns.length
                + " names were given");
        result.add(tensor);
        continue;
      }
      List<ColumnSpec> specs = new ArrayList<>();
      for (int i = 0; i < columns.length; i++) {
        ColumnSpec old = tensor.columns().get(i);
        String column = columns[i];
        if (column.isBlank()) {
          problems.add(blank(i, name));
          column = old.name();
        }
        specs.add(new ColumnSpec(column, old.type(), old.optional(), old.categorical()));
      }
      result.add(new TensorSpec(name, tensor.type(), tensor.shape(), specs));
    }
    return result;
  }

  private static String blank(int column, String tensor) {
    return "column " + column + " of tensor '" + tensor + "' has a blank name; give it one";
  }

  private static ModelSchema checked(ModelSchema schema, List<String> problems) {
    if (!problems.isEmpty()) {
      throw new InvalidSettingsException(problems);
    }
    return schema;
  }

  private static Map<String, Place> places(
      String side, List<TensorSpec> tensors, List<String> problems) {
    Set<String> tensorNames = new HashSet<>();
    Map<String, Place> places = new HashMap<>();
    Set<Set<Place>> told = new HashSet<>();
    int index = 0;
    for (int t = 0; t < tensors.size(); t++) {
      TensorSpec tensor = tensors.get(t);
      if (!tensorNames.add(tensor.name())) {
        problems.add(side + " tensor '" + tensor.name() + "' stands there twice");
      }
      for (int c = 0; c < tensor.columns().size(); c++, index++) {
        Place place = new Place(t, c, index);
        String column = tensor.columns().get(c).name();
        put(side, tensors, places, column, place, told, problems);
        put(side, tensors, places, tensor.name() + "." + column, place, told, problems);
      }
    }
    return Map.copyOf(places);
  }

  /** Two columns of one name also share their full name: each pair is told once. */
  private static void put(
      String side,
      List<TensorSpec> tensors,
      Map<String, Place> places,
      String name,
      Place place,
      Set<Set<Place>> told,
      List<String> problems) {
    Place other = places.putIfAbsent(name, place);
    if (other != null && told.add(Set.of(other, place))) {
      problems.add(
          side
              + " name '"
              + name
              + "' is ambiguous: it means "
              + where(tensors, other)
              + " and "
              + where(tensors, place)
              + "; rename one");
    }
  }

  private static String where(List<TensorSpec> tensors, Place place) {
    return "column " + place.column() + " of tensor '" + tensors.get(place.tensor()).name() + "'";
  }

  /**
   * Collects a schema; nothing is checked before {@link #build()}, which tells every problem at
   * once.
   */
  public static final class Builder {
    private record Tensor(String name, ElementType type, Shape shape, List<String> columns) {
      Tensor renamed(String other) {
        return new Tensor(
            other, type, shape, columns.equals(List.of(name)) ? List.of(other) : columns);
      }
    }

    private final List<Tensor> inputs = new ArrayList<>();
    private final List<Tensor> outputs = new ArrayList<>();
    private final Set<String> optional = new LinkedHashSet<>();
    private final Set<String> categorical = new LinkedHashSet<>();
    private @Nullable String score;

    private Builder() {}

    /**
     * A matrix {@code [rows, columns]} that goes in, its columns in the model's own order; without
     * columns the tensor is one column of its own name, {@code [rows]} or {@code [rows, 1]}.
     */
    public Builder input(String tensor, ElementType type, String... columns) {
      inputs.add(matrix(tensor, type, columns));
      return this;
    }

    /**
     * Any other tensor that goes in, as one column: a vector or an image a row, a scalar for the
     * whole call, a state.
     */
    public Builder input(String tensor, ElementType type, Shape shape) {
      inputs.add(new Tensor(tensor, type, shape, List.of(tensor)));
      return this;
    }

    /** A matrix that comes out; see {@link #input(String, ElementType, String...)}. */
    public Builder output(String tensor, ElementType type, String... columns) {
      outputs.add(matrix(tensor, type, columns));
      return this;
    }

    /** Any other tensor that comes out, as one column. */
    public Builder output(String tensor, ElementType type, Shape shape) {
      outputs.add(new Tensor(tensor, type, shape, List.of(tensor)));
      return this;
    }

    /**
     * Input columns whose values may be missing, NaN or infinite; FLOAT, DOUBLE, FLOAT16 or TEXT.
     */
    public Builder optional(String... columns) {
      optional.addAll(List.of(columns));
      return this;
    }

    /** Input columns whose numbers name things rather than measure them. */
    public Builder categorical(String... columns) {
      categorical.addAll(List.of(columns));
      return this;
    }

    /** The output column that drift and quality look at: one number a row. */
    public Builder score(String column) {
      score = column;
      return this;
    }

    /**
     * The schema.
     *
     * @throws InvalidSettingsException with every problem at once
     */
    public ModelSchema build() {
      List<String> problems = new ArrayList<>();
      Set<String> used = new HashSet<>();
      List<TensorSpec> in = specs("input", inputs, used, problems);
      List<TensorSpec> out = specs("output", outputs, null, problems);
      List<String> unknown = new ArrayList<>(optional);
      unknown.addAll(categorical);
      unknown.removeAll(used);
      for (String name : new LinkedHashSet<>(unknown)) {
        problems.add(
            "'"
                + name
                + "' is declared optional or categorical but is no input column; there are "
                + in.stream().flatMap(t -> t.columns().stream()).map(ColumnSpec::name).toList());
      }
      return checked(new ModelSchema(in, out, score, problems), problems);
    }

    private static Tensor matrix(String tensor, ElementType type, String... columns) {
      return columns.length == 0
          ? new Tensor(tensor, type, Shape.perRow(), List.of(tensor))
          : new Tensor(tensor, type, Shape.perRow(columns.length), List.of(columns));
    }

    private List<TensorSpec> specs(
        String side, List<Tensor> tensors, @Nullable Set<String> used, List<String> problems) {
      List<TensorSpec> specs = new ArrayList<>();
      for (Tensor tensor : tensors) {
        if (tensor.name().isBlank()) {
          problems.add(
              side + " tensor " + specs.size() + " has a blank name; give it the model's own");
          tensor = tensor.renamed(side + " tensor " + specs.size());
        }
        List<ColumnSpec> columns = new ArrayList<>();
        for (String name : tensor.columns()) {
          columns.add(column(tensor, columns.size(), name, used, problems));
        }
        specs.add(new TensorSpec(tensor.name(), tensor.type(), tensor.shape(), columns));
      }
      return specs;
    }

    /** What is wrong with a column is told, and a sound one takes its place for later checks. */
    private ColumnSpec column(
        Tensor tensor, int index, String name, @Nullable Set<String> used, List<String> problems) {
      if (name.isBlank()) {
        problems.add(blank(index, tensor.name()));
        return new ColumnSpec("(blank " + index + ")", tensor.type(), false, false);
      }
      boolean mayBeMissing = used != null && named(optional, tensor, name, used);
      boolean names = used != null && named(categorical, tensor, name, used);
      try {
        return new ColumnSpec(name, tensor.type(), mayBeMissing, names);
      } catch (IllegalArgumentException e) {
        problems.add(String.valueOf(e.getMessage()));
        return new ColumnSpec(name, tensor.type(), false, names);
      }
    }

    private static boolean named(
        Set<String> names, Tensor tensor, String column, Set<String> used) {
      String qualified = tensor.name() + "." + column;
      boolean plain = names.contains(column);
      boolean full = names.contains(qualified);
      if (plain) {
        used.add(column);
      }
      if (full) {
        used.add(qualified);
      }
      return plain || full;
    }
  }
}
