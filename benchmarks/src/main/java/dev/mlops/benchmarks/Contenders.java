package dev.mlops.benchmarks;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import dev.mlops.drift.DriftMonitor;
import dev.mlops.drift.Window;
import dev.mlops.engine.Engine;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.runtime.ModelRuntime;
import dev.mlops.runtime.store.ModelFile;
import dev.mlops.store.StoredVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What the library itself, the bare engine and DJL make of a subject. */
final class Contenders {
  private Contenders() {}

  /** Our whole call, by record. */
  static <I> Contender predict(Subject<I> subject, Engine engine) {
    accepted(subject, engine);
    return new Handle<>(subject, subject.runtime(engine));
  }

  /** The same, and the values are counted for drift. */
  static <I> Contender recorded(Subject<I> subject, Engine engine) {
    accepted(subject, engine);
    DriftMonitor drift = DriftMonitor.builder().window(Window.rows(100_000)).build();
    return new Handle<>(subject, subject.recorded(drift, engine)) {
      @Override
      public void close() {
        super.close();
        drift.close();
      }
    };
  }

  /** A runtime would ask another engine for what one declines. */
  private static void accepted(Subject<?> subject, Engine engine) {
    Optional<String> why = declines(subject, engine);
    if (why.isPresent()) {
      throw new UnsupportedOperationException(why.get());
    }
  }

  /** Why an engine would not run a subject. */
  static Optional<String> declines(Subject<?> subject, Engine engine) {
    try (StoredVersion version = open(subject)) {
      return engine.declines(version);
    }
  }

  private static StoredVersion open(Subject<?> subject) {
    ModelFile file = ModelFile.at(subject.file, subject.schema);
    return file.open(file.versions("model").get(0));
  }

  private static class Handle<I> implements Contender {
    private final Subject<I> subject;
    private final ModelRuntime runtime;
    private final ModelHandle<I, Forecast> handle;

    Handle(Subject<I> subject, ModelRuntime runtime) {
      this.subject = subject;
      this.runtime = runtime;
      this.handle = subject.handle(runtime, subject.type);
    }

    @Override
    public Calls calls(int rows) {
      if (rows == 1) {
        List<I> records = subject.records;
        return (batch, into) -> into[0] = handle.predict(records.get(batch)).value().probability();
      }
      List<List<I>> batches = batches(subject.records, rows);
      return (batch, into) -> {
        List<Prediction<Forecast>> predictions = handle.predictAll(batches.get(batch));
        for (int row = 0; row < rows; row++) {
          into[row] = predictions.get(row).value().probability();
        }
      };
    }

    @Override
    public void close() {
      runtime.close();
    }
  }

  /** One slot of an engine: the record is put into its input, it runs, the output is read. */
  static <I> Contender slot(Subject<I> subject, Engine engine) {
    accepted(subject, engine);
    StoredVersion version = open(subject);
    EngineSession session = engine.load(version, 2);
    return new Contender() {
      private int slots;

      @Override
      public Calls calls(int rows) {
        Slot slot = session.slot(slots++ % 2);
        int inputs = subject.schema.inputs().size();
        Tensor[] tensors = new Tensor[inputs];
        return (batch, into) -> {
          for (int i = 0; i < inputs; i++) {
            tensors[i] = slot.input(i, rows);
          }
          for (int row = 0; row < rows; row++) {
            subject.fill(tensors, row, subject.records.get(batch * rows + row));
          }
          slot.run(rows);
          Tensor output = slot.output(0);
          for (int row = 0; row < rows; row++) {
            into[row] = output.floats().get(2 * row + 1);
          }
        };
      }

      @Override
      public void close() {
        session.close();
        version.close();
      }
    };
  }

  /** ONNX Runtime written by hand as people write it: one session for all. */
  static <I> Contender typical(Subject<I> subject) {
    ByHand<I> typical = subject.typical();
    return new Contender() {
      @Override
      public Calls calls(int rows) {
        return byHand(typical, subject.records, rows);
      }

      @Override
      public void close() {
        typical.close();
      }
    };
  }

  /** ONNX Runtime tuned by hand: a session a thread. */
  static <I> Contender tuned(Subject<I> subject) {
    return rows -> {
      ByHand<I> tuned = subject.tuned();
      Contender.Calls calls = byHand(tuned, subject.records, rows);
      return new Contender.Calls() {
        @Override
        public void score(int batch, float[] into) throws Exception {
          calls.score(batch, into);
        }

        @Override
        public void close() {
          tuned.close();
        }
      };
    };
  }

  private static <I> Contender.Calls byHand(ByHand<I> hand, List<I> records, int rows) {
    if (rows == 1) {
      return (batch, into) -> into[0] = hand.predict(records.get(batch)).probability();
    }
    List<List<I>> batches = batches(records, rows);
    return (batch, into) -> {
      List<Forecast> forecasts = hand.predictAll(batches.get(batch));
      for (int row = 0; row < rows; row++) {
        into[row] = forecasts.get(row).probability();
      }
    };
  }

  /**
   * A predictor a thread, with default options. To be made before anyone uses ONNX Runtime, whose
   * environment DJL wants to make itself.
   */
  static Contender djl(Subject<?> subject, float[][] rows) throws Exception {
    ZooModel<float[][], float[]> model =
        Criteria.builder()
            .setTypes(float[][].class, float[].class)
            .optModelPath(subject.file)
            .optEngine("OnnxRuntime")
            .optTranslator(new Floats())
            .build()
            .loadModel();
    return new Contender() {
      @Override
      public Calls calls(int size) {
        Predictor<float[][], float[]> predictor = model.newPredictor();
        float[][][] batches = new float[rows.length / size][][];
        for (int i = 0; i < batches.length; i++) {
          batches[i] = Arrays.copyOfRange(rows, i * size, (i + 1) * size);
        }
        return new Calls() {
          @Override
          public void score(int batch, float[] into) throws Exception {
            float[] probabilities = predictor.predict(batches[batch]);
            for (int row = 0; row < size; row++) {
              into[row] = probabilities[2 * row + 1];
            }
          }

          @Override
          public void close() {
            predictor.close();
          }
        };
      }

      @Override
      public void close() {
        model.close();
      }
    };
  }

  private static final class Floats implements NoBatchifyTranslator<float[][], float[]> {
    @Override
    public NDList processInput(TranslatorContext context, float[][] rows) {
      int columns = rows[0].length;
      float[] flat = rows[0];
      if (rows.length > 1) {
        flat = new float[rows.length * columns];
        for (int row = 0; row < rows.length; row++) {
          System.arraycopy(rows[row], 0, flat, row * columns, columns);
        }
      }
      return new NDList(context.getNDManager().create(flat, new Shape(rows.length, columns)));
    }

    @Override
    public float[] processOutput(TranslatorContext context, NDList list) {
      return list.get(list.size() - 1).toFloatArray(); // after the label, if any
    }
  }

  private static <T> List<List<T>> batches(List<T> all, int rows) {
    List<List<T>> batches = new ArrayList<>();
    for (int from = 0; from < all.size(); from += rows) {
      batches.add(List.copyOf(all.subList(from, from + rows)));
    }
    return batches;
  }
}
