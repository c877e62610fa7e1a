package dev.mlops.runtime.engine.onnx;

import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.mlops.engine.EngineSession;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.engine.Slot;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.engine.ModelFiles;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.onnx.OnnxSamples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Loading, refusing, cancelling and closing. */
final class OnnxRuntimeEngineTest {
  private final OnnxRuntimeEngine engine = OnnxRuntimeEngine.create();

  @TempDir Path folder;

  private static ModelSchema storms() {
    return TestVersion.of(TestVersion.fixture("storms/2/model.onnx")).schema();
  }

  private static TestVersion broken(String file) {
    return TestVersion.of(TestVersion.fixture("storms/broken/" + file), storms());
  }

  // ---------------------------------------------------------------- what it takes

  @Test
  void formats_areOnnx() {
    assertThat(engine.formats()).containsExactly("onnx");
    assertThat(engine.name()).isEqualTo("onnxruntime");
  }

  @Test
  void declines_onnxWithOnnxRuntimeThere_no() {
    assertThat(engine.declines(TestVersion.of(TestVersion.fixture("storms/2/model.onnx"))))
        .isEmpty();
  }

  @Test
  void declines_anotherFormat_saysWhich() {
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/2/model.onnx")).format("pmml");
    assertThat(engine.declines(version))
        .hasValue("storms:1.0.0 is of the format 'pmml'; wanted 'onnx'");
  }

  @Test
  void describe_isTheGraphsSchema() {
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/2/model.onnx"));
    assertThat(engine.describe(version).toString())
        .isEqualTo(
            "inputs features FLOAT[rows, 8][0, 1, 2, 3, 4, 5, 6, 7], outputs label INT64[rows],"
                + " probabilities FLOAT[rows, 2][0, 1]");
  }

  @Test
  void describe_ofWhatIsNoModel_throwsTheEnginesOwnFailure() {
    assertThatThrownBy(() -> engine.describe(broken("not_onnx.onnx")))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageStartingWith("storms:1.0.0: ")
        .hasMessageContaining("is not an ONNX model");
  }

  @Test
  void load_folderWithOneModel_takesIt() throws IOException {
    Path files = Files.createDirectory(folder.resolve("model"));
    Path file = OnnxSamples.weightsBeside(files);
    TestVersion version = TestVersion.of(files, TestVersion.of(file).schema());
    try (EngineSession session = engine.load(version, 1)) {
      Slot slot = session.slot(0);
      slot.input(0, 1).floats().put(0, 1).put(1, 1);
      slot.run(1);
      assertThat(slot.output(0).floats().get(0)).isEqualTo(8);
    }
  }

  @Test
  void load_folderWithTwoModels_namesThem() throws IOException {
    Path files = Files.createDirectory(folder.resolve("model"));
    Path file = OnnxSamples.weightsBeside(files);
    Files.copy(file, files.resolve("other.onnx"));
    assertThatThrownBy(() -> engine.load(TestVersion.of(files, storms()), 1))
        .isInstanceOf(ModelFailedException.class)
        .hasMessage(
            "storms:1.0.0: the model's folder holds 2 files that end with .onnx [model.onnx,"
                + " other.onnx]; wanted exactly 1");
  }

