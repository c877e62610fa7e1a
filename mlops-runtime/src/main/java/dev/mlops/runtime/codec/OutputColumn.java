package dev.mlops.runtime.codec;

import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * An output column and how its values are read.
 *
 * <p>A record for the reason {@link InputColumn} is one.
 *
 * @param position the column's place in its row of the tensor
 * @param scalar whether it is one element a row, rather than a vector or an image
 * @param layout the tensor's; not to be used where the schema leaves an axis open
 */
record OutputColumn(
    String name,
    String qualified,
    ElementType type,
    Shape shape,
    int tensor,
    int position,
    boolean scalar,
    boolean open,
    Layout layout) {

  /** All output columns of a schema, in order. */
  static List<OutputColumn> of(ModelSchema schema) {
    List<OutputColumn> columns = new ArrayList<>();
    for (int t = 0; t < schema.outputs().size(); t++) {
      TensorSpec tensor = schema.outputs().get(t);
      long elements = tensor.shape().elements();
      for (int c = 0; c < tensor.columns().size(); c++) {
        ColumnSpec column = tensor.columns().get(c);
        columns.add(
            new OutputColumn(
                column.name(),
                tensor.name() + "." + column.name(),
                column.type(),
                tensor.shape(),
                t,
                c,
                elements == tensor.columns().size(),
                elements < 0,
                Layout.of(tensor)));
      }
    }
    return columns;
  }

  /** The type and, where it is not one element a row, the shape. */
  String described() {
    return scalar ? type.name() : type + " " + shape;
  }

  /* What a record's components of one element are read with. */

  static float number32(OutputColumn column, Frame from, int row) {
    return (float) column.number(from, row); // of FLOAT and FLOAT16 only, so nothing is lost
  }

  static double number64(OutputColumn column, Frame from, int row) {
    return column.number(from, row);
  }

  static long whole(OutputColumn column, Frame from, int row) {
    return Frame.whole(column.type, from.output(column.tensor), column.at(row));
  }

  static boolean truth(OutputColumn column, Frame from, int row) {
    return whole(column, from, row) != 0;
  }

  static String text(OutputColumn column, Frame from, int row) {
    return ((String[]) from.output(column.tensor))[column.at(row)];
  }

  private double number(Frame from, int row) {
    return Frame.element(type, from.output(tensor), at(row));
  }

  private int at(int row) {
    return layout.perRow() ? row * layout.inner() + position : position;
  }

  /**
   * A copy of a vector or an image in row-major order.
   *
   * @param element the type of the array's elements; it must hold all values of the column
   */
  static Object array(OutputColumn column, Class<?> element, Frame from, int row) {
    Layout layout =
        column.open
            ? Layout.of(column.shape.rowAxis(), from.outputTensor(column.tensor).shape())
            : column.layout;
    return column.copy(element, layout, from, row);
  }

  private Object copy(Class<?> element, Layout layout, Frame from, int row) {
    Object memory = from.output(tensor);
    int n = layout.elements();
    int rows = from.rows();
    if (element == float.class) {
      float[] array = new float[n];
      if (type == ElementType.FLOAT) {
        for (int i = 0; i < n; i += layout.inner()) {
          ((FloatBuffer) memory).get(layout.position(row, rows, i), array, i, layout.inner());
        }
      } else {
        for (int i = 0; i < n; i++) {
          array[i] = (float) Frame.element(type, memory, layout.position(row, rows, i));
        }
      }
      return array;
    }
    if (element == double.class) {
      double[] array = new double[n];
      if (type == ElementType.DOUBLE) {
        for (int i = 0; i < n; i += layout.inner()) {
          ((DoubleBuffer) memory).get(layout.position(row, rows, i), array, i, layout.inner());
        }
      } else {
        for (int i = 0; i < n; i++) {
          array[i] = Frame.element(type, memory, layout.position(row, rows, i));
        }
      }
      return array;
    }
    if (element == long.class) {
      long[] array = new long[n];
      if (type == ElementType.INT64) {
        for (int i = 0; i < n; i += layout.inner()) {
          ((LongBuffer) memory).get(layout.position(row, rows, i), array, i, layout.inner());
        }
      } else {
        for (int i = 0; i < n; i++) {
          array[i] = Frame.whole(type, memory, layout.position(row, rows, i));
        }
      }
      return array;
    }
    if (element == int.class) {
      int[] array = new int[n];
      if (type == ElementType.INT32) {
        for (int i = 0; i < n; i += layout.inner()) {
          ((IntBuffer) memory).get(layout.position(row, rows, i), array, i, layout.inner());
        }
      } else {
        for (int i = 0; i < n; i++) {
          array[i] = (int) Frame.whole(type, memory, layout.position(row, rows, i));
        }
      }
      return array;
    }
    if (element == byte.class) {
      byte[] array = new byte[n];
      for (int i = 0; i < n; i += layout.inner()) {
        ((ByteBuffer) memory).get(layout.position(row, rows, i), array, i, layout.inner());
      }
      return array;
    }
    if (element == boolean.class) {
      boolean[] array = new boolean[n];
      for (int i = 0; i < n; i++) {
        array[i] = ((ByteBuffer) memory).get(layout.position(row, rows, i)) != 0;
      }
      return array;
    }
    String[] array = new String[n];
    for (int i = 0; i < n; i += layout.inner()) {
      System.arraycopy(memory, layout.position(row, rows, i), array, i, layout.inner());
    }
    return array;
  }
}
