package dev.mlops.runtime.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.runtime.onnx.SlowModels;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The slow models answer what they say and take as long as they are told to. */
final class SlowModelsTest {
  @TempDir Path folder;

  @Test
  void run_ofEitherModel_answersItsInputAndTakesLongerForMoreSteps() {
    for (Path model : List.of(SlowModels.manyOperators(folder), SlowModels.oneOperator(folder))) {
      try (EngineSession session = OnnxRuntimeEngine.create().load(TestVersion.of(model), 1)) {
        Slot slot = session.slot(0);
        nanos(slot, 0);
        long few = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) { // the best of some, as machines are busy
          few = Math.min(few, nanos(slot, 10));
        }
        assertThat(nanos(slot, 10_000)).as(model.toString()).isGreaterThan(5 * few);
      }
    }
  }

  private static long nanos(Slot slot, float steps) {
    slot.input(0, 2).floats().put(0, 0).put(1, steps);
    long from = System.nanoTime();
    slot.run(2);
    long nanos = System.nanoTime() - from;
    assertThat(slot.output(0).floats().get(0)).isZero();
    assertThat(slot.output(0).floats().get(1)).isEqualTo(steps);
    return nanos;
  }
}
