package dev.mlops.runtime.codec;

import static dev.mlops.model.ElementType.BOOL;
import static dev.mlops.model.ElementType.DOUBLE;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.FLOAT16;
import static dev.mlops.model.ElementType.INT16;
import static dev.mlops.model.ElementType.INT32;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.INT8;
import static dev.mlops.model.ElementType.TEXT;
import static dev.mlops.model.ElementType.UINT8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.model.Column;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

// arrays are what a vector's component is; accessors and constructors are used through handles
@SuppressWarnings({"ArrayRecordComponent", "UnusedMethod"})
final class RecordCodecTest {
  private record Storm(
      float month, double lat, @Column("long") Float lon, long wind, boolean landfall) {}

  private record Forecast(long label, @Column("probabilities.1") double probability) {}

  private record Nothing() {}

  private static final ModelSchema STORMS =
      ModelSchema.builder()
          .input("features", FLOAT, "wind", "landfall", "lat", "long", "month")
          .optional("long")
          .output("label", INT64)
          .output("probabilities", FLOAT, "0", "1")
          .build();

  @Test
  void write_single_columnsLieInTheSchemasOrder() {
    assertThat(numbers(written(STORMS, new Storm(9, 12.5, -40f, 80, true)), 0))
        .containsExactly(80, 1, 12.5, -40, 9);
  }

  @Test
  void write_chunkOfAList_rowsOfTheChunk() {
    Frame frame = frame(STORMS);
    List<Storm> storms =
        List.of(
            new Storm(1, 1, 1f, 1, true),
            new Storm(2, 2, 2f, 2, false),
            new Storm(3, 3, null, 3, true));

    Codecs.bind(STORMS, Storm.class, Nothing.class).write(storms, 1, 2, frame);

    assertThat(frame.rows()).isEqualTo(2);
    assertThat(numbers(frame, 0)).containsExactly(2, 0, 2, 2, 2);
    assertThat(numbers(frame, 1)).containsExactly(3, 1, 3, Double.NaN, 3);
    assertThat(frame.missing(1, 3)).isTrue();
    assertThat(frame.missing(0, 3)).isFalse();
  }

  @Test
  void read_subsetOfOutputs_byNameAndByTensorAndName() {
    FakeSlot slot =
        new FakeSlot(
            STORMS,
            (in, out) -> {
              out.get(0).longs().put(0, 7).put(1, 8);
              out.get(1).floats().put(0, 0.75f).put(1, 0.25f).put(2, 0.5f).put(3, 0.125f);
            });
    Frame frame = new Frame(STORMS, slot);
    BoundCodec<Storm, Forecast> codec = Codecs.bind(STORMS, Storm.class, Forecast.class);
    Storm storm = new Storm(1, 1, 1f, 1, true);

    codec.write(List.of(storm, storm), 0, 2, frame);
    frame.run();

    assertThat(codec.read(frame, 0)).isEqualTo(new Forecast(7, 0.25));
    assertThat(codec.read(frame, 1)).isEqualTo(new Forecast(8, 0.125));
  }

  private record Odd(
      @Column("duration (months)") int duration,
      @Column("installment.rate") double rate,
      @Column("purpose[0]") String purpose,
      @Column("answers.age") short age) {}

  @Test
  void write_namesWithBlanksDotsAndBrackets_byAnnotation() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("duration (months)", INT64)
            .input("installment.rate", FLOAT)
            .input("purpose[0]", TEXT)
            .input("answers", FLOAT, "age", "other.age")
            .output("y", FLOAT)
            .build();

