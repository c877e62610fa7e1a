package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.model.ElementType;
import dev.mlops.runtime.engine.onnx.CountingEngine;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.engine.onnx.TestVersion;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A network that two engines share by the number of rows. */
final class SplitSlotTest {
  private final List<String> told = new ArrayList<>();

  private final class Telling implements Slot {
    private final String name;

    Telling(String name) {
      this.name = name;
    }

    @Override
    public Tensor input(int tensor, int rows) {
      told.add(name + " input of " + rows);
      return new Rim("x", new Value(0, ElementType.FLOAT, Extent.rows(), null))
          .tensor(registers(), rows);
    }

    @Override
    public Tensor input(int tensor, long[] shape) {
      throw new IllegalStateException();
    }

    @Override
    public void run(int rows) {
      told.add(name + " run of " + rows);
    }

    @Override
    public Tensor output(int tensor) {
      told.add(name + " output");
      return input(tensor, 1);
    }

    @Override
    public boolean cancel() {
      told.add(name + " cancel");
      return true;
    }
  }

  private static Registers registers() {
    Registers registers =
        new Registers(List.of(new Value(0, ElementType.FLOAT, Extent.rows(), null)), 0);
    registers.grow(100);
    return registers;
  }

  @Test
  void run_upToTheMostRows_isTheFirstSlotsAndBeyondTheSeconds() {
    Slot slot = new SplitSlot(new Telling("few"), new Telling("many"), 12);
    for (int rows : new int[] {1, 12, 13}) {
      slot.input(0, rows);
      slot.run(rows);
    }
    assertThat(slot.cancel()).isTrue();
    assertThat(told)
        .containsExactly(
            "few input of 1",
            "few run of 1",
            "few input of 12",
            "few run of 12",
            "many input of 13",
            "many run of 13",
            "many cancel");
    told.clear();
    slot.output(0);
    assertThat(told).first().isEqualTo("many output");
  }

  @Test
  void session_ofASharedNetwork_countsTheOtherEnginesMemoryAndClosesItsSession() {
    TestVersion version = TestVersion.of(TestVersion.fixture("storms-mlp/1/model.onnx"));
    CountingEngine other = new CountingEngine(OnnxRuntimeEngine.create());
    TabularEngine engine = TabularEngine.beside(other);
    assertThat(engine.declines(version)).isEmpty();
    assertThat(engine.memory(version, 1))
        .isEqualTo(OnnxRuntimeEngine.create().memory(version, 1))
        .isPositive();
    EngineSession session = engine.load(version, 1);
    assertThat(other.live()).isEqualTo(1);
    session.close();
    assertThat(other.live()).isZero();
  }
}
