package dev.mlops.inference;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.model.ElementType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Holds the golden texts, the page that documents them and the code together. */
final class ReceiptFormTest {
  private static final Path PAGE = Path.of("..", "docs", "formats", "receipt.md");
  private static final Instant TIME = Instant.parse("2026-11-24T23:15:30.123Z");

  private record Golden(String name, Receipt facts) {
    String text() throws IOException {
      return resource(name + ".txt").strip();
    }

    String json() throws IOException {
      return resource(name + ".json").strip();
    }

    private static String resource(String file) throws IOException {
      try (InputStream in = ReceiptFormTest.class.getResourceAsStream("/golden/" + file)) {
        return new String(
            Objects.requireNonNull(in, "no golden file " + file).readAllBytes(), UTF_8);
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** The texts were written once, by a program that shares no code with this library. */
  static final List<Golden> GOLDEN =
      List.of(
          golden(
              "keyed-segment",
              "storms:1.0.0",
              0x0123456789abcdefL,
              TIME,
              Traffic.LIVE,
              "atlantic",
              Receipt.blockOf("AL09"),
              1,
              ElementType.FLOAT,
              0.7310585975646973,
              0.2689414322376251),
          golden(
              "no-score",
              "churn:1.4.0",
              1,
              TIME,
              Traffic.LIVE,
              "",
              Receipt.NO_BLOCK,
              16384 / 65535.0,
              ElementType.FLOAT),
          golden(
              "sixteen-doubles",
              "risk/credit:2024-11.b",
              -1,
              Instant.EPOCH,
              Traffic.CANARY,
              "größe",
              Receipt.blockOf("Łódź"),
              0,
              ElementType.DOUBLE,
              IntStream.range(0, 16)
                  .mapToObj(i -> i < 14 ? i / 3.0 : i == 14 ? -1e300 : Double.MIN_VALUE)
                  .toArray(Double[]::new)),
          golden(
              "int64-shadow",
              "letters:7",
              2,
              Instant.ofEpochMilli((1L << 48) - 1),
              Traffic.SHADOW,
              "",
              Receipt.NO_BLOCK,
              1,
              ElementType.INT64,
              0x1p53,
              -3.0),
          digits("float16", 3, ElementType.FLOAT16, 0.5, 65504.0),
          digits("int8", 4, ElementType.INT8, -128.0, 127.0),
          digits("int16", 5, ElementType.INT16, -32768.0, 32767.0),
          digits("int32", 6, ElementType.INT32, -0x1p31, 0x1p31 - 1),
          digits("uint8", 7, ElementType.UINT8, 0.0, 255.0),
          digits("bool", 8, ElementType.BOOL, 1.0, 0.0));

  private static Golden digits(String name, long id, ElementType type, Double... scores) {
    return golden(
        name, "digits:3.0.0", id, TIME, Traffic.LIVE, "", Receipt.blockOf("k"), 1, type, scores);
  }

  private static Golden golden(
      String name,
      String version,
      long id,
      Instant time,
      Traffic traffic,
      String segment,
      int block,
      double chance,
      ElementType type,
      Double... scores) {
    return new Golden(
        "receipt-form1-" + name,
        new Receipt(
            version.substring(0, version.indexOf(':')),
            version.substring(version.indexOf(':') + 1),
            "05b3abf2579a5eb66403cd78",
            id,
            time,
            traffic,
            Receipt.segmentOf(segment),
            block,
            chance,
            type,
            List.of(scores)));
  }

  @ParameterizedTest
  @FieldSource("GOLDEN")
  void parse_aGoldenText_givesItsFacts(Golden golden) throws IOException {
    assertThat(Receipt.parse(golden.text())).isEqualTo(golden.facts());
  }

  @ParameterizedTest
  @FieldSource("GOLDEN")
  void toString_ofTheFacts_isTheGoldenText(Golden golden) throws IOException {
    assertThat(golden.facts()).hasToString(golden.text());
  }

  @ParameterizedTest
  @FieldSource("GOLDEN")
  void python_ofThePage_readsTheGoldenText(Golden golden) throws Exception {
    assertThat(python(golden.text())).isEqualTo(golden.json());
  }

  @ParameterizedTest
  @FieldSource("GOLDEN")
  void json_besideAGoldenText_saysTheSameFacts(Golden golden) throws IOException {
    Receipt facts = golden.facts();
    String json =
        "{\"model\": \"%s\", \"number\": \"%s\", \"id_start\": \"%s\", \"id\": %s, \"traffic\": %d,"
            + " \"time\": %d, \"segment\": %s, \"block\": %d, \"chance\": ";
    assertThat(golden.json())
        .startsWith(
            json.formatted(
                facts.model(),
                facts.number(),
                facts.idStart(),
                Long.toUnsignedString(facts.id()),
                List.of(Traffic.LIVE, Traffic.CANARY, Traffic.SHADOW).indexOf(facts.traffic()),
                facts.time().toEpochMilli(),
                Integer.toUnsignedString(facts.segment()),
                facts.block()));
    List<Double> numbers = new ArrayList<>();
    String scores = golden.json().replaceAll(".*\"scores\": \\[(.*)]}", "$1");
    for (String score : scores.split(", ", 0)) {
      if (!score.isEmpty()) {
        numbers.add(Double.valueOf(score));
      }
    }
    assertThat(numbers).isEqualTo(facts.scores());
  }

  @Test
  void python_ofThePage_hasTenLinesAndRefusesAChangedCharacter() throws Exception {
    assertThat(reader().lines()).hasSize(10);
    String text = GOLDEN.get(0).text();
    assertThat(python(text.replace("AQZz", "AQZ0"))).contains("no receipt of form 1");
  }

  @Test
  void page_itsExample_isAGoldenTextByteByByte() throws IOException {
    String page = Files.readString(PAGE);
    String text = GOLDEN.get(0).text();
    assertThat(page).contains("`" + text + "` is");
    String example = block(page, "text");
    String hex = example.lines().map(line -> line.split(" ", 2)[0]).collect(Collectors.joining());
    assertThat(HexFormat.of().parseHex(hex)).isEqualTo(Base64.getUrlDecoder().decode(text));
  }

  @Test
  void page_itsTypeCodes_areThoseOfTheTexts() throws IOException {
    List<String> codes =
        Pattern.compile("\\| (\\d) \\| ([A-Z0-9]+) \\|")
            .matcher(Files.readString(PAGE))
            .results()
            .map(row -> row.group(1) + " " + row.group(2))
            .toList();
    assertThat(codes).hasSize(9);
    for (Golden golden : GOLDEN) {
      int code = Integer.parseInt(golden.json().replaceAll(".*\"type\": (\\d).*", "$1"));
      assertThat(codes).contains(code + " " + golden.facts().scoreType());
    }
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

  /** What the page's program prints for a receipt, on either stream. */
  private static String python(String receipt) throws Exception {
    Process process;
    try {
      process =
          new ProcessBuilder("python3", "-c", reader(), receipt).redirectErrorStream(true).start();
    } catch (IOException e) {
      assumeTrue(false, "python3 is not installed, so the page's reader was not run: " + e);
      throw e;
    }
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return printed;
  }
}
