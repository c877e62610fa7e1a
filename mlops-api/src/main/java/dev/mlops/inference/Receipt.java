package dev.mlops.inference;

import dev.mlops.model.ElementType;
import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * Names one prediction, so that any process can join a label to it later, years later if need be.
 * It holds no input, no key and no segment's name. The text is form 1 of {@code
 * docs/formats/receipt.md}; reading it needs no engine.
 *
 * <p>A prediction is named by {@code time} and {@code id} together: ids start at random in each
 * runtime and count up.
 *
 * @param model the model's name; see {@link Version}
 * @param number the version's number; see {@link Version}
 * @param idStart the first 24 hex digits of the version's id
 * @param id unsigned
 * @param time when the prediction was made, to the millisecond, by its runtime's clock
 * @param traffic which part of the traffic it belongs to
 * @param segment the CRC32C of the segment's UTF-8; 0 for none
 * @param block which of 64 blocks the call's key falls into, from 0 to 63; {@link #NO_BLOCK} for a
 *     call without a key
 * @param chance how likely it was to get a label, in steps of 1/65535
 * @param scoreType the type the scores had in the model
 * @param scores the schema's score first, then the other columns of its tensor, at most 16 in all,
 *     as their type holds them; whole numbers beyond 2^53 are rounded to a double's; none if the
 *     schema names no score
 */
