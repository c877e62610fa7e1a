package dev.mlops.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** ONNX Runtime as its examples use it: one session with default options, arrays in and out. */
abstract class Typical<I> implements ByHand<I> {
  static final String[] NUMBERS = {
    "month", "hour", "lat", "long", "wind", "pressure", "wind_change_6h", "pressure_change_6h"
  };

  final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  final OrtSession session;

  private Typical(Path file) {
    try {
      session = environment.createSession(file.toString());
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public final Forecast predict(I input) {
    return predictAll(List.of(input)).get(0);
  }

  @Override
  public final List<Forecast> predictAll(List<I> inputs) {
    Map<String, OnnxTensor> feeds = new HashMap<>();
    try {
      feed(inputs, feeds);
      try (OrtSession.Result result = session.run(feeds)) {
        float[][] probabilities = (float[][]) result.get("probabilities").orElseThrow().getValue();
        List<Forecast> forecasts = new ArrayList<>(inputs.size());
        for (float[] row : probabilities) {
          forecasts.add(new Forecast(row[1]));
        }
        return forecasts;
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    } finally {
      feeds.values().forEach(OnnxTensor::close);
    }
  }

  abstract void feed(List<I> inputs, Map<String, OnnxTensor> feeds) throws OrtException;

  @Override
  public final void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One tensor of 30 columns. */
  static final class Matrix extends Typical<Tumor> {
    Matrix(Path file) {
      super(file);
    }

    @Override
    void feed(List<Tumor> inputs, Map<String, OnnxTensor> feeds) throws OrtException {
      float[][] matrix = new float[inputs.size()][];
      for (int row = 0; row < matrix.length; row++) {
        matrix[row] = inputs.get(row).toArray();
      }
      feeds.put("features", OnnxTensor.createTensor(environment, matrix));
    }
  }

  /** A tensor a column, one of them text. */
  static final class Columns extends Typical<Storm> {
    Columns(Path file) {
      super(file);
    }

    @Override
    void feed(List<Storm> inputs, Map<String, OnnxTensor> feeds) throws OrtException {
      float[][][] numbers = new float[NUMBERS.length][inputs.size()][1];
      String[][] status = new String[inputs.size()][1];
      for (int row = 0; row < inputs.size(); row++) {
        Storm storm = inputs.get(row);
        numbers[0][row][0] = storm.month();
        numbers[1][row][0] = storm.hour();
        numbers[2][row][0] = storm.lat();
        numbers[3][row][0] = storm.lon();
        numbers[4][row][0] = storm.wind();
        numbers[5][row][0] = storm.pressure();
        numbers[6][row][0] = orNan(storm.windChange());
        numbers[7][row][0] = orNan(storm.pressureChange());
        status[row][0] = storm.status();
      }
      for (int i = 0; i < numbers.length; i++) {
        feeds.put(NUMBERS[i], OnnxTensor.createTensor(environment, numbers[i]));
      }
      feeds.put("status", OnnxTensor.createTensor(environment, status));
    }
  }

  /** Six numbers and eight texts, a tensor each. */
  static final class Census extends Typical<Adult> {
    Census(Path file) {
      super(file);
    }

    @Override
    void feed(List<Adult> inputs, Map<String, OnnxTensor> feeds) throws OrtException {
      float[][][] numbers = new float[Adult.NUMBERS.length][inputs.size()][1];
      String[][][] texts = new String[Adult.TEXTS.length][inputs.size()][1];
      for (int row = 0; row < inputs.size(); row++) {
        float[] itsNumbers = inputs.get(row).numbers();
        for (int i = 0; i < numbers.length; i++) {
          numbers[i][row][0] = itsNumbers[i];
        }
        String[] itsTexts = inputs.get(row).texts();
        for (int i = 0; i < texts.length; i++) {
          texts[i][row][0] = itsTexts[i];
        }
      }
      for (int i = 0; i < numbers.length; i++) {
        feeds.put(Adult.NUMBERS[i], OnnxTensor.createTensor(environment, numbers[i]));
      }
      for (int i = 0; i < texts.length; i++) {
        feeds.put(Adult.TEXTS[i], OnnxTensor.createTensor(environment, texts[i]));
      }
    }
  }

  static float orNan(@Nullable Float value) {
    return value == null ? Float.NaN : value;
  }
}
