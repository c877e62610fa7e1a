package dev.mlops.runtime.onnx;

import static dev.mlops.runtime.onnx.OnnxGraph.BOOL;
import static dev.mlops.runtime.onnx.OnnxGraph.COMPLEX64;
import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static dev.mlops.runtime.onnx.OnnxGraph.INT64;
import static dev.mlops.runtime.onnx.OnnxGraph.STRING;
import static dev.mlops.runtime.onnx.OnnxGraph.UINT64;
import static dev.mlops.runtime.onnx.OnnxGraph.attribute;
import static dev.mlops.runtime.onnx.OnnxGraph.external;
import static dev.mlops.runtime.onnx.OnnxGraph.floats;
import static dev.mlops.runtime.onnx.OnnxGraph.ints;
import static dev.mlops.runtime.onnx.OnnxGraph.packedInts;
import static dev.mlops.runtime.onnx.OnnxGraph.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.TensorSpec;
import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class OnnxModelTest {
  private static final Path NAME = Path.of("m.onnx");

  private static OnnxModel read(byte[] bytes) {
    return OnnxModel.read(NAME, bytes);
  }

  private static OnnxModel read(OnnxGraph graph) {
    return read(graph.toBytes());
  }

  /** A sound model to build on: x [batch, 2] to y [batch, 1]. */
  private static OnnxGraph sound() {
    return OnnxGraph.named("g")
        .input("x", FLOAT, "batch", 2)
        .output("y", FLOAT, "batch", 1)
        .node("Identity", List.of("x"), List.of("y"));
  }

  private static void assertRefused(byte[] bytes, String reason) {
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage(
            "m.onnx is not a readable ONNX model: "
                + reason
                + ". Copy or export the file"
                + " again.");
  }

  private static List<String> columns(TensorSpec tensor) {
    return tensor.columns().stream().map(ColumnSpec::name).toList();
  }

  // ------------------------------------------------------------------ facts

  @Test
  void read_versions_areTold() {
    OnnxModel model = read(sound().ir(9).opset("", 18).opset("ai.onnx.ml", 3).opset("acme", 1));
    assertThat(model.irVersion()).isEqualTo(9);
    assertThat(model.opsets()).isEqualTo(Map.of("", 18L, "ai.onnx.ml", 3L, "acme", 1L));
  }

  @Test
  void inputs_thatHaveAValueInTheFile_areLeftOut() {
    OnnxModel model =
        read(
            sound()
                .input("w", FLOAT, 2)
                .initializer(floats("w", new long[] {2}, 1, 2))
                .input("s", FLOAT, 2)
                .graphField(15, new ProtoBytes().message(1, new ProtoBytes().text(8, "s"))));
    assertThat(model.inputs()).extracting(GraphValue::name).containsExactly("x");
  }

  @Test
  void customDomains_inSubgraphsAndFunctions_areNamedOnce() {
    OnnxGraph inner = OnnxGraph.named("inner").node("deep", "Op", List.of(), List.of("o"));
    ProtoBytes own = OnnxGraph.nodeBytes("hidden", "Op", List.of(), List.of("o"));
    ProtoBytes function = new ProtoBytes().text(1, "Mine").text(10, "local").message(7, own);
    OnnxModel model =
        read(
            sound()
                .node("If", List.of("x"), List.of("z"), attribute("then_branch", inner))
                .node("ai.onnx.ml", "Scaler", List.of("x"), List.of("u"))
                .node("local", "Mine", List.of("x"), List.of("v"))
                .node("local", "NotMine", List.of("x"), List.of("w"))
                .node("acme", "Op", List.of("x"), List.of("q"))
                .modelField(25, function));
    assertThat(model.customDomains()).containsExactly("acme", "deep", "hidden", "local");
  }

  @Test
  void customDomains_functionsOfTheFile_areNotCustom() {
    ProtoBytes function = new ProtoBytes().text(1, "Mine").text(10, "local");
    OnnxModel model =
        read(sound().node("local", "Mine", List.of("x"), List.of("v")).modelField(25, function));
    assertThat(model.customDomains()).isEmpty();
  }

  @Test
  void read_missingFile_saysSo(@TempDir Path folder) {
    Path file = folder.resolve("none.onnx");
    assertThatThrownBy(() -> OnnxModel.read(file))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage("there is no file " + file + "; check the path");
  }

  @Test
  void read_folder_saysSo(@TempDir Path folder) {
    assertThatThrownBy(() -> OnnxModel.read(folder))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage(
            folder + " is not a regular file; a model is read from one, such as model.onnx");
  }

  // ------------------------------------------------------------------ malformed files

  @Test
  void read_noFields_isRefused() {
    assertThatThrownBy(() -> read(new byte[0]))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage(
            "m.onnx is not an ONNX model: it is empty (0 bytes). Copy or export the file again.");
  }

  @ParameterizedTest
  @CsvSource({
    "'hello, I am not a model', is text that begins with \"hello",
    "'version https://git-lfs.github.com/spec/v1', is a Git LFS pointer to the model. Run 'git lfs pull'.",
    "'PK\u0003\u0004....', is a zip archive",
    "'\u0080\u0004\u0095abc', is a Python pickle"
  })
  void read_otherFormat_isNamed(String content, String reason) {
    assertThatThrownBy(() -> read(content.getBytes(StandardCharsets.ISO_8859_1)))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageStartingWith("m.onnx is not an ONNX model: it ")
        .hasMessageContaining(reason.replace("pull.", "pull'."));
  }

  @Test
  void read_fileInTwoFormatsAtOnce_isRefused() {
    byte[] both = new ProtoBytes().text(99, "0ORTM").raw(sound().toBytes()).toBytes();
    assertThatThrownBy(() -> read(both))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage(
            "m.onnx is not an ONNX model: it is in ONNX Runtime's own format. Export the model to"
                + " ONNX.");
  }

  @Test
  void read_incompleteModels_areRefused() {
    assertRefused(
        new ProtoBytes().number(1, 8).toBytes(),
        "at byte 2 the file ends, and there was no graph in it");
    assertRefused(
        new ProtoBytes().message(7, sound().graphBytes()).toBytes(),
        "at byte 75 the file ends, and there was no IR version in it");
    assertRefused(
        new ProtoBytes().number(1, 8).message(7, sound().graphBytes()).toBytes(),
        "at byte 77 the file ends, and no opset was imported");
    assertRefused(
        OnnxGraph.named("g").toBytes(), "at byte 46 the file ends, and its graph has no outputs");
    assertRefused(
        sound().output("y", FLOAT).toBytes(),
        "at byte 129 the file ends, and two of its graph's outputs are called \"y\"");
    assertRefused(
        sound().input("x", FLOAT).toBytes(),
        "at byte 129 the file ends, and two of its graph's inputs are called \"x\"");
  }

  @Test
  void read_endlessNumber_isRefused() {
    assertRefused(
        new ProtoBytes()
            .tag(1, 0)
            .raw(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, 2})
            .toBytes(),
        "at byte 11 a number is longer than 64 bits");
    assertRefused(
        new ProtoBytes()
            .tag(1, 0)
            .raw(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1})
            .toBytes(),
        "at byte 11 a number is longer than 64 bits");
    assertRefused(
        new ProtoBytes().tag(1, 0).raw((byte) -1).toBytes(),
        "at byte 2 the file ends inside a number: it is cut short");
  }

  @Test
  void read_numberThatGoesOnBehindItsMessage_isRefused() {
    ProtoBytes graph = new ProtoBytes().tag(99, 0).raw((byte) -1);
    assertRefused(
        new ProtoBytes().number(1, 8).message(7, graph).number(5, 1).toBytes(),
        "at byte 7 a message ends inside a number");
  }

  @Test
  void read_fileThatBecameShorter_isRefused(@TempDir Path folder) throws IOException {
    Path file = sound().writeTo(folder.resolve("m.onnx"));
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      ProtobufReader reader = new ProtobufReader("m.onnx", channel, size + 10);
      assertThatThrownBy(() -> new OnnxScan(reader).model())
          .isInstanceOf(PackageCorruptException.class)
          .hasMessageContaining(
              "at byte "
                  + size
                  + " the file ended while it was read, although it had "
                  + (size + 10)
                  + " bytes");
    }
  }

  @Test
  void read_lengthBeyondTheMessage_isRefused() {
    ProtoBytes graph = new ProtoBytes().tag(1, 2).varint(5).raw((byte) 0);
    assertRefused(
        new ProtoBytes().number(1, 8).message(7, graph).number(5, 1).toBytes(),
        "at byte 4 field 1 says it has 5 bytes, but only 1 are left in the message around it");
    assertRefused(
        new ProtoBytes().number(1, 8).tag(7, 2).varint(-1).toBytes(),
        "at byte 2 field 7 says it has 18446744073709551615 bytes, but the file ends after 0: it is"
            + " cut short or damaged");
    assertRefused(
        new ProtoBytes().number(1, 8).tag(99, 1).raw(new byte[7]).toBytes(),
        "at byte 2 field 99 says it has 8 bytes, but the file ends after 7: it is cut short or"
            + " damaged");
    assertRefused(
        new ProtoBytes().number(1, 8).tag(99, 5).raw(new byte[3]).toBytes(),
        "at byte 2 field 99 says it has 4 bytes, but the file ends after 3: it is cut short or"
            + " damaged");
  }

  @Test
  void read_invalidTag_isRefused() {
    assertRefused(new byte[] {2, 0}, "at byte 0 a field tag of 2 is not valid");
    assertRefused(
        new ProtoBytes().varint(1L << 32).toBytes(),
        "at byte 0 a field tag of 4294967296 is not valid");
    assertRefused(
        new ProtoBytes().number(1, 8).tag(5, 3).toBytes(),
        "at byte 2 field 5 has wire type 3, which no ONNX file uses");
  }

  @Test
  void read_wrongWireType_isRefused() {
    assertRefused(
        new ProtoBytes().text(1, "8").toBytes(),
        "at byte 0 field 1 should be a number but has wire type 2");
    assertRefused(
        new ProtoBytes().number(7, 8).toBytes(),
        "at byte 0 field 7 should be a message but has wire type 0");
  }

  @Test
  void read_fieldTwice_isRefusedWhereReadersMayDiffer() {
    assertRefused(
        new ProtoBytes()
            .message(7, sound().graphBytes())
            .message(7, sound().graphBytes())
            .toBytes(),
        "at byte 75 field 7 stands twice where it may stand once");
    ProtoBytes two = OnnxGraph.tensorType(FLOAT, 1);
    two.raw(two.toBytes());
    ProtoBytes value = new ProtoBytes().text(1, "z").message(2, two);
    assertThatThrownBy(() -> read(sound().graphField(12, value)))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("a type is two kinds of type at once");
  }

  @Test
  void read_nameThatIsNoText_isRefused() {
    ProtoBytes value = new ProtoBytes().bytes(1, new byte[] {'a', (byte) 0xC3, '('});
    assertThatThrownBy(() -> read(sound().graphField(12, value)))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("field 1 should be text but is not UTF-8");
  }

  @Test
  void read_nameless_isRefused() {
    assertThatThrownBy(() -> read(sound().output(" ", FLOAT)))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("one of the graph's outputs has no name");
  }

  @Test
  void read_namesFullOfControls_makeOneLineOfMessage() {
    assertThatThrownBy(() -> read(sound().output("a\nb\u202E", FLOAT).output("a\nb\u202E", FLOAT)))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("two of its graph's outputs are called \"a?b?\"");
  }

  // ------------------------------------------------------------------ limits

  /** Graphs in graphs: each of them three messages, around one of {@code core}. */
  private static OnnxGraph nested(int graphs) {
    OnnxGraph graph = OnnxGraph.named("core");
    for (int i = 0; i < graphs; i++) {
      graph =
          OnnxGraph.named("g" + i)
              .node("If", List.of(), List.of("o"), attribute("then_branch", graph));
    }
    return graph;
  }

  @Test
  void read_nestingUpToTheLimit_passes() {
    // 1 graph + 33 of node, attribute and graph = 100 levels
    assertThat(read(nested(33).output("y", FLOAT)).outputs()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {34, 300, 3_000})
  void read_nestingBeyondTheLimit_isRefused(int graphs) {
    assertThatThrownBy(() -> read(nested(graphs).output("y", FLOAT)))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("messages nest deeper than the 100 levels allowed");
  }

  @Test
  void read_typesWithinTypes_areRefusedBeyondTheLimit() {
    ProtoBytes type = OnnxGraph.tensorType(FLOAT);
    for (int i = 0; i < 200; i++) {
      type = new ProtoBytes().message(4, new ProtoBytes().message(1, type));
    }
    ProtoBytes value = new ProtoBytes().text(1, "z").message(2, type);
    assertThatThrownBy(() -> read(sound().graphField(12, value)))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("messages nest deeper than the 100 levels allowed");
  }

  private static byte[] times(int count, ProtoBytes field) {
    byte[] one = field.toBytes();
    byte[] all = new byte[one.length * count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(one, 0, all, i * one.length, one.length);
    }
    return all;
  }

  private static void assertTooMuch(ProtoBytes graph, String reason) {
    byte[] model = new ProtoBytes().number(1, 8).message(7, graph).toBytes();
    assertThatThrownBy(() -> read(model))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void read_tooMuchOfAnything_isRefused() {
    ProtoBytes nothing = new ProtoBytes();
    ProtoBytes graph = new ProtoBytes();
    assertTooMuch(
        graph.raw(times(1_000_001, new ProtoBytes().message(1, nothing))),
        "there are more than the 1000000 nodes allowed");
    ProtoBytes value = new ProtoBytes().text(1, "x");
    for (int field : new int[] {11, 12}) {
      assertTooMuch(
          new ProtoBytes().raw(times(10_001, new ProtoBytes().message(field, value))),
          "there are more than the 10000 " + (field == 11 ? "inputs" : "outputs") + " allowed");
    }
    ProtoBytes shape = new ProtoBytes().raw(times(65, new ProtoBytes().message(1, nothing)));
    ProtoBytes type = new ProtoBytes().message(1, new ProtoBytes().message(2, shape));
    assertTooMuch(
        new ProtoBytes().message(12, new ProtoBytes().text(1, "y").message(2, type)),
        "there are more than the 64 axes of one tensor allowed");
    ProtoBytes keys = new ProtoBytes().raw(times(17, new ProtoBytes().message(13, nothing)));
    assertTooMuch(
        new ProtoBytes().message(5, keys),
        "there are more than the 16 keys of one tensor's external data allowed");
    assertTooMuch(
        new ProtoBytes().message(12, new ProtoBytes().text(1, "y".repeat(4_097))),
        "field 1 is a text of 4097 bytes, more than the 4096 allowed");
    ProtoBytes tensor = new ProtoBytes().text(8, "w".repeat(4_000));
    assertTooMuch(
        new ProtoBytes().raw(times(4_200, new ProtoBytes().message(5, tensor))),
        "names and labels come to more than the 16 MiB that are read at most");
  }

  // ------------------------------------------------------------------ graph to schema

  @Test
  void schema_samples_areWhatTheyShouldBe() {
    assertThat(read(OnnxSamples.letters()).schema())
        .isEqualTo(
            ModelSchema.builder()
                .input("pixels", ElementType.INT64, numbers(16))
                .output("letter", ElementType.TEXT)
                .output("scores", ElementType.FLOAT, numbers(26))
                .build());
    assertThat(read(OnnxSamples.riders()).schema())
        .isEqualTo(
            ModelSchema.builder()
                .input("numeric", ElementType.FLOAT, "0", "1", "2")
                .input("weekday", ElementType.INT64)
                .optional("0", "1", "2")
                .output("riders_thousands", ElementType.FLOAT)
                .build());
    assertThat(read(OnnxSamples.doubles()).schema())
        .isEqualTo(
            ModelSchema.builder()
                .input("x", ElementType.DOUBLE, "0", "1", "2")
                .optional("0", "1", "2")
                .output("y", ElementType.DOUBLE)
                .build());
    assertThat(read(OnnxSamples.zipMap()).schema().outputs())
        .isEqualTo(
            ModelSchema.builder()
                .input("x", ElementType.FLOAT)
                .output("label", ElementType.TEXT)
                .output("scores", ElementType.FLOAT, "low", "mid", "high")
                .build()
                .outputs());
  }

  private static String[] numbers(int count) {
    String[] numbers = new String[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = Integer.toString(i);
    }
    return numbers;
  }

  @Test
  void schema_namedInputs_keepBlanksDotsAndBrackets() {
    ModelSchema schema = read(OnnxSamples.applicants()).schema();
    assertThat(schema.inputColumns())
        .extracting(ColumnSpec::name)
        .isEqualTo(OnnxSamples.APPLICANT_COLUMNS);
    assertThat(schema.inputColumns()).filteredOn(ColumnSpec::optional).hasSize(10);
  }

  @Test
  void schema_stateAndSetting_haveTheirShapes() {
    assertThat(read(OnnxSamples.voice()).schema())
        .isEqualTo(
            ModelSchema.builder()
                .input("input", ElementType.FLOAT, numbers(8))
                .optional(numbers(8))
                .input("state", ElementType.FLOAT, Shape.of(2, Shape.ROWS, 4))
                .input("sr", ElementType.INT64, Shape.perCall())
                .output("output", ElementType.FLOAT)
                .output("stateN", ElementType.FLOAT, Shape.of(2, Shape.ROWS, 4))
                .build());
  }

  @Test
  void schema_axesOfAllKinds_areRowsFixedOrAny() {
    List<TensorSpec> inputs =
        read(OnnxGraph.named("g")
                .input("fixed", INT64, 1, 3)
                .input("unknown", BOOL, null, null)
                .input("negative", INT64, -1, -1, 4)
                .input("text", STRING, "n")
                .input("wide", FLOAT, "n", 4_097)
                .output("y", FLOAT, "n"))
            .schema()
            .inputs();
    assertThat(inputs)
        .extracting(TensorSpec::shape)
        .containsExactly(
            Shape.perRow(3),
            Shape.perRow(Shape.ANY),
            Shape.perRow(Shape.ANY, 4),
            Shape.perRow(),
            Shape.perRow(4_097));
    assertThat(inputs).extracting(OnnxModelTest::columns).last().isEqualTo(List.of("wide"));
    assertThat(inputs)
        .allSatisfy(input -> assertThat(input.columns()).noneMatch(ColumnSpec::optional));
  }

  @Test
  void schema_twoMatrices_haveTheirTensorsNameInFront() {
    ModelSchema schema =
        read(OnnxGraph.named("g")
                .input("a", FLOAT, "n", 2)
                .input("b", FLOAT, "n", 3)
                .input("c", FLOAT, "n")
                .output("y", FLOAT, "n", 2))
            .schema();
    assertThat(schema.inputColumns())
        .extracting(ColumnSpec::name)
        .containsExactly("a.0", "a.1", "b.0", "b.1", "b.2", "c");
    assertThat(schema.inputColumns()).allMatch(ColumnSpec::optional);
    assertThat(schema.outputColumns()).extracting(ColumnSpec::name).containsExactly("0", "1");
  }

  @Test
  void schema_tensorCalledLikeAColumn_movesTheMatrixAside() {
    ModelSchema schema =
        read(OnnxGraph.named("g")
                .input("1", INT64, "n")
                .input("m", FLOAT, "n", 2)
                .output("y", FLOAT, "n"))
            .schema();
    assertThat(schema.inputColumns())
        .extracting(ColumnSpec::name)
        .containsExactly("1", "m.0", "m.1");
  }

  @Test
  void schema_whatCannotBeServed_isToldAllAtOnce() {
    ProtoBytes optional =
        new ProtoBytes().text(1, "o").message(2, new ProtoBytes().message(9, new ProtoBytes()));
    OnnxModel model =
        read(
            OnnxGraph.named("g")
                .input("big", UINT64, "n", 2)
                .input("complex", COMPLEX64, "n")
                .input("new", 99, "n")
                .graphField(11, optional)
                .input("none", FLOAT, "n", 0)
                .input("huge", FLOAT, "n", 1L << 40, 1L << 40)
                .graphField(12, new ProtoBytes().text(1, "untyped"))
                .graphField(
                    12,
                    new ProtoBytes()
                        .text(1, "shapeless")
                        .message(2, new ProtoBytes().message(1, new ProtoBytes().number(1, 1))))
                .outputOfMaps("maps", INT64));
    assertThatThrownBy(model::schema)
        .isInstanceOfSatisfying(
            InvalidSettingsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "input \"big\" is uint64[n, 2], and uint64 is not supported; export the"
                            + " model with a Cast to a type that is, such as float",
                        "input \"complex\" is complex64[n], and complex64 is not supported; export"
                            + " the model with a Cast to a type that is, such as float",
                        "input \"new\" is type number 99[n], and type number 99 is not supported;"
                            + " export the model with a Cast to a type that is, such as float",
                        "input \"o\" is an optional value, which cannot be served; export the model with"
                            + " tensors",
                        "input \"none\" is float[n, 0], which no row can fill; export the model"
                            + " again",
                        "input \"huge\" is float[n, 1099511627776, 1099511627776], which no row"
                            + " can fill; export the model again",
                        "output \"untyped\" is of no stated type, which cannot be served; export the model"
                            + " with tensors",
                        "output \"shapeless\" has no shape in the graph; give a schema that says"
                            + " what it is",
                        "output \"maps\" is a sequence of maps from int64 to float, and no ZipMap"
                            + " node says which keys they have; export the model without ZipMap"));
  }

  @Test
  void schema_endlessColumns_areRefused() {
    OnnxGraph graph = OnnxGraph.named("g").output("y", FLOAT, "n");
    for (int i = 0; i < 30; i++) {
      graph.input("x" + i, FLOAT, "n", 4_096);
    }
    assertThatThrownBy(() -> read(graph).schema())
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "the graph's inputs have too many columns to name; give a schema that says what they"
                + " are");
  }

  // ------------------------------------------------------------------ maps

  private static OnnxGraph maps(OnnxGraph.Attribute... attributes) {
    return OnnxGraph.named("g")
        .input("x", FLOAT, "n", 2)
        .node("ai.onnx.ml", "ZipMap", List.of("x"), List.of("z"), attributes)
        .node("Identity", List.of("z"), List.of("between"))
        .node("Identity", List.of("between"), List.of("scores"))
        .outputOfMaps("scores", INT64);
  }

  private static List<String> keys(OnnxGraph graph) {
    return columns(read(graph).schema().outputs().get(0));
  }

  @Test
  void schema_mapsThroughIdentities_haveTheKeysOfTheZipMap() {
    assertThat(keys(maps(ints("classlabels_int64s", 3, -1, 7)))).containsExactly("3", "-1", "7");
    assertThat(keys(maps(packedInts("classlabels_int64s", 3, -1, 7))))
        .containsExactly("3", "-1", "7");
    assertThat(keys(maps(texts("other", "x"), texts("classlabels_strings", "no", "yes"))))
        .containsExactly("no", "yes");
  }

  @Test
  void mapKeys_ofAnOutput_areTheClassesInTheGraphsOrder() {
    OnnxModel model = read(maps(ints("classlabels_int64s", 3, -1, 7)));
    assertThat(model.mapKeys("scores")).containsExactly("3", "-1", "7");
    assertThat(model.mapKeys("x")).isEmpty();
  }

  @Test
  void schema_attributeWhoseNameComesLast_isUnderstood() {
    ProtoBytes late = new ProtoBytes().text(9, "a").text(9, "b").text(1, "classlabels_strings");
    assertThat(keys(maps(attribute(late)))).containsExactly("a", "b");
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void schema_identitiesInACircle_end() {
    OnnxGraph graph =
        OnnxGraph.named("g")
            .input("x", FLOAT, "n", 2)
            .node("Identity", List.of("a"), List.of("b"))
            .node("Identity", List.of("b"), List.of("a"))
            .outputOfMaps("a", INT64);
    assertThatThrownBy(() -> read(graph).schema())
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("no ZipMap node says which keys they have");
  }

  // ------------------------------------------------------------------ schema against graph

  private static ModelSchema.Builder ofTwo() {
    return ModelSchema.builder().input("x", ElementType.FLOAT, "a", "b");
  }

  @Test
  void check_fitting_isEmpty() {
    assertThat(read(sound()).check(ofTwo().output("y", ElementType.FLOAT).build())).isEmpty();
    assertThat(read(sound()).check(ofTwo().output("y", ElementType.FLOAT, Shape.perRow(1)).build()))
        .isEmpty();
    assertThat(
            read(sound().output("more", FLOAT))
                .check(ofTwo().output("y", ElementType.FLOAT).build()))
        .isEmpty();
  }

  @Test
  void check_everyMisfit_isToldAtOnce() {
    OnnxModel model =
        read(
            sound()
                .input("image", FLOAT, "n", 1, 28, 28)
                .input("id", INT64, "n")
                .input("other", STRING, "n", 1)
                .outputOfMaps("maps", INT64)
                .graphField(12, new ProtoBytes().text(1, "odd")));
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, "a", "b", "c")
            .input("image", ElementType.UINT8, Shape.perRow(1, 8, 8))
            .input("id", ElementType.INT64, "i", "j")
            .input("absent", ElementType.FLOAT)
            .output("y", ElementType.DOUBLE, "p", "q")
            .output("maps", ElementType.FLOAT, Shape.perRow(1, 2))
            .output("odd", ElementType.FLOAT)
            .output("missing", ElementType.INT64)
            .build();
    assertThat(model.check(schema))
        .containsExactly(
            "input \"x\" has 3 columns in the schema but the graph wants [batch, 2]",
            "input \"image\" is UINT8 in the schema but the graph wants float",
            "input \"image\" is [rows, 1, 8, 8] in the schema but the graph wants [n, 1, 28, 28]",
            "input \"id\" has 2 columns in the schema but the graph wants [n]",
            "input \"absent\" of the schema is not in the graph, whose inputs are [x, image, id,"
                + " other]",
            "the graph wants an input \"other\", string[n, 1], which is not in the schema",
            "output \"y\" is DOUBLE in the schema but the graph gives float",
            "output \"y\" has 2 columns in the schema but the graph gives [batch, 1]",
            "output \"maps\" is [rows, 1, 2] in the schema but the graph gives a sequence of maps"
                + " from int64 to float; it is a matrix with a column a key",
            "output \"odd\" is of no stated type in the graph, which cannot be served; export the model with"
                + " tensors",
            "output \"missing\" of the schema is not in the graph, whose outputs are [y, maps,"
                + " odd]");
  }

  @Test
  void check_oneColumnAgainstAWiderMatrix_isTold() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT)
            .output("y", ElementType.FLOAT, Shape.perCall())
            .build();
    assertThat(read(sound()).check(schema))
        .containsExactly(
            "input \"x\" has 1 column in the schema but the graph wants [batch, 2]",
            "output \"y\" is [] in the schema but the graph gives [batch, 1]");
  }

  @Test
  void check_openAxis_fitsAnOutputButNotAFixedInput() {
    OnnxModel model =
        read(OnnxGraph.named("g").input("x", FLOAT, "n", 7).output("y", FLOAT, "n", 7));
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT, Shape.perRow(Shape.ANY))
            .output("y", ElementType.FLOAT, Shape.perRow(Shape.ANY))
            .build();
    assertThat(model.check(schema))
        .containsExactly("input \"x\" is [rows, ?] in the schema but the graph wants [n, 7]");
  }

  @Test
  void check_maps_needAColumnPerKeyInTheirOrder() {
    OnnxModel model = read(maps(ints("classlabels_int64s", 0, 1)));
    assertThat(model.check(ofTwo().output("scores", ElementType.FLOAT, "0", "1").build()))
        .isEmpty();
    assertThat(model.check(ofTwo().output("scores", ElementType.FLOAT, "no", "yes").build()))
        .isEmpty();
    assertThat(model.check(ofTwo().output("scores", ElementType.FLOAT, "1", "0").build()))
        .containsExactly(
            "output \"scores\" has the columns [1, 0] in the schema but the graph gives the keys"
                + " in the order [0, 1]");
    assertThat(model.check(ofTwo().output("scores", ElementType.DOUBLE, "0").build()))
        .containsExactly(
            "output \"scores\" is DOUBLE in the schema but the graph gives float",
            "output \"scores\" has 1 column in the schema but the graph gives maps with the 2 keys"
                + " [0, 1]");
  }

  @Test
  void check_shapeTheGraphLeavesOpen_fitsAnything() {
    ProtoBytes shapeless =
        new ProtoBytes()
            .text(1, "y")
            .message(2, new ProtoBytes().message(1, new ProtoBytes().number(1, FLOAT)));
    OnnxModel model =
        read(OnnxGraph.named("g").input("x", FLOAT, null, null).graphField(12, shapeless));
    assertThat(model.check(ofTwo().output("y", ElementType.FLOAT, "p", "q").build())).isEmpty();
  }

  @Test
  void hasExternalData_onlyWhereThereIsSome() {
    assertThat(read(sound()).hasExternalData()).isFalse();
    assertThat(
            read(sound().initializer(external("w", FLOAT, new long[] {1}, "location", "w.bin")))
                .hasExternalData())
        .isTrue();
  }
}