public record Receipt(
    String model,
    String number,
    String idStart,
    long id,
    Instant time,
    Traffic traffic,
    int segment,
    int block,
    double chance,
    ElementType scoreType,
    List<Double> scores) {
  /** The block of a call without a key; its UTC hour is its block then. */
  public static final int NO_BLOCK = 255;

  /** How many scores a receipt holds at most. */
  public static final int MOST_SCORES = 16;

  private static final Pattern ID_START = Pattern.compile("[0-9a-f]{24}");
  private static final int FORM = 1;
  private static final int ID_BYTES = 12;
  private static final int CHANCE_ONE = 65535;
  private static final long LAST_TIME = (1L << 48) - 1;

  /* The codes of form 1, by position; never reordered. */
  private static final List<ElementType> TYPES =
      List.of(
          ElementType.FLOAT,
          ElementType.DOUBLE,
          ElementType.FLOAT16,
          ElementType.INT8,
          ElementType.INT16,
          ElementType.INT32,
          ElementType.INT64,
          ElementType.UINT8,
          ElementType.BOOL);
  private static final List<Traffic> TRAFFIC =
      List.of(Traffic.LIVE, Traffic.CANARY, Traffic.SHADOW);

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if one is outside its range, or a score is no value of its
   *     type
   */
  public Receipt {
    new ModelRef(model, ModelRef.Kind.NUMBER, number); // their grammar: ASCII, below 256 bytes
    check(
        ID_START.matcher(idStart).matches(),
        "id start '" + idStart + "' is not 24 lower-case hex digits");
    time = time.truncatedTo(ChronoUnit.MILLIS);
    check(
        time.toEpochMilli() >= 0 && time.toEpochMilli() <= LAST_TIME,
        "time " + time + " does not fit 48 bits of milliseconds since 1970");
    check(
        (block >= 0 && block < 64) || block == NO_BLOCK,
        "block was " + block + " but must be 0 to 63, or 255");
    check(chance >= 0 && chance <= 1, "chance was " + chance + " but must be from 0 to 1");
    chance = Math.round(chance * CHANCE_ONE) / (double) CHANCE_ONE;
    check(scores.size() <= MOST_SCORES, "there were " + scores.size() + " scores; at most 16 fit");
    check(TYPES.contains(scoreType), "scores cannot be " + scoreType);
    List<Double> held = new ArrayList<>(scores.size());
    for (double score : scores) {
      held.add(held(scoreType, score));
    }
    scores = List.copyOf(held);
  }

  /** A score as its type holds it: floating ones rounded, others only if they are of the type. */
  private static double held(ElementType type, double score) {
    double held =
        switch (type) {
          case FLOAT, FLOAT16 -> (float) score;
          case DOUBLE -> score;
          case INT8 -> (byte) score;
          case INT16 -> (short) score;
          case INT32 -> (int) score;
          case INT64 -> (long) score;
          case UINT8 -> (int) score & 0xff;
          case BOOL -> score == 0 ? 0 : 1;
          case TEXT -> throw new IllegalArgumentException("scores cannot be " + type);
        };
    check(type.floating() || held == score, "score " + score + " is no " + type);
    return held;
  }

  /**
   * Reads a receipt's text.
   *
   * @throws InvalidInputException if it is not a receipt, is of a later form, or a character was
   *     changed
   */
  public static Receipt parse(String text) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw invalid("it is not base64url");
    }
    // a decoder forgives stray bits after the last byte; one text per receipt, so that it can be a
    // key
    if (!Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(text)) {
      throw invalid("its base64url is not in the one form without padding");
    }
    if (bytes.length < 5) {
      throw invalid("it has " + bytes.length + " bytes");
    }
    int form = bytes[0] & 0xff;
    if (form != FORM) {
      throw invalid(
          "it is of form "
              + form
              + ", and this release reads form "
              + FORM
              + (form > FORM ? "; if it is from a later release, update the library" : ""));
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (in.getInt(bytes.length - 4) != crc(bytes, bytes.length - 4)) {
      throw invalid("its checksum differs: a character was changed or lost");
    }
    in.limit(bytes.length - 4).position(1);
    try {
      Receipt receipt = read(in);
      if (in.hasRemaining()) {
        throw invalid("it has " + in.remaining() + " bytes too many");
      }
      // such as a NaN of another pattern: the text that was read is the text that is written
      check(receipt.toString().equals(text), "written another way");
      return receipt;
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw invalid("its parts do not fit together");
    }
  }

  /** Whether it is a receipt of a version: the same name, number and start of the id. */
  public boolean of(Version version) {
    return model.equals(version.model())
        && number.equals(version.number())
        && version.id().startsWith("sha256:" + idStart);
  }

  /**
   * What its row was counted with: rows of one block belong together, so an interval treats blocks
   * as independent, not rows. {@code key 17} for a call with a key, else the UTC hour, such as
   * {@code hour 2026-11-24T23Z}.
   */
  public String blockName() {
    return block == NO_BLOCK ? "hour " + time.toString().replaceFirst(":.*", "Z") : "key " + block;
  }

  /** Whether the call was of this segment, as far as 32 bits can tell. */
  public boolean inSegment(String name) {
    return segment == segmentOf(name);
  }

  /** The block of a key: the low 6 bits of the CRC32C of its UTF-8. */
  public static int blockOf(String key) {
    return crc(key) & 63;
  }

  /** What stands for a segment: the CRC32C of its name's UTF-8. */
  public static int segmentOf(String name) {
    return crc(name);
  }

  /** The text that {@link #parse} reads. */
  @Override
  public String toString() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(80);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(FORM);
      text(out, model);
      text(out, number);
      out.write(HexFormat.of().parseHex(idStart));
      long millis = time.toEpochMilli();
      out.writeShort((int) (millis >>> 32));
      out.writeInt((int) millis);
      out.writeLong(id);
      out.writeByte(TRAFFIC.indexOf(traffic));
      out.writeInt(segment);
      out.writeByte(block);
      out.writeShort((int) Math.round(chance * CHANCE_ONE));
      out.writeByte(TYPES.indexOf(scoreType));
      out.writeByte(scores.size());
      for (double score : scores) {
        switch (scoreType) {
          case FLOAT -> out.writeFloat((float) score);
          case DOUBLE -> out.writeDouble(score);
          case FLOAT16 -> out.writeFloat((float) score);
          case INT8, UINT8, BOOL -> out.writeByte((int) score);
          case INT16 -> out.writeShort((int) score);
          case INT32 -> out.writeInt((int) score);
          case INT64 -> out.writeLong((long) score);
          case TEXT -> throw new IllegalStateException("scores are numbers");
        }
      }
      out.writeInt(crc(bytes.toByteArray(), bytes.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.toByteArray());
  }

  private static Receipt read(ByteBuffer in) {
    String model = text(in);
    String number = text(in);
    byte[] idStart = new byte[ID_BYTES];
    in.get(idStart);
    long millis = ((in.getShort() & 0xffffL) << 32) | (in.getInt() & 0xffffffffL);
    long id = in.getLong();
    Traffic traffic = TRAFFIC.get(in.get());
    int segment = in.getInt();
    int block = in.get() & 0xff;
    double chance = (in.getShort() & 0xffff) / (double) CHANCE_ONE;
    ElementType type = TYPES.get(in.get());
    int count = in.get() & 0xff;
    List<Double> scores = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      scores.add(
          switch (type) {
            case FLOAT, FLOAT16 -> (double) in.getFloat();
            case DOUBLE -> in.getDouble();
            case INT8 -> (double) in.get();
            case UINT8, BOOL -> (double) (in.get() & 0xff);
            case INT16 -> (double) in.getShort();
            case INT32 -> (double) in.getInt();
            case INT64 -> (double) in.getLong();
            case TEXT -> throw new IllegalArgumentException("scores are numbers");
          });
    }
    return new Receipt(
        model,
        number,
        HexFormat.of().formatHex(idStart),
        id,
        Instant.ofEpochMilli(millis),
        traffic,
        segment,
        block,
        chance,
        type,
        scores);
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeByte(bytes.length);
    out.write(bytes);
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[in.get() & 0xff];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static int crc(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return crc(bytes, bytes.length);
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  private static void check(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }

  private static InvalidInputException invalid(String why) {
    return new InvalidInputException(
        "this is no receipt: " + why + "; wanted the text that Prediction.receipt() gave");
  }
}
