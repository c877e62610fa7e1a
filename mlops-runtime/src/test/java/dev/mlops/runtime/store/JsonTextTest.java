package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonTextTest {
  private static final JsonFactory JACKSON =
      JsonFactory.builder().enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER).build();

  @Test
  void bytes_nested_oneValueALineDownToTheSecondLevel() {
    JsonText json = new JsonText();
    json.beginObject();
    json.field("text", "a");
    json.beginArray("none");
    json.endArray();
    json.beginArray("list");
    json.value(1);
    json.beginObject();
    json.endObject();
    json.beginObject();
    json.field("flag", true);
    json.beginArray("deep");
    json.value(1.5);
    json.value(-2);
    json.endArray();
    json.beginObject("deeper");
    json.name("b");
    json.value(0.1f);
    json.endObject();
    json.endObject();
    json.endArray();
    json.beginObject("object");
    json.field("c", 3);
    json.field("d", "e");
    json.endObject();
    json.endObject();

    assertThat(new String(json.bytes(), StandardCharsets.UTF_8))
        .isEqualTo(
            """
            {
              "text": "a",
              "none": [],
              "list": [
                1,
                {},
                {"flag": true, "deep": [1.5, -2], "deeper": {"b": 0.1}}
              ],
              "object": {
                "c": 3,
                "d": "e"
              }
            }
            """);
  }

  @Test
  void value_eachCharacter_asJacksonWritesIt() throws IOException {
    for (int c = 0; c <= Character.MAX_VALUE; c++) {
      if (!Character.isSurrogate((char) c)) {
        String text = "a" + (char) c + "b";
        assertThat(written(json -> json.value(text))).isEqualTo(jackson(j -> j.writeString(text)));
      }
    }
    String beyond = "\ud83d\ude00";
    assertThat(written(json -> json.value(beyond))).isEqualTo(jackson(j -> j.writeString(beyond)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 42, 1976})
  void value_numbers_asJacksonWritesThem(long seed) throws IOException {
    Random chance = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      long bits = chance.nextLong();
      same(bits, Double.longBitsToDouble(bits), Float.intBitsToFloat((int) bits));
      same(bits >> 40, chance.nextInt(1_000) / 100.0, chance.nextInt(1_000) / 100f);
      BigDecimal decimal = BigDecimal.valueOf(bits, chance.nextInt(60) - 30);
      BigInteger whole = new BigInteger(100, chance).negate();
      assertThat(written(json -> json.value(decimal)))
          .isEqualTo(jackson(j -> j.writeNumber(decimal)));
      assertThat(written(json -> json.value(whole))).isEqualTo(jackson(j -> j.writeNumber(whole)));
    }
    same(0, -0.0, -0f);
    same(Long.MIN_VALUE, Double.MIN_VALUE, Float.MAX_VALUE);
  }

  @Test
  void bytes_halfASurrogatePair_refused() {
    JsonText json = new JsonText();
    json.value("a\ud800b");

    assertThatThrownBy(json::bytes)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a text holds half of a surrogate pair, which UTF-8 cannot say");
  }

  private static void same(long whole, double number, float small) throws IOException {
    assertThat(written(json -> json.value(whole))).isEqualTo(jackson(j -> j.writeNumber(whole)));
    if (Double.isFinite(number)) {
      assertThat(written(json -> json.value(number)))
          .isEqualTo(jackson(j -> j.writeNumber(number)));
    }
    if (Float.isFinite(small)) {
      assertThat(written(json -> json.value(small))).isEqualTo(jackson(j -> j.writeNumber(small)));
    }
  }

  private static String written(Consumer<JsonText> content) {
    JsonText json = new JsonText();
    content.accept(json);
    return new String(json.bytes(), StandardCharsets.UTF_8);
  }

  private interface Content {
    void writeTo(JsonGenerator json) throws IOException;
  }

  private static String jackson(Content content) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JACKSON.createGenerator(text)) {
      content.writeTo(json);
    }
    return text + "\n";
  }
}
