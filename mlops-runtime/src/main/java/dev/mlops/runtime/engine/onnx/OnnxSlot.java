package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import dev.mlops.runtime.engine.SlotTensor;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A slot on ONNX Runtime. Each tensor has one piece of direct memory, sized for a whole chunk where
 * that is no waste; for each of the last row counts there are tensors over its beginning, as making
 * them costs half a microsecond. Inputs are read where the caller wrote them and outputs are
 * written where the caller reads them, wherever their shape is known before the run.
 */
final class OnnxSlot implements Slot {
  /** Row counts whose views are kept: single calls, a chunk, the rest of a batch, and some. */
  private static final int KEPT = 8;

  /** The largest chunk the runtime asks for; memory for it is set aside at once ... */
  private static final int CHUNK_ROWS = 1_024;

  /** ... up to this much for all tensors of a slot. Beyond, it grows as it is asked for. */
  private static final long MEMORY_AT_ONCE = 1L << 20;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final String label;
  private final List<Port> inputs;
  private final List<Port> outputs;
  private final Termination termination;

  /** The outputs that cannot be pinned, in the order of the schema. */
  private final Set<String> requested;

  private final boolean textIn;
  private final Natives natives;

  /** What one run makes, its tensors of text and its result; empty between two. */
  private final Natives perRun;

  /** Inputs without a row axis: the same whatever the row count. Null for the others. */
  private final @Nullable SlotTensor[] perCall;

  private final Map<String, OnnxTensor> perCallFeeds = new LinkedHashMap<>();

  /** Memory by tensor, inputs before outputs, null where a tensor has none that grows with rows. */
  private @Nullable ByteBuffer[] memory;

  private int capacity;

  /** The used ones first. */
  private final @Nullable Views[] kept = new Views[KEPT];

  private @Nullable Views current;
  private @Nullable Views ran;

  /**
   * A slot.
   *
   * @param natives the slot's own, closed by the session
   */
  OnnxSlot(
      OrtEnvironment environment,
      OrtSession session,
      String label,
      List<Port> inputs,
      List<Port> outputs,
      Natives natives)
      throws OrtException {
    this.environment = environment;
    this.session = session;
    this.label = label;
    this.inputs = inputs;
    this.outputs = outputs;
    this.natives = natives;
    this.perRun = natives.add(new Natives(label));
    OrtSession.RunOptions options = natives.add(new OrtSession.RunOptions());
    // every failure is thrown; ONNX Runtime would print it to standard error as well
    options.setLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    this.termination = new Termination(options);
    Set<String> open = new LinkedHashSet<>();
    for (Port output : outputs) {
      if (output.form != Port.Form.FIXED) {
        open.add(output.name);
      }
    }
    this.requested = open.isEmpty() ? Collections.emptySet() : open; // walked without allocating
    this.textIn = inputs.stream().anyMatch(input -> input.type == ElementType.TEXT);
    this.memory = new ByteBuffer[inputs.size() + outputs.size()];
    this.perCall = new SlotTensor[inputs.size()];
    for (int i = 0; i < inputs.size(); i++) {
      Port input = inputs.get(i);
      if (input.perCall()) {
        ByteBuffer own = ByteBuffer.allocateDirect(Math.toIntExact(input.bytes()));
        perCall[i] = view(input, own, 1, perCallFeeds, natives);
      }
    }
  }

  /** Bytes that a slot sets aside as it is first used, or somewhat more. */
  static long memoryAtOnce(ModelSchema schema) {
    long row = 0;
    for (List<TensorSpec> tensors : List.of(schema.inputs(), schema.outputs())) {
      for (TensorSpec tensor : tensors) {
        row += Math.max(0, tensor.shape().elements()) * Elements.bytes(tensor.type());
      }
    }
    return Math.max(row, Math.min(MEMORY_AT_ONCE, CHUNK_ROWS * row));
  }

  @Override
  public Tensor input(int tensor, int rows) {
    Views views = current;
    if (views == null || views.rows != rows) {
      views = forRows(rows);
    }
    return views.inputs[tensor];
  }

