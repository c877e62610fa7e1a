package dev.mlops.runtime.codec;

import static dev.mlops.model.ElementType.BOOL;
import static dev.mlops.model.ElementType.DOUBLE;
import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.INT32;
import static dev.mlops.model.ElementType.INT64;
import static dev.mlops.model.ElementType.TEXT;
import static dev.mlops.model.ElementType.UINT8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.Row;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Shape;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class RowCodecTest {
  private static final ModelSchema CREDIT =
      ModelSchema.builder()
          .input("duration (months)", INT64)
          .input("x", FLOAT, "age", "installment.rate")
          .input("purpose[0]", TEXT)
          .optional("installment.rate", "purpose[0]")
          .output("y", FLOAT)
          .build();

  private static Frame written(ModelSchema schema, Object... nameThenValue) {
    Frame frame = new Frame(schema, new FakeSlot(schema));
    Codecs.bind(schema, Row.class, Row.class).write(Row.of(nameThenValue), frame);
    return frame;
  }

  private static void refused(ModelSchema schema, Row row, String... problems) {
    InvalidInputException e =
        catchThrowableOfType(
            InvalidInputException.class,
            () ->
                Codecs.bind(schema, Row.class, Row.class)
                    .write(row, new Frame(schema, new FakeSlot(schema))));
    assertThat(e.problems()).containsExactly(problems);
  }

  @Test
  void write_namesWithBlanksDotsAndBrackets_findTheirColumns() {
    Frame frame =
        written(
            CREDIT,
            "purpose[0]",
            "radio/tv",
            "installment.rate",
            4.5,
            "age",
            67,
            "duration (months)",
            6);

    assertThat(frame.number(0, 0)).isEqualTo(6);
    assertThat(frame.number(0, 1)).isEqualTo(67);
    assertThat(frame.number(0, 2)).isEqualTo(4.5);
    assertThat(frame.text(0, 3)).isEqualTo("radio/tv");
    assertThat(frame.missing(0, 2)).isFalse();
  }

  @Test
  void write_namesWithTheirTensor_findTheirColumns() {
    Frame frame =
        written(
            CREDIT,
            "duration (months)",
            6,
            "x.age",
            67,
            "x.installment.rate",
            1,
            "purpose[0].purpose[0]",
            "tv");

    assertThat(frame.number(0, 1)).isEqualTo(67);
    assertThat(frame.number(0, 2)).isEqualTo(1);
    assertThat(frame.text(0, 3)).isEqualTo("tv");
  }

  @Test
  void write_optionalByItsTensorsNameBesideAnAbsentOne_isNotMissing() {
    Frame frame = written(CREDIT, "duration (months)", 6, "age", 67, "x.installment.rate", 1);

    assertThat(frame.number(0, 2)).isEqualTo(1);
    assertThat(frame.missing(0, 2)).isFalse();
    assertThat(frame.missing(0, 3)).isTrue();
  }

  @Test
  void write_optionalAbsentOrNull_missing() {
    Frame absent = written(CREDIT, "duration (months)", 6, "age", 67);
    Frame nothing =
        written(
            CREDIT,
            "duration (months)",
            6,
            "age",
            67,
            "installment.rate",
            null,
            "purpose[0]",
            null);

    for (Frame frame : List.of(absent, nothing)) {
      assertThat(frame.missing(0, 1)).isFalse();
      assertThat(frame.missing(0, 2)).isTrue();
      assertThat(frame.missing(0, 3)).isTrue();
      assertThat(frame.number(0, 2)).isNaN();
      assertThat(frame.text(0, 3)).isEmpty();
    }
  }

  @Test
  void write_optionalNaN_isNotMissing() {
    Frame frame =
        written(CREDIT, "duration (months)", 6, "age", 67, "installment.rate", Double.NaN);
    assertThat(frame.missing(0, 2)).isFalse();
    assertThat(frame.number(0, 2)).isNaN();
  }

  @Test
  void write_everythingWrong_toldAtOnce() {
    refused(
        CREDIT,
        Row.of(
            "age", "old", "installment rate", 4, "purpose[0]", 7, "installment.rate", new int[2]),
        "column 'duration (months)' is missing; an INT64 column that is not optional needs a value",
        "column 'age' was of type String; a FLOAT column takes a number",
        "column 'installment.rate' was of type int[]; a FLOAT column takes a number",
        "column 'purpose[0]' was of type Integer; a TEXT column takes text",
        "column 'installment rate' is unknown; the model takes [duration (months), age,"
            + " installment.rate, purpose[0]]");
  }

  @Test
  void write_unknownColumnInPlaceOfAnOptionalOne_refused() {
    refused(
        CREDIT,
        Row.of("duration (months)", 6, "age", 67, "instalment.rate", 4),
        "column 'instalment.rate' is unknown; the model takes [duration (months), age,"
            + " installment.rate, purpose[0]]");
  }

  @Test
  void write_aColumnMoreThanAll_refused() {
    refused(
        CREDIT,
        Row.of(
            "duration (months)",
            6,
            "age",
            67,
            "installment.rate",
            4,
            "purpose[0]",
            "tv",
            "income",
            1),
        "column 'income' is unknown; the model takes [duration (months), age, installment.rate,"
            + " purpose[0]]");
  }

  @Test
  void write_columnByBothItsNames_refused() {
    refused(
        CREDIT,
        Row.of("duration (months)", 6, "age", 67, "x.age", 68),
        "column 'x.age' stands there twice, by its name and by its tensor's");
  }

  @Test
  void write_valuesThatTheColumnDoesNotTake_refused() {
    refused(
        CREDIT,
        Row.of("duration (months)", 6.5, "age", null),
        "column 'duration (months)' was a number with a fraction; an INT64 column takes whole"
            + " numbers",
        "column 'age' was null; a FLOAT column that is not optional needs a value");
    refused(
        CREDIT,
        Row.of("duration (months)", Double.NaN, "age", Float.POSITIVE_INFINITY),
        "column 'duration (months)' was NaN; an INT64 column that is not optional takes finite"
            + " numbers",
        "column 'age' was infinite; a FLOAT column that is not optional takes finite numbers");
  }

  @Test
  void write_badRowOfAList_namedByItsIndexInTheList() {
    Row good = Row.of("duration (months)", 6, "age", 67);
    Row bad = Row.of("age", "x");
    assertThatThrownBy(
            () ->
                Codecs.bind(CREDIT, Row.class, Row.class)
                    .write(
                        List.of(good, good, good, bad),
                        2,
                        2,
                        new Frame(CREDIT, new FakeSlot(CREDIT))))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(
            "2 problems: row 3: column 'duration (months)' is missing; an INT64 column that is not"
                + " optional needs a value; row 3: column 'age' was of type String; a FLOAT column"
                + " takes a number");
  }

  @Test
  void write_numbersOfAnyClass_takenByTheirValue() {
    assertThat(one(INT64, new BigInteger("9223372036854775807"))).isEqualTo(0x1p63);
    assertThat(one(INT64, new BigDecimal("3.000"))).isEqualTo(3);
    assertThat(one(INT32, new AtomicLong(-5))).isEqualTo(-5);
    assertThat(one(INT32, 7f)).isEqualTo(7);
    assertThat(one(BOOL, true)).isEqualTo(1);
    assertThat(one(BOOL, 0)).isEqualTo(0);
    assertThat(one(FLOAT, true)).isEqualTo(1);
    assertThat(one(UINT8, (short) 255)).isEqualTo(255);
    assertThat(one(DOUBLE, new BigDecimal("0.1"))).isEqualTo(0.1);
    // 1 + 2^-24 + 2^-60 is nearest to 1 + 2^-23; by way of a double it would be a tie and go to 1
    BigDecimal nearTie =
        BigDecimal.ONE
            .add(BigDecimal.ONE.divide(BigDecimal.valueOf(1L << 24)))
            .add(BigDecimal.ONE.divide(BigDecimal.valueOf(1L << 60)));
    assertThat(one(FLOAT, nearTie)).isEqualTo(1 + 0x1p-23);
  }

  @Test
  void write_wholeNumbersThatNoDoubleHolds_areExact() {
    ModelSchema schema = ModelSchema.builder().input("v", INT64).output("y", FLOAT).build();
    long odd = (1L << 53) + 1;
    for (Number value : List.of(odd, new AtomicLong(odd), BigInteger.valueOf(odd))) {
      FakeSlot slot = new FakeSlot(schema);
      Codecs.bind(schema, Row.class, Row.class).write(Row.of("v", value), new Frame(schema, slot));
      assertThat(slot.input(0, 1).longs().get(0)).isEqualTo(odd);
    }
  }

  private static double one(ElementType type, Object value) {
    ModelSchema schema = ModelSchema.builder().input("v", type).output("y", FLOAT).build();
    return written(schema, "v", value).number(0, 0);
  }

  @Test
  void write_bigNumbersThatDoNotFit_refused() {
    ModelSchema whole = ModelSchema.builder().input("v", INT64).output("y", FLOAT).build();
    ModelSchema single = ModelSchema.builder().input("v", FLOAT).output("y", FLOAT).build();
    refused(
        whole,
        Row.of("v", new BigDecimal("1.00000000000000000000001")),
        "column 'v' was a number with a fraction; an INT64 column takes whole numbers");
    refused(
        whole,
        Row.of("v", new BigInteger("9223372036854775808")),
        "column 'v' was a number that INT64 does not hold");
    refused(
        single,
        Row.of("v", new BigDecimal("1e400")),
        "column 'v' was a number that FLOAT does not hold");
    refused(
        single,
        Row.of("v", 'x'),
        "column 'v' was of type Character; a FLOAT column takes a number");
  }

  @Test
  void write_vectors_ofAnyArray() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("pixels", INT64, Shape.perRow(2))
            .input("words", TEXT, Shape.perRow(2))
            .output("y", FLOAT)
            .build();
    Frame frame = written(schema, "pixels", new Integer[] {3, 4}, "words", new String[] {"a", "b"});
    assertThat(frame.element(0, 0, 1)).isEqualTo(4);
    assertThat(frame.size(0, 1)).isEqualTo(2);
    refused(
        schema,
        Row.of("pixels", 3, "words", new int[2]),
        "column 'pixels' was of type Integer; an INT64 column takes an array of 2 numbers",
        "column 'words' was of type Integer; a TEXT column takes an array of 2 texts");
    refused(
        schema,
        Row.of("pixels", new String[] {"a", "b"}, "words", new String[3]),
        "column 'pixels' was of type String; an INT64 column takes an array of 2 numbers",
        "column 'words' was given 3 elements; TEXT [rows, 2] takes 2 a row");
  }

  @Test
  void bind_inputWithAnOpenAxis_refused() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("tokens", INT64, Shape.perRow(Shape.ANY))
            .output("y", DOUBLE)
            .build();
    assertThatThrownBy(() -> Codecs.bind(schema, Row.class, Row.class))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage(
            "input 'tokens' [rows, ?] has an open axis, which rows and records cannot fill; use a"
                + " Codec");
  }

  // answers

  private static final ModelSchema ANSWERS =
      ModelSchema.builder()
          .input("x", FLOAT)
          .output("label", INT64)
          .output("probabilities", FLOAT, "0", "1")
          .output("name", TEXT)
          .output("sure", BOOL)
          .output("image", UINT8, Shape.perRow(2))
          .output("scores", DOUBLE, Shape.perRow(2))
          .build();

  private static Row answer() {
    FakeSlot slot =
        new FakeSlot(
            ANSWERS,
            (in, out) -> {
              out.get(0).longs().put(0, 3);
              out.get(1).floats().put(0, 0.25f).put(1, 0.75f);
              out.get(2).texts()[0] = "three";
              out.get(3).bytes().put(0, (byte) 1);
              out.get(4).bytes().put(0, (byte) 200).put(1, (byte) 1);
              out.get(5).doubles().put(0, 0.1).put(1, 2);
            });
    Frame frame = new Frame(ANSWERS, slot);
    BoundCodec<Row, Row> codec = Codecs.bind(ANSWERS, Row.class, Row.class);
    codec.write(Row.of("x", 1), frame);
    frame.run();
    return codec.read(frame, 0);
  }

  @Test
  void answer_columns_byNameAndByTensorAndName() {
    Row row = answer();
    assertThat(row.columns()).containsExactly("label", "0", "1", "name", "sure", "image", "scores");
    assertThat(row.number("label")).isEqualTo(3);
    assertThat(row.number("probabilities.1")).isEqualTo(0.75);
    assertThat(row.number("1")).isEqualTo(0.75);
    assertThat(row.number("sure")).isEqualTo(1);
    assertThat(row.text("name")).isEqualTo("three");
    assertThat(row.text("label")).isEqualTo("3");
    assertThat(row.text("probabilities.0")).isEqualTo("0.25");
    assertThat(row.missing("label")).isFalse();
    assertThat(row.value("label")).isEqualTo(3L);
    assertThat(row.value("0")).isEqualTo(0.25f);
    assertThat(row.value("sure")).isEqualTo(true);
    assertThat(row.value("scores")).isEqualTo(new double[] {0.1, 2});
    assertThat(row.doubles("scores")).containsExactly(0.1, 2);
    assertThat(row.floats("scores")).containsExactly(0.1f, 2f);
    assertThat(row.longs("image")).containsExactly(200, 1);
    assertThat(row.doubles("image")).containsExactly(200, 1);
  }

  @Test
  void answer_askedForWhatItIsNot_refused() {
    Row row = answer();
    assertThatThrownBy(() -> row.number("labels"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(
            "no column 'labels' among the answers; there are [label, 0, 1, name, sure, image,"
                + " scores]");
    assertThatThrownBy(() -> row.number("name"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("column 'name' is TEXT, no number");
    assertThatThrownBy(() -> row.text("scores"))
        .hasMessage("column 'scores' is DOUBLE [rows, 2], no text");
    assertThatThrownBy(() -> row.floats("label"))
        .hasMessage("column 'label' is INT64, no array of numbers");
    assertThatThrownBy(() -> row.longs("scores"))
        .hasMessage("column 'scores' is DOUBLE [rows, 2], no array of whole numbers");
    assertThatThrownBy(() -> row.missing("labels")).isInstanceOf(InvalidInputException.class);
  }

  @Test
  void answer_ofTheSameValues_equalAndReadable() {
    assertThat(answer()).isEqualTo(answer()).hasSameHashCodeAs(answer());
    assertThat(answer())
        .hasToString(
            "{label=3, 0=0.25, 1=0.75, name=three, sure=true, image=[200, 1], scores=[0.1, 2.0]}");
    assertThat(answer()).isNotEqualTo(Row.of("label", 3L));
  }

  @Test
  void answer_arraysGivenOut_areCopies() {
    Row row = answer();
    ((double[]) row.value("scores"))[0] = 9;
    row.doubles("scores")[0] = 9;
    assertThat(row.doubles("scores")).containsExactly(0.1, 2);
  }
}
