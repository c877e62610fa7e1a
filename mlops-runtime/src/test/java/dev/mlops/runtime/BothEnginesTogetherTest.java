package dev.mlops.runtime;

import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static dev.mlops.runtime.onnx.OnnxGraph.STRING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mlops.engine.Engine;
import dev.mlops.engine.Slot;
import dev.mlops.inference.Codec;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.runtime.engine.onnx.ChildJvm;
import dev.mlops.runtime.engine.onnx.OnnxRuntimeEngine;
import dev.mlops.runtime.engine.tabular.TabularEngine;
import dev.mlops.runtime.onnx.OnnxGraph;
import dev.mlops.runtime.store.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That a caller need not know which engine answers. */
final class BothEnginesTogetherTest {
  private static final Path NETWORK = FixtureModels.resource("models/storms-mlp/1/model.onnx");
  private static final Path LINEAR = FixtureModels.resource("models/wine/1/model.onnx");

  @TempDir private Path folder;

  // ------------------------------------------------- ONNX Runtime is there, but does not start

  /** Serves a model; says its first answer, or why there is none. */
  static final class Serve {
    public static void main(String[] args) {
      try (ModelRuntime runtime = ModelRuntime.over(ModelFile.at(Path.of(args[0])))) {
        Row row = Row.of(Collections.emptyMap());
        System.out.println(
            "answers " + runtime.model("model").predict(row).value().number("probabilities.1"));
      } catch (RuntimeException e) {
        System.out.println("says " + e.getMessage());
      }
    }
  }

  /** As on Alpine's C library, in a folder without room or where execution is forbidden. */
  @Test
  void predict_networkWhereOnnxRuntimeDoesNotStart_isAnsweredInPlainJava() throws Exception {
    ChildJvm.Result result =
        new ChildJvm(folder)
            .options("-Donnxruntime.native.path=" + folder.resolve("absent"))
            .run(Serve.class, NETWORK.toString());
    assertThat(result.output()).contains("answers 0.");
  }

  // ------------------------------------------------- what a second engine is for

  /** A batch runs in chunks of 1,024 rows: what takes over above that is started for nothing. */
  @Test
  void model_whoseBatchesAreNeverLargeEnough_startsNoSecondEngine() {
    try (ModelRuntime runtime = ModelRuntime.over(ModelFile.at(LINEAR))) {
      runtime.model("model");
      Matcher most =
          Pattern.compile("batches of more than (\\d+) rows").matcher(runtime.describe());
      if (most.find()) {
        assertThat(Integer.parseInt(most.group(1))).isLessThan(1_024);
      }
    }
  }

  // ------------------------------------------------- text

  private static byte[] textNetwork() {
    String[] words = new String[200];
    for (int i = 0; i < words.length; i++) {
      words[i] = "word" + i;
    }
    return OnnxGraph.named("text")
        .input("x", STRING, "rows", 1)
        .output("y", FLOAT, "rows", 100)
        .initializer(OnnxGraph.floats("w", new long[] {200, 100}, new float[20_000]))
        .initializer(OnnxGraph.longs("s", new long[] {2}, -1, 200))
        .node("ai.onnx.ml", "OneHotEncoder", List.of("x"), List.of("h"), words(words))
        .node("Reshape", List.of("h", "s"), List.of("flat"))
        .node("MatMul", List.of("flat", "w"), List.of("y"))
        .toBytes();
  }

