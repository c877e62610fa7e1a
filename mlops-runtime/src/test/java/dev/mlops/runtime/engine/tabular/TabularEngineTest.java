package dev.mlops.runtime.engine.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.runtime.engine.onnx.ChildJvm;
import dev.mlops.runtime.engine.onnx.TestVersion;
import dev.mlops.runtime.onnx.OnnxGraph;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TabularEngineTest {
  @TempDir private Path folder;

  @Test
  void run_identity_isWhatWasFilledIn() {
    byte[] model =
        OnnxGraph.named("same")
            .input("x", OnnxGraph.FLOAT, "batch", 2)
            .output("y", OnnxGraph.FLOAT, "batch", 2)
            .node("Identity", List.of("x"), List.of("y"))
            .toBytes();
    try (BothEngines both = BothEngines.of(folder, model)) {
      for (int rows : new int[] {1, 3, 100, 1}) {
        float[] in = new float[2 * rows];
        in[1] = rows;
        both.run(rows, in);
        assertThat((float[]) both.ours(0)).containsExactly(in);
        assertThat((float[]) both.theirs(0)).containsExactly(in);
      }
    }
  }

  @Test
  void run_bytesFrom0To255_areNotTakenForNegative() {
    try (BothEngines both = BothEngines.of(folder, cast(OnnxGraph.UINT8))) {
      both.run(2, (Object) new byte[] {(byte) 200, 100});
      assertThat((float[]) both.ours(0)).containsExactly(200, 100);
      assertThat((float[]) both.theirs(0)).containsExactly(200, 100);
    }
    try (BothEngines both = BothEngines.of(folder, cast(OnnxGraph.INT8))) {
      both.run(2, (Object) new byte[] {(byte) 200, 100});
      assertThat((float[]) both.ours(0)).containsExactly(-56, 100);
      assertThat((float[]) both.theirs(0)).containsExactly(-56, 100);
    }
  }

  @Test
  void run_inputOfAnyWidth_hasTheSchemas() {
    byte[] model =
        OnnxGraph.named("sums")
            .input("x", OnnxGraph.FLOAT, "batch", "width")
            .output("y", OnnxGraph.FLOAT, "batch", 1)
            .node("ReduceSum", List.of("x", "axes"), List.of("y"))
            .initializer(OnnxGraph.longs("axes", new long[] {1}, 1))
            .toBytes();
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, "a", "b", "c")
            .output("y", ElementType.FLOAT)
            .build();
    try (BothEngines both = BothEngines.of(TestVersion.of(folder, model, schema))) {
      both.run(2, (Object) new float[] {1, 2, 3, 10, 20, 30});
      assertThat((float[]) both.ours(0)).containsExactly(6, 60);
      assertThat((float[]) both.theirs(0)).containsExactly(6, 60);
    }
    ModelSchema any =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, Shape.perRow(Shape.ANY))
            .output("y", ElementType.FLOAT)
            .build();
    assertThat(TabularEngine.create().declines(TestVersion.of(folder, model, any)))
        .hasValueSatisfying(why -> assertThat(why).contains("another axis of any length"));
  }

  @Test
  void run_batchesOfManySizes_areAsOneRowEach() {
    byte[] model =
        OnnxGraph.named("blocks")
            .input("x", OnnxGraph.FLOAT, "batch", 2)
            .input("b", OnnxGraph.UINT8, "batch", 1)
            .input("t", OnnxGraph.STRING, "batch", 1)
            .output("y", OnnxGraph.FLOAT, "batch", 3)
            .output("u", OnnxGraph.STRING, "batch", 1)
            .output("q", OnnxGraph.BOOL, "batch", 1)
            .node("Cast", List.of("b"), List.of("f"), OnnxGraph.attribute("to", OnnxGraph.FLOAT))
            .node("Concat", List.of("x", "f"), List.of("y"), OnnxGraph.attribute("axis", 1))
            .node("Identity", List.of("t"), List.of("u"))
            .node("Cast", List.of("b"), List.of("q"), OnnxGraph.attribute("to", OnnxGraph.BOOL))
            .toBytes();
    try (BothEngines both = BothEngines.of(folder, model)) {
      for (int rows : new int[] {1, 2, 63, 64, 65, 200, 128, 129, 64, 1_024, 3, 1}) {
        float[] x = new float[2 * rows];
        byte[] b = new byte[rows];
        String[] t = new String[rows];
        for (int row = 0; row < rows; row++) {
          x[2 * row] = row;
          x[2 * row + 1] = -row - rows;
          b[row] = (byte) (row * 7);
          t[row] = "row " + row + " of " + rows;
        }
        both.run(rows, x, b, t);
        assertThat((float[]) both.ours(0)).containsExactly((float[]) both.theirs(0));
        assertThat((String[]) both.ours(1)).containsExactly(t);
        assertThat((byte[]) both.ours(2)).containsExactly((byte[]) both.theirs(2));
      }
    }
  }

  @Test
  void run_batchWhoseValuesAreLargerThanTheHeap_takesItABlockAtATime() throws Exception {
    byte[] model =
        OnnxGraph.named("wide")
            .input("x", OnnxGraph.FLOAT, "batch", 1)
            .output("y", OnnxGraph.FLOAT, "batch", 1)
            .initializer(OnnxGraph.floats("zeros", new long[] {1, 50_000}, new float[50_000]))
            .initializer(OnnxGraph.longs("axes", new long[] {1}, 1))
            .node("Add", List.of("x", "zeros"), List.of("w"))
            .node("ReduceSum", List.of("w", "axes"), List.of("y"))
            .toBytes();
    Path file = Files.write(folder.resolve("model.onnx"), model);
    ChildJvm.Result wide = new ChildJvm(folder).heap("64m").run(Wide.class, file.toString());
    assertThat(wide.output()).contains("last 150000.0");
  }

  /** A batch of 1,000 rows that are 50,000 numbers wide on the way. */
  static final class Wide {
    private Wide() {}

    public static void main(String[] args) {
      try (EngineSession session =
          TabularEngine.create().load(TestVersion.of(Path.of(args[0])), 1)) {
        Slot slot = session.slot(0);
        slot.input(0, 1_000).floats().put(999, 3);
        slot.run(1_000);
        System.out.println("last " + slot.output(0).floats().get(999));
      }
    }
  }

  @Test
  void declines_namesWithLineBreaks_saysWhyOnOneLine() {
    byte[] model =
        OnnxGraph.named("sneaky")
            .input("x", OnnxGraph.FLOAT, "batch", 1)
            .output("y\nWARN all is lost", OnnxGraph.FLOAT, "batch", 1)
            .node("Cosh", List.of("x"), List.of("h"))
            .node("Neg\nWARN " + "x".repeat(3_000), List.of("h"), List.of("y\nWARN all is lost"))
            .toBytes();
    assertThat(TabularEngine.create().declines(TestVersion.of(folder, model)))
        .hasValueSatisfying(
            why -> assertThat(why).contains("Cosh").doesNotContain("\n").hasSizeLessThan(1_010));
  }

  @Test
  void load_afterItWasLookedAt_doesNotReadTheModelAgain() throws Exception {
    TestVersion version = TestVersion.of(folder, cast(OnnxGraph.FLOAT));
    TabularEngine engine = TabularEngine.create();
    assertThat(engine.declines(version)).isEmpty();
    Files.delete(folder.resolve("model.onnx"));
    engine.load(version, 1).close();
    assertThatThrownBy(() -> engine.load(version, 1)) // what was kept is given out once
        .isInstanceOf(ModelFailedException.class);
  }

  @Test
  void declines_fileOfMoreThanAnEighthOfTheHeap_saysBoth() throws Exception {
    Path model = folder.resolve("model.onnx");
    Files.write(model, large(4 << 20));
    ChildJvm.Result told = new ChildJvm(folder).heap("24m").run(Declines.class, model.toString());
    assertThat(told.output()).contains("its file of 4 MB is more than an eighth of the heap's 2");
    assertThat(new ChildJvm(folder).heap("96m").run(Declines.class, model.toString()).output())
        .contains("Optional.empty");
  }

  /** Whether the engine declines the model of a file, in a JVM with a heap of its own. */
  static final class Declines {
    private Declines() {}

    public static void main(String[] args) {
      System.out.println(TabularEngine.create().declines(TestVersion.of(Path.of(args[0]))));
    }
  }

  @Test
  void slot_usedOutOfOrder_saysWhatComesFirst() {
    try (EngineSession session =
        TabularEngine.create().load(TestVersion.of(folder, cast(OnnxGraph.FLOAT)), 1)) {
      Slot slot = session.slot(0);
      assertThatThrownBy(() -> slot.run(1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("run of 1 rows, but the inputs were last asked for with none");
      slot.input(0, 2).floats().put(0, 7).put(1, 8);
      assertThatThrownBy(() -> slot.output(0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no output before a run");
      assertThatThrownBy(() -> slot.run(3))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("run of 3 rows, but the inputs were last asked for with 2");
      slot.run(2);
      assertThat(slot.output(0).floats().get(1)).isEqualTo(8);
      slot.input(0, 1);
      assertThatThrownBy(() -> slot.output(0)).isInstanceOf(IllegalStateException.class);
    }
  }

  private static byte[] cast(int from) {
    return OnnxGraph.named("cast")
        .input("x", from, "batch", 1)
        .output("y", OnnxGraph.FLOAT, "batch", 1)
        .node("Cast", List.of("x"), List.of("y"), OnnxGraph.attribute("to", OnnxGraph.FLOAT))
        .toBytes();
  }

  private static byte[] large(int bytes) {
    int count = bytes / Float.BYTES;
    return OnnxGraph.named("large")
        .input("x", OnnxGraph.FLOAT, "batch", 1)
        .output("y", OnnxGraph.FLOAT, "batch", 1)
        .initializer(OnnxGraph.floats("unused", new long[] {count}, new float[count]))
        .node("Identity", List.of("x"), List.of("y"))
        .toBytes();
  }
}
