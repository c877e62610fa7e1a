package dev.mlops.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * ONNX Runtime as fast as we know to write it: the calling thread does the work, no arena, direct
 * buffers in and out that are made once, a session for one thread alone. It checks nothing, knows
 * one model, and crashes the JVM when it is closed under a call.
 */
abstract class Tuned<I> implements ByHand<I> {
  private static final int TEXTS = 8; // the most that a model here has

  final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  final OrtSession session;
  private final String[] inputs;
  private final Tensors one;
  private Tensors batch;

  private Tuned(Path file, String... inputs) {
    this.inputs = inputs;
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setCPUArenaAllocator(false);
      session = environment.createSession(file.toString(), options);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
    one = tensors(1);
    batch = tensors(Subject.BATCH);
  }

  private Tensors tensors(int rows) {
    try {
      return new Tensors(rows, inputs);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The tensors of one row count. */
  final class Tensors {
    final int rows;
    final FloatBuffer[] inputs;
    final FloatBuffer probabilities;
    final Map<String, OnnxTensor> feeds;
    final Map<String, OnnxTensor> pinned;
    final String[][] texts = new String[TEXTS][];

    Tensors(int rows, String... names) throws OrtException {
      this.rows = rows;
      int width = names.length == 1 ? 30 : 1;
      Map<String, OnnxTensor> map = new LinkedHashMap<>();
      inputs = new FloatBuffer[names.length];
      for (int i = 0; i < names.length; i++) {
        inputs[i] = direct(rows * width);
        long[] shape = {rows, width};
        map.put(names[i], OnnxTensor.createTensor(environment, inputs[i], shape));
      }
      feeds = names.length == 1 ? Collections.singletonMap(names[0], map.get(names[0])) : map;
      probabilities = direct(rows * 2);
      pinned =
          Collections.singletonMap(
              "probabilities",
              OnnxTensor.createTensor(environment, probabilities, new long[] {rows, 2}));
      for (int i = 0; i < TEXTS; i++) {
        texts[i] = new String[rows];
      }
    }

    private FloatBuffer direct(int floats) {
      return ByteBuffer.allocateDirect(floats * 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    Forecast forecast(int row) {
      return new Forecast(probabilities.get(2 * row + 1));
    }
  }

  @Override
  public final Forecast predict(I input) {
    fill(input, one, 0);
    run(one);
    return one.forecast(0);
  }

  @Override
  public final List<Forecast> predictAll(List<I> inputs) {
    if (inputs.size() != batch.rows) {
      batch = tensors(inputs.size());
    }
    for (int row = 0; row < inputs.size(); row++) {
      fill(inputs.get(row), batch, row);
    }
    run(batch);
    List<Forecast> forecasts = new ArrayList<>(inputs.size());
    for (int row = 0; row < inputs.size(); row++) {
      forecasts.add(batch.forecast(row));
    }
    return forecasts;
  }

  abstract void fill(I input, Tensors tensors, int row);

  /** The result owns nothing when every output is pinned, so nothing is closed. */
  void run(Tensors tensors) {
    try {
      session.run(tensors.feeds, Set.of(), tensors.pinned);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public final void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One tensor of 30 columns. */
  static final class Matrix extends Tuned<Tumor> {
    Matrix(Path file) {
      super(file, "features");
    }

    @Override
    void fill(Tumor input, Tensors tensors, int row) {
      input.putInto(tensors.inputs[0], row * 30);
    }
  }

  /** A tensor a column; that of the text can only be made anew for each call. */
  static final class Columns extends Tuned<Storm> {
    Columns(Path file) {
      super(file, Typical.NUMBERS);
    }

    @Override
    void fill(Storm storm, Tensors tensors, int row) {
      FloatBuffer[] to = tensors.inputs;
      to[0].put(row, storm.month());
      to[1].put(row, storm.hour());
      to[2].put(row, storm.lat());
      to[3].put(row, storm.lon());
      to[4].put(row, storm.wind());
      to[5].put(row, storm.pressure());
      to[6].put(row, Typical.orNan(storm.windChange()));
      to[7].put(row, Typical.orNan(storm.pressureChange()));
      tensors.texts[0][row] = storm.status();
    }

    @Override
    void run(Tensors tensors) {
      try (OnnxTensor status =
          OnnxTensor.createTensor(environment, tensors.texts[0], new long[] {tensors.rows, 1})) {
        tensors.feeds.put("status", status);
        super.run(tensors);
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Six numbers and eight texts, a tensor each. */
  static final class Census extends Tuned<Adult> {
    Census(Path file) {
      super(file, Adult.NUMBERS);
    }

    @Override
    void fill(Adult adult, Tensors tensors, int row) {
      FloatBuffer[] to = tensors.inputs;
      to[0].put(row, adult.age());
      to[1].put(row, adult.fnlwgt());
      to[2].put(row, adult.educationNum());
      to[3].put(row, adult.capitalGain());
      to[4].put(row, adult.capitalLoss());
      to[5].put(row, adult.hoursPerWeek());
      tensors.texts[0][row] = adult.workclass();
      tensors.texts[1][row] = adult.education();
      tensors.texts[2][row] = adult.maritalStatus();
      tensors.texts[3][row] = adult.occupation();
      tensors.texts[4][row] = adult.relationship();
      tensors.texts[5][row] = adult.race();
      tensors.texts[6][row] = adult.sex();
      tensors.texts[7][row] = adult.nativeCountry();
    }

    @Override
    void run(Tensors tensors) {
      long[] shape = {tensors.rows, 1};
      try {
        for (int i = 0; i < TEXTS; i++) {
          OnnxTensor text = OnnxTensor.createTensor(environment, tensors.texts[i], shape);
          tensors.feeds.put(Adult.TEXTS[i], text);
        }
        super.run(tensors);
        for (int i = 0; i < TEXTS; i++) {
          Objects.requireNonNull(tensors.feeds.get(Adult.TEXTS[i])).close();
        }
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