  @Override
  public Tensor input(int tensor, long[] shape) {
    throw new IllegalStateException(
        label
            + ": input '"
            + inputs.get(tensor).name
            + "' has the shape the schema says; ask for it by its number of rows");
  }

  @Override
  public void run(int rows) {
    Views views = current;
    if (views == null || views.rows != rows) {
      throw new IllegalStateException(
          label
              + ": run of "
              + rows
              + " rows, but the inputs were last asked for with "
              + (views == null ? "none" : views.rows));
    }
    ran = null;
    if (textIn) {
      runWithTexts(views);
    } else {
      run(views);
    }
    ran = views;
  }

  @Override
  public Tensor output(int tensor) {
    Views views = ran;
    SlotTensor output = views == null ? null : views.outputs[tensor];
    if (output == null) {
      throw new IllegalStateException(label + ": there is no output before a run that succeeded");
    }
    return output;
  }

  @Override
  public boolean cancel() {
    termination.cancel();
    return true;
  }

  // ---------------------------------------------------------------- running

  private void runWithTexts(Views views) {
    try (perRun) {
      for (int i = 0; i < inputs.size(); i++) {
        Port input = inputs.get(i);
        if (input.type == ElementType.TEXT) {
          String[] values = views.inputs[i].texts();
          Texts.check(input, values, views.rows);
          views.feeds.put(
              input.name,
              perRun.add(OnnxTensor.createTensor(environment, values, views.inputs[i].shape())));
        }
      }
      run(views);
    } catch (OrtException e) {
      throw failed(views, e, false);
    }
  }

  private void run(Views views) {
    if (requested.isEmpty()) {
      result(views); // it holds nothing native: the outputs are the views' own
      return;
    }
    try (perRun) {
      read(views, result(views));
    }
  }

  private OrtSession.Result result(Views views) {
    @Nullable OrtException failure = null;
    OrtSession.@Nullable Result result = null;
    boolean cancelled = false;
    termination.begin();
    try {
      result = session.run(views.feeds, requested, views.pinned, termination.options());
      if (!requested.isEmpty()) {
        OrtSession.Result got = result;
        perRun.add(() -> closeValues(got));
      }
    } catch (OrtException e) {
      failure = e;
    } finally {
      cancelled = termination.end();
    }
    if (result == null) {
      throw failed(views, failure, cancelled);
    }
    return result;
  }

  /* Not by the result's own close, which does nothing but log at a second try, however far it came. */
  private void closeValues(OrtSession.Result result) {
    for (String name : requested) {
      OnnxValue value = result.get(name).orElseThrow();
      if (!value.isClosed()) {
        value.close();
      }
    }
  }

  private void read(Views views, OrtSession.Result result) {
    try {
      for (int i = 0; i < outputs.size(); i++) {
        Port output = outputs.get(i);
        if (output.form != Port.Form.FIXED) {
          OnnxValue value = result.get(output.name).orElseThrow();
          views.outputs[i] = Outputs.read(output, value, views.rows);
        }
      }
    } catch (OrtException e) {
      throw failed(views, e, false);
    }
  }

  private ModelFailedException failed(Views views, @Nullable OrtException e, boolean cancelled) {
    String what = label + " failed on " + views.rows + (views.rows == 1 ? " row" : " rows");
    if (cancelled) {
      return new ModelFailedException(what + ": the run was cancelled", e);
    }
    return e == null ? new ModelFailedException(what, null) : Failures.of(what, e);
  }

  // ---------------------------------------------------------------- memory

  private Views forRows(int rows) {
    Views views = find(rows);
    if (views == null) {
      views = make(rows);
      Views oldest = kept[KEPT - 1];
      if (oldest != null) {
        oldest.close();
      }
      System.arraycopy(kept, 0, kept, 1, KEPT - 1);
      kept[0] = views;
    }
    current = views;
    return views;
  }