  @Test
  void load_noSlots_isRefused() {
    assertThatThrownBy(
            () -> engine.load(TestVersion.of(TestVersion.fixture("storms/2/model.onnx")), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("slots was 0 but must be at least 1");
  }

  // ---------------------------------------------------------------- what is broken

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          wrong_input_name.onnx    | input "features" of the schema is not in the graph
          wrong_output_name.onnx   | output "probabilities" of the schema is not in the graph
          wrong_feature_count.onnx | input "features" has 8 columns in the schema but the graph wants [batch, 7]
          wrong_input_type.onnx    | input "features" is FLOAT in the schema but the graph wants double
          unknown_operator.onnx    | with operators of [
          future_ir.onnx           | (ORT_
          future_opset.onnx        | (ORT_
          dangling_edge.onnx       | (ORT_
          truncated.onnx           | truncated.onnx
          empty.onnx               | is empty
          not_onnx.onnx            | is not an ONNX model
          bit_flips.onnx           | bit_flips.onnx
          """)
  void load_brokenFile_isRefusedWithTheReason(String file, String reason) {
    assertThatThrownBy(() -> engine.load(broken(file), 2))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageStartingWith("storms:1.0.0")
        .hasMessageContaining(reason)
        .hasMessageNotContaining("\n")
        .hasMessageNotContaining("onnxruntime_src");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nan_output.onnx", "constant_output.onnx", "out_of_range_output.onnx"})
  void load_modelThatAnswersNonsense_runs(String file) {
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/broken/" + file));
    try (EngineSession session = engine.load(version, 1)) {
      Slot slot = session.slot(0);
      slot.input(0, 3).floats().put(new float[24]).put(0, 1_000);
      slot.run(3);
      float first = slot.output(slotIndex(version)).floats().get(0);
      switch (file) {
        case "nan_output.onnx" -> assertThat(first).isNaN();
        case "constant_output.onnx" -> assertThat(first).isEqualTo(0.5f);
        default -> assertThat(first < 0 || first > 1).isTrue();
      }
    }
  }

  private static int slotIndex(TestVersion version) {
    return version.schema().outputs().get(0).name().equals("probabilities") ? 0 : 1;
  }

  @Test
  void run_graphWithAFixedBatchOf1_takes1AndSaysSo() {
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/broken/fixed_batch_1.onnx"));
    try (EngineSession session = engine.load(version, 1)) {
      Slot slot = session.slot(0);
      assertThatThrownBy(() -> slot.input(0, 2))
          .isInstanceOf(ModelFailedException.class)
          .hasMessage(
              "storms:1.0.0 takes exactly 1 row a run, as its input 'features' says, but 2 were"
                  + " asked for; export the model with a free first axis");
      slot.input(0, 1);
      slot.run(1);
      assertThat(slot.output(0).shape()[0]).isEqualTo(1);
    }
  }

  @Test
  void run_thatFailsInside_isTypedAndTheSlotStaysUsable() {
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/broken/fails_at_run.onnx"));
    try (EngineSession session = engine.load(version, 1)) {
      Slot slot = session.slot(0);
      slot.input(0, 3);
      assertThatThrownBy(() -> slot.run(3))
          .isInstanceOf(ModelFailedException.class)
          .hasMessageStartingWith("storms:1.0.0 failed on 3 rows: ")
          .hasMessageNotContaining("onnxruntime_src")
          .hasMessageEndingWith(")");
      slot.input(0, 7);
      slot.run(7);
      assertThat(slot.output(0).shape()[0]).isEqualTo(7);
      slot.input(0, 3);
      assertThatThrownBy(() -> slot.run(3)).isInstanceOf(ModelFailedException.class);
      // what the run before gave is not the answer to this one
      assertThatThrownBy(() -> slot.output(0)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void load_weightsOutsideTheFolder_areRefusedBeforeAnySession() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("package"));
    Files.write(folder.resolve("secret.bin"), OnnxGraph.rawFloats(3, 5));
    byte[] model =
        OnnxGraph.named("reader of files")
            .input("x", FLOAT, "batch", 2)
            .initializer(
                OnnxGraph.external(
                    "w", FLOAT, new long[] {2, 1}, "location", "../secret.bin", "length", "8"))
            .node("MatMul", List.of("x", "w"), List.of("y"))
            .output("y", FLOAT, "batch", 1)
            .toBytes();
    TestVersion version = TestVersion.of(inner, model);
    assertThatThrownBy(() -> engine.load(version, 1))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageStartingWith("storms:1.0.0 cannot be served: ")
        .hasMessageContaining("../secret.bin");
  }

  @Test
  void load_weightsThatAreGone_areMissed() throws IOException {
    TestVersion version = TestVersion.of(OnnxSamples.weightsBeside(folder));
    Files.delete(folder.resolve("weights.bin"));
    assertThatThrownBy(() -> engine.load(version, 1))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("weights.bin");
  }

  // ---------------------------------------------------------------- sessions, opened and closed

  /** Opens as ONNX Runtime does, up to a number of times. */
  private static final class Counting implements OnnxSession.Opener {
    final List<OrtSession> opened = new ArrayList<>();
    private final int most;

    Counting(int most) {
      this.most = most;
    }

    @Override
    public OrtSession open(String path, OrtSession.SessionOptions options) throws OrtException {
      if (opened.size() == most) {
        throw new OrtException("Error code - ORT_FAIL - message: no more of them");
      }
      OrtSession session = OrtEnvironment.getEnvironment().createSession(path, options);
      opened.add(session);
      return session;
    }

    int closed() {
      int closed = 0;
      for (OrtSession session : opened) {
        try {
          session.run(Map.of(), Set.of("none")); // the closed flag is the first thing looked at
        } catch (IllegalStateException e) {
          closed++;
        } catch (OrtException e) {
          assertThat(e).hasMessageNotContaining("closed");
        }
      }
      return closed;
    }
  }

  private static OnnxSession open(Counting opener, TestVersion version, int slots) {
    return OnnxSession.open(OrtEnvironment.getEnvironment(), opener, ModelFiles.of(version), slots);
  }

  @Test
  void load_smallModel_opensASessionForEachSlotAndClosesAll() {
    Counting opener = new Counting(9);
    OnnxSession session =
        open(opener, TestVersion.of(TestVersion.fixture("storms/2/model.onnx")), 3);
    assertThat(opener.opened).hasSize(3);
    assertThat(session.slot(2)).isSameAs(session.slot(2)).isNotSameAs(session.slot(1));
    assertThat(opener.closed()).isZero();
    session.close();
    assertThat(opener.closed()).isEqualTo(3);
    assertThatCode(session::close).doesNotThrowAnyException();
  }

  @Test
  void load_largeModel_opensOneForAllSlots() {
    Counting opener = new Counting(9);
    float[] weights = new float[1_200 * 1_000];
    weights[999] = 1;
    byte[] model =
        OnnxGraph.named("large")
            .input("x", FLOAT, "batch", 1_200)
            .initializer(OnnxGraph.floats("w", new long[] {1_200, 1_000}, weights))
            .node("MatMul", List.of("x", "w"), List.of("y"))
            .output("y", FLOAT, "batch", 1_000)
            .toBytes();
    OnnxSession session = open(opener, TestVersion.of(folder, model), 3);
    assertThat(opener.opened).hasSize(1);
    for (int i = 0; i < 3; i++) {
      session.slot(i).input(0, 1).floats().put(0, i);
    }
    for (int i = 0; i < 3; i++) {
      session.slot(i).run(1);
      assertThat(session.slot(i).output(0).floats().get(999)).isEqualTo(i);
    }
    session.close();
    assertThat(opener.closed()).isEqualTo(1);
  }

  @Test
  void load_thatFailsHalfWay_closesWhatWasOpened() {
    Counting opener = new Counting(2);
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/2/model.onnx"));
    assertThatThrownBy(() -> open(opener, version, 3))
        .isInstanceOf(ModelFailedException.class)
        .hasMessageStartingWith("storms:1.0.0 could not be loaded: no more of them");
    assertThat(opener.opened).hasSize(2);
    assertThat(opener.closed()).isEqualTo(2);
  }

  @Test
  void load_schemaThatDoesNotFitTheSession_closesWhatWasOpened() {
    Counting opener = new Counting(9);
    ModelSchema other =
        ModelSchema.builder()
            .input("features", ElementType.FLOAT, "a", "b")
            .output("nothing", ElementType.FLOAT)
            .build();
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/2/model.onnx"), other);
    assertThatThrownBy(() -> open(opener, version, 2)) // without the check that load() does first
        .isInstanceOf(ModelFailedException.class)
        .hasMessageContaining("output 'nothing' of the schema is not in the graph");
    assertThat(opener.closed()).isEqualTo(2);
  }

  // ---------------------------------------------------------------- cancelling

  @Test
  void cancel_runInProgress_endsItAndTheSlotStaysUsable() throws Exception {
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/broken/slow.onnx"));
    try (EngineSession session = engine.load(version, 1)) {
      Slot slot = session.slot(0);
      slot.input(0, 1);
      int ended = 0;
      for (int round = 0; round < 50 && ended < 2; round++) {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        CountDownLatch about = new CountDownLatch(1);
        Thread runner =
            new Thread(
                () -> {
                  about.countDown();
                  try {
                    slot.run(1);
                  } catch (Throwable t) {
                    thrown.set(t);
                  }
                });
        runner.start();
        about.await();
        while (runner.isAlive()) {
          assertThat(slot.cancel()).isTrue();
          Thread.onSpinWait();
        }
        runner.join();
        if (thrown.get() != null) { // else it was quicker than this thread
          assertThat(thrown.get())
              .isInstanceOf(ModelFailedException.class)
              .hasMessage("storms:1.0.0 failed on 1 row: the run was cancelled");
          ended++;
        }
      }
      assertThat(ended).as("runs that were ended").isEqualTo(2);
      slot.run(1);
      assertThat(slot.output(0).shape()[0]).isEqualTo(1);
    }
  }

  @Test
  void cancel_whenNothingRuns_isHarmlessAlsoAfterClose() {
    TestVersion version = TestVersion.of(TestVersion.fixture("storms/2/model.onnx"));
    EngineSession session = engine.load(version, 1);
    Slot slot = session.slot(0);
    assertThat(slot.cancel()).isTrue();
    slot.input(0, 1);
    slot.run(1);
    assertThat(slot.cancel()).isTrue();
    slot.run(1);
    session.close();
    assertThat(slot.cancel()).isTrue();
  }

  @Test
  void environment_interruptedCaller_getsItAndStaysInterrupted() {
    Thread.currentThread().interrupt();
    OrtEnvironment environment = new OnnxRuntimeLibrary(false).environment();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(environment).isSameAs(OrtEnvironment.getEnvironment());
  }

  @Test
  void failures_textOfOnnxRuntime_isCleanedOfItsSources() {
    assertThat(
            Failures.text(
                "Error code - ORT_RUNTIME_EXCEPTION - message: Non-zero status code returned while"
                    + " running Reshape node. Name:'' Status Message:"
                    + " /onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:47"
                    + " onnxruntime::ReshapeHelper::ReshapeHelper(const TensorShape&,"
                    + " TensorShapeVector&, bool) input_shape_size == size was\n false. "))
        .isEqualTo(
            "Non-zero status code returned while running Reshape node. Name:'' Status Message:"
                + " input_shape_size == size was false.");
    assertThat(Failures.text("x".repeat(5_000))).hasSize(603);
  }
}
