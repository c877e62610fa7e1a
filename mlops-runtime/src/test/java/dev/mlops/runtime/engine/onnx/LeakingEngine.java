package dev.mlops.runtime.engine.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.model.ModelSchema;
import dev.mlops.store.StoredVersion;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * ONNX Runtime as it is used by somebody who forgets to close: beside one run in a hundred it makes
 * another whose input and result stay open. For models whose one input is a row of floats.
 */
public final class LeakingEngine extends CountingEngine {
  private static final int ONE_IN = 100;

  private final AtomicLong runs = new AtomicLong();
  private final AtomicLong leaks = new AtomicLong();

  /** An engine that has left nothing open yet. */
  public LeakingEngine() {
    super(OnnxRuntimeEngine.create());
  }

  /** How many were left open. */
  public long leaks() {
    return leaks.get();
  }

  @Override
  public EngineSession load(StoredVersion version, int slots) {
    EngineSession session = super.load(version, slots);
    OrtSession own;
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setCPUArenaAllocator(false); // or a result keeps a whole arena
      own = OrtEnvironment.getEnvironment().createSession(version.model().toString(), options);
    } catch (OrtException e) {
      session.close();
      throw new IllegalStateException(e);
    }
    return new Session(
        index -> leaking(session.slot(index), own, version.schema()),
        () -> {
          session.close();
          try {
            own.close();
          } catch (OrtException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private Slot leaking(Slot slot, OrtSession session, ModelSchema schema) {
    long width = schema.inputs().get(0).shape().dims().get(1);
    String name = schema.inputs().get(0).name();
    return new ForwardingSlot(slot) {
      @Override
      @SuppressWarnings("resource") // that is the point
      public void run(int rows) {
        super.run(rows);
        if (runs.incrementAndGet() % ONE_IN == 0) {
          try {
            session.run(
                Map.of(
                    name,
                    OnnxTensor.createTensor(
                        OrtEnvironment.getEnvironment(), new float[1][(int) width])));
          } catch (OrtException e) {
            throw new IllegalStateException(e);
          }
          leaks.incrementAndGet();
        }
      }
    };
  }
}