  /** Looks for views and puts them first. */
  private @Nullable Views find(int rows) {
    for (int i = 0; i < KEPT; i++) {
      Views views = kept[i];
      if (views == null) {
        return null;
      }
      if (views.rows == rows) {
        System.arraycopy(kept, 0, kept, 1, i);
        kept[0] = views;
        return views;
      }
    }
    return null;
  }

  private Views make(int rows) {
    if (rows < 1) {
      throw new IllegalArgumentException("rows was " + rows + " but must be at least 1");
    }
    for (Port input : inputs) {
      if (input.onlyRows != 0 && input.onlyRows != rows) {
        throw new ModelFailedException(
            label
                + " takes exactly "
                + input.onlyRows
                + (input.onlyRows == 1 ? " row" : " rows")
                + " a run, as its input '"
                + input.name
                + "' says, but "
                + rows
                + " were asked for; export the model with a free first axis",
            null);
      }
    }
    if (rows > capacity) {
      grow(rows);
    }
    Natives own = natives.child();
    try {
      SlotTensor[] in = new SlotTensor[inputs.size()];
      @Nullable SlotTensor[] out = new SlotTensor[outputs.size()];
      Map<String, OnnxTensor> feeds = new LinkedHashMap<>(perCallFeeds);
      Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
      for (int i = 0; i < in.length; i++) {
        SlotTensor shared = perCall[i];
        in[i] = shared != null ? shared : view(inputs.get(i), memory[i], rows, feeds, own);
      }
      for (int i = 0; i < out.length; i++) {
        if (outputs.get(i).form == Port.Form.FIXED) {
          out[i] = view(outputs.get(i), memory[in.length + i], rows, pinned, own);
        }
      }
      return new Views(
          rows, in, out, textIn ? feeds : Views.compact(feeds), Views.compact(pinned), own);
    } catch (OrtException e) {
      ModelFailedException failure = Failures.of(label + ": no memory for " + rows + " rows", e);
      own.closeAfter(failure);
      throw failure;
    } catch (RuntimeException | Error e) {
      own.closeAfter(e);
      throw e;
    }
  }

  /** A port's memory for some rows, and the tensor over it; text has neither. */
  private SlotTensor view(
      Port port,
      @Nullable ByteBuffer memory,
      int rows,
      Map<String, OnnxTensor> tensors,
      Natives owner)
      throws OrtException {
    long[] shape = port.shape(rows);
    int elements = port.elements(rows);
    if (memory == null) {
      return SlotTensor.of(port.name, shape, Texts.blank(elements));
    }
    Buffer view = Elements.view(port.type, memory, elements);
    tensors.put(port.name, owner.add(Elements.over(environment, port.type, view, shape)));
    return SlotTensor.of(port.name, port.type, shape, view);
  }

  /** Makes room for more rows, for all tensors or, failing that, for none. */
  private void grow(int rows) {
    long rowBytes = 0;
    for (int i = 0; i < memory.length; i++) {
      Port port = port(i);
      rowBytes += growing(port) ? port.bytes() : 0;
    }
    int wanted = (int) Math.min(CHUNK_ROWS, MEMORY_AT_ONCE / Math.max(1, rowBytes));
    wanted = Math.max(rows, wanted);
    @Nullable ByteBuffer[] grown = new ByteBuffer[memory.length];
    for (int i = 0; i < memory.length; i++) {
      Port port = port(i);
      if (growing(port)) {
        grown[i] = ByteBuffer.allocateDirect(port.elements(wanted) * Elements.bytes(port.type));
        ByteBuffer old = memory[i];
        if (old != null) {
          grown[i].put(0, old, 0, old.capacity());
        }
      }
    }
    dropViews();
    memory = grown;
    capacity = wanted;
  }

  private Port port(int index) {
    return index < inputs.size() ? inputs.get(index) : outputs.get(index - inputs.size());
  }

  private static boolean growing(Port port) {
    return port.form == Port.Form.FIXED && !port.perCall() && port.type != ElementType.TEXT;
  }

  private void dropViews() {
    current = null;
    for (int i = 0; i < KEPT; i++) {
      Views views = kept[i];
      kept[i] = null;
      if (views != null) {
        views.close();
      }
    }
  }
}
