package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ManifestTest {
  private static final String GOOD =
      """
      {"schema":"mlops.model/1","name":"storms","version":"1.0.0","format":"onnx",
       "entry":"model.onnx",
       "files":[{"path":"golden.csv","size":3,"sha256":"%s","role":"golden"},
                {"path":"model.onnx","size":4,"sha256":"%s","role":"model"}],
       "inputs":[{"name":"x","type":"float","shape":["rows",2],
                  "columns":[{"name":"a"},{"name":"b","optional":true}]}],
       "outputs":[{"name":"y","type":"float","shape":["rows"],"columns":[{"name":"y"}]}],
       "score":"y","golden":{"path":"golden.csv","tolerance":0.001},"lineage":{}}"""
          .formatted("a".repeat(64), "b".repeat(64));

  @Test
  void read_good_readsAll() {
    Manifest manifest = read(GOOD);

    assertThat(manifest.name()).isEqualTo("storms");
    assertThat(manifest.number()).isEqualTo("1.0.0");
    assertThat(manifest.createdAt()).isNull();
    assertThat(manifest.format()).isEqualTo("onnx");
    assertThat(manifest.entry()).isEqualTo("model.onnx");
    assertThat(manifest.paths("model")).containsExactly("model.onnx");
    assertThat(manifest.tolerance()).hasValue(0.001);
    assertThat(manifest.schema())
        .isEqualTo(
            ModelSchema.builder()
                .input("x", ElementType.FLOAT, "a", "b")
                .optional("b")
                .output("y", ElementType.FLOAT)
                .score("y")
                .build());
  }

  /** Each row changes the good manifest in one place and pins the whole refusal. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "mlops.model/1|mlops.model/2|schema was \"mlops.model/2\" but must be \"mlops.model/1\","
            + " the one form this version reads",
        "\"version\":\"1.0.0\",|``|version is missing; it must be a text",
        "\"version\":\"1.0.0\"|\"version\":1|version was 1 but must be a text",
        "\"version\":\"1.0.0\"|\"version\":null|version was null but must be a text",
        "\"format\":\"onnx\"|\"format\":\"ONNX\"|format was \"ONNX\" but must be one lower-case"
            + " word such as \"onnx\"",
        "\"entry\":\"model.onnx\"|\"entry\":\"mode\"|entry was \"mode\" but must be the path of a"
            + " listed file, or of a folder that holds some",
        "\"size\":4|\"size\":-4|files[1].size was -4 but must be a whole number of at least 0",
        "\"size\":4|\"size\":4.0|files[1].size was 4.0 but must be a whole number of at least 0",
        "\"size\":4|\"size\":99999999999999999999|files[1].size was 99999999999999999999 but must"
            + " be a whole number of at least 0",
        "\"size\":4|\"size\":\"4\"|files[1].size was \"4\" but must be a whole number of at least"
            + " 0",
        "\"role\":\"model\"|\"role\":\"\"|files[1].role was \"\" but must be one lower-case word"
            + " such as \"model\"",
        "\"path\":\"golden.csv\",\"size\"|\"path\":\"../golden.csv\",\"size\"|files: path"
            + " '../golden.csv' has '..' in it; wanted a path from the package's folder downwards",
        "\"tolerance\":0.001|\"tolerance\":-1|golden.tolerance was -1 but must be a finite number"
            + " of at least 0",
        "\"tolerance\":0.001|\"tolerance\":1e999|golden.tolerance was \"Infinity\" but must be a"
            + " finite number",
        "\"golden\":{\"path\":\"golden.csv\"|\"golden\":{\"path\":\"g.csv\"|golden.path was"
            + " \"g.csv\" but must be the path of a listed file",
        "\"lineage\":{}|\"lineage\":[]|lineage was [] but must be an object",
        "\"lineage\":{}|\"createdAt\":\"yesterday\"|createdAt was \"yesterday\" but must be a UTC"
            + " time such as \"2026-11-24T00:00:00Z\"",
        "[\"rows\",2]|[\"rows\",-2]|inputs[0].shape was [\"rows\",-2] but must be a list of"
            + " lengths of at least 0, \"rows\" at most once, and \"any\"",
        "[\"rows\",2]|[\"rows\",true]|inputs[0].shape was [\"rows\",true] but must be a list of"
            + " whole numbers and texts",
        "[\"rows\",2]|[\"rows\",3]|inputs[0]: tensor 'x' has 2 columns but shape [rows, 3]; wanted"
            + " [rows, 2]",
        "\"x\",\"type\":\"float\"|\"x\",\"type\":\"FLOAT\"|inputs[0].type was \"FLOAT\" but must"
            + " be one of float, double, float16, int8, int16, int32, int64, uint8, bool, text",
        "\"x\",\"type\":\"float\"|\"x\",\"type\":\"int64\"|inputs[0].columns[1]: column 'b' is"
            + " INT64 and cannot be optional: only FLOAT, DOUBLE, FLOAT16 and TEXT can be missing",
        "\"optional\":true|\"optional\":1|inputs[0].columns[1].optional was 1 but must be true or"
            + " false",
        "{\"name\":\"a\"}|7|inputs[0].columns[0] was 7 but must be an object",
        "\"score\":\"y\"|\"score\":\"z\"|its schema cannot be: score 'z' is no output column; there"
            + " are [y]",
        "\"name\":\"storms\"|\"name\":\"Storms\"|model name 'Storms' is not valid: use lower-case"
            + " letters, digits, '.', '_' and '-', start with a letter or digit, at most 128"
            + " characters, no '..' and no '.' at the end",
      })
  void read_oneFieldWrong_refusedByName(String good, String bad, String message) {
    assertThat(GOOD).contains(good);

    assertThatThrownBy(() -> read(GOOD.replace(good, bad)))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage("m: " + message);
  }

  @Test
  void read_digestsThatAreNone_refused() {
    for (String digest :
        List.of("B".repeat(64), "b".repeat(63), "b".repeat(65), "g".repeat(64), "")) {
      assertThatThrownBy(() -> read(GOOD.replace("b".repeat(64), digest)))
          .isInstanceOf(PackageCorruptException.class)
          .hasMessage(
              "m: files[1].sha256 was \"" + digest + "\" but must be 64 lower-case hex digits");
    }
  }

  @Test
  void read_keyTwice_refused() {
    assertMalformed(GOOD.replace("\"score\":\"y\"", "\"score\":\"y\",\"score\":\"y\""), "score");
    assertMalformed(GOOD.replace("\"size\":4", "\"size\":4,\"size\":4"), "size");
    assertMalformed(GOOD.replace("\"lineage\":{}", "\"x\":{\"a\":1,\"\\u0061\":1}"), "'a'");
  }

  @Test
  void read_notStrictJson_refused() {
    assertMalformed(GOOD + "{}", "");
    assertMalformed(GOOD + ",", "");
    assertMalformed(GOOD.replace("0.001", "NaN"), "NaN");
    assertMalformed(GOOD.replace("0.001", "Infinity"), "Infinity");
    assertMalformed(GOOD.replace("0.001", "01"), "");
    assertMalformed(GOOD.replace("0.001", ".1"), "");
    assertMalformed(GOOD.replace("\"lineage\":{}", "\"lineage\":{},"), "");
    assertMalformed(GOOD.replace("\"lineage\":{}", "/* none */\"lineage\":{}"), "");
    assertMalformed(GOOD.replace("\"lineage\":{}", "'lineage':{}"), "");
    assertMalformed(GOOD.replace("\"storms\"", "\"sto\u0001rms\""), "");
    assertMalformed("\uFEFF" + GOOD, "");
    assertMalformed(GOOD.substring(0, GOOD.length() - 1), "");
  }

  @Test
  void read_notAnObject_refused() {
    for (String text : List.of("[]", "1", "null", "\"a\"", "", " ")) {
      assertThatThrownBy(() -> read(text))
          .isInstanceOf(PackageCorruptException.class)
          .hasMessageMatching("m was .* but must be a JSON object");
    }
  }

  @Test
  void read_notUtf8_refused() {
    assertThatThrownBy(
            () ->
                Manifest.read(
                    GOOD.replace("storms", "störms").getBytes(StandardCharsets.ISO_8859_1), "m"))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage("m is not UTF-8");
    assertThatThrownBy(() -> Manifest.read(GOOD.getBytes(StandardCharsets.UTF_16LE), "m"))
        .isInstanceOf(PackageCorruptException.class);
  }

  @Test
  void read_deeperThan32_refusedAnd32Allowed() {
    String free = "\"lineage\":{\"x\":%s}";
    String deepest = "[".repeat(30) + "]".repeat(30);
    String tooDeep = "[".repeat(31) + "]".repeat(31);

    assertThatCode(() -> read(GOOD.replace("\"lineage\":{}", free.formatted(deepest))))
        .doesNotThrowAnyException();
    assertMalformed(GOOD.replace("\"lineage\":{}", free.formatted(tooDeep)), "depth");
  }

  @Test
  void read_largerThan8MiB_refusedAnd8MiBAllowed() {
    byte[] largest =
        (GOOD + " ".repeat((8 << 20) - GOOD.length())).getBytes(StandardCharsets.UTF_8);
    byte[] tooLarge =
        (GOOD + " ".repeat((8 << 20) - GOOD.length() + 1)).getBytes(StandardCharsets.UTF_8);

    assertThatCode(() -> Manifest.read(largest, "m")).doesNotThrowAnyException();
    assertThatThrownBy(() -> Manifest.read(tooLarge, "m"))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage("m has 8388609 bytes; at most 8388608 are read");
  }

  @Test
  void bytes_numbers_shortestFormOnEveryJdk() throws IOException {
    LineageFacts facts = new LineageFacts(new ArrayList<>());
    facts.parameter("a", 2.0E-3).parameter("b", 1.5E200).parameter("c", 2.2250738585072014E-308);
    facts.parameter("d", 0.1f).parameter("e", new java.math.BigDecimal("1.10"));
    facts.parameter("f", 2e-44f).parameter("g", (byte) 7).metric("m", 2.0E-3);

    String json = new String(read(GOOD).bytes(facts), StandardCharsets.UTF_8);

    assertThat(json)
        .contains(
            "\"parameters\": {\"a\": 0.002, \"b\": 1.5E200, \"c\": 2.2250738585072014E-308,"
                + " \"d\": 0.1, \"e\": 1.10, \"f\": 2.0E-44, \"g\": 7}")
        .contains("\"metrics\": {\"m\": 0.002}");
  }

  @Test
  void bytes_schemaOfEveryShape_readBack() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("image", ElementType.UINT8, Shape.perRow(3, 8, 8))
            .input("state", ElementType.FLOAT16, Shape.of(2, Shape.ROWS, 128))
            .input("sr", ElementType.INT64, Shape.perCall())
            .input("words", ElementType.TEXT, Shape.perRow(Shape.ANY))
            .input("plain", ElementType.DOUBLE)
            .input("matrix.of", ElementType.FLOAT, "purpose[0]", "credit amount", "ä\n\"ö\\")
            .input("one", ElementType.INT32, "only")
            .input("text", ElementType.TEXT)
            .optional("plain", "credit amount", "text", "words")
            .categorical("only", "plain")
            .output("flag", ElementType.BOOL)
            .output("state", ElementType.FLOAT16, Shape.of(2, Shape.ROWS, 128))
            .output("small", ElementType.INT8, "0", "1")
            .output("short", ElementType.INT16)
            .output("p", ElementType.FLOAT, Shape.of(Shape.ROWS, 1, 1))
            .score("p")
            .build()
            .named("image", "pixels")
            .named("p", "chance");

    Manifest manifest = read(GOOD);
    byte[] bytes =
        new Manifest(
                "m", "1", null, "onnx", "model.onnx", manifest.files(), schema, "golden.csv", 0)
            .bytes();

    assertThat(Manifest.read(bytes, "m").schema()).isEqualTo(schema);
  }

  @Test
  void read_goldenRecordsOfAnotherRole_areRefusedRatherThanSkipped() {
    assertThatThrownBy(() -> read(GOOD.replace("\"role\":\"golden\"", "\"role\":\"records\"")))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining(
            "its path was golden.csv and the files of role golden are [], but they must be one and"
                + " the same file");
    assertThatThrownBy(
            () ->
                read(GOOD.replace(",\"golden\":{\"path\":\"golden.csv\",\"tolerance\":0.001}", "")))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("its path was null and the files of role golden are [golden.csv]");
  }

  @Test
  void bytes_filesInAnyOrder_sortedByCodePoint() {
    Manifest.Entry emoji = new Manifest.Entry("\ud83d\ude00", 1, "a".repeat(64), "x");
    Manifest.Entry last = new Manifest.Entry("\uffee", 1, "a".repeat(64), "x");
    Manifest.Entry first = new Manifest.Entry("a/b", 1, "a".repeat(64), "x");

    Manifest manifest =
        new Manifest(
            "m", "1", null, "x", "a", List.of(emoji, last, first), read(GOOD).schema(), null, 0);

    // as text, the emoji's surrogates would come before U+FFEE
    assertThat(manifest.files()).containsExactly(first, last, emoji);
  }

  private static void assertMalformed(String json, String named) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageMatching("(?s)m( line [0-9]+ column [0-9]+)? is not the strict JSON wanted: .+")
        .hasMessageContaining(named);
  }

  private static Manifest read(String json) {
    return Manifest.read(json.getBytes(StandardCharsets.UTF_8), "m");
  }
}
