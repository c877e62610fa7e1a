package dev.mlops.drift.baseline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the golden file, the page that documents the form, and the code together. */
final class FormTest {
  private static final Path PAGE = Path.of("..", "docs", "formats", "baseline.md");
  private static final String NUMBER =
      "{\"name\":\"x\",\"type\":\"FLOAT\",\"kind\":\"number\",\"edges\":[0,1.5],\"counts\":"
          + "[0,3,0,0,0,1,2],\"mean\":1,\"deviation\":0.5,\"least\":0.5,\"greatest\":1.5}";
  private static final String CATEGORY =
      "{\"name\":\"k\",\"type\":\"TEXT\",\"kind\":\"category\",\"categories\":[\"a\",\"b\"],"
          + "\"others\":[\"c\"],\"allKnown\":true,\"counts\":[3,2,1,0,0]}";
  private static final String SCORE = NUMBER.replace("\"x\"", "\"p\"");
  private static final String WHOLE =
      "{\"form\":\"mlops-baseline 1\",\"rows\":6,\"columns\":[\n%s,\n%s\n],\"score\":\n%s}\n"
          .formatted(NUMBER, CATEGORY, SCORE);

  // ---- the golden file: made once, never again ----

  @Test
  void golden_readAndWritten_isTheSameBytes() throws IOException {
    byte[] golden = golden();
    Profile profile = read(golden);

    assertThat(profile.bytes()).isEqualTo(golden);
    assertThat(written(profile)).asString(UTF_8).isEqualTo(new String(golden, UTF_8));
    assertThat(profile.digest())
        .isEqualTo("sha256:1afe7de13c0a40189272b6dec1790199fb128324e9892f80b9f846e2a6ad9f6a");
  }

  @Test
  void golden_madeAnewOfTheTrainingRows_isTheSameBytes() throws IOException {
    Profile made = Profile.fromCsv(Storms.train(), Storms.SCHEMA, Optional.of(Storms.SCORER));

    assertThat(made.bytes()).asString(UTF_8).isEqualTo(new String(golden(), UTF_8));
  }

  @Test
  void golden_read_isTheProfileThatWasMade() throws IOException {
    Profile made = Profile.fromCsv(Storms.train(), Storms.SCHEMA, Optional.of(Storms.SCORER));
    Profile read = read(golden());

    assertThat(read.rows()).isEqualTo(1500);
    assertThat(read.columns()).hasSize(12);
    for (ColumnBaseline column : made.columns()) {
      ColumnBaseline again = read.column(column.name()).orElseThrow();
      assertThat(again).usingRecursiveComparison().isEqualTo(column);
    }
    assertThat(read.score()).usingRecursiveComparison().isEqualTo(made.score());
  }

  // ---- what is written ----

  @Test
  void write_theSmallForm_isCanonical() {
    assertThat(written(read(WHOLE))).asString(UTF_8).isEqualTo(WHOLE);
  }

  @Test
  void write_noColumnsAndNoScore_isAForm() {
    byte[] bytes = FormWriter.write(7, List.of(), Optional.empty());

    assertThat(new String(bytes, UTF_8))
        .isEqualTo("{\"form\":\"mlops-baseline 1\",\"rows\":7,\"columns\":[\n]}\n");
    assertThat(read(bytes).rows()).isEqualTo(7);
  }

  @Test
  void write_textsOfEveryKind_areReadAsTheyWere() {
    List<String> texts =
        List.of(
            "",
            "\"\\/",
            "\u0000\u001f\n\t\u007f\u0085\u2028",
            "größe Łódź 気象",
            "\uD83D\uDE00",
            "half \uD83D of a pair",
            "\uDE00\uD83D",
            "\uD83D");
    ColumnBaseline column =
        ColumnBaseline.ofCategories(
            "na\"me\n",
            ElementType.TEXT,
            texts.stream().collect(Collectors.toMap(text -> text, text -> 1L)),
            0);

    byte[] bytes = FormWriter.write(8, List.of(column), Optional.empty());

    ColumnBaseline again = read(bytes).columns().get(0);
    assertThat(again.name()).isEqualTo("na\"me\n");
    assertThat(((CategoryCells) again.cells()).top()).containsExactlyInAnyOrderElementsOf(texts);
    assertThat(new String(bytes, UTF_8))
        .contains("\"\uD83D\uDE00\"", "\"half \\ud83d of a pair\"", "\"\\ude00\\ud83d\"")
        .contains("\"\\u0000\\u001f\\u000a\\u0009\u007f\u0085\u2028\"", "\"\\\"\\\\/\"");
  }

