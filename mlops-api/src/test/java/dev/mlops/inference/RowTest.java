package dev.mlops.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class RowTest {
  private static final Row ROW =
      Row.of(
          "age",
          41,
          "plan",
          "family",
          "calls",
          7L,
          "share",
          0.25f,
          "active",
          true,
          "city",
          null,
          "pixels",
          new float[] {1, 2.5f},
          "ids",
          new long[] {1L << 60, 2},
          "flags",
          new boolean[] {true, false},
          "boxed",
          new Integer[] {1, null});

  private static void assertRefused(ThrowingCallable reading, String message) {
    assertThatExceptionOfType(InvalidInputException.class).isThrownBy(reading).withMessage(message);
  }

  @Test
  void of_namesAndValues_keepsThemInOrder() {
    assertThat(Row.of("b", 1, "a", null).columns()).containsExactly("b", "a").isUnmodifiable();
    assertThat(Row.of().columns()).isEmpty();
  }

  @Test
  void of_aMap_isACopy() {
    Map<String, Object> values = new HashMap<>();
    values.put("age", 41);
    values.put("city", null);
    Row row = Row.of(values);
    values.put("age", 42);
    values.put("plan", "family");
    assertThat(row.number("age")).isEqualTo(41);
    assertThat(row.missing("city")).isTrue();
    assertThat(row.columns()).containsExactlyInAnyOrder("age", "city");
  }

  @Test
  void of_argumentsThatArePairsOnlyAlmost_saysWhere() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Row.of("age", 41, "plan"))
        .withMessage("names and values come in turn, but there were 3: the last name has no value");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Row.of("age", 41, "age", 42))
        .withMessage("column 'age' stands there twice");
    assertThatIllegalArgumentException()
        .as("the misplaced value may be personal, so its type is named")
        .isThrownBy(() -> Row.of("age", 41, 1234567, "salary"))
        .withMessage("argument 2 should be a column's name but is Integer");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Row.of(null, 41))
        .withMessage("argument 0 should be a column's name but is missing");
  }

  @Test
  void number_ofAnyNumber_isItsDouble() {
    assertThat(ROW.number("age")).isEqualTo(41);
    assertThat(ROW.number("calls")).isEqualTo(7);
    assertThat(ROW.number("share")).isEqualTo(0.25);
    assertThat(ROW.number("active")).isEqualTo(1);
    assertThat(Row.of("x", false).number("x")).isZero();
    assertThat(Row.of("x", new BigDecimal("0.1")).number("x")).isEqualTo(0.1);
    assertThat(ROW.number("city")).isNaN();
  }

  @Test
  void number_ofSomethingElse_saysWhatItIs() {
    assertRefused(() -> ROW.number("plan"), "column 'plan' is String; wanted a number");
    assertRefused(() -> ROW.number("pixels"), "column 'pixels' is float[]; wanted a number");
  }

  @Test
  void text_ofTextOrANumber_isAsJavaWritesIt() {
    assertThat(ROW.text("plan")).isEqualTo("family");
    assertThat(ROW.text("age")).isEqualTo("41");
    assertThat(ROW.text("active")).isEqualTo("true");
    assertRefused(() -> ROW.text("city"), "column 'city' is missing; wanted text");
    assertRefused(() -> ROW.text("pixels"), "column 'pixels' is float[]; wanted text");
  }

  @Test
  void vectors_ofAnyArrayOfNumbers_areConverted() {
    assertThat(ROW.floats("pixels")).containsExactly(1f, 2.5f);
    assertThat(ROW.doubles("pixels")).containsExactly(1, 2.5);
    assertThat(ROW.longs("ids")).containsExactly(1L << 60, 2);
    assertThat(ROW.doubles("ids")).containsExactly(0x1p60, 2);
    assertThat(ROW.floats("flags")).containsExactly(1, 0);
    assertThat(ROW.longs("flags")).containsExactly(1, 0);
    assertThat(Row.of("x", new double[] {3, -4}).longs("x")).containsExactly(3, -4);
    assertThat(Row.of("x", new Byte[] {5}).floats("x")).containsExactly(5);
    assertThat(Row.of("x", new int[0]).doubles("x")).isEmpty();
  }

  @Test
  void vectors_areCopies() {
    float[] given = {1};
    Row row = Row.of("x", given);
    row.floats("x")[0] = 2;
    assertThat(given).containsExactly(1);
  }

  @Test
  void longs_ofAFraction_isRefusedRatherThanCut() {
    assertRefused(
        () -> ROW.longs("pixels"),
        "column 'pixels' has no whole number at index 1; wanted whole numbers");
    assertRefused(
        () -> Row.of("x", new double[] {Double.NaN}).longs("x"),
        "column 'x' has no whole number at index 0; wanted whole numbers");
  }

  static List<BiFunction<Row, String, Object>> vectors() {
    return List.of(Row::floats, Row::doubles, Row::longs);
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void vectors_ofSomethingElse_saysWhatItIs(BiFunction<Row, String, Object> read) {
    assertRefused(
        () -> read.apply(ROW, "age"), "column 'age' is Integer; wanted an array of numbers");
    assertRefused(
        () -> read.apply(ROW, "city"), "column 'city' is missing; wanted an array of numbers");
    assertRefused(
        () -> read.apply(ROW, "boxed"), "column 'boxed' is Integer[]; wanted an array of numbers");
    assertRefused(
        () -> read.apply(Row.of("x", new String[] {"1"}), "x"),
        "column 'x' is String[]; wanted an array of numbers");
  }

  @Test
  void missing_isNullAndNotNaN() {
    assertThat(ROW.missing("city")).isTrue();
    assertThat(ROW.missing("age")).isFalse();
    assertThat(Row.of("x", Double.NaN).missing("x")).isFalse();
    assertThat(ROW.value("city")).isNull();
    assertThat(ROW.value("calls")).isEqualTo(7L);
  }

  static List<BiFunction<Row, String, Object>> readers() {
    return List.of(
        Row::value, Row::number, Row::text, Row::floats, Row::doubles, Row::longs, Row::missing);
  }

  @ParameterizedTest
  @MethodSource("readers")
  void anyReader_ofAnUnknownColumn_saysWhichThereAre(BiFunction<Row, String, Object> read) {
    assertRefused(
        () -> read.apply(Row.of("age", 41, "plan", "family"), "salary"),
        "no column 'salary' in this row; it has [age, plan]");
  }

  @Test
  void equals_ofTheSameNamesAndValues_isTrue() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("plan", "family");
    values.put("age", 41);
    assertThat(Row.of("age", 41, "plan", "family"))
        .isEqualTo(Row.of(values))
        .hasSameHashCodeAs(Row.of(values))
        .isNotEqualTo(Row.of("age", 41))
        .isNotEqualTo(values);
    assertThat(Row.of("age", 41, "x", new float[] {1, 2}, "city", null))
        .hasToString("{age=41, x=[1.0, 2.0], city=null}");
  }

  @Test
  void equals_ofArraysWithTheSameElements_isTrue() {
    assertThat(Row.of("x", new float[] {1, 2}))
        .isEqualTo(Row.of("x", new float[] {1, 2}))
        .hasSameHashCodeAs(Row.of("x", new float[] {1, 2}))
        .isNotEqualTo(Row.of("x", new float[] {1, 3}))
        .isNotEqualTo(Row.of("y", new float[] {1, 2}));
  }

  @Test
  void messages_aboutAValue_neverHoldIt() {
    Row row =
        Row.of("name", "Secret", "pin", 987654, "pixels", new double[] {987654.5}, "gone", null);
    int refused = 0;
    for (BiFunction<Row, String, Object> read : readers()) {
      for (String column : List.of("name", "pin", "pixels", "gone", "absent")) {
        Throwable thrown = catchThrowable(() -> read.apply(row, column));
        if (thrown != null) {
          refused++;
          assertThat(thrown).isInstanceOf(InvalidInputException.class);
          assertThat(thrown.getMessage()).doesNotContain("Secret").doesNotContain("987654");
        }
      }
    }
    assertThat(refused).isEqualTo(21);
  }
}
