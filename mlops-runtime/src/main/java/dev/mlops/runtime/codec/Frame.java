package dev.mlops.runtime.codec;

import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Receipt;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One slot's tensors as codecs fill and read them, and the bits of what was missing. One a slot,
 * used only by the thread that holds the slot's claim: write, {@link #run}, read, observe. Public
 * for the serving package alone.
 *
 * <p>Columns are counted over all input tensors in the order of the schema, rows from 0. What the
 * model saw can be asked for from a write to the next; the scores from a run to the next.
 */
public final class Frame {
  private static final double[] NO_SCORES = {};
  private static final int PLACE = 4;
  private static final int PLAIN_FLOAT = 1;

  private final ModelSchema schema;
  private final Slot slot;
  private final Lent lent = new Lent();
  /*
   * Four numbers a column, together because observers ask for one column after the other: its
   * tensor, how far its rows lie apart, its place in a row, and whether these alone find a float.
   */
  private final int[] places;
  private final int words;

  private final Layout[] inputLayouts;
  private final @Nullable Object[] inputs;
  private final @Nullable Tensor[] outputTensors;
  private final @Nullable Object[] outputs;
  private final ElementType scoreType;
  private final int scoreTensor;
  private final int[] scorePositions;
  private final int scoreWidth;

  private int rows;
  /* The row count our codecs asked the inputs for, or 0 when a user's codec did. */
  private int asked;
  /* Index of row 0 in the caller's list; -1 for a single input. */
  private int first = -1;
  private long[] missing;
  private boolean anyMissing;

  /** A frame over a slot of a session loaded with this schema. */
  public Frame(ModelSchema schema, Slot slot) {
    this.schema = schema;
    this.slot = slot;
    this.inputs = new Object[schema.inputs().size()];
    this.inputLayouts = layouts(schema.inputs());
    this.places = places(schema, inputLayouts);
    this.words = (schema.inputColumns().size() + 63) >> 6;
    this.missing = new long[words]; // for one row
    this.outputTensors = new Tensor[schema.outputs().size()];
    this.outputs = new Object[schema.outputs().size()];
    Optional<ModelSchema.Place> place =
        schema.score().isEmpty() ? Optional.empty() : schema.output(schema.score().get());
    if (place.isEmpty()) {
      scoreTensor = -1;
      scoreWidth = 0;
      scorePositions = new int[0];
      scoreType = ElementType.FLOAT;
    } else {
      ModelSchema.Place score = place.get();
      TensorSpec spec = schema.outputs().get(score.tensor());
      scoreTensor = score.tensor();
      scoreType = spec.type();
      scoreWidth = spec.columns().size();
      scorePositions = new int[Math.min(scoreWidth, Receipt.MOST_SCORES)];
      scorePositions[0] = score.column();
      for (int at = 1, column = 0; at < scorePositions.length; column++) {
        if (column != score.column()) {
          scorePositions[at++] = column;
        }
      }
    }
  }

  /**
   * Runs the model on what was written.
   *
   * @throws dev.mlops.engine.ModelFailedException if the engine fails; the frame stays usable
   */
  public void run() {
    Arrays.fill(outputs, null);
    Arrays.fill(outputTensors, null);
    slot.run(rows);
  }

  /** The rows written last. */
  public int rows() {
    return rows;
  }

  /**
   * The value of a column that is one number, as the model saw it; NaN where it is missing. A whole
   * number beyond 2^53 is the nearest double, true is 1.
   *
   * @throws IllegalStateException if the column is text
   */
  public double number(int row, int column) {
    int at = column * PLACE;
    if (places[at + 3] == PLAIN_FLOAT) {
      return ((FloatBuffer) input(places[at])).get(row * places[at + 1] + places[at + 2]);
    }
    return element(row, column, 0);
  }

  /**
   * The values of a row whose columns are one FLOAT, each at the index of its column, as far as the
   * array reaches; the others stay as they are.
   */
  public void floats(int row, float[] into) {
    int columns = Math.min(places.length / PLACE, into.length);
    for (int column = 0; column < columns; ) {
      int at = column * PLACE;
      if (places[at + 3] == PLAIN_FLOAT) { // as all the columns of its tensor
        int width = places[at + 1];
        ((FloatBuffer) input(places[at]))
            .get(row * width, into, column, Math.min(width, columns - column));
        column += width;
      } else {
        column++;
      }
    }
  }

