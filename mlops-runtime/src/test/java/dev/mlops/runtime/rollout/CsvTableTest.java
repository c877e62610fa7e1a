package dev.mlops.runtime.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.model.InvalidSettingsException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CsvTableTest {
  @Test
  void next_quotesLineBreaksAndCarriageReturns_asRfc4180Says() {
    List<CsvTable.Line> lines =
        read(
            "a,\"b, \"\"c\"\"\"\r\n1,\"two\r\nlines\"\r\n\"\",é\r\n"
                .getBytes(StandardCharsets.UTF_8));
    assertThat(lines)
        .containsExactly(
            new CsvTable.Line(2, List.of("1", "two\r\nlines")),
            new CsvTable.Line(4, List.of("", "é")));
  }

  @Test
  void header_quoted_namesInOrder() {
    try (CsvTable table = table("a,\"b, \"\"c\"\"\",duration (months)\n")) {
      assertThat(table.header().keySet()).containsExactly("a", "b, \"c\"", "duration (months)");
    }
  }

  @Test
  void header_byteOrderMark_isNoPartOfTheName() {
    try (CsvTable table = table("\uFEFF\"a\",b\n1,2\n")) {
      assertThat(table.header().keySet()).containsExactly("a", "b");
    }
  }

  @Test
  void open_emptyFile_refused() {
    assertThatThrownBy(() -> table(""))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage("rows.csv line 1: the file is empty; wanted a header with the columns' names");
  }

  @Test
  void open_nameTwice_refused() {
    assertThatThrownBy(() -> table("a,b,a\n"))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage("rows.csv line 1: column 'a' stands there twice");
  }

  @Test
  void next_raggedRow_refused() {
    assertThatThrownBy(() -> read("a,b\n1,2\n1\n".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessage("rows.csv line 3: has 1 cells, but the header has 2");
    assertThatThrownBy(() -> read("a,b\n1,2,3\n".getBytes(StandardCharsets.UTF_8)))
        .hasMessage("rows.csv line 2: has 3 cells, but the header has 2");
  }

  @Test
  void next_quoteNeverClosed_refused() {
    assertThatThrownBy(() -> read("a,b\n1,2\n1,\"2\n".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageStartingWith(
            "rows.csv line 2: here or below, the file cannot be read as CSV in UTF-8: ");
  }

  @Test
  void next_textBehindAQuote_refused() {
    assertThatThrownBy(() -> read("a,b\n\"1\"x,2\n".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageStartingWith(
            "rows.csv line 1: here or below, the file cannot be read as CSV in UTF-8: ");
  }

  @Test
  void next_otherEncoding_refusedNotGuessed() {
    assertThatThrownBy(() -> read("a,b\ncafé,2\n".getBytes(StandardCharsets.ISO_8859_1)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("the file cannot be read as CSV in UTF-8: ");
  }

  private static CsvTable table(String text) {
    return new CsvTable(
        "rows.csv", new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static List<CsvTable.Line> read(byte[] bytes) {
    List<CsvTable.Line> lines = new ArrayList<>();
    try (CsvTable table = new CsvTable("rows.csv", new ByteArrayInputStream(bytes))) {
      for (CsvTable.Line line = table.next(); line != null; line = table.next()) {
        lines.add(line);
      }
    }
    return lines;
  }
}