  @Test
  void write_numbersOfEverySize_areReadAsTheyWere() {
    double[] values = {
      -Double.MAX_VALUE, -0x1p-1070, Double.MIN_VALUE, 0.1, 1.0 / 3, 1e15, 1e16, 0x1.8p56, 1e300
    };
    ColumnBaseline column = ColumnBaseline.ofNumbers("x", ElementType.DOUBLE, values, 1);

    byte[] bytes = FormWriter.write(10, List.of(column), Optional.empty());

    assertThat(read(bytes).columns().get(0)).usingRecursiveComparison().isEqualTo(column);
  }

  @Test
  void make_aFormThatIsTooLargeToBeRead_isRefused() {
    ColumnBaseline column =
        ColumnBaseline.ofCategories(
            "note", ElementType.TEXT, Map.of("x".repeat(Profile.LARGEST), 1L), 0);

    assertThatThrownBy(() -> Profile.of(1, List.of(column), Optional.empty()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "the baseline would have 33554596 bytes, and at most 33554432 are read; most of them"
                + " are the names of categories: shorten the texts, or leave the columns that hold"
                + " them out of the schema");
  }

  // ---- what is read ----

  @Test
  void read_ofAnotherWriter_keepsItsBytesAndTheirDigest() {
    String spaced =
        WHOLE
            .replace(",", " ,\t")
            .replace(":", " : ")
            .replace("\"mlops-baseline 1\"", "\"mlops\\u002dbaseline 1\"")
            .replace("[0 ,\t1.5]", "[-0.0, 15e-1]");

    Profile profile = read(spaced);

    assertThat(profile.bytes()).asString(UTF_8).isEqualTo(spaced);
    assertThat(profile.digest()).isNotEqualTo(read(WHOLE).digest());
    assertThat(written(profile)).asString(UTF_8).isEqualTo(WHOLE);
    NumberCells cells = (NumberCells) profile.columns().get(0).cells();
    assertThat(1 / cells.edges()[0]).as("no minus zero").isPositive();
  }

  @Test
  void read_keysInAnotherOrder_isTheSame() {
    String moved =
        WHOLE
            .replace("{\"form\":\"mlops-baseline 1\",\"rows\":6,", "{")
            .replace("\n],", "],\"rows\":6,\"form\":\"mlops-baseline 1\",");

    assertThat(written(read(moved))).asString(UTF_8).isEqualTo(WHOLE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          mlops-baseline 1 | mlops-baseline 2 | form was "mlops-baseline 2", but this release reads "mlops-baseline 1"; update the library if it is a later one
          "mlops-baseline 1" | 1 | form was 1 but must be a text
          "rows":6 | "rows":0 | rows was 0 but must be at least 1
          "rows":6 | "rows":6.0 | rows was 6.0 but must be a whole number of at least 0
          "rows":6 | "rows":99999999999999999999 | rows was 99999999999999999999 but must be a whole number of at least 0
          "rows":6, | `` | rows is missing
          "rows":6 | "rows":6,"more":1 | more is no key of form 1 in this place
          "rows":6 | "rows":6,"rows":6 | line 1 column 43: no strict JSON: Duplicate field 'rows'
          "columns" | "colunms" | colunms is no key of form 1 in this place
          [0,1.5] | 7 | columns[0].edges was 7 but must be a list
          [0,1.5] | [0,0] | columns[0].edges[1] was 0, not a finite number above the edge before it
          [0,1.5] | [0,1e999] | columns[0].edges[1] was Infinity, not a finite number above the edge before it
          [0,1.5] | ["a",1.5] | columns[0].edges[0] was "a", not a finite number
          [0,1.5] | [[],1.5] | columns[0].edges[0] was a list, not a finite number
          [0,1.5] | [0] | columns[0].counts has 7 counts, but the column has 6 cells
          [0,3, | [0,4, | columns[0].counts add up to more than the 6 rows
          [0,3, | [0,2, | columns[0].counts add up to less than the 6 rows
          [0,3, | [1,3,-1, | columns[0].counts has 8 counts, but the column has 7 cells
          [0,3,0 | [0,4,-1 | columns[0].counts[2] was -1, not a whole number of at least 0
          [0,3, | [0,3.0, | columns[0].counts[1] was 3.0, not a whole number of at least 0
          [0,3,0,0,0,1,2] | [9223372036854775807,9223372036854775807,0,0,0,6,2] | columns[0].counts add up to more than the 6 rows
          "mean":1, | `` | columns[0].mean is missing
          "mean":1 | "mean":"1" | columns[0].mean was "1" but must be a finite number
          "mean":1 | "mean":2 | columns[0].mean was 2 but must be a number from the least to the greatest
          "mean":1 | "mean":0.4 | columns[0].mean was 0.4 but must be a number from the least to the greatest
          "deviation":0.5 | "deviation":-0.5 | columns[0].deviation was -0.5 but must be a number of at least 0
          "greatest":1.5 | "greatest":1e999 | columns[0].greatest was Infinity but must be a finite number
          [0,3,0,0,0,1,2] | [0,0,0,0,0,4,2] | columns[0].mean is no key of form 1 in this place
          "name":"x", | `` | columns[0].name is missing
          "name":"x" | "name":" " | columns[0].name is blank
          "name":"k" | "name":"x" | columns[1].name was 'x', which an earlier column has
          "FLOAT" | "FLOAT32" | columns[0].type was "FLOAT32" but must be one of [FLOAT, DOUBLE, FLOAT16, INT8, INT16, INT32, INT64, UINT8, BOOL, TEXT]
          "FLOAT" | "TEXT" | columns[0].kind was "number", but TEXT is always "category"
          "FLOAT" | "BOOL" | columns[0].kind was "number", but BOOL is always "category"
          "number" | "numbers" | columns[0].kind was "numbers" but must be "number" or "category"
          "others" | "other" | columns[1].other is no key of form 1 in this place
          ["c"] | ["a"] | columns[1].categories and columns[1].others hold a category twice
          ["a","b"] | ["a","a"] | columns[1].categories and columns[1].others hold a category twice
          ["a","b"] | ["a",2] | columns[1].categories[1] was 2, not a text
          ["a","b"] | {} | columns[1].categories was an object but must be a list
          true | 1 | columns[1].allKnown was 1 but must be true or false
          [3,2,1,0,0] | [3,2,0,1,0] | columns[1].counts[3] counts 1 unseen categories, but a baseline has seen all of its own
          "score":\\n{ | "score":\\n{"x":0, | score.x is no key of form 1 in this place
          "score":\\n{ | "score":7,"x":{ | x is no key of form 1 in this place
          """)
  void read_whatIsWrong_isNamed(String there, String instead, String message) {
    String changed =
        WHOLE.replaceFirst(Pattern.quote(there.replace("\\n", "\n")), instead.replace("\\n", "\n"));
    assertThat(changed).as("a change").isNotEqualTo(WHOLE);

    assertThatThrownBy(() -> read(changed))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage("the baseline cannot be read: " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          7          | it was 7 but must be an object
          []         | it was a list but must be an object
          {"form":1} | form was 1 but must be a text
          {}         | form is missing
          """)
  void read_anotherDocument_isNamed(String json, String message) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage("the baseline cannot be read: " + message);
  }

  @Test
  void read_columnsThatAreNoObjects_areNamed() {
    String message = "the baseline cannot be read: ";
    assertThatThrownBy(() -> read("{\"form\":\"mlops-baseline 1\",\"rows\":1,\"columns\":[3]}"))
        .hasMessage(message + "columns[0] was 3 but must be an object");
    assertThatThrownBy(
            () -> read("{\"form\":\"mlops-baseline 1\",\"rows\":1,\"columns\":[],\"score\":null}"))
        .hasMessage(message + "score was null but must be an object");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\n", "x", "{", "{\"form\"", "NaN"})
  void read_noJson_isRefused(String json) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageStartingWith("the baseline cannot be read: ");
  }

  @Test
  void read_somethingBehindTheForm_isRefused() {
    assertThatThrownBy(() -> read(WHOLE + "{}"))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("no strict JSON: Trailing token");
    read(WHOLE + " \n");
  }

  @Test
  void read_bytesThatAreNoUtf8_areRefused() {
    byte[] bytes = WHOLE.getBytes(UTF_8);
    bytes[WHOLE.indexOf("\"a\"") + 1] = (byte) 0xFF;

    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage("the baseline cannot be read: it is not UTF-8");
    byte[] wide = WHOLE.getBytes(java.nio.charset.StandardCharsets.UTF_16LE);
    assertThatThrownBy(() -> read(wide)).isInstanceOf(InvalidSettingsException.class);
  }

  @Test
  void read_moreThanTheLargest_isRefusedWithoutReadingItAll() {
    InputStream endless =
        new InputStream() {
          private long given;

          @Override
          public int read() {
            return ' ';
          }

          @Override
          public int read(byte[] bytes, int from, int length) {
            given += length;
            assertThat(given).isLessThan(2L * Profile.LARGEST);
            Arrays.fill(bytes, from, from + length, (byte) ' ');
            return length;
          }
        };
    assertThatThrownBy(() -> Profile.read(endless))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "the baseline cannot be read: it has more than the 33554432 bytes that are read");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"a\":"})
  void read_nestedDeeply_isRefused(String opening) {
    assertThatThrownBy(() -> read(opening.repeat(100_000)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("nesting depth");
  }

  @Test
  void read_aNumberOfAMillionDigits_isRefused() {
    assertThatThrownBy(() -> read(WHOLE.replace("0.5", "0." + "5".repeat(1_000_000))))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("no strict JSON: Number value length");
  }

  @Test
  void read_aStreamThatFails_saysSo() {
    InputStream failing =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the disk is gone");
          }

          @Override
          public int read(byte[] bytes, int from, int length) throws IOException {
            throw new IOException("the disk is gone");
          }
        };
    assertThatThrownBy(() -> Profile.read(failing))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("the disk is gone");
  }

  @Test
  void read_cutOffAtAnyByte_isRefused() throws IOException {
    byte[] golden = golden();
    for (int length = 0; length < golden.length - 2; length += length < 2000 ? 1 : 37) {
      byte[] cut = Arrays.copyOf(golden, length);
      assertThatThrownBy(() -> read(cut))
          .as("%d bytes", length)
          .isInstanceOf(InvalidSettingsException.class);
    }
    byte[] small = WHOLE.getBytes(UTF_8);
    for (int length = 0; length < small.length - 1; length++) {
      byte[] cut = Arrays.copyOf(small, length);
      assertThatThrownBy(() -> read(cut)).isInstanceOf(InvalidSettingsException.class);
    }
  }

  /** Every bit of a small form: another valid one or a refusal, never another failure. */
  @Test
  void read_withAnyBitFlipped_isRefusedOrAnotherBaseline() {
    byte[] bytes = WHOLE.getBytes(UTF_8);
    int valid = 0;
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      valid += check(bytes);
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }
    assertThat(valid).as("changes of a name, of an edge").isBetween(20, 2 * bytes.length);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 42, 1976})
  void read_withBytesChangedAtRandom_isRefusedOrAnotherBaseline(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    for (byte[] form : List.of(golden(), WHOLE.getBytes(UTF_8))) {
      for (int trial = 0; trial < 700; trial++) {
        byte[] changed = form.clone();
        for (int change = random.nextInt(1, 4); change > 0; change--) {
          changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
        }
        check(changed);
      }
    }
  }

  /** 1 where it is read, and then as what is written again; 0 where it is refused. */
  private static int check(byte[] bytes) {
    Profile profile;
    try {
      profile = read(bytes);
    } catch (InvalidSettingsException refused) {
      assertThat(refused).hasMessageStartingWith("the baseline cannot be read: ");
      return 0;
    }
    Profile again = read(written(profile));
    assertThat(written(again)).isEqualTo(written(profile));
    for (ColumnBaseline column : profile.columns()) {
      assertThat(column.rows()).isEqualTo(profile.rows());
    }
    return 1;
  }

  // ---- the page ----

  @Test
  void python_ofThePage_readsTheGoldenFile(@TempDir Path temp) throws Exception {
    Path file = Files.write(temp.resolve("baseline.json"), golden());
    List<String> lines = python(file).lines().toList();

    Profile profile = read(golden());
    assertThat(lines)
        .hasSize(1 + profile.columns().size() + 1)
        .first()
        .isEqualTo("1500 rows " + profile.digest());
    assertThat(lines)
        .contains(
            "lat: 66 cells, 0 missing, mean 26.0944",
            "wind_change_6h: 15 cells, 60 missing, mean 0.6076388888888888",
            "status: 3 of 3 categories, 0 missing, 615 x tropical storm",
            "row_id: 100 of 1500 categories, 0 missing, 1 x 1000")
        .last()
        .asString()
        .startsWith("probability: 23 cells");
  }

  @Test
  void python_ofThePage_hasTenLinesAndRefusesAnotherForm(@TempDir Path temp) throws Exception {
    assertThat(reader().lines()).hasSize(10);
    Path file = Files.writeString(temp.resolve("b.json"), WHOLE.replace("line 1", "line 2"));
    assertThat(python(file)).contains("no baseline of form 1");
  }

  @Test
  void page_itsExample_isMadeOfItsRows(@TempDir Path temp) throws IOException {
    String page = Files.readString(PAGE);
    Path csv = Files.writeString(temp.resolve("train.csv"), block(page, "csv"));
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT)
            .input("k", ElementType.TEXT)
            .optional("x")
            .output("p", ElementType.FLOAT)
            .score("p")
            .build();
    ModelHandle<Row, Row> scorer =
        ModelHandle.of(row -> Row.of("p", row.text("k").equals("a") ? 0.25 : 0.75));

    Profile made = Profile.fromCsv(csv, schema, Optional.of(scorer));

    assertThat(made.bytes()).asString(UTF_8).isEqualTo(block(page, "json"));
  }

  private static String reader() throws IOException {
    return block(Files.readString(PAGE), "python");
  }

  private static String block(String page, String language) {
    return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
        .matcher(page)
        .results()
        .map((MatchResult block) -> block.group(1))
        .collect(Collectors.joining());
  }

  /** What the page's program prints for a file, on either stream. */
  private static String python(Path file) throws Exception {
    Process process;
    try {
      process =
          new ProcessBuilder("python3", "-c", reader(), file.toString())
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      assumeTrue(false, "python3 is not installed, so the page's reader was not run: " + e);
      throw e;
    }
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return printed;
  }

  private static byte[] golden() throws IOException {
    try (InputStream in =
        FormTest.class.getResourceAsStream("/golden/baseline-form1-storms.json")) {
      return Objects.requireNonNull(in, "no golden file").readAllBytes();
    }
  }

  private static byte[] written(Profile profile) {
    return FormWriter.write(profile.rows(), profile.columns(), profile.score());
  }

  private static Profile read(String json) {
    return read(json.getBytes(UTF_8));
  }

  private static Profile read(byte[] bytes) {
    return Profile.read(new ByteArrayInputStream(bytes));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          FLOAT | 0.1  | its value is written '0.10000000149011612'
          FLOAT | 1.0  | its value is written '1'
          INT64 | a    | it is no value of this type
          INT64 | 1.5  | it is no value of this type
          BOOL  | true | it is no value of this type
          BOOL  | 2    | it is no value of this type
          """)
  void read_categoryThatNoValueIs_isRefused(String type, String label, String why) {
    String json =
        """
        {"form":"mlops-baseline 1","rows":1,"columns":[{"name":"k","type":"%s","kind":"category",\
        "categories":["%s"],"others":[],"allKnown":true,"counts":[1,0,0,0]}],"score":null}"""
            .formatted(type, label);
    assertThatThrownBy(() -> Profile.read(new ByteArrayInputStream(json.getBytes(UTF_8))))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining(
            "columns[0].categories[0] is no category of %s: %s".formatted(type, why));
  }
}
