package dev.mlops.drift.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.Call;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Prediction;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import dev.mlops.model.Version;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ForkJoinPool;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training rows in a file become columns, or are refused by line and column. */
final class ProfileTest {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder()
          .input("m", ElementType.FLOAT, "a", "b")
          .input("n", ElementType.INT8)
          .input("k", ElementType.TEXT)
          .input("o", ElementType.TEXT)
          .input("t", ElementType.BOOL)
          .optional("b", "o")
          .output("p", ElementType.FLOAT)
          .build();

  @TempDir Path temp;

  // ---- columns and cells ----

  @Test
  void rows_ofAllTypes_becomeColumnsInTheSchemasOrder() throws IOException {
    Profile profile =
        profile(
            """
            key,t,k,o,n,b,a,label
            17,true,red,,7.0,,0.5,x
            18,0,,big,7e0,nan,1.5,y

            19,False,"red",,-1,-Inf,2.5,z
            20,1,"a ""b"", c",big,+7,+Infinity,.5,
            """);

    assertThat(profile.rows()).isEqualTo(4);
    assertThat(profile.columns())
        .extracting(ColumnBaseline::name)
        .containsExactly("a", "b", "n", "k", "o", "t");
    assertThat(numbers(profile, "a").edges()).containsExactly(Math.nextDown(0.5f), 0.5, 1.5, 2.5);
    assertThat(counts(profile, "a")).containsExactly(0, 2, 1, 1, 0, 0, 0, 0, 0);
    assertThat(counts(profile, "b")).containsExactly(0, 1, 1, 1, 1);
    assertThat(numbers(profile, "n").edges()).containsExactly(-2, -1, 6, 7);
    assertThat(counts(profile, "n")).containsExactly(0, 1, 0, 3, 0, 0, 0, 0, 0);
    assertThat(categories(profile, "k").top()).containsExactly("red", "", "a \"b\", c");
    assertThat(counts(profile, "k")).containsExactly(2, 1, 1, 0, 0, 0);
    assertThat(categories(profile, "o").top()).containsExactly("big");
    assertThat(counts(profile, "o")).containsExactly(2, 0, 0, 2);
    assertThat(categories(profile, "t").top()).containsExactly("0", "1");
    assertThat(profile.score()).isEmpty();
    assertThat(profile.column("label")).isEmpty();
  }

  @Test
  void columns_named_asTensorAndColumn_areFound() throws IOException {
    Profile profile = profile("m.a,m.b,n.n,k,o,t\n1,2,3,x,y,0\n");

    assertThat(profile.column("a").orElseThrow().rows()).isEqualTo(1);
    assertThat(profile.column("m.a")).isEmpty();
  }

  @Test
  void columns_thatAreNotOneValueARow_areNotWatchedAndNeedNotBeThere() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("image", ElementType.UINT8, Shape.perRow(8, 8))
            .input("rate", ElementType.INT64, Shape.perCall())
            .input("x", ElementType.FLOAT)
            .output("p", ElementType.FLOAT)
            .build();

    Profile profile = Profile.fromCsv(csv("x\n1\n"), schema, Optional.empty());

