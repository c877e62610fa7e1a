package dev.mlops.runtime.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample models do in ONNX Runtime what their Javadoc says. */
final class OnnxSamplesTest {
  private static final OrtEnvironment ORT = OrtEnvironment.getEnvironment();

  private static OnnxTensor floats(long[] shape, float... values) throws OrtException {
    return OnnxTensor.createTensor(ORT, FloatBuffer.wrap(values), shape);
  }

  private static Map<String, Object> run(byte[] model, Map<String, OnnxTensor> inputs)
      throws OrtException {
    try (OrtSession session = ORT.createSession(model)) {
      return run(session, inputs);
    }
  }

  private static Map<String, Object> run(OrtSession session, Map<String, OnnxTensor> inputs)
      throws OrtException {
    Map<String, Object> outputs = new TreeMap<>();
    try (OrtSession.Result result = session.run(inputs)) {
      for (var entry : result) {
        outputs.put(entry.getKey(), entry.getValue().getValue());
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
    return outputs;
  }

  @Test
  void applicants_oneRow_softmaxOfTheWeightedSum() throws OrtException {
    Map<String, OnnxTensor> inputs = new TreeMap<>();
    double sum = 0;
    for (int i = 0; i < OnnxSamples.APPLICANT_COLUMNS.size(); i++) {
      String column = OnnxSamples.APPLICANT_COLUMNS.get(i);
      if (i < OnnxSamples.APPLICANT_COLUMNS.size() - OnnxSamples.APPLICANT_TEXTS) {
        inputs.put(column, floats(new long[] {1, 1}, i));
        sum += i * (i + 1) / 1000.0;
      } else {
        String text = i == 12 ? "no" : i == 13 ? "?" : "yes";
        inputs.put(column, OnnxTensor.createTensor(ORT, new String[] {text}, new long[] {1, 1}));
        sum += (i == 12 ? -1 : i == 13 ? 0 : 1) * (i + 1) / 1000.0;
      }
    }
    Map<String, Object> outputs = run(OnnxSamples.applicants(), inputs);
    assertThat((long[]) outputs.get("label")).containsExactly(1);
    assertThat(((float[][]) outputs.get("probabilities"))[0][1])
        .isCloseTo((float) (1 / (1 + Math.exp(-sum))), within(1e-6f));
  }

  @Test
  void letters_noPixels_sayQ() throws OrtException {
    OnnxTensor pixels =
        OnnxTensor.createTensor(ORT, LongBuffer.wrap(new long[16]), new long[] {1, 16});
    Map<String, Object> outputs = run(OnnxSamples.letters(), Map.of("pixels", pixels));
    assertThat((String[]) outputs.get("letter")).containsExactly("Q");
    assertThat(((float[][]) outputs.get("scores"))[0]).hasSize(26);
  }

  @Test
  void doubles_oneRow_keepsItsPrecision() throws OrtException {
    OnnxTensor x = OnnxTensor.createTensor(ORT, new double[][] {{1e-9, 2, 3}});
    Map<String, Object> outputs = run(OnnxSamples.doubles(), Map.of("x", x));
    assertThat(((double[][]) outputs.get("y"))[0][0]).isCloseTo(320.100000001, within(1e-12));
  }

  @Test
  void riders_twoRows_addsTheWeekday() throws OrtException {
    OnnxTensor weekday =
        OnnxTensor.createTensor(ORT, LongBuffer.wrap(new long[] {4, 5}), new long[] {2, 1});
    Map<String, Object> outputs =
        run(
            OnnxSamples.riders(),
            Map.of("numeric", floats(new long[] {2, 3}, 1, 2, 3, 0, 0, 0), "weekday", weekday));
    assertThat((float[][]) outputs.get("riders_thousands"))
        .isDeepEqualTo(new float[][] {{18.5f}, {5.5f}});
  }

  @Test
  void voice_twoRows_carriesState() throws OrtException {
    float[] input = new float[16];
    Arrays.fill(input, 8, 16, 4f);
    OnnxTensor rate = OnnxTensor.createTensor(ORT, 2L);
    Map<String, Object> outputs =
        run(
            OnnxSamples.voice(),
            Map.of(
                "input",
                floats(new long[] {2, 8}, input),
                "state",
                floats(new long[] {2, 2, 4}, new float[16]),
                "sr",
                rate));
    assertThat((float[][]) outputs.get("output")).isDeepEqualTo(new float[][] {{0}, {2}});
    assertThat(((float[][][]) outputs.get("stateN"))[1][1]).containsExactly(2, 2, 2, 2);
  }

  @Test
  void zipMap_oneRow_mapsByClass() throws OrtException {
    OnnxTensor features = floats(new long[] {1, 2}, 0, 3);
    try (OrtSession session = ORT.createSession(OnnxSamples.zipMap());
        OrtSession.Result result = session.run(Map.of("features", features))) {
      assertThat((String[]) result.get("label").orElseThrow().getValue()).containsExactly("high");
      List<? extends OnnxValue> maps =
          ((OnnxSequence) result.get("scores").orElseThrow()).getValue();
      assertThat(((OnnxMap) maps.get(0)).getValue().keySet())
          .isEqualTo(Set.of("low", "mid", "high"));
    } finally {
      features.close();
    }
  }

  @Test
  void weightsBeside_oneRow_readsTheSecondFile(@TempDir Path folder) throws OrtException {
    Path file = OnnxSamples.weightsBeside(folder);
    try (OrtSession session = ORT.createSession(file.toString())) {
      Map<String, Object> outputs = run(session, Map.of("x", floats(new long[] {1, 2}, 1, 10)));
      assertThat((float[][]) outputs.get("y")).isDeepEqualTo(new float[][] {{53}});
    }
  }
}