  /** Whether the caller left the value out; never so for what a user's codec wrote. */
  public boolean missing(int row, int column) {
    return anyMissing && (missing[word(row, column)] & (1L << column)) != 0;
  }

  /**
   * The value of a column that is one text; empty where it is missing.
   *
   * @throws IllegalStateException if the column is not text
   */
  public String text(int row, int column) {
    int tensor = places[column * PLACE];
    ElementType type = schema.inputs().get(tensor).type();
    if (type != ElementType.TEXT) {
      throw new IllegalStateException("column %d is %s and has no text".formatted(column, type));
    }
    return ((String[]) input(tensor))[position(row, column, 0)];
  }

  /**
   * One element of a vector or an image as a number, in row-major order.
   *
   * @throws IllegalStateException if the column is text
   */
  public double element(int row, int column, int index) {
    int tensor = places[column * PLACE];
    return element(schema.inputs().get(tensor).type(), input(tensor), position(row, column, index));
  }

  /** The number of elements of a value: 1 for a number or a text. */
  public int size(int row, int column) {
    int tensor = places[column * PLACE];
    return schema.inputs().get(tensor).columns().size() > 1 ? 1 : inputLayouts[tensor].elements();
  }

  /** The type of the score the schema names; FLOAT where it names none. */
  public ElementType scoreType() {
    return scoreType;
  }

  /** The score the schema names; NaN where it names none. */
  public double score(int row) {
    return scoreTensor < 0 ? Double.NaN : scoreAt(row, 0);
  }

  /**
   * The score first, then the other columns of its tensor in order, at most 16 in all; an empty
   * array, always the same, where the schema names none.
   */
  public double[] scores(int row) {
    if (scoreTensor < 0) {
      return NO_SCORES;
    }
    double[] scores = new double[scorePositions.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = scoreAt(row, i);
    }
    return scores;
  }

  private double scoreAt(int row, int index) {
    return element(scoreType, output(scoreTensor), row * scoreWidth + scorePositions[index]);
  }

  /**
   * Makes the inputs ready for our codecs, which fill all of them and are bound to a schema that is
   * equal to this frame's.
   *
   * @param first index of row 0 in the caller's list, or -1 for a single input
   */
  void begin(int rows, int first) {
    start(rows, first);
    if (rows != asked) {
      asked = 0;
      for (int i = 0; i < inputs.length; i++) {
        inputs[i] = memory(slot.input(i, rows));
      }
      asked = rows;
    }
  }

  /** The slot for a user's codec, which asks for the inputs itself. */
  Slot lend(int rows, int first) {
    start(rows, first);
    asked = 0;
    Arrays.fill(inputs, null);
    return lent;
  }

  /**
   * Checks that the user's codec asked for every input: what it did not fill is another caller's.
   */
  void takeBack() {
    for (int i = 0; i < inputs.length; i++) {
      if (inputs[i] == null) {
        throw new IllegalStateException(
            "the codec did not ask for input '"
                + schema.inputs().get(i).name()
                + "'; a codec must fill every input at each write");
      }
    }
  }

  /** The slot as a user's codec reads it. */
  Slot lent() {
    return lent;
  }

  /** An input's memory: the buffer of its type, or the texts. */
  Object input(int tensor) {
    Object memory = inputs[tensor];
    if (memory == null) {
      throw new IllegalStateException("nothing was written to this frame");
    }
    return memory;
  }

  /** An output's memory: the buffer of its type, or the texts. Asked for only where it is read. */
  Object output(int tensor) {
    Object memory = outputs[tensor];
    if (memory == null) {
      memory = memory(outputTensor(tensor));
      outputs[tensor] = memory;
    }
    return memory;
  }

  Tensor outputTensor(int tensor) {
    Tensor output = outputTensors[tensor];
    if (output == null) {
      output = slot.output(tensor);
      outputTensors[tensor] = output;
    }
    return output;
  }

  /** Notes that the caller left a value out; what the model sees instead is the codec's to put. */
  void markMissing(int row, int column) {
    int length = rows * words;
    if (missing.length < length) {
      missing = Arrays.copyOf(missing, length);
    }
    missing[word(row, column)] |= 1L << column;
    anyMissing = true;
  }

  /** Forgets what was noted of a row, for a writer that begins it again. */
  void clearMissing(int row) {
    if (anyMissing) {
      Arrays.fill(missing, row * words, (row + 1) * words, 0);
    }
  }

