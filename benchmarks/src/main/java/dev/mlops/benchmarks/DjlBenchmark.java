package dev.mlops.benchmarks;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslateException;
import ai.djl.translate.TranslatorContext;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The same by a DJL predictor on the same ONNX Runtime, in a JVM where DJL makes the engine's
 * environment.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
@Fork(jvmArgsAppend = {"-Dai.djl.offline=true", "-Dslf4j.internal.verbosity=ERROR"})
@SuppressWarnings("NullAway.Init") // JMH calls the setup first
public class DjlBenchmark extends PredictBenchmark.Turn {
  @Param({"logistic", "network"})
  String model;

  private List<?> records;
  private ZooModel<Tumor, Forecast> loaded;
  private Predictor<Tumor, Forecast> predictor;

  /** Opens. */
  @Setup
  public void open() throws IOException, ModelNotFoundException, MalformedModelException {
    Subject<?> subject = Subject.of(model);
    records = subject.records;
    loaded =
        Criteria.builder()
            .setTypes(Tumor.class, Forecast.class)
            .optModelPath(subject.file)
            .optEngine("OnnxRuntime")
            .optTranslator(new Floats())
            .build()
            .loadModel();
    predictor = loaded.newPredictor();
  }

  /** Closes. */
  @TearDown
  public void close() {
    predictor.close();
    loaded.close();
  }

  /** A record in, a record out. */
  @Benchmark
  public Forecast djl() throws TranslateException {
    return predictor.predict((Tumor) records.get(next()));
  }

  private static final class Floats implements NoBatchifyTranslator<Tumor, Forecast> {
    @Override
    public NDList processInput(TranslatorContext context, Tumor input) {
      return new NDList(context.getNDManager().create(input.toArray(), new Shape(1, 30)));
    }

    @Override
    public Forecast processOutput(TranslatorContext context, NDList list) {
      return new Forecast(list.get(list.size() - 1).toFloatArray()[1]); // after the label, if any
    }
  }
}
