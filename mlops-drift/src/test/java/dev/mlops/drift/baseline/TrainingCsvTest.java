package dev.mlops.drift.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a file of training rows is refused for, by line and column. */
final class TrainingCsvTest {
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

    assertThat(problemsOf(file))
        .containsExactly(
            file + " line 2: column 'b' is no number",
            file + " line 3: column 'a' is no number",
            file + " line 3: column 'n' is no whole number of 64 bits, wanted INT8");
  }

  @Test
  void header_withSeveralProblems_namesThemAll() throws IOException {
    Path file = csv("a,m.a,k,o,t\n1,1,x,y,1\n");

    assertThat(problemsOf(file))
        .containsExactly(
            file + ": both 'a' and 'm.a' stand there; leave one out",
            file + ": no column for the input 'b' (FLOAT)",
            file + ": no column for the input 'n' (INT8)");
  }

  @Test
  void header_withNamesTwice_namesThemAll() throws IOException {
    Path file = csv("a,b,a,b\n1,2,3,4\n");

    assertThat(problemsOf(file))
        .containsExactly(
            file + " line 1: column 'a' stands there twice",
            file + " line 1: column 'b' stands there twice");
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

  private static List<String> problemsOf(Path file) {
    return assertThatExceptionOfType(InvalidSettingsException.class)
        .isThrownBy(() -> Profile.fromCsv(file, SCHEMA, Optional.empty()))
        .actual()
        .problems();
  }

  private static ModelSchema one(ElementType type) {
    return ModelSchema.builder()
        .input("x", type)
        .optional("x")
        .output("p", ElementType.FLOAT)
        .build();
  }

  private Path csv(String text) throws IOException {
    return Files.writeString(temp.resolve("train.csv"), text, StandardCharsets.UTF_8);
  }
}