  /** The failure of a row, which is named where it stands in a list. */
  InvalidInputException refused(int row, String problem) {
    return new InvalidInputException(named(row, problem));
  }

  /** A row's problem, the row named where it stands in a list. */
  String named(int row, String problem) {
    return first < 0 ? problem : "row " + (first + row) + ": " + problem;
  }

  private void start(int rows, int first) {
    if (anyMissing) {
      Arrays.fill(missing, 0, this.rows * words, 0); // no more than the write before could set
      anyMissing = false;
    }
    this.rows = rows;
    this.first = first;
  }

  private int position(int row, int column, int index) {
    int at = column * PLACE;
    return inputLayouts[places[at]].position(row, rows, places[at + 2] + index);
  }

  private static Layout[] layouts(List<TensorSpec> tensors) {
    Layout[] layouts = new Layout[tensors.size()];
    for (int i = 0; i < layouts.length; i++) {
      layouts[i] = Layout.of(tensors.get(i));
    }
    return layouts;
  }

  private static int[] places(ModelSchema schema, Layout[] layouts) {
    int[] places = new int[schema.inputColumns().size() * PLACE];
    int at = 0;
    for (int t = 0; t < layouts.length; t++) {
      TensorSpec tensor = schema.inputs().get(t);
      boolean plain = tensor.type() == ElementType.FLOAT && tensor.scalarColumns();
      for (int c = 0; c < tensor.columns().size(); c++, at += PLACE) {
        places[at] = t;
        places[at + 1] = layouts[t].inner();
        places[at + 2] = c;
        places[at + 3] = plain ? PLAIN_FLOAT : 0; // with the row axis first, or nothing before it
      }
    }
    return places;
  }

  private int word(int row, int column) {
    return row * words + (column >> 6);
  }

  private static Object memory(Tensor tensor) {
    return switch (tensor.type()) {
      case FLOAT -> tensor.floats();
      case DOUBLE -> tensor.doubles();
      case FLOAT16, INT16 -> tensor.shorts();
      case INT32 -> tensor.ints();
      case INT64 -> tensor.longs();
      case INT8, UINT8, BOOL -> tensor.bytes();
      case TEXT -> tensor.texts();
    };
  }

  /** An element as a number. */
  static double element(ElementType type, Object memory, int at) {
    return switch (type) {
      case FLOAT -> ((FloatBuffer) memory).get(at);
      case DOUBLE -> ((DoubleBuffer) memory).get(at);
      case FLOAT16 -> Half.value(((ShortBuffer) memory).get(at));
      case TEXT -> throw new IllegalStateException("a TEXT column has no numbers");
      default -> whole(type, memory, at);
    };
  }

  /** An element of an integer or boolean tensor. */
  static long whole(ElementType type, Object memory, int at) {
    return switch (type) {
      case INT8, BOOL -> ((ByteBuffer) memory).get(at);
      case UINT8 -> ((ByteBuffer) memory).get(at) & 0xff;
      case INT16 -> ((ShortBuffer) memory).get(at);
      case INT32 -> ((IntBuffer) memory).get(at);
      case INT64 -> ((LongBuffer) memory).get(at);
      default -> throw new IllegalStateException(type + " elements are no whole numbers");
    };
  }

  /** Lets a user's codec at the slot and remembers what it was given. */
  private final class Lent implements Slot {
    @Override
    public Tensor input(int tensor, int rows) {
      if (rows != Frame.this.rows) {
        throw new IllegalStateException(
            "the codec was given %d rows but asked for input '%s' with %d"
                .formatted(Frame.this.rows, schema.inputs().get(tensor).name(), rows));
      }
      return noted(tensor, slot.input(tensor, rows));
    }

    @Override
    public Tensor input(int tensor, long[] shape) {
      return noted(tensor, slot.input(tensor, shape));
    }

    @Override
    public void run(int rows) {
      throw new IllegalStateException("a codec fills and reads; the runtime runs the model");
    }

    @Override
    public Tensor output(int tensor) {
      return outputTensor(tensor);
    }

    @Override
    public boolean cancel() {
      return slot.cancel();
    }

    private Tensor noted(int tensor, Tensor input) {
      TensorSpec spec = schema.inputs().get(tensor);
      if (spec.shape().dims().contains(Shape.ANY)) {
        inputLayouts[tensor] = Layout.of(spec.shape().rowAxis(), input.shape());
      }
      inputs[tensor] = memory(input);
      return input;
    }
  }
}
