package dev.mlops.runtime.engine.onnx;

import static dev.mlops.runtime.onnx.OnnxGraph.BOOL;
import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT16;
import static dev.mlops.runtime.onnx.OnnxGraph.INT16;
import static dev.mlops.runtime.onnx.OnnxGraph.INT32;
import static dev.mlops.runtime.onnx.OnnxGraph.INT64;
import static dev.mlops.runtime.onnx.OnnxGraph.INT8;
import static dev.mlops.runtime.onnx.OnnxGraph.STRING;
import static dev.mlops.runtime.onnx.OnnxGraph.UINT8;
import static dev.mlops.runtime.onnx.OnnxGraph.attribute;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.engine.Tensor;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxSamples;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a slot does with tensors of every kind. */
final class OnnxSlotTest {
  @TempDir Path folder;

  private EngineSession load(TestVersion version) {
    return OnnxRuntimeEngine.create().load(version, 1);
  }

  private EngineSession load(byte[] model) {
    return load(TestVersion.of(folder, model));
  }

  /** {@code x} to {@code y} of the same type and axes, unchanged. */
  private static byte[] identity(int type, Object... dims) {
    return OnnxGraph.named("identity")
        .input("x", type, dims)
        .node("Identity", List.of("x"), List.of("y"))
        .output("y", type, dims)
        .toBytes();
  }

  @Test
  void run_int64VectorTo26Scores_textAndScores() {
    try (EngineSession session = load(OnnxSamples.letters())) {
      Slot slot = session.slot(0);
      Tensor pixels = slot.input(0, 2);
      for (int i = 0; i < 32; i++) {
        pixels.longs().put(i, i == 16 + 3 ? 5 : 0);
      }
      slot.run(2);
      assertThat(slot.output(0).texts()).containsExactly("Q", "T");
      assertThat(slot.output(1).shape()).containsExactly(2, 26);
      assertThat(slot.output(1).floats().get(26 + 3))
          .isGreaterThan(slot.output(1).floats().get(26 + 4));
      // the softmax of 16 zeros and 10 ones
      assertThat(slot.output(1).floats().get(16))
          .isCloseTo((float) (Math.E / (16 + 10 * Math.E)), offset(1e-6f));
    }
  }

  @Test
  void run_float64_keepsItsDigits() {
    try (EngineSession session = load(OnnxSamples.doubles())) {
      Slot slot = session.slot(0);
      slot.input(0, 1).doubles().put(0, 1e-9).put(1, 0.2).put(2, 3);
      slot.run(1);
      assertThat(slot.output(0).doubles().get(0)).isCloseTo(302.100000001, offset(1e-12));
      assertThat(slot.output(0).type()).isEqualTo(ElementType.DOUBLE);
    }
  }

