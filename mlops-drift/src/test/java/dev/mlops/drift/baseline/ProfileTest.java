package dev.mlops.drift.baseline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Training rows in a file become columns, the same ones whatever the threads and the size. */
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
