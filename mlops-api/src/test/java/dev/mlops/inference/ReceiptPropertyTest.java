package dev.mlops.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.ElementType;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ReceiptPropertyTest {
  private static final String BASE64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  @Property(seed = "11", edgeCases = EdgeCasesMode.NONE)
  void parse_ofAnyReceiptsText_givesTheReceiptAndTheText(@ForAll("receipts") Receipt receipt) {
    Receipt read = Receipt.parse(receipt.toString());
    assertThat(read).isEqualTo(receipt).hasToString(receipt.toString());
  }

  @Property(seed = "12", edgeCases = EdgeCasesMode.NONE)
  void parse_aChangedCharacter_isRefused(
      @ForAll("receipts") Receipt receipt, @ForAll int place, @ForAll("base64") char other) {
    String text = receipt.toString();
    int at = Math.floorMod(place, text.length());
    if (text.charAt(at) == other) {
      return;
    }
    assertRefused(text.substring(0, at) + other + text.substring(at + 1));
  }

  @Property(seed = "13", tries = 2_000)
  void parse_anyText_isReadOrRefusedAsInput(@ForAll("texts") String text) {
    try {
      assertThat(Receipt.parse(text)).hasToString(text);
    } catch (InvalidInputException expected) {
      assertThat(expected).hasMessageStartingWith("this is no receipt: ");
    }
  }

  @Property(seed = "14", tries = 2_000, edgeCases = EdgeCasesMode.NONE)
  void parse_anyBytesWithASoundChecksum_areReadOrRefusedAsInput(@ForAll("bytes") byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(body);
    byte[] all =
        ByteBuffer.allocate(body.length + 4).put(body).putInt((int) crc.getValue()).array();
    String text = Base64.getUrlEncoder().withoutPadding().encodeToString(all);
    try {
      assertThat(Receipt.parse(text)).hasToString(text);
    } catch (InvalidInputException expected) {
      assertThat(expected).hasMessageStartingWith("this is no receipt: ");
    }
  }

  private static void assertRefused(String text) {
    try {
      throw new AssertionError(text + " was read as " + Receipt.parse(text));
    } catch (InvalidInputException expected) {
      assertThat(expected).hasMessageStartingWith("this is no receipt: ");
    }
  }

  @Provide
  Arbitrary<Character> base64() {
    return Arbitraries.chars().with(BASE64);
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(120),
        Arbitraries.strings().withChars(BASE64).ofMaxLength(120),
        Arbitraries.strings().withChars(BASE64).ofMaxLength(120).map(text -> "AQ" + text));
  }

  /** Bodies that begin well: form 1, then anything, or a sound receipt cut or lengthened. */
  @Provide
  Arbitrary<byte[]> bytes() {
    Arbitrary<byte[]> anything =
        Arbitraries.bytes()
            .array(byte[].class)
            .ofMinSize(1)
            .ofMaxSize(90)
            .map(
                bytes -> {
                  bytes[0] = 1;
                  return bytes;
                });
    Arbitrary<byte[]> changed =
        Combinators.combine(receipts(), Arbitraries.integers().between(1, 100), Arbitraries.bytes())
            .as(
                (receipt, at, value) -> {
                  byte[] all = Base64.getUrlDecoder().decode(receipt.toString());
                  byte[] body = Arrays.copyOf(all, all.length - 4);
                  body[Math.min(at, body.length - 1)] = value;
                  return body;
                });
    return Arbitraries.oneOf(anything, changed);
  }

  @Provide
  Arbitrary<Receipt> receipts() {
    Arbitrary<String> names =
        Arbitraries.strings().withCharRange('a', 'z').numeric().ofMinLength(1).ofMaxLength(40);
    return Combinators.combine(
            Combinators.combine(names, names)
                .as((model, number) -> List.of("m/m" + model, "1" + number)),
            Arbitraries.bytes().array(byte[].class).ofSize(12),
            Arbitraries.longs(),
            Arbitraries.longs().between(0, (1L << 48) - 1),
            Arbitraries.of(Traffic.class),
            Arbitraries.integers(),
            Arbitraries.oneOf(Arbitraries.integers().between(0, 63), Arbitraries.just(255)),
            scores())
        .as(
            (name, id, number, millis, traffic, segment, block, scores) ->
                new Receipt(
                    name.get(0),
                    name.get(1),
                    HexFormat.of().formatHex(id),
                    number,
                    Instant.ofEpochMilli(millis),
                    traffic,
                    segment,
                    block,
                    scores.chance(),
                    scores.type(),
                    scores.values()));
  }

  record Scores(ElementType type, List<Double> values, double chance) {}

  private static Arbitrary<Scores> scores() {
    return Arbitraries.of(ElementType.class)
        .filter(type -> type != ElementType.TEXT)
        .flatMap(
            type ->
                Combinators.combine(
                        score(type).list().ofMaxSize(Receipt.MOST_SCORES),
                        Arbitraries.doubles().between(0, 1))
                    .as((values, chance) -> new Scores(type, values, chance)));
  }

  private static Arbitrary<Double> score(ElementType type) {
    return switch (type) {
      case FLOAT, FLOAT16, DOUBLE ->
          Arbitraries.oneOf(
              Arbitraries.doubles(),
              Arbitraries.of(Double.NaN, Double.POSITIVE_INFINITY, -0.0, Double.MIN_VALUE));
      case INT8 -> Arbitraries.bytes().map(Byte::doubleValue);
      case INT16 -> Arbitraries.shorts().map(Short::doubleValue);
      case INT32 -> Arbitraries.integers().map(Integer::doubleValue);
      case INT64 -> Arbitraries.longs().map(Long::doubleValue);
      case UINT8 -> Arbitraries.integers().between(0, 255).map(Integer::doubleValue);
      case BOOL -> Arbitraries.of(0.0, 1.0);
      case TEXT -> throw new IllegalArgumentException("no scores are text");
    };
  }
}