  @Test
  void run_matrixAndInt64Column_bothAreRead() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("numeric", ElementType.FLOAT, "lag_1", "lag_7", "temp")
            .input("weekday", ElementType.INT64)
            .output("riders_thousands", ElementType.FLOAT)
            .build();
    try (EngineSession session = load(TestVersion.of(folder, OnnxSamples.riders(), schema))) {
      Slot slot = session.slot(0);
      Tensor numeric = slot.input(0, 2);
      Tensor weekday = slot.input(1, 2);
      for (int i = 0; i < 6; i++) {
        numeric.floats().put(i, i);
      }
      weekday.longs().put(0, 6).put(1, 0);
      slot.run(2);
      assertThat(weekday.shape()).containsExactly(2, 1);
      assertThat(slot.output(0).floats().get(0)).isEqualTo(0 + 2 + 6 + 6 + 0.5f);
      assertThat(slot.output(0).floats().get(1)).isEqualTo(3 + 8 + 15 + 0.5f);
    }
  }

  @Test
  void run_columnSaidAsMatrixOfOne_takesTheGraphsRank() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, "only")
            .output("y", ElementType.FLOAT)
            .build();
    for (byte[] model : List.of(identity(FLOAT, "batch"), identity(FLOAT, "batch", 1))) {
      try (EngineSession session = load(TestVersion.of(folder, model, schema))) {
        Slot slot = session.slot(0);
        slot.input(0, 3).floats().put(2, 9);
        slot.run(3);
        assertThat(slot.output(0).floats().get(2)).isEqualTo(9);
      }
    }
  }

  @Test
  void run_fourteenNamedColumnsWithBlanksDotsAndBrackets_areFed() {
    try (EngineSession session = load(OnnxSamples.applicants())) {
      Slot slot = session.slot(0);
      double sum = 0;
      for (int i = 0; i < 14; i++) {
        if (i < 10) {
          slot.input(i, 1).floats().put(0, i - 4);
          sum += (i + 1) * (i - 4) / 1000.0;
        } else {
          slot.input(i, 1).texts()[0] = i % 2 == 0 ? "yes" : "other";
          sum += i % 2 == 0 ? (i + 1) / 1000.0 : 0;
        }
      }
      slot.run(1);
      assertThat((double) slot.output(1).floats().get(1))
          .isCloseTo(1 / (1 + Math.exp(-sum)), offset(1e-6));
    }
  }

  @Test
  void run_weightsInASecondFile_areFound() {
    try (EngineSession session = load(TestVersion.of(OnnxSamples.weightsBeside(folder)))) {
      Slot slot = session.slot(0);
      slot.input(0, 1).floats().put(0, 2).put(1, 3);
      slot.run(1);
      assertThat(slot.output(0).floats().get(0)).isEqualTo(21);
    }
  }

  @Test
  void run_stateWhoseRowAxisIsSecondAndScalarForTheCall_works() {
    try (EngineSession session = load(OnnxSamples.voice())) {
      Slot slot = session.slot(0);
      Tensor input = slot.input(0, 2);
      Tensor state = slot.input(1, 2);
      assertThat(state.shape()).containsExactly(2, 2, 4);
      slot.input(2, 2).longs().put(0, 10);
      for (int i = 0; i < 16; i++) {
        input.floats().put(i, i < 8 ? 10 : 20);
        state.floats().put(i, i);
      }
      slot.run(2);
      assertThat(slot.output(0).floats().get(0)).isEqualTo(1);
      assertThat(slot.output(0).floats().get(1)).isEqualTo(2);
      assertThat(slot.output(1).shape()).containsExactly(2, 2, 4);
      assertThat(slot.output(1).floats().get(15)).isEqualTo(17);
      // the scalar is the call's, not the row's: it stays as it was for another row count
      slot.input(0, 1).floats().put(0, 80);
      slot.input(1, 1);
      slot.run(1);
      assertThat(slot.input(2, 1).longs().get(0)).isEqualTo(10);
    }
  }

  @Test
  void run_smallTypes_goThroughUnchanged() {
    try (EngineSession session = load(identity(INT32, "batch", 2))) {
      Slot slot = session.slot(0);
      slot.input(0, 1).ints().put(0, Integer.MIN_VALUE).put(1, 7);
      slot.run(1);
      assertThat(slot.output(0).ints().get(0)).isEqualTo(Integer.MIN_VALUE);
    }
    try (EngineSession session = load(identity(INT16, "batch", 2))) {
      Slot slot = session.slot(0);
      slot.input(0, 1).shorts().put(1, (short) -7);
      slot.run(1);
      assertThat(slot.output(0).shorts().get(1)).isEqualTo((short) -7);
    }
    for (int type : new int[] {INT8, UINT8, BOOL}) {
      try (EngineSession session = load(identity(type, "batch", 2))) {
        Slot slot = session.slot(0);
        slot.input(0, 2).bytes().put(3, (byte) 1);
        slot.run(2);
        assertThat(slot.output(0).bytes().get(3)).isEqualTo((byte) 1);
        assertThat(slot.output(0).bytes().get(2)).isEqualTo((byte) 0);
      }
    }
  }

  @Test
  void run_logicOnBooleans_isUnderstood() {
    byte[] model =
        OnnxGraph.named("not")
            .input("x", BOOL, "batch")
            .node("Not", List.of("x"), List.of("y"))
            .output("y", BOOL, "batch")
            .toBytes();
    try (EngineSession session = load(model)) {
      Slot slot = session.slot(0);
      slot.input(0, 2).bytes().put(0, (byte) 1).put(1, (byte) 0);
      slot.run(2);
      assertThat(slot.output(0).bytes().get(0)).isEqualTo((byte) 0);
      assertThat(slot.output(0).bytes().get(1)).isEqualTo((byte) 1);
    }
  }

  @Test
  void run_textVector_comesBackInRowMajorOrder() {
    try (EngineSession session = load(identity(STRING, "batch", 3))) {
      Slot slot = session.slot(0);
      String[] in = slot.input(0, 2).texts();
      String[] words = {"a", "", "Übermut", "日本", "e\nf", "  "};
      System.arraycopy(words, 0, in, 0, 6);
      slot.run(2);
      assertThat(slot.output(0).texts()).containsExactly(words);
      assertThat(slot.output(0).shape()).containsExactly(2, 3);
    }
  }

  @Test
  void input_ofText_isBlankNotNull() {
    try (EngineSession session = load(identity(STRING, "batch", 2))) {
      assertThat(session.slot(0).input(0, 2).texts()).containsOnly("");
    }
  }

  @Test
  void run_nullAmongTexts_isToldBeforeAnythingNative() {
    try (EngineSession session = load(identity(STRING, "batch"))) {
      Slot slot = session.slot(0);
      slot.input(0, 2).texts()[1] = null;
      assertThatThrownBy(() -> slot.run(2))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("storms:1.0.0: element 1 of text input 'x' is null");
      slot.input(0, 2).texts()[1] = "b";
      slot.run(2);
      assertThat(slot.output(0).texts()).containsExactly("", "b");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"🌀", "x\0y", "half \ud83c"})
  void run_textThatWouldReachTheModelGarbled_isRefused(String text) {
    try (EngineSession session = load(identity(STRING, "batch", 2))) {
      Slot slot = session.slot(0);
      slot.input(0, 3).texts()[4] = text;
      assertThatThrownBy(() -> slot.run(3))
          .isInstanceOf(InvalidInputException.class)
          .hasMessage(
              "row 2: text for 'x' has a character that ONNX Runtime's Java interface garbles: U+0000"
                  + " or one beyond U+FFFF, such as an emoji; leave it out")
          .hasMessageNotContaining(text);
      slot.input(0, 3).texts()[4] = "fine";
      slot.run(3);
      assertThat(slot.output(0).texts()[4]).isEqualTo("fine");
    }
  }

  @Test
  void run_zipMapWithTextKeys_isAMatrixInTheOrderOfTheClasses() {
    try (EngineSession session = load(OnnxSamples.zipMap())) {
      Slot slot = session.slot(0);
      slot.input(0, 2).floats().put(0, 0).put(1, 9).put(2, 9).put(3, 0);
      slot.run(2);
      assertThat(slot.output(0).texts()).containsExactly("high", "mid");
      FloatBuffer scores = slot.output(1).floats();
      assertThat(slot.output(1).shape()).containsExactly(2, 3);
      assertThat(scores.get(2)).isGreaterThan(0.99f);
      assertThat(scores.get(3 + 1)).isGreaterThan(0.99f);
    }
  }

  @Test
  void run_zipMapWithColumnsOfOtherNames_followsTheOrderOfTheClasses() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("features", ElementType.FLOAT, "a", "b")
            .output("scores", ElementType.FLOAT, "niedrig", "mittel", "hoch")
            .build();
    try (EngineSession session = load(TestVersion.of(folder, OnnxSamples.zipMap(), schema))) {
      Slot slot = session.slot(0);
      slot.input(0, 1).floats().put(0, 0).put(1, 9);
      slot.run(1);
      assertThat(slot.output(0).floats().get(2)).isGreaterThan(0.99f);
    }
  }

  // ---------------------------------------------------------------- row counts and memory

  @Test
  void input_sameRowCountAmongTheLastEight_isTheSameObject() {
    try (EngineSession session = load(identity(FLOAT, "batch", 2))) {
      Slot slot = session.slot(0);
      Tensor one = slot.input(0, 1);
      for (int rows = 2; rows <= 8; rows++) {
        slot.input(0, rows);
      }
      assertThat(slot.input(0, 1)).isSameAs(one);
      Tensor two = slot.input(0, 2);
      assertThat(slot.input(0, 2)).isSameAs(two);
      for (int rows = 9; rows <= 16; rows++) {
        slot.input(0, rows);
      }
      assertThat(slot.input(0, 1)).isNotSameAs(one);
    }
  }

  @Test
  void run_manyRowCountsInTurn_eachIsRight() {
    try (EngineSession session = load(identity(FLOAT, "batch", 2))) {
      Slot slot = session.slot(0);
      for (int rows : new int[] {1, 64, 3, 1024, 2, 5, 6, 7, 8, 9, 10, 1, 4_000, 1, 1024}) {
        Tensor in = slot.input(0, rows);
        assertThat(in.shape()).containsExactly(rows, 2);
        assertThat(in.floats().capacity()).isEqualTo(rows * 2);
        for (int i = 0; i < rows * 2; i++) {
          in.floats().put(i, rows + i);
        }
        slot.run(rows);
        for (int i = 0; i < rows * 2; i++) {
          assertThat(slot.output(0).floats().get(i)).isEqualTo(rows + i);
        }
      }
    }
  }

  @Test
  void input_memoryGrows_contentsStay() {
    try (EngineSession session = load(identity(FLOAT, "batch", 300))) {
      Slot slot = session.slot(0);
      slot.input(0, 1).floats().put(299, 42);
      slot.input(0, 100_000);
      assertThat(slot.input(0, 1).floats().get(299)).isEqualTo(42);
      slot.run(1);
      assertThat(slot.output(0).floats().get(299)).isEqualTo(42);
    }
  }

  @Test
  void input_moreThanAPieceOfMemoryHolds_isTold() {
    try (EngineSession session = load(identity(FLOAT, "batch", 300))) {
      Slot slot = session.slot(0);
      slot.input(0, 1).floats().put(0, 7);
      assertThatThrownBy(() -> slot.input(0, 2_000_000))
          .isInstanceOf(ModelFailedException.class)
          .hasMessageContaining("tensor 'x' of 2000000 rows has 600000000 elements");
      slot.input(0, 1);
      slot.run(1);
      assertThat(slot.output(0).floats().get(0)).isEqualTo(7);
    }
  }

  @Test
  void run_forRowsNotAskedFor_isRefused() {
    try (EngineSession session = load(identity(FLOAT, "batch", 2))) {
      Slot slot = session.slot(0);
      assertThatThrownBy(() -> slot.run(1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("run of 1 rows, but the inputs were last asked for with none");
      slot.input(0, 2);
      assertThatThrownBy(() -> slot.run(3))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("run of 3 rows, but the inputs were last asked for with 2");
      assertThatThrownBy(() -> slot.output(0)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> slot.input(0, 0)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void tensor_accessorOfAnotherType_isRefused() {
    try (EngineSession session = load(identity(FLOAT, "batch", 2))) {
      Tensor tensor = session.slot(0).input(0, 1);
      assertThatThrownBy(tensor::doubles)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("tensor 'x' is FLOAT and has no doubles()");
      assertThatThrownBy(tensor::longs).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(tensor::ints).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(tensor::shorts).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(tensor::bytes).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(tensor::texts).isInstanceOf(IllegalStateException.class);
    }
  }

  // ---------------------------------------------------------------- outputs against the schema

  @Test
  void run_schemaWithoutAnOutput_givesTheOthers() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("pixels", ElementType.INT64, Shape.perRow(16))
            .output("scores", ElementType.FLOAT, Shape.perRow(26))
            .build();
    try (EngineSession session = load(TestVersion.of(folder, OnnxSamples.letters(), schema))) {
      Slot slot = session.slot(0);
      slot.input(0, 1);
      slot.run(1);
      assertThat(slot.output(0).floats().capacity()).isEqualTo(26);
    }
  }

  /** Doubles its rows, or, told so, says that it does not. */
  private static byte[] twice(Object... said) {
    return OnnxGraph.named("twice")
        .input("x", FLOAT, "batch", 2)
        .node("Concat", List.of("x", "x"), List.of("y"), attribute("axis", 0))
        .output("y", FLOAT, said)
        .toBytes();
  }

  @Test
  void run_pinnedOutputOfAnotherSize_failsAndNothingIsOverrun() {
    try (EngineSession session = load(twice("batch", 2))) {
      Slot slot = session.slot(0);
      slot.input(0, 3);
      assertThatThrownBy(() -> slot.run(3))
          .isInstanceOf(ModelFailedException.class)
          .hasMessageStartingWith("storms:1.0.0 failed on 3 rows: ")
          .hasMessageContaining("{6,2}");
      assertThatThrownBy(() -> slot.output(0)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void run_openOutputOfAnotherRowCount_fails() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, "a", "b")
            .output("y", ElementType.FLOAT, Shape.perRow(Shape.ANY))
            .build();
    try (EngineSession session = load(TestVersion.of(folder, twice("batch", "n"), schema))) {
      Slot slot = session.slot(0);
      slot.input(0, 3);
      assertThatThrownBy(() -> slot.run(3))
          .isInstanceOf(ModelFailedException.class)
          .hasMessage(
              "storms:1.0.0: output 'y' came as FLOAT[6, 2] for 3 rows; the schema wants"
                  + " FLOAT[rows, ?]. Publish the model with a schema that fits it");
    }
  }

  @Test
  void run_openOutput_hasItsShapeAndIsNewEachRun() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, "a", "b")
            .output("y", ElementType.FLOAT, Shape.perRow(Shape.ANY))
            .build();
    byte[] model =
        OnnxGraph.named("wide")
            .input("x", FLOAT, "batch", 2)
            .node("Concat", List.of("x", "x"), List.of("y"), attribute("axis", 1))
            .output("y", FLOAT, "batch", "n")
            .toBytes();
    try (EngineSession session = load(TestVersion.of(folder, model, schema))) {
      Slot slot = session.slot(0);
      slot.input(0, 1).floats().put(0, 1).put(1, 2);
      slot.run(1);
      Tensor first = slot.output(0);
      assertThat(first.shape()).containsExactly(1, 4);
      assertThat(first.floats().get(3)).isEqualTo(2);
      slot.input(0, 1).floats().put(1, 5);
      slot.run(1);
      assertThat(slot.output(0).floats().get(3)).isEqualTo(5);
    }
  }

  @Test
  void run_oneNumberForTheWholeCall_isRead() {
    byte[] model =
        OnnxGraph.named("mean")
            .input("x", FLOAT, "batch", 2)
            .node("ReduceMean", List.of("x"), List.of("y"), attribute("keepdims", 0))
            .output("y", FLOAT)
            .toBytes();
    try (EngineSession session = load(model)) {
      Slot slot = session.slot(0);
      slot.input(0, 2).floats().put(0, 1).put(1, 2).put(2, 3).put(3, 6);
      slot.run(2);
      assertThat(slot.output(0).shape()).isEmpty();
      assertThat(slot.output(0).floats().get(0)).isEqualTo(3);
    }
  }

  @Test
  void load_halfFloats_areDeclined() {
    TestVersion version = TestVersion.of(folder, identity(FLOAT16, "batch", 2));
    String why =
        "storms:1.0.0: tensor 'x' is FLOAT16, which is not supported yet; export the model with a"
            + " Cast to float";
    assertThat(OnnxRuntimeEngine.create().declines(version)).hasValue(why);
    assertThatThrownBy(() -> load(version))
        .isInstanceOf(ModelFailedException.class)
        .hasMessage(why);
  }

  @Test
  void load_inputOfOpenLength_isDeclined() {
    TestVersion version = TestVersion.of(folder, identity(INT64, "batch", "tokens"));
    assertThat(OnnxRuntimeEngine.create().declines(version))
        .hasValue(
            "storms:1.0.0: input 'x' is [rows, ?], and inputs whose length differs from call to"
                + " call are not supported yet; give every axis but the rows a fixed length");
  }

  @Test
  void memory_isDirectAndInNativeOrder() {
    try (EngineSession session = load(identity(UINT8, "batch", 2))) {
      ByteBuffer bytes = session.slot(0).input(0, 1).bytes();
      assertThat(bytes.isDirect()).isTrue();
    }
    try (EngineSession session = load(identity(FLOAT, "batch", 2))) {
      assertThat(session.slot(0).input(0, 1).floats().order())
          .isEqualTo(java.nio.ByteOrder.nativeOrder());
    }
  }
}