    assertThat(profile.columns()).extracting(ColumnBaseline::name).containsExactly("x");
  }

  @Test
  void categoricalNumbers_areNamedAsTheModelReadsThem() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("m", ElementType.FLOAT, "x")
            .optional("x")
            .categorical("x")
            .output("p", ElementType.FLOAT)
            .build();

    Profile profile =
        Profile.fromCsv(
            csv("x,y\n0.1,\n0.10000000149,\n3,\n3.0,\n3e0,\n-0,\n0,\nNaN,\ninf,\n,\n"),
            schema,
            Optional.empty());

    assertThat(categories(profile, "x").top())
        .containsExactly("3", "0", "0.10000000149011612", "Infinity", "NaN");
    assertThat(counts(profile, "x")).containsExactly(3, 2, 2, 1, 1, 0, 0, 1);
  }

  @Test
  void oneColumn_missingInARow_isAQuotedEmptyCell() throws IOException {
    ModelSchema schema = one(ElementType.DOUBLE);

    Profile profile = Profile.fromCsv(csv("x\r\n1\r\n\"\"\r\n\r\n2\r\n"), schema, Optional.empty());

    assertThat(profile.rows()).as("an empty line is no row").isEqualTo(3);
    assertThat(profile.column("x").orElseThrow().counts()).endsWith(1);
  }

  @Test
  void file_withAByteOrderMark_isRead() throws IOException {
    assertThat(
            Profile.fromCsv(csv("\uFEFFx\n1\n"), one(ElementType.FLOAT), Optional.empty()).rows())
        .isEqualTo(1);
  }

  @Test
  void allMissing_isAColumnWithoutFiniteCells() throws IOException {
    Profile profile =
        Profile.fromCsv(csv("x,y\n,1\n,2\n"), one(ElementType.FLOAT), Optional.empty());

    assertThat(numbers(profile, "x").edges()).isEmpty();
    assertThat(counts(profile, "x")).containsExactly(0, 0, 0, 0, 2);
  }

  @Test
  void sameData_asDoublesAndAsFloats_giveTheSameCellsAndCounts() throws IOException {
    SplittableRandom random = new SplittableRandom(42);
    StringBuilder doubles = new StringBuilder("x\n");
    StringBuilder floats = new StringBuilder("x\n");
    for (int i = 0; i < 5000; i++) {
      double value = random.nextInt(4) == 0 ? 0.1 : Math.exp(random.nextDouble(-5, 5));
      doubles.append(value).append('\n');
      floats.append((float) value).append('\n');
    }

    byte[] fromDoubles =
        Profile.fromCsv(csv(doubles.toString()), one(ElementType.FLOAT), Optional.empty()).bytes();
    byte[] fromFloats =
        Profile.fromCsv(csv(floats.toString()), one(ElementType.FLOAT), Optional.empty()).bytes();

    assertThat(fromDoubles).isEqualTo(fromFloats);
  }

  @Test
  void cells_ofTrainingValues_countThemAgainTheSame() throws IOException {
    Profile profile = storms();
    List<String> lines = Files.readAllLines(Storms.train());
    List<String> header = List.of(lines.get(0).split(",", -1));
    for (ColumnBaseline column : profile.columns()) {
      long[] counts = new long[column.cells().size()];
      for (String line : lines.subList(1, lines.size())) {
        String cell = line.split(",", -1)[header.indexOf(column.name())];
        counts[cell(column, cell)]++;
      }
      assertThat(counts).as(column.name()).isEqualTo(column.counts());
    }
  }

  private static int cell(ColumnBaseline column, String cell) {
    if (cell.isEmpty()) {
      return column.cells().missing();
    }
    if (column.type() == ElementType.TEXT) {
      return ((CategoryCells) column.cells()).cell(cell);
    }
    double value =
        column.type() == ElementType.FLOAT ? Float.parseFloat(cell) : Double.parseDouble(cell);
    return column.cells() instanceof NumberCells numbers
        ? numbers.cell(value)
        : ((CategoryCells) column.cells()).cell(value);
  }

  // ---- the score ----

  @Test
  void score_isCutMidwayAndNamedByTheSchema() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT)
            .output("probabilities", ElementType.FLOAT, "0", "1")
            .score("probabilities.1")
            .build();
    ModelHandle<Row, Row> half =
        ModelHandle.of(row -> Row.of("probabilities.1", row.number("x") / 2));

    Profile profile = Profile.fromCsv(csv("x\n1\n2\n2\n"), schema, Optional.of(half));

    ColumnBaseline score = profile.score().orElseThrow();
    assertThat(score.name()).isEqualTo("probabilities.1");
    assertThat(score.type()).isEqualTo(ElementType.FLOAT);
    assertThat(((NumberCells) score.cells()).edges()).containsExactly(0.25, 0.75, 1.25);
    assertThat(score.counts()).containsExactly(0, 1, 2, 0, 0, 0, 0, 0);
  }

  @Test
  void score_thatIsABoolean_isACategory() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", ElementType.FLOAT)
            .output("yes", ElementType.BOOL)
            .score("yes")
            .build();
    ModelHandle<Row, Row> handle = ModelHandle.of(row -> Row.of("yes", row.number("x") > 1));

    Profile profile = Profile.fromCsv(csv("x\n1\n2\n3\n"), schema, Optional.of(handle));

    ColumnBaseline score = profile.score().orElseThrow();
    assertThat(((CategoryCells) score.cells()).top()).containsExactly("1", "0");
    assertThat(score.counts()).containsExactly(2, 1, 0, 0, 0);
  }

  @Test
  void scorer_getsEveryInputAsItStandsThere_inChunksUnrecorded() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("m", ElementType.DOUBLE, "a", "b")
            .input("n", ElementType.INT64)
            .input("k", ElementType.TEXT)
            .input("t", ElementType.BOOL)
            .input("rate", ElementType.INT64, Shape.perCall())
            .optional("b")
            .output("p", ElementType.FLOAT)
            .score("p")
            .build();
    Recorded recorded = new Recorded();
    StringBuilder rows = new StringBuilder("m.a,b,n,k,t,rate\n0.1,,9007199254740993,,true,16000\n");
    for (int i = 1; i < 2500; i++) {
      rows.append(i).append(",NaN,1,x,0,8000\n");
    }

    Profile profile = Profile.fromCsv(csv(rows.toString()), schema, Optional.of(recorded));

    assertThat(profile.columns())
        .extracting(ColumnBaseline::name)
        .containsExactly("a", "b", "n", "k", "t");
    assertThat(profile.score().orElseThrow().rows()).isEqualTo(2500);
    assertThat(recorded.sizes).containsExactlyInAnyOrder(1024, 1024, 452);
    assertThat(recorded.calls).allSatisfy(call -> assertThat(call.recorded()).isFalse());
    assertThat(recorded.calls)
        .allSatisfy(call -> assertThat(call.within().orElseThrow()).hasHours(1));
    assertThat(recorded.rows)
        .contains(
            Row.of("a", 0.1, "b", null, "n", 9007199254740993L, "k", "", "t", true, "rate", 16000L))
        .contains(Row.of("a", 7.0, "b", Double.NaN, "n", 1L, "k", "x", "t", false, "rate", 8000L));
  }

  private static final class Recorded implements ModelHandle<Row, Row> {
    final List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
    final List<Call> calls = Collections.synchronizedList(new ArrayList<>());
    final List<Row> rows = Collections.synchronizedList(new ArrayList<>());

    @Override
    public Prediction<Row> predict(Row input, Call call) {
      throw new AssertionError("rows are scored in batches");
    }

    @Override
    public List<Prediction<Row>> predictAll(List<? extends Row> inputs, Call call) {
      sizes.add(inputs.size());
      calls.add(call);
      rows.addAll(inputs);
      return inputs.stream().map(input -> Prediction.of(Row.of("p", 0.5))).toList();
    }

    @Override
    public Version version() {
      throw new AssertionError("not asked for");
    }
  }

  @Test
  void scorer_withoutAScoreInTheSchema_isRefusedBeforeTheFileIsOpened() {
    assertThatThrownBy(
            () -> Profile.fromCsv(temp.resolve("none.csv"), SCHEMA, Optional.of(Storms.SCORER)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "the schema names no score, so there is nothing to score rows for; name it with"
                + " score(\"…\"), or make the baseline without a handle");
  }

  @Test
  void scorer_withAnInputThatACellCannotHold_isRefused() throws IOException {
    ModelSchema schema =
        ModelSchema.builder()
            .input("pixels", ElementType.FLOAT, Shape.perRow(16))
            .input("x", ElementType.FLOAT)
            .output("p", ElementType.FLOAT)
            .score("p")
            .build();
    Path file = csv("x,pixels\n1,2\n");

    assertThatThrownBy(() -> Profile.fromCsv(file, schema, Optional.of(Storms.SCORER)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            file
                + ": input 'pixels' is [rows, 16], which a cell cannot hold; leave the scores out");
  }

  @Test
  void scorer_whoseAnswersHaveNoScore_isNamed() throws IOException {
    Path file = csv(header());
    ModelHandle<Row, Row> handle = ModelHandle.of(row -> Row.of("q", 1));

    assertThatThrownBy(() -> Profile.fromCsv(file, scored(), Optional.of(handle)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "the handle's answers give no score 'p': no column 'p' in this row; it has [q]");
  }

  @Test
  void scorer_thatFails_isPassedOn_theFirstOfTheFile() throws IOException {
    StringBuilder rows = new StringBuilder("x\n");
    for (int i = 0; i < 20_000; i++) {
      rows.append(i).append('\n');
    }
    Path file = csv(rows.toString());
    ModelHandle<Row, Row> handle =
        ModelHandle.of(
            row -> {
              double x = row.number("x");
              if (x >= 3000) {
                throw new InvalidInputException("refused " + (long) (x / 1024));
              }
              return Row.of("p", 1);
            });

    assertThatThrownBy(() -> Profile.fromCsv(file, scored(), Optional.of(handle)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("refused 2");
    ModelHandle<Row, Row> broken =
        ModelHandle.of(
            row -> {
              throw new ModelFailedException("broken", null);
            });
    assertThatThrownBy(() -> Profile.fromCsv(file, scored(), Optional.of(broken)))
        .isInstanceOf(ModelFailedException.class);
  }

  private static ModelSchema scored() {
    return ModelSchema.builder()
        .input("x", ElementType.FLOAT)
        .output("p", ElementType.FLOAT)
        .score("p")
        .build();
  }

  private static String header() {
    return "x\n1\n";
  }

  // ---- threads and size ----

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void parallelism_ofAnyDegree_givesTheSameBytes(int threads) throws Exception {
    Path file = longStorms();
    byte[] common = Profile.fromCsv(file, Storms.SCHEMA, Optional.of(Storms.SCORER)).bytes();

    ForkJoinPool pool = new ForkJoinPool(threads);
    try {
      byte[] here =
          pool.submit(
                  () -> Profile.fromCsv(file, Storms.SCHEMA, Optional.of(Storms.SCORER)).bytes())
              .get();
      assertThat(here).isEqualTo(common);
    } finally {
      pool.shutdown();
    }
  }

  /** Twenty times the training rows: more than one batch. */
  private Path longStorms() throws IOException {
    List<String> lines = Files.readAllLines(Storms.train());
    Path file = temp.resolve("long.csv");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write(lines.get(0));
      for (int i = 0; i < 20; i++) {
        for (String line : lines.subList(1, lines.size())) {
          out.write('\n');
          out.write(line);
        }
      }
    }
    return file;
  }

  @Test
  void rows_fromSeveralBatches_areAllCounted() throws IOException {
    Profile once = storms();
    Profile twenty = Profile.fromCsv(longStorms(), Storms.SCHEMA, Optional.of(Storms.SCORER));

    assertThat(twenty.rows()).isEqualTo(30_000);
    for (int i = 0; i < once.columns().size(); i++) {
      ColumnBaseline column = once.columns().get(i);
      if (column.cells() instanceof CategoryCells) {
        long[] counts = column.counts().clone();
        for (int cell = 0; cell < counts.length; cell++) {
          counts[cell] *= 20;
        }
        assertThat(twenty.columns().get(i).counts()).as(column.name()).isEqualTo(counts);
      }
      assertThat(twenty.columns().get(i).moments().map(ColumnBaseline.Moments::least))
          .isEqualTo(column.moments().map(ColumnBaseline.Moments::least));
    }
  }

  @Test
  void rows_ofAWideFile_areReadInSmallerBatchesAndAllCounted() throws IOException {
    String[] names = IntStream.range(0, 300).mapToObj(i -> "c" + i).toArray(String[]::new);
    StringBuilder text = new StringBuilder(String.join(",", names));
    for (int row = 0; row < 2500; row++) {
      text.append('\n').append(row % 2);
      text.append(("," + row).repeat(names.length - 1));
    }
    ModelSchema schema =
        ModelSchema.builder()
            .input("m", ElementType.FLOAT, names)
            .output("p", ElementType.FLOAT)
            .score("p")
            .build();
    ModelHandle<Row, Row> last = ModelHandle.of(row -> Row.of("p", row.number("c299")));

    Profile profile = Profile.fromCsv(csv(text.toString()), schema, Optional.of(last));

    assertThat(profile.rows()).isEqualTo(2500);
    assertThat(counts(profile, "c0")).containsExactly(0, 1250, 0, 1250, 0, 0, 0, 0, 0);
    ColumnBaseline score = profile.score().orElseThrow();
    assertThat(score.counts()).isEqualTo(counts(profile, "c299"));
    assertThat(score.moments()).isEqualTo(profile.column("c299").orElseThrow().moments());
  }

  @Test
  void aMillionDistinctTexts_areCountedAndProgressIsTold() throws IOException {
    Path file = temp.resolve("million.csv");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("k,x\n");
      for (int i = 0; i < 1_000_000; i++) {
        out.write("text-" + i + "," + i % 1000 + "\n");
      }
      out.write("text-7,0\ntext-7,0\n,0\n");
    }
    ModelSchema schema =
        ModelSchema.builder()
            .input("k", ElementType.TEXT)
            .input("x", ElementType.FLOAT)
            .optional("k")
            .output("p", ElementType.FLOAT)
            .build();
    List<String> told = new ArrayList<>();

    Profile profile = logged(told, () -> Profile.fromCsv(file, schema, Optional.empty()));

    assertThat(profile.rows()).isEqualTo(1_000_003);
    CategoryCells cells = categories(profile, "k");
    assertThat(cells.top()).hasSize(100).startsWith("text-7", "text-0", "text-1", "text-10");
    assertThat(cells.allKnown()).isFalse();
    assertThat(counts(profile, "k")[0]).isEqualTo(3);
    assertThat(counts(profile, "k")[cells.other()]).isEqualTo(999_900);
    assertThat(counts(profile, "k")[cells.missing()]).isEqualTo(1);
    assertThat(profile.bytes()).as("bounded, whatever the texts").hasSizeLessThan(5_000);
    assertThat(told)
        .singleElement()
        .asString()
        .matches("\\Q" + file + "\\E: 1,000,003 rows read, 100 % of the file");
  }

  private interface Work {
    Profile run() throws IOException;
  }

  private static Profile logged(List<String> told, Work work) throws IOException {
    Logger logger = Logger.getLogger(Training.class.getName());
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            told.add(record.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    boolean up = logger.getUseParentHandlers();
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      return work.run();
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(up);
    }
  }

  // ---- what is refused ----

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "",
      textBlock =
          """
          a;x         | column 'a' is no number
          a;          | column 'a' is empty, but the schema does not let it be missing
          a;NaN       | column 'a' is not finite, but the schema does not let it be missing
          a;-inf      | column 'a' is not finite, but the schema does not let it be missing
          a;1e39      | column 'a' is beyond FLOAT
          b;1e39      | column 'b' is beyond FLOAT
          a;0x10      | column 'a' is no number
          a;1f        | column 'a' is no number
          a;' 1'      | column 'a' is no number
          a;1e        | column 'a' is no number
          a;.         | column 'a' is no number
          a;+-1       | column 'a' is no number
          a;null      | column 'a' is no number
          n;128       | column 'n' is beyond INT8, -128 to 127
          n;-129      | column 'n' is beyond INT8, -128 to 127
          n;1.5       | column 'n' is no whole number of 64 bits, wanted INT8
          n;1e30      | column 'n' is no whole number of 64 bits, wanted INT8
          n;nan       | column 'n' is no whole number of 64 bits, wanted INT8
          n;seven     | column 'n' is no number
          n;          | column 'n' is empty, but the schema does not let it be missing
          t;yes       | column 't' is neither true nor false
          t;          | column 't' is empty, but the schema does not let it be missing
          """)
  void cell_thatDoesNotFit_isNamedByLineAndColumn(String cell, String message) throws IOException {
    String[] parts = cell.split(";", -1);
    List<String> names = List.of("a", "b", "n", "k", "o", "t");
    List<String> values = new ArrayList<>(List.of("1", "1", "1", "x", "y", "1"));
    values.set(names.indexOf(parts[0]), parts[1].replace("'", ""));
    Path file =
        csv("a,b,n,k,o,t\n1,2,3,\"two\nlines\",,true\n\n" + String.join(",", values) + "\n");

    assertThatThrownBy(() -> Profile.fromCsv(file, SCHEMA, Optional.empty()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(file + " line 5: " + message);
  }

  @ParameterizedTest
  @CsvSource({
    "INT16, 32768, '-32768 to 32767'",
    "INT32, -2147483649, '-2147483648 to 2147483647'",
    "UINT8, 256, 0 to 255",
    "UINT8, -1, 0 to 255"
  })
  void whole_beyondItsType_isRefused(ElementType type, String value, String range)
      throws IOException {
    Path file = csv("x\n" + value + "\n");
    ModelSchema schema =
        ModelSchema.builder().input("x", type).output("p", ElementType.FLOAT).build();

    assertThatThrownBy(() -> Profile.fromCsv(file, schema, Optional.empty()))
        .hasMessage(file + " line 2: column 'x' is beyond " + type + ", " + range);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"-9223372036854775808", "9223372036854775807", "1e18", "000000000000000000007"})
  void whole_of64Bits_isTaken(String value) throws IOException {
    ModelSchema schema =
        ModelSchema.builder().input("x", ElementType.INT64).output("p", ElementType.FLOAT).build();

    assertThat(Profile.fromCsv(csv("x\n" + value + "\n"), schema, Optional.empty()).rows())
        .isEqualTo(1);
  }

  @Test
  void cells_thatDoNotFit_areNamedTheFirstOfEachColumn() throws IOException {
    Path file = csv("a,b,n,k,o,t\n1,x,3,x,y,0\nx,x,3.5,x,y,0\nx,2,3.5,x,y,0\n");

    assertThatThrownBy(() -> Profile.fromCsv(file, SCHEMA, Optional.empty()))
        .isInstanceOfSatisfying(
            InvalidSettingsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        file + " line 2: column 'b' is no number",
                        file + " line 3: column 'a' is no number",
                        file + " line 3: column 'n' is no whole number of 64 bits, wanted INT8"));
  }

  @Test
  void header_withSeveralProblems_namesThemAll() throws IOException {
    Path file = csv("a,m.a,k,o,t\n1,1,x,y,1\n");

    assertThatThrownBy(() -> Profile.fromCsv(file, SCHEMA, Optional.empty()))
        .isInstanceOfSatisfying(
            InvalidSettingsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        file + ": both 'a' and 'm.a' stand there; leave one out",
                        file + ": no column for the input 'b' (FLOAT)",
                        file + ": no column for the input 'n' (INT8)"));
  }

  @Test
  void header_withNamesTwice_namesThemAll() throws IOException {
    Path file = csv("a,b,a,b\n1,2,3,4\n");

    assertThatThrownBy(() -> Profile.fromCsv(file, SCHEMA, Optional.empty()))
        .isInstanceOfSatisfying(
            InvalidSettingsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        file + " line 1: column 'a' stands there twice",
                        file + " line 1: column 'b' stands there twice"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''             | ' line 1: the file is empty; wanted a header with the columns'' names'
          'x%'           | ': no rows below the header; a baseline needs at least one'
          'x%%%'         | ': no rows below the header; a baseline needs at least one'
          'x,y%1,2%3%'   | ' line 3: has 1 cells, but the header has 2'
          'x%1%2,3%'     | ' line 3: has 2 cells, but the header has 1'
          """)
  void file_thatIsNoTable_isRefused(String text, String message) throws IOException {
    Path file = csv(text.replace('%', '\n'));

    assertThatThrownBy(() -> Profile.fromCsv(file, one(ElementType.FLOAT), Optional.empty()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(file + message);
  }

  @Test
  void file_withAnOpenQuote_isRefused() throws IOException {
    Path file = csv("x\n1\n\"2\n3\n");

    assertThatThrownBy(() -> Profile.fromCsv(file, one(ElementType.FLOAT), Optional.empty()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageStartingWith(
            file + " line 2: here or below, the file cannot be read as CSV in UTF-8: ");
  }

  @Test
  void file_thatIsNotUtf8_isRefused() throws IOException {
    Path file = Files.write(temp.resolve("latin.csv"), new byte[] {'x', '\n', (byte) 0xE4, '\n'});

    assertThatThrownBy(() -> Profile.fromCsv(file, one(ElementType.FLOAT), Optional.empty()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageStartingWith(
            file + " line 1: here or below, the file cannot be read as CSV in UTF-8: ");
  }

  @Test
  void file_thatIsNotThere_isNamed() {
    Path file = temp.resolve("none.csv");

    assertThatThrownBy(() -> Profile.fromCsv(file, SCHEMA, Optional.empty()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageStartingWith("training rows " + file + " cannot be read: ")
        .hasMessageContaining("NoSuchFileException");
  }

  @Test
  void badCell_beforeABadLine_isToldFirst() throws IOException {
    StringBuilder rows = new StringBuilder("x\n");
    for (int i = 2; i <= 10_000; i++) {
      rows.append(i == 9000 ? "word" : i == 9500 ? "1,2" : "1").append('\n');
    }
    Path file = csv(rows.toString());

    assertThatThrownBy(() -> Profile.fromCsv(file, one(ElementType.FLOAT), Optional.empty()))
        .hasMessage(file + " line 9000: column 'x' is no number");
    Path mended = csv(rows.toString().replace("word", "1"));
    assertThatThrownBy(() -> Profile.fromCsv(mended, one(ElementType.FLOAT), Optional.empty()))
        .hasMessage(mended + " line 9500: has 2 cells, but the header has 1");
  }

  @Test
  void messages_neverHoldTheValue() throws IOException {
    for (String type : List.of("a", "n", "t")) {
      Path file =
          csv("a,b,n,k,o,t\n1,1,1,x,y,1\n".replaceFirst("\n1,1,1,x,y,1", row(type, "s3cret")));
      assertThatThrownBy(() -> Profile.fromCsv(file, SCHEMA, Optional.empty()))
          .hasMessageNotContaining("s3cret");
    }
  }

  private static String row(String column, String value) {
    return "\n"
        + (column.equals("a") ? value : "1")
        + ",1,"
        + (column.equals("n") ? value : "1")
        + ",x,y,"
        + (column.equals("t") ? value : "1");
  }

  private static ModelSchema one(ElementType type) {
    return ModelSchema.builder()
        .input("x", type)
        .optional("x")
        .output("p", ElementType.FLOAT)
        .build();
  }

  private static Profile storms() {
    return Profile.fromCsv(Storms.train(), Storms.SCHEMA, Optional.of(Storms.SCORER));
  }

  private Profile profile(String text) throws IOException {
    return Profile.fromCsv(csv(text), SCHEMA, Optional.empty());
  }

  private Path csv(String text) throws IOException {
    return Files.writeString(temp.resolve("train.csv"), text, StandardCharsets.UTF_8);
  }

  private static long[] counts(Profile profile, String column) {
    return profile.column(column).orElseThrow().counts();
  }

  private static NumberCells numbers(Profile profile, String column) {
    return (NumberCells) profile.column(column).orElseThrow().cells();
  }

  private static CategoryCells categories(Profile profile, String column) {
    return (CategoryCells) Objects.requireNonNull(profile.column(column).orElseThrow().cells());
  }
}