    assertThatThrownBy(() -> Codecs.bind(schema, Odd.class, Nothing.class))
        .hasMessage(
            "column 'other.age' (FLOAT) has no component in Odd; add one of that name or with"
                + " @Column(\"other.age\"), of type a number: float, double, long, int, short, byte"
                + " or boolean or one of their boxes");
    ModelSchema without =
        ModelSchema.builder()
            .input("duration (months)", INT64)
            .input("installment.rate", FLOAT)
            .input("purpose[0]", TEXT)
            .input("answers", FLOAT, "age")
            .output("y", FLOAT)
            .build();
    Frame frame = written(without, new Odd(6, 4.5, "radio/tv", (short) 67));
    assertThat(frame.number(0, 0)).isEqualTo(6);
    assertThat(frame.number(0, 1)).isEqualTo(4.5);
    assertThat(frame.text(0, 2)).isEqualTo("radio/tv");
    assertThat(frame.number(0, 3)).isEqualTo(67);
  }

  private record Every(
      float f,
      Double d,
      Float h,
      byte i8,
      Short i16,
      Integer i32,
      Long i64,
      int u8,
      boolean b,
      String t) {}

  private static final ModelSchema EVERY =
      everyOutput(
          ModelSchema.builder()
              .input("f", FLOAT)
              .input("d", DOUBLE)
              .input("h", FLOAT16)
              .input("i8", INT8)
              .input("i16", INT16)
              .input("i32", INT32)
              .input("i64", INT64)
              .input("u8", UINT8)
              .input("b", BOOL)
              .input("t", TEXT));

  private static ModelSchema everyOutput(ModelSchema.Builder inputs) {
    return inputs
        .output("f", FLOAT)
        .output("d", DOUBLE)
        .output("h", FLOAT16)
        .output("i8", INT8)
        .output("i16", INT16)
        .output("i32", INT32)
        .output("i64", INT64)
        .output("u8", UINT8)
        .output("b", BOOL)
        .output("t", TEXT)
        .build();
  }

  @Test
  void values_ofEveryType_comeBackAsTheyWere() {
    FakeSlot slot = new FakeSlot(EVERY, Copies::all);
    Frame frame = new Frame(EVERY, slot);
    BoundCodec<Every, Every> codec = Codecs.bind(EVERY, Every.class, Every.class);
    Every first =
        new Every(
            0.1f,
            0.1,
            0.5f,
            Byte.MIN_VALUE,
            Short.MIN_VALUE,
            Integer.MIN_VALUE,
            Long.MIN_VALUE,
            255,
            true,
            "ä");
    Every second =
        new Every(
            -0.0f,
            Double.MIN_VALUE,
            65504f,
            Byte.MAX_VALUE,
            Short.MAX_VALUE,
            Integer.MAX_VALUE,
            Long.MAX_VALUE,
            0,
            false,
            "");

    codec.write(List.of(first, second), 0, 2, frame);
    frame.run();

    assertThat(codec.read(frame, 0)).isEqualTo(first);
    assertThat(codec.read(frame, 1)).isEqualTo(second);
    assertThat(numbers(frame, 0, 9))
        .containsExactly((double) 0.1f, 0.1, 0.5, -128, -32768, Integer.MIN_VALUE, -0x1p63, 255, 1);
  }

  private record Wide(
      double f,
      double d,
      double h,
      double i8,
      double i16,
      double i32,
      long i64,
      double u8,
      boolean b,
      String t) {}

  @Test
  void read_intoWiderTypes_sameValues() {
    FakeSlot slot = new FakeSlot(EVERY, Copies::all);
    Frame frame = new Frame(EVERY, slot);
    BoundCodec<Every, Wide> codec = Codecs.bind(EVERY, Every.class, Wide.class);

    codec.write(new Every(0.1f, 0.1, 0.5f, (byte) -1, (short) -2, -3, -4L, 200, true, "x"), frame);
    frame.run();

    assertThat(codec.read(frame, 0))
        .isEqualTo(new Wide(0.1f, 0.1, 0.5, -1, -2, -3, -4, 200, true, "x"));
  }

  private record Arrays10(
      float[] f,
      double[] d,
      float[] h,
      byte[] i8,
      int[] i16,
      int[] i32,
      long[] i64,
      byte[] u8,
      boolean[] b,
      String[] t) {}

  private static final ModelSchema ARRAYS = arrays(Shape.perRow(2, 1));

  private static ModelSchema arrays(Shape shape) {
    ModelSchema.Builder builder = ModelSchema.builder();
    for (var type : List.of(FLOAT, DOUBLE, FLOAT16, INT8, INT16, INT32, INT64, UINT8, BOOL, TEXT)) {
      String name =
          switch (type) {
            case FLOAT -> "f";
            case DOUBLE -> "d";
            case FLOAT16 -> "h";
            case INT8 -> "i8";
            case INT16 -> "i16";
            case INT32 -> "i32";
            case INT64 -> "i64";
            case UINT8 -> "u8";
            case BOOL -> "b";
            case TEXT -> "t";
          };
      builder.input(name, type, shape).output(name, type, shape);
    }
    return builder.build();
  }

  private static Arrays10 sample(int k) {
    return new Arrays10(
        new float[] {k, 0.1f},
        new double[] {k, 0.1},
        new float[] {k, 0.5f},
        new byte[] {(byte) k, -128},
        new int[] {k, -32768},
        new int[] {k, Integer.MIN_VALUE},
        new long[] {k, Long.MAX_VALUE},
        new byte[] {(byte) k, -1},
        new boolean[] {k > 1, true},
        new String[] {"t" + k, ""});
  }

  private static void roundTrip(ModelSchema schema) {
    Frame frame = new Frame(schema, new FakeSlot(schema, Copies::all));
    BoundCodec<Arrays10, Arrays10> codec = Codecs.bind(schema, Arrays10.class, Arrays10.class);

    codec.write(List.of(sample(0), sample(1), sample(2)), 0, 3, frame);
    frame.run();

    for (int row = 0; row < 3; row++) {
      assertThat(codec.read(frame, row)).usingRecursiveComparison().isEqualTo(sample(row));
      assertThat(frame.size(row, 0)).isEqualTo(2);
      assertThat(frame.element(row, 0, 0)).isEqualTo(row);
      assertThat(frame.element(row, 1, 1)).isEqualTo(0.1);
      assertThat(frame.element(row, 7, 1)).isEqualTo(255);
    }
  }

  @Test
  void vectors_ofEveryType_comeBackAsTheyWere() {
    roundTrip(ARRAYS);
  }

  @Test
  void vectors_withTheRowAxisInTheMiddle_comeBackAsTheyWere() {
    roundTrip(arrays(Shape.of(2, Shape.ROWS)));
  }

  private record Doubles(double[] f, float[] d, int[] i64, boolean[] u8) {}

  @Test
  void vectors_ofOtherTypes_areConverted() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("f", FLOAT, Shape.perRow(2))
            .input("d", DOUBLE, Shape.perRow(2))
            .input("i64", INT64, Shape.perRow(2))
            .input("u8", UINT8, Shape.perRow(2))
            .output("y", FLOAT)
            .build();
    Frame frame =
        written(
            schema,
            new Doubles(
                new double[] {0.1, 2},
                new float[] {0.1f, 2},
                new int[] {-1, 2},
                new boolean[] {true, false}));

    assertThat(frame.element(0, 0, 0)).isEqualTo(0.1f);
    assertThat(frame.element(0, 1, 0)).isEqualTo((double) 0.1f);
    assertThat(frame.element(0, 2, 0)).isEqualTo(-1);
    assertThat(frame.element(0, 3, 0)).isEqualTo(1);
    assertThat(frame.element(0, 3, 1)).isEqualTo(0);
  }

  private record Chunk(float[] input, float[] state, long sr) {}

  private record Voice(float output, float[] stateN) {}

  private static final ModelSchema VOICE =
      ModelSchema.builder()
          .input("input", FLOAT, Shape.perRow(3))
          .input("state", FLOAT, Shape.of(2, Shape.ROWS, 2))
          .input("sr", INT64, Shape.perCall())
          .output("output", FLOAT)
          .output("stateN", FLOAT, Shape.of(2, Shape.ROWS, 2))
          .build();

  @Test
  void write_tensorForTheWholeCall_isWrittenWithASingleRow() {
    FakeSlot slot =
        new FakeSlot(
            VOICE,
            (in, out) -> {
              out.get(0).floats().put(0, (float) in.get(2).longs().get(0));
              out.get(1).floats().put(0, in.get(1).floats(), 0, 4);
            });
    Frame frame = new Frame(VOICE, slot);
    BoundCodec<Chunk, Voice> codec = Codecs.bind(VOICE, Chunk.class, Voice.class);

    codec.write(new Chunk(new float[3], new float[] {1, 2, 3, 4}, 16_000), frame);
    frame.run();

    assertThat(codec.read(frame, 0).output()).isEqualTo(16_000);
    assertThat(codec.read(frame, 0).stateN()).containsExactly(1, 2, 3, 4);
    assertThat(frame.number(0, 2)).isEqualTo(16_000);
  }

  @Test
  void write_tensorForTheWholeCallAndSeveralRows_refused() {
    Chunk chunk = new Chunk(new float[3], new float[4], 16_000);
    assertThatThrownBy(
            () ->
                Codecs.bind(VOICE, Chunk.class, Voice.class)
                    .write(List.of(chunk, chunk), 0, 2, frame(VOICE)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(
            "input 'sr' [] is one for the whole call, so rows with a value each cannot share a"
                + " call; predict them one at a time");
  }

  private record Open(float[] boxes) {}

  @Test
  void read_outputWithAnOpenAxis_asLongAsItCameOut() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("x", FLOAT)
            .output("boxes", FLOAT, Shape.perRow(Shape.ANY))
            .build();
    record One(float x) {}
    Frame frame =
        new Frame(
            schema, new FakeSlot(schema, (in, out) -> out.get(0).floats().put(1, 5).put(5, 9)));
    BoundCodec<One, Open> codec = Codecs.bind(schema, One.class, Open.class);

    codec.write(List.of(new One(1), new One(2)), 0, 2, frame);
    frame.run();

    assertThat(codec.read(frame, 0).boxes()).containsExactly(0, 5, 0);
    assertThat(codec.read(frame, 1).boxes()).containsExactly(0, 0, 9);
  }

  // what is refused at binding

  private record Misfit(
      String month,
      double latitude,
      float wind,
      @Column("features.wind") int gust,
      int[] landfall) {}

  private record Wrong(int label, float[] probabilities, @Column("1") Float probability) {}

  @Test
  void bind_everyMisfitOfBothSides_toldAtOnce() {
    InvalidSettingsException e =
        catchThrowableOfType(
            InvalidSettingsException.class, () -> Codecs.bind(STORMS, Misfit.class, Wrong.class));

    String number =
        "a number: float, double, long, int, short, byte or boolean or one of their boxes";
    assertThat(e.problems())
        .containsExactly(
            "component 'month' (String) of Misfit does not fit column 'month' (FLOAT); it takes "
                + number,
            "component 'latitude' (double) of Misfit stands for no input column: there is no"
                + " 'latitude' among [wind, landfall, lat, long, month]",
            "component 'gust' (int) of Misfit stands for column 'wind', and so does component"
                + " 'wind'; one of them is too many",
            "component 'landfall' (int[]) of Misfit does not fit column 'landfall' (FLOAT); it"
                + " takes "
                + number,
            "column 'lat' (FLOAT) has no component in Misfit; add one of that name or with"
                + " @Column(\"lat\"), of type "
                + number,
            "column 'long' (FLOAT) has no component in Misfit; add one of that name or with"
                + " @Column(\"long\"), of type "
                + number,
            "component 'label' (int) of Wrong does not hold every value of column 'label' (INT64);"
                + " use long",
            "component 'probabilities' (float[]) of Wrong stands for no output column: there is no"
                + " 'probabilities' among [label, 0, 1]");
    assertThat(e).hasMessageStartingWith("8 problems: component 'month'");
  }

  private record Image(float pixels) {}

  private record Text(float t) {}

  private record Char(char x) {}

  private record Narrow(@Column("y") float y) {}

  @Test
  void bind_otherMisfits_saidWhatFits() {
    ModelSchema image =
        ModelSchema.builder()
            .input("pixels", UINT8, Shape.perRow(8, 8))
            .output("y", DOUBLE)
            .build();
    ModelSchema text = ModelSchema.builder().input("t", TEXT).output("y", DOUBLE).build();
    ModelSchema x = ModelSchema.builder().input("x", FLOAT).output("y", DOUBLE).build();

    assertThatThrownBy(() -> Codecs.bind(image, Image.class, Nothing.class))
        .hasMessage(
            "component 'pixels' (float) of Image does not fit column 'pixels' (UINT8 [rows, 8, 8]);"
                + " it takes float[], double[], long[], int[], byte[] or boolean[]");
    assertThatThrownBy(() -> Codecs.bind(text, Text.class, Nothing.class))
        .hasMessage(
            "component 't' (float) of Text does not fit column 't' (TEXT); it takes String");
    assertThatThrownBy(() -> Codecs.bind(x, Char.class, Nothing.class))
        .hasMessageStartingWith("component 'x' (char) of Char does not fit column 'x' (FLOAT)");
    record X(float x) {}
    assertThatThrownBy(() -> Codecs.bind(x, X.class, Narrow.class))
        .hasMessage(
            "component 'y' (float) of Narrow does not hold every value of column 'y' (DOUBLE); use"
                + " double");
  }

  @Test
  void bind_noRecord_refused() {
    assertThatThrownBy(() -> Codecs.bind(STORMS, Storm.class, Double.class))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "java.lang.Double is no record; a handle takes and gives Row or records, and needs a"
                + " Codec for anything else");
  }

  @Test
  void bind_inputWithAnOpenAxis_refused() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("tokens", INT64, Shape.perRow(Shape.ANY))
            .output("y", DOUBLE)
            .build();
    record Tokens(long[] tokens) {}
    assertThatThrownBy(() -> Codecs.bind(schema, Tokens.class, Nothing.class))
        .hasMessage(
            "input 'tokens' [rows, ?] has an open axis, which rows and records cannot fill; use a"
                + " Codec");
  }

  @Test
  void bind_recordOfAClosedModule_saidWhatToOpen(@TempDir Path folder) throws Exception {
    Class<?> hidden = closedRecord(folder, "record Hidden(float x) {}", "Hidden", "");
    ModelSchema schema = ModelSchema.builder().input("x", FLOAT).output("y", FLOAT).build();

    assertThatThrownBy(() -> Codecs.bind(schema, hidden, Nothing.class))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "closed.inside.Hidden cannot be used from here: add 'opens closed.inside;' to the"
                + " module-info of closed");
  }

  @Test
  void bind_publicRecordOfAnExportedPackage_needsNothingOpened(@TempDir Path folder)
      throws Exception {
    Class<?> open =
        closedRecord(folder, "public record Seen(float x) {}", "Seen", "exports closed.inside;");
    ModelSchema schema = ModelSchema.builder().input("x", FLOAT).output("y", FLOAT).build();
    Object one = open.getConstructor(float.class).newInstance(3f);
    Frame frame = frame(schema);

    @SuppressWarnings("unchecked")
    BoundCodec<Object, Nothing> codec =
        (BoundCodec<Object, Nothing>) Codecs.bind(schema, (Class<?>) open, Nothing.class);
    codec.write(one, frame);

    assertThat(frame.number(0, 0)).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({"float, 254, 252", "double, 127, 126"})
  @SuppressWarnings("unchecked")
  void bind_recordOfMoreThanAMethodTakes_comesInAndDoesNotComeOut(
      String type, int components, int most, @TempDir Path folder) throws Exception {
    Class<?> many =
        closedRecord(folder, wide("Many", type, components), "Many", "exports closed.inside;");
    String[] names = names(components);
    ElementType column = ElementType.valueOf(type.toUpperCase(Locale.ROOT));
    ModelSchema in = ModelSchema.builder().input("x", column, names).output("y", FLOAT).build();
    Object[] values = new Object[components];
    Arrays.fill(values, type.equals("float") ? (Object) 3f : (Object) 3.0);
    Object one = many.getConstructors()[0].newInstance(values);
    Frame frame = frame(in);
    ((BoundCodec<Object, Nothing>) Codecs.bind(in, (Class<?>) many, Nothing.class))
        .write(one, frame);
    assertThat(frame.number(0, components - 1)).isEqualTo(3);

    ModelSchema out = ModelSchema.builder().input("x", FLOAT).output("y", column, names).build();
    record X(float x) {}
    assertThatThrownBy(() -> Codecs.bind(out, X.class, many))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "Many has "
                + components
                + " components; a record that comes out may have 252, of which a long or double"
                + " counts twice: leave some out, or take Row");
    Path other = Files.createDirectory(folder.resolve("other"));
    Class<?> fits = closedRecord(other, wide("Fits", type, most), "Fits", "exports closed.inside;");
    assertThat(Codecs.bind(out, X.class, fits)).isNotNull();
  }

  private static String[] names(int count) {
    return IntStream.range(0, count).mapToObj(i -> "c" + i).toArray(String[]::new);
  }

  private static String wide(String name, String type, int components) {
    return Arrays.stream(names(components))
        .map(component -> type + " " + component)
        .collect(Collectors.joining(", ", "public record " + name + "(", ") {}"));
  }

  /* A class in a module of its own, compiled and loaded here. */
  private static Class<?> closedRecord(Path folder, String source, String name, String directive)
      throws IOException, ClassNotFoundException {
    Path info =
        Files.writeString(
            folder.resolve("module-info.java"), "module closed { " + directive + " }");
    Path inside = Files.createDirectories(folder.resolve("closed/inside"));
    Path file =
        Files.writeString(inside.resolve(name + ".java"), "package closed.inside; " + source);
    Path classes = folder.resolve("classes");
    StringWriter errors = new StringWriter();
    int result =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(
                new PrintWriter(errors),
                new PrintWriter(errors),
                "-d",
                classes.toString(),
                info.toString(),
                file.toString());
    assertThat(result).as(errors.toString()).isZero();
    ModuleLayer boot = ModuleLayer.boot();
    Configuration configuration =
        boot.configuration().resolve(ModuleFinder.of(classes), ModuleFinder.of(), Set.of("closed"));
    return boot.defineModulesWithOneLoader(configuration, ClassLoader.getSystemClassLoader())
        .findLoader("closed")
        .loadClass("closed.inside." + name);
  }

  // what is refused at writing

  private static void refused(ModelSchema schema, Record input, String message) {
    assertThatThrownBy(() -> written(schema, input))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(message);
  }

  @Test
  void write_notFinite_refusedUnlessOptional() {
    refused(
        STORMS,
        new Storm(Float.NaN, 1, 1f, 1, true),
        "column 'month' was NaN; a FLOAT column that is not optional takes finite numbers");
    refused(
        STORMS,
        new Storm(1, Double.NEGATIVE_INFINITY, 1f, 1, true),
        "column 'lat' was infinite; a FLOAT column that is not optional takes finite numbers");
    Frame frame = written(STORMS, new Storm(1, 1, Float.NaN, 1, true));
    assertThat(frame.number(0, 3)).isNaN();
    assertThat(frame.missing(0, 3)).isFalse();
  }

  @Test
  void write_notFiniteIntoOtherFloatingColumns_refusedUnlessOptional() {
    record V(double v) {}
    for (var type : List.of(DOUBLE, FLOAT16)) {
      ModelSchema.Builder builder = ModelSchema.builder().input("v", type).output("y", FLOAT);
      String wanted = "; a " + type + " column that is not optional takes finite numbers";
      refused(builder.build(), new V(Double.NaN), "column 'v' was NaN" + wanted);
      refused(builder.build(), new V(Double.NEGATIVE_INFINITY), "column 'v' was infinite" + wanted);
      ModelSchema optional = builder.optional("v").build();
      assertThat(written(optional, new V(Double.NaN)).number(0, 0)).isNaN();
      assertThat(written(optional, new V(Double.NEGATIVE_INFINITY)).number(0, 0)).isInfinite();
    }
    ModelSchema half = ModelSchema.builder().input("v", FLOAT16).output("y", FLOAT).build();
    refused(half, new V(65520), "column 'v' was a number that FLOAT16 does not hold");
    assertThat(written(half, new V(65519)).number(0, 0)).isEqualTo(65504);
  }

  @Test
  void write_doubleBeyondFloat_refusedEvenWhereOptional() {
    record Two(double a, double b) {}
    ModelSchema schema =
        ModelSchema.builder().input("x", FLOAT, "a", "b").optional("b").output("y", FLOAT).build();
    refused(schema, new Two(1e39, 1), "column 'a' was a number that FLOAT does not hold");
    refused(schema, new Two(1, -1e39), "column 'b' was a number that FLOAT does not hold");
    assertThat(written(schema, new Two(Float.MAX_VALUE, Double.POSITIVE_INFINITY)).number(0, 1))
        .isInfinite();
  }

  @Test
  void write_wholeNumbers_refusedWhereTheColumnDoesNotHoldThem() {
    record N(double n) {}
    record L(long n) {}
    for (var type : List.of(INT8, INT16, INT32, INT64, UINT8, BOOL)) {
      ModelSchema schema = ModelSchema.builder().input("n", type).output("y", FLOAT).build();
      String a = type.name().startsWith("I") ? "an " : "a ";
      refused(
          schema,
          new N(0.5),
          "column 'n' was a number with a fraction; " + a + type + " column takes whole numbers");
      refused(schema, new N(0x1p63), "column 'n' was a number that " + type + " does not hold");
      refused(
          schema,
          new N(Double.NaN),
          "column 'n' was NaN; " + a + type + " column that is not optional takes finite numbers");
      assertThat(written(schema, new N(1)).number(0, 0)).isEqualTo(1);
      if (type != INT64) {
        refused(
            schema,
            new L(Long.MAX_VALUE),
            "column 'n' was a number that " + type + " does not hold");
      }
      if (type == UINT8 || type == BOOL) {
        refused(schema, new L(-1), "column 'n' was a number that " + type + " does not hold");
      }
    }
  }

  @Test
  void write_null_refusedUnlessOptional() {
    record Boxes(Integer n, String t, float[] v) {}
    ModelSchema.Builder builder =
        ModelSchema.builder()
            .input("n", DOUBLE)
            .input("t", TEXT)
            .input("v", FLOAT, Shape.perRow(2))
            .output("y", FLOAT);
    ModelSchema schema = builder.build();
    float[] v = {1, 2};
    refused(
        schema,
        new Boxes(null, "t", v),
        "column 'n' was null; a DOUBLE column that is not optional needs a value");
    refused(
        schema,
        new Boxes(1, null, v),
        "column 't' was null; a TEXT column that is not optional needs a value");
    refused(
        schema,
        new Boxes(1, "t", null),
        "column 'v' was null; a FLOAT column that is not optional needs a value");

    Frame frame = written(builder.optional("n", "t", "v").build(), new Boxes(null, null, null));
    for (int column = 0; column < 3; column++) {
      assertThat(frame.missing(0, column)).isTrue();
    }
    assertThat(frame.number(0, 0)).isNaN();
    assertThat(frame.text(0, 1)).isEmpty();
    assertThat(frame.element(0, 2, 0)).isNaN();
    assertThat(frame.element(0, 2, 1)).isNaN();
  }

  @Test
  void write_vector_refusedForLengthAndElements() {
    record V(float[] v) {}
    record D(double[] v) {}
    record T(String[] v) {}
    ModelSchema schema =
        ModelSchema.builder().input("v", FLOAT, Shape.perRow(2, 2)).output("y", FLOAT).build();
    refused(
        schema,
        new V(new float[3]),
        "column 'v' was given 3 elements; FLOAT [rows, 2, 2] takes 4 a row");
    refused(
        schema,
        new V(new float[] {0, 0, Float.NaN, 0}),
        "column 'v' was NaN; a FLOAT column that is not optional takes finite numbers");
    refused(
        schema,
        new D(new double[] {0, 0, 0, 1e300}),
        "column 'v' was a number that FLOAT does not hold");
    ModelSchema texts =
        ModelSchema.builder().input("v", TEXT, Shape.perRow(2)).output("y", FLOAT).build();
    refused(texts, new T(new String[] {"a", null}), "column 'v' has an element that is null");
  }

  @Test
  void write_badRowOfAList_namedByItsIndexInTheList() {
    List<Storm> storms =
        Arrays.asList(new Storm(1, 1, 1f, 1, true), null, new Storm(1, Double.NaN, 1f, 1, true));
    BoundCodec<Storm, Nothing> codec = Codecs.bind(STORMS, Storm.class, Nothing.class);
    assertThatThrownBy(() -> codec.write(storms, 1, 2, frame(STORMS)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("row 1: the input was null");
    assertThatThrownBy(() -> codec.write(storms, 2, 1, frame(STORMS)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(
            "row 2: column 'lat' was NaN; a FLOAT column that is not optional takes finite"
                + " numbers");
    assertThatThrownBy(() -> codec.write(null, frame(STORMS)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("the input was null");
  }

  private record Touchy(float x) {
    @Override
    public float x() {
      throw new UnsupportedOperationException("mine");
    }
  }

  private record Picky(float y) {
    Picky {
      if (y < 1) {
        throw new IllegalArgumentException("y is " + y);
      }
    }
  }

  @Test
  void callersOwnFailures_inAccessorOrConstructor_passUnchanged() {
    ModelSchema schema = ModelSchema.builder().input("x", FLOAT).output("y", FLOAT).build();
    assertThatThrownBy(() -> written(schema, new Touchy(1)))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage("mine");
    record X(float x) {}
    Frame frame = frame(schema);
    BoundCodec<X, Picky> codec = Codecs.bind(schema, X.class, Picky.class);
    codec.write(new X(1), frame);
    frame.run();
    assertThatThrownBy(() -> codec.read(frame, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("y is 0.0");
  }

  private static Frame frame(ModelSchema schema) {
    return new Frame(schema, new FakeSlot(schema));
  }

  @SuppressWarnings("unchecked")
  private static Frame written(ModelSchema schema, Record input) {
    Frame frame = frame(schema);
    Codecs.bind(schema, (Class<Record>) input.getClass(), Nothing.class).write(input, frame);
    return frame;
  }

  private static double[] numbers(Frame frame, int row) {
    return numbers(frame, row, 5);
  }

  private static double[] numbers(Frame frame, int row, int columns) {
    double[] numbers = new double[columns];
    for (int i = 0; i < columns; i++) {
      numbers[i] = frame.number(row, i);
    }
    return numbers;
  }
}
