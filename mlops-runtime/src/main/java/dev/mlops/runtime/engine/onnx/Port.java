package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.ValueInfo;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * A tensor of the schema and the shape the graph has for it: the schema says one column, the graph
 * whether that is {@code [rows]} or {@code [rows, 1]}.
 */
final class Port {
  /** How an output comes. */
  enum Form {
    /** Its shape follows from the row count alone, so its memory can be ours. */
    FIXED,
    /** A tensor whose shape or texts are known after the run. */
    OPEN,
    /** A sequence of maps, one a row, as ZipMap makes it. */
    MAPS
  }

  final String name;
  final ElementType type;
  final Form form;

  /** For maps: the key of each column, {@code String} or {@code Long}. */
  final List<Object> keys;

  /** The only row count the graph takes, or 0. */
  final long onlyRows;

  /** What messages call the version. */
  private final String label;

  private final Shape shape;

  /** Elements of a row, or of the whole where there is no row axis; -1 if not known. */
  private final long elements;

  private Port(
      String label, TensorSpec spec, Shape shape, Form form, List<Object> keys, long onlyRows) {
    this.label = label;
    this.name = spec.name();
    this.type = spec.type();
    this.shape = shape;
    this.form = form;
    this.keys = keys;
    this.onlyRows = onlyRows;
    this.elements = shape.elements();
  }

  static Port input(String label, TensorSpec spec, ValueInfo graph) {
    List<Long> dims = dims(graph);
    Shape shape = inGraph(label, "input", spec, dims);
    int rows = shape.rowAxis();
    long only = rows >= 0 && rows < dims.size() ? Math.max(0, dims.get(rows)) : 0;
    return new Port(label, spec, shape, Form.FIXED, List.of(), only);
  }

  static Port output(String label, TensorSpec spec, ValueInfo graph) {
    List<Long> dims = dims(graph);
    Shape shape = inGraph(label, "output", spec, dims);
    // Rank 0 is a scalar or a shape the graph does not state: ONNX Runtime's Java has one word for
    // both. A run tells.
    boolean known = shape.elements() >= 0 && dims.size() == shape.dims().size() && !dims.isEmpty();
    // A slot sets memory aside by the row; what has no row axis is read from the run.
    boolean pinned = known && spec.type() != ElementType.TEXT && shape.rowAxis() >= 0;
    Form form = pinned ? Form.FIXED : Form.OPEN;
    return new Port(label, spec, shape, form, List.of(), 0);
  }

  /** An output of maps. */
  static Port maps(String label, TensorSpec spec, List<String> graphKeys, OnnxJavaType keyType) {
    List<Object> keys = new ArrayList<>();
    List<String> columns = spec.columns().stream().map(ColumnSpec::name).toList();
    // Columns may be called otherwise than the graph's classes, which they follow in order.
    for (String key : graphKeys.size() == columns.size() ? graphKeys : columns) {
      try {
        keys.add(keyType == OnnxJavaType.STRING ? key : Long.valueOf(key));
      } catch (NumberFormatException e) {
        throw new ModelFailedException(
            label
                + ": output '"
                + spec.name()
                + "' is maps with whole numbers as keys, but the column '"
                + key
                + "' is not one; name the columns by the keys",
            e);
      }
    }
    return new Port(label, spec, Shape.perRow(columns.size()), Form.MAPS, keys, 0);
  }

  private static List<Long> dims(ValueInfo graph) {
    List<Long> dims = new ArrayList<>();
    for (long dim : ((TensorInfo) graph).getShape()) {
      dims.add(dim);
    }
    return dims;
  }

  private static Shape inGraph(String label, String side, TensorSpec spec, List<Long> graph) {
    List<Long> wanted = spec.shape().dims();
    if (wanted.equals(List.of(Shape.ROWS)) && graph.size() == 2) {
      wanted = List.of(Shape.ROWS, 1L);
    } else if (wanted.equals(List.of(Shape.ROWS, 1L)) && graph.size() == 1) {
      wanted = List.of(Shape.ROWS);
    }
    if (!graph.isEmpty() && graph.size() != wanted.size()) {
      throw new ModelFailedException(
          label
              + ": "
              + side
              + " '"
              + spec.name()
              + "' is "
              + spec.shape()
              + " in the schema, but the graph has "
              + graph.size()
              + " axes",
          null);
    }
    return new Shape(wanted);
  }

  /** Whether it has no row axis, so that it is one tensor whatever the row count. */
  boolean perCall() {
    return shape.rowAxis() < 0;
  }

  /** Bytes of a row, or of the whole where there is no row axis; 0 for text. */
  long bytes() {
    return elements * Elements.bytes(type);
  }

  /** The number of elements for a row count; only where {@link #form} is FIXED, or for an input. */
  int elements(int rows) {
    long count = perCall() ? elements : elements * rows;
    if (count * Math.max(1, Elements.bytes(type)) > Integer.MAX_VALUE) {
      throw new ModelFailedException(
          label
              + ": tensor '"
              + name
              + "' of "
              + rows
              + " rows has "
              + count
              + " elements, which is more than fit into one piece of memory; ask for fewer rows",
          null);
    }
    return (int) count;
  }

  /** The shape for a row count. */
  long[] shape(int rows) {
    return shape.dims().stream().mapToLong(dim -> dim == Shape.ROWS ? rows : dim).toArray();
  }

  /**
   * Holds what came out against the schema.
   *
   * @throws ModelFailedException if it is of another type or shape
   */
  void check(TensorInfo came, int rows) {
    long[] dims = came.getShape();
    List<Long> wanted = shape.dims();
    boolean fits = came.type == Elements.java(type) && dims.length == wanted.size();
    for (int i = 0; fits && i < dims.length; i++) {
      long want = wanted.get(i);
      fits = want == Shape.ANY || dims[i] == (want == Shape.ROWS ? rows : want);
    }
    // one column: [rows], [rows, 1] and, for one row, a scalar are the same elements
    if (!fits && came.type == Elements.java(type) && elements == 1) {
      fits =
          came.getNumElements() == (perCall() ? 1 : rows) && (dims.length == 0 || dims[0] == rows);
    }
    if (!fits) {
      throw new ModelFailedException(
          label
              + ": output '"
              + name
              + "' came as "
              + came.type
              + new Shape(asList(dims))
              + " for "
              + rows
              + (rows == 1 ? " row" : " rows")
              + "; the schema wants "
              + type
              + shape
              + ". Publish the model with a schema that fits it",
          null);
    }
  }

  private static List<Long> asList(long[] dims) {
    List<Long> list = new ArrayList<>();
    for (long dim : dims) {
      list.add(dim);
    }
    return list;
  }

  String label() {
    return label;
  }
}