  private static OnnxGraph.Attribute words(String... words) {
    return OnnxGraph.texts("cats_strings", words);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\uD83D\uDE00", "a\u0000b"})
  void predictAll_textThatOneEngineCannotCarry_isTakenAloneAndInABatchOrInNeither(String text)
      throws IOException {
    Row odd = Row.of(Map.of("x", text));
    Row plain = Row.of(Map.of("x", "word7"));
    try (ModelRuntime runtime = ModelRuntime.over(ModelFile.at(file(textNetwork())))) {
      ModelHandle<Row, Row> model = runtime.model("model");
      Throwable alone = catchThrowable(() -> model.predict(odd));
      Throwable together = catchThrowable(() -> model.predictAll(List.of(plain, plain, odd)));
      assertThat(together == null).as("%s", together).isEqualTo(alone == null);
    }
  }

  private static final class NullText implements Codec<String, Float> {
    @Override
    public void write(List<? extends String> in, Slot to) {
      Arrays.fill(to.input(0, in.size()).texts(), 0, in.size(), null);
    }

    @Override
    public Float read(Slot from, int row) {
      return from.output(0).floats().get(row * 100);
    }
  }

  @Test
  void predict_codecThatLeavesATextNull_isToldTheSameByBothEngines() throws IOException {
    Path file = file(textNetwork());
    assertThatThrownBy(() -> nullText(file, OnnxRuntimeEngine.create()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("element 0 of text input 'x' is null");
    assertThatThrownBy(() -> nullText(file, TabularEngine.create()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("element 0 of text input 'x' is null");
  }

  private static void nullText(Path file, Engine engine) {
    try (ModelRuntime runtime =
        ModelRuntime.builder().store(ModelFile.at(file)).engine(engine).build()) {
      runtime.model("model", new NullText()).predict("any");
    }
  }

  /** ONNX's texts are bytes, and what was trained on Latin-1 has such. */
  @Test
  void model_withACategoryThatIsNotUtf8_isLeftToOnnxRuntime() throws IOException {
    byte[] model =
        OnnxGraph.named("latin")
            .input("x", STRING, "rows", 1)
            .output("y", FLOAT, "rows", 2)
            .initializer(OnnxGraph.longs("s", new long[] {2}, -1, 2))
            .node("ai.onnx.ml", "OneHotEncoder", List.of("x"), List.of("h"), words("caf#", "tea"))
            .node("Reshape", List.of("h", "s"), List.of("y"))
            .toBytes();
    for (int i = 3; i < model.length; i++) {
      if (model[i] == '#' && model[i - 1] == 'f') {
        model[i] = (byte) 0xe9;
      }
    }
    try (ModelRuntime runtime = ModelRuntime.over(ModelFile.at(file(model)))) {
      Row tea = runtime.model("model").predict(Row.of(Map.of("x", "tea"))).value();
      assertThat(tea.number("y.1")).isEqualTo(1);
    }
  }

  // ------------------------------------------------- users' codecs

  private static byte[] addOne() {
    return OnnxGraph.named("add")
        .input("x", FLOAT, "rows", 2)
        .output("y", FLOAT, "rows", 2)
        .initializer(OnnxGraph.floats("one", new long[] {2}, 1, 1))
        .node("Add", List.of("x", "one"), List.of("y"))
        .toBytes();
  }

  /** Fills from where the buffer's position is, and reads all that the buffer has. */
  private static final class Careless implements Codec<float[], float[]> {
    @Override
    public void write(List<? extends float[]> in, Slot to) {
      in.forEach(to.input(0, in.size()).floats()::put);
    }

    @Override
    public float[] read(Slot from, int row) {
      float[] all = new float[from.output(0).floats().capacity()];
      from.output(0).floats().get(0, all);
      return all;
    }
  }

  /** ONNX Runtime's slot ends such a codec with an overflow at its second call. */
  @Test
  void predict_codecThatFillsByPosition_neverAnswersWithAnotherCallersInput() throws IOException {
    try (ModelRuntime runtime =
        ModelRuntime.builder().store(ModelFile.at(file(addOne()))).slots(1).build()) {
      ModelHandle<float[], float[]> model = runtime.model("model", new Careless());
      model.predict(new float[] {5, 5});
      float[] second = null;
      try {
        second = model.predict(new float[] {70, 70}).value();
      } catch (RuntimeException e) {
        return;
      }
      assertThat(second).startsWith(71, 71);
    }
  }

  @Test
  void read_ofOneRow_showsNoRowsOfCallsBefore() throws IOException {
    try (ModelRuntime runtime =
        ModelRuntime.builder().store(ModelFile.at(file(addOne()))).slots(1).build()) {
      runtime.model("model").predictAll(Collections.nCopies(3, Row.of(Map.of("x.0", 9, "x.1", 9))));
      float[] seen = runtime.model("model", new Careless()).predict(new float[] {5, 5}).value();
      assertThat(seen).containsExactly(6, 6);
    }
  }

  // ------------------------------------------------- memory

  /** Asks for more rows than the heap holds, then for ever fewer. */
  static final class Growing {
    public static void main(String[] args) {
      int width = 20_000;
      ModelSchema schema =
          ModelSchema.builder()
              .input("x", ElementType.FLOAT, Shape.perRow(width))
              .output("y", ElementType.FLOAT)
              .build();
      try (ModelRuntime runtime =
          ModelRuntime.builder().store(ModelFile.at(Path.of(args[0]), schema)).slots(1).build()) {
        ModelHandle<Row, Row> model = runtime.model("model");
        Row row = Row.of(Map.of("x", new float[width]));
        for (int rows : new int[] {1, 1_000, 100, 1_000, 100}) {
          try {
            System.out.println(
                rows + " rows: " + model.predictAll(Collections.nCopies(rows, row)).size());
          } catch (OutOfMemoryError e) {
            System.out.println(rows + " rows: no memory");
          } catch (RuntimeException e) {
            System.out.println(rows + " rows: " + e);
          }
        }
      }
    }
  }

  @Test
  void predictAll_afterABatchThatFoundNoMemory_isAnsweredAsBefore() throws Exception {
    byte[] model =
        OnnxGraph.named("wide")
            .input("x", FLOAT, "rows", 20_000)
            .output("y", FLOAT, "rows", 1)
            .node("Abs", List.of("x"), List.of("a"))
            .node("ReduceMax", List.of("a"), List.of("y"), OnnxGraph.ints("axes", 1))
            .toBytes();
    Path file = file(model);
    ChildJvm.Result result =
        new ChildJvm(Files.createDirectory(folder.resolve("child")))
            .heap("64m")
            .run(Growing.class, file.toString());
    assertThat(result.output().lines().filter(line -> line.contains(" rows: ")).toList())
        .containsExactly(
            "1 rows: 1",
            "1000 rows: no memory",
            "100 rows: 100",
            "1000 rows: no memory",
            "100 rows: 100");
  }

  private Path file(byte[] model) throws IOException {
    return Files.write(folder.resolve("model.onnx"), model);
  }
}
