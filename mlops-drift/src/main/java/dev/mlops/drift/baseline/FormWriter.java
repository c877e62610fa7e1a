package dev.mlops.drift.baseline;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.Decimal;
import dev.mlops.drift.count.NumberCells;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Writes form 1 so that the same baseline gives the same bytes on every JDK and with every version
 * of every library: {@code docs/formats/baseline.md}.
 */
final class FormWriter {
  /** What the first key says. */
  static final String FORM = "mlops-baseline 1";

  private final StringBuilder json = new StringBuilder();

  private FormWriter() {}

  static byte[] write(long rows, List<ColumnBaseline> columns, Optional<ColumnBaseline> score) {
    FormWriter form = new FormWriter();
    form.json.append("{\"form\":\"").append(FORM).append("\",\"rows\":").append(rows);
    form.json.append(",\"columns\":[");
    for (int i = 0; i < columns.size(); i++) {
      form.json.append(i == 0 ? "\n" : ",\n");
      form.column(columns.get(i));
    }
    form.json.append("\n]");
    score.ifPresent(
        column -> {
          form.json.append(",\"score\":\n");
          form.column(column);
        });
    return form.json.append("}\n").toString().getBytes(UTF_8);
  }

  private void column(ColumnBaseline column) {
    json.append("{\"name\":");
    text(column.name());
    json.append(",\"type\":\"").append(column.type().name()).append('"');
    if (column.cells() instanceof NumberCells numbers) {
      json.append(",\"kind\":\"number\",\"edges\":[")
          .append(
              Arrays.stream(numbers.edges()).mapToObj(Decimal::of).collect(Collectors.joining(",")))
          .append(']');
      counts(column.counts());
      column
          .moments()
          .ifPresent(
              moments -> {
                json.append(",\"mean\":").append(Decimal.of(moments.mean()));
                json.append(",\"deviation\":").append(Decimal.of(moments.deviation()));
                json.append(",\"least\":").append(Decimal.of(moments.least()));
                json.append(",\"greatest\":").append(Decimal.of(moments.greatest()));
              });
    } else if (column.cells() instanceof CategoryCells categories) {
      json.append(",\"kind\":\"category\",\"categories\":");
      texts(categories.top());
      json.append(",\"others\":");
      texts(categories.others());
      json.append(",\"allKnown\":").append(categories.allKnown());
      counts(column.counts());
    }
    json.append('}');
  }

  private void counts(long[] counts) {
    json.append(",\"counts\":[")
        .append(Arrays.stream(counts).mapToObj(Long::toString).collect(Collectors.joining(",")))
        .append(']');
  }

  private void texts(List<String> texts) {
    json.append('[');
    for (int i = 0; i < texts.size(); i++) {
      if (i > 0) {
        json.append(',');
      }
      text(texts.get(i));
    }
    json.append(']');
  }

  /** Escapes what JSON and UTF-8 cannot hold, and nothing else. */
  private void text(String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ' || (Character.isSurrogate(c) && !Character.isSurrogate(pair(text, i)))) {
        json.append("\\u").append(HexFormat.of().toHexDigits(c));
      } else if (Character.isSurrogate(c)) {
        json.append(c).append(text.charAt(++i));
      } else {
        json.append(c);
      }
    }
    json.append('"');
  }

  /** The other half where a pair of surrogates begins here; 0 where none does. */
  private static char pair(String text, int at) {
    return at + 1 < text.length() && Character.isSurrogatePair(text.charAt(at), text.charAt(at + 1))
        ? text.charAt(at + 1)
        : 0;
  }
}
