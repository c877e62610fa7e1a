package dev.mlops.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.fail;

import dev.mlops.model.ElementType;
import dev.mlops.model.Version;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ReceiptTest {
  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  private static final Instant TIME = Instant.parse("2026-11-24T23:15:30.123Z");

  /** A receipt to vary one part of. */
  private record Draft(
      String model,
      String number,
      String idStart,
      Instant time,
      int block,
      double chance,
      ElementType type,
      List<Double> scores) {
    static final Draft SOUND =
        new Draft(
            "storms",
            "1.0.0",
            "05b3abf2579a5eb66403cd78",
            TIME,
            32,
            1,
            ElementType.FLOAT,
            List.of(0.75, 0.25));

    Draft model(String other) {
      return new Draft(other, number, idStart, time, block, chance, type, scores);
    }

    Draft number(String other) {
      return new Draft(model, other, idStart, time, block, chance, type, scores);
    }

    Draft idStart(String other) {
      return new Draft(model, number, other, time, block, chance, type, scores);
    }

    Draft time(Instant other) {
      return new Draft(model, number, idStart, other, block, chance, type, scores);
    }

    Draft block(int other) {
      return new Draft(model, number, idStart, time, other, chance, type, scores);
    }

    Draft chance(double other) {
      return new Draft(model, number, idStart, time, block, other, type, scores);
    }

    Draft scores(ElementType other, Double... values) {
      return new Draft(model, number, idStart, time, block, chance, other, List.of(values));
    }

    Receipt make() {
      return new Receipt(
          model,
          number,
          idStart,
          42,
          time,
          Traffic.LIVE,
          Receipt.segmentOf("atlantic"),
          block,
          chance,
          type,
          scores);
    }
  }

  /** Text of bytes with a sound checksum behind them. */
  private static String sealed(byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(body);
    byte[] all =
        ByteBuffer.allocate(body.length + 4).put(body).putInt((int) crc.getValue()).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(all);
  }

  private static byte[] body(Receipt receipt) {
    byte[] all = Base64.getUrlDecoder().decode(receipt.toString());
    return Arrays.copyOf(all, all.length - 4);
  }

  private static void assertRefused(String text, String why) {
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Receipt.parse(text))
        .withMessage("this is no receipt: %s; wanted the text that Prediction.receipt() gave", why);
  }

  @Test
  void toString_ofTwoFloatScores_isAboutEightyCharacters() {
    assertThat(Draft.SOUND.make().toString()).hasSize(83).matches("[A-Za-z0-9_-]+");
  }

  @Test
  void parse_ofItsText_givesTheReceipt() {
    Receipt receipt = Draft.SOUND.chance(0.3).make();
    assertThat(Receipt.parse(receipt.toString())).isEqualTo(receipt);
  }

  @Test
  void parse_anyCharacterChangedToAnyOther_isRefused() {
    for (Draft draft :
        List.of(
            Draft.SOUND,
            Draft.SOUND.number("1.0.00"), // the three lengths that base64 tells apart
            Draft.SOUND.number("1.0.000"),
            Draft.SOUND.scores(ElementType.INT8))) {
      String text = draft.make().toString();
      for (int at = 0; at < text.length(); at++) {
        for (int letter = 0; letter < ALPHABET.length(); letter++) {
          char other = ALPHABET.charAt(letter);
          if (text.charAt(at) == other) {
            continue;
          }
          String changed = text.substring(0, at) + other + text.substring(at + 1);
          try {
            fail(changed + " was read as " + Receipt.parse(changed));
          } catch (InvalidInputException expected) {
            assertThat(expected).hasMessageStartingWith("this is no receipt: ");
          }
        }
      }
    }
  }

  @Test
  void parse_aPartOfItsText_isRefused() {
    String text = Draft.SOUND.make().toString();
    for (int length = 0; length < text.length(); length++) {
      String part = text.substring(0, length);
      assertThatExceptionOfType(InvalidInputException.class).isThrownBy(() -> Receipt.parse(part));
    }
  }

  @Test
  void parse_anythingBesideItsText_isRefused() {
    String text = Draft.SOUND.make().toString();
    assertRefused(text + "A", "its checksum differs: a character was changed or lost");
    assertRefused(text + "AA", "it is not base64url");
    assertRefused(" " + text, "it is not base64url");
    assertRefused(text + "\n", "it is not base64url");
    assertRefused("", "it has 0 bytes");
    assertRefused("AQ", "it has 1 bytes");
    assertRefused("+/+/", "it is not base64url");
    assertRefused("\u00e9\u4e2d", "it is not base64url");
    assertRefused(text + "=", "its base64url is not in the one form without padding");
  }

  @Test
  void parse_bitsSetAfterTheLastByte_areRefused() {
    String text = Draft.SOUND.make().toString(); // 83 characters: the last holds 4 bits of 6
    int last = ALPHABET.indexOf(text.charAt(82));
    for (int stray = 1; stray < 4; stray++) {
      assertRefused(
          text.substring(0, 82) + ALPHABET.charAt(last + stray),
          "its base64url is not in the one form without padding");
    }
  }

  @Test
  void parse_aChangedByte_saysTheChecksumDiffers() {
    char[] text = Draft.SOUND.make().toString().toCharArray();
    text[40] = text[40] == 'A' ? 'B' : 'A';
    assertRefused(new String(text), "its checksum differs: a character was changed or lost");
  }

  @Test
  void parse_aLaterForm_asksForAnUpdate() {
    byte[] body = body(Draft.SOUND.make());
    body[0] = 2;
    assertRefused(
        sealed(body),
        "it is of form 2, and this release reads form 1; if it is from a later release, update the"
            + " library");
    body[0] = 0;
    assertRefused(sealed(body), "it is of form 0, and this release reads form 1");
  }

  @Test
  void parse_soundChecksumOverNonsense_isRefused() {
    byte[] sound = body(Draft.SOUND.make());
    String nonsense = "its parts do not fit together";
    assertRefused(sealed(Arrays.copyOf(sound, sound.length + 2)), "it has 2 bytes too many");
    assertRefused(sealed(Arrays.copyOf(sound, sound.length - 1)), nonsense);
    assertRefused(sealed(new byte[] {1, (byte) 255, 0}), nonsense);
    int names = 2 + 6 + 1 + 5;
    assertRefused(sealed(with(sound, 2, 'S')), nonsense); // capitals in the model's name
    assertRefused(sealed(with(sound, 2, 0xff)), nonsense); // no UTF-8
    assertRefused(sealed(with(sound, names + 26, 3)), nonsense); // traffic
    assertRefused(sealed(with(sound, names + 26, 0x80)), nonsense);
    assertRefused(sealed(with(sound, names + 31, 64)), nonsense); // block
    assertRefused(sealed(with(sound, names + 31, 254)), nonsense);
    assertRefused(sealed(with(sound, names + 34, 9)), nonsense); // type
    assertRefused(sealed(with(sound, names + 34, 0xff)), nonsense);
    assertRefused(sealed(with(sound, names + 35, 17)), nonsense); // count
  }

  @Test
  void parse_aNotANumberOfAnotherPattern_isRefused() {
    byte[] body = body(Draft.SOUND.scores(ElementType.FLOAT, Double.NaN).make());
    assertThat(Receipt.parse(sealed(body)).scores()).containsExactly(Double.NaN);
    assertRefused(sealed(with(body, body.length - 1, 1)), "its parts do not fit together");
  }

  private static byte[] with(byte[] bytes, int at, int value) {
    byte[] changed = bytes.clone();
    changed[at] = (byte) value;
    return changed;
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT, 0.1, 0.10000000149011612",
    "FLOAT, 1e300, Infinity",
    "FLOAT, NaN, NaN",
    "FLOAT16, 65504, 65504",
    "DOUBLE, 0.1, 0.1",
    "DOUBLE, -Infinity, -Infinity",
    "INT8, -128, -128",
    "INT16, 32767, 32767",
    "INT32, -2147483648, -2147483648",
    "INT64, 9007199254740993, 9007199254740992",
    "INT64, -0.0, 0.0",
    "UINT8, 255, 255",
    "BOOL, 1, 1"
  })
  void new_withAScore_holdsItAsItsTypeDoes(ElementType type, double score, double held) {
    Receipt receipt = Draft.SOUND.scores(type, score).make();
    assertThat(receipt.scores()).containsExactly(held);
    assertThat(Receipt.parse(receipt.toString())).isEqualTo(receipt);
  }

  @ParameterizedTest
  @CsvSource({
    "INT8, 128",
    "INT16, -32769",
    "INT32, 1.5",
    "INT64, NaN",
    "INT64, 1e19",
    "UINT8, -1",
    "UINT8, 256",
    "BOOL, 2",
    "BOOL, NaN",
    "INT32, Infinity"
  })
  void new_withAScoreThatIsNotOfItsType_isRefused(ElementType type, double score) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Draft.SOUND.scores(type, score).make())
        .withMessage("score %s is no %s", score, type);
  }

  @Test
  void new_withTextScores_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Draft.SOUND.scores(ElementType.TEXT).make())
        .withMessage("scores cannot be TEXT");
  }

  @Test
  void new_outsideItsRanges_saysWhatIsWanted() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Draft.SOUND.model("Storms").make())
        .withMessageStartingWith("model name 'Storms' is not valid");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Draft.SOUND.number("latest").make())
        .withMessageStartingWith("version number 'latest' is refused");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Draft.SOUND.idStart("05B3").make())
        .withMessage("id start '05B3' is not 24 lower-case hex digits");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Draft.SOUND.time(Instant.EPOCH.minusMillis(1)).make())
        .withMessage(
            "time 1969-12-31T23:59:59.999Z does not fit 48 bits of milliseconds since 1970");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Draft.SOUND.time(Instant.ofEpochMilli(1L << 48)).make());
    for (int block : new int[] {-1, 64, 254, 256}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Draft.SOUND.block(block).make())
          .withMessage("block was " + block + " but must be 0 to 63, or 255");
    }
    for (double chance : new double[] {-0.1, 1.1, Double.NaN}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Draft.SOUND.chance(chance).make())
          .withMessage("chance was " + chance + " but must be from 0 to 1");
    }
    Double[] seventeen = Collections.nCopies(17, 0.5).toArray(Double[]::new);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Draft.SOUND.scores(ElementType.FLOAT, seventeen).make())
        .withMessage("there were 17 scores; at most 16 fit");
  }

  @Test
  void new_finerThanItsSteps_isRoundedToThem() {
    Receipt receipt = Draft.SOUND.time(TIME.plusNanos(999_999)).chance(0.5).make();
    assertThat(receipt.time()).isEqualTo(TIME);
    assertThat(receipt.chance()).isEqualTo(32768 / 65535.0);
  }

  @Test
  void of_aVersion_goesByNameNumberAndId() {
    Receipt receipt = Draft.SOUND.make();
    String id = "sha256:05b3abf2579a5eb66403cd78" + "0".repeat(40);
    assertThat(receipt.of(new Version("storms", "1.0.0", id))).isTrue();
    assertThat(receipt.of(new Version("storms", "1.0.1", id))).isFalse();
    assertThat(receipt.of(new Version("storm", "1.0.0", id))).isFalse();
    assertThat(receipt.of(new Version("storms", "1.0.0", id.replace("78", "79")))).isFalse();
  }

  @Test
  void blockName_ofAKey_isItsBlockAndWithoutOneItsHour() {
    assertThat(Draft.SOUND.make().blockName()).isEqualTo("key 32");
    assertThat(Draft.SOUND.block(Receipt.NO_BLOCK).make().blockName())
        .isEqualTo("hour 2026-11-24T23Z");
    assertThat(
            Draft.SOUND
                .block(Receipt.NO_BLOCK)
                .time(Instant.ofEpochMilli((1L << 48) - 1))
                .make()
                .blockName())
        .isEqualTo("hour +10889-08-02T05Z");
  }

  @ParameterizedTest
  @CsvSource({"AL09, 32", "Łódź, 51", "k, 8"})
  void blockOf_aKey_isTheLowBitsOfItsChecksum(String key, int block) {
    assertThat(Receipt.blockOf(key)).isEqualTo(block);
  }

  @ParameterizedTest
  @ValueSource(ints = {500})
  void blockOf_manyKeys_fillsAllBlocks(int keys) {
    boolean[] seen = new boolean[64];
    for (int key = 0; key < keys; key++) {
      seen[Receipt.blockOf("AL" + key)] = true;
    }
    assertThat(seen).containsOnly(true);
  }

  @Test
  void segmentOf_aName_isItsCastagnoliChecksum() {
    assertThat(Receipt.segmentOf("123456789")).isEqualTo(0xe3069283);
    assertThat(Draft.SOUND.make().inSegment("atlantic")).isTrue();
    assertThat(Draft.SOUND.make().inSegment("pacific")).isFalse();
  }
}
