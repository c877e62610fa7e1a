package dev.mlops.runtime.onnx;

import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A cursor over protobuf's wire format that keeps nothing. It knows fields, not what they mean; the
 * caller enters the messages it cares about, and what it does not ask for is passed over without
 * being read, so weights of any size cost nothing. Whatever the bytes are, every method either
 * answers or throws {@link PackageCorruptException} with the byte where it stopped, and memory
 * stays at one buffer.
 *
 * <pre>{@code
 * reader.enter();
 * while (reader.next()) {
 *   switch (reader.field()) {
 *     case 1 -> name = reader.once().text(256);
 *     case 2 -> part(reader);       // enters, reads, leaves
 *     default -> {}                 // passed over
 *   }
 * }
 * reader.leave();
 * }</pre>
 *
 * <p>Stricter than protobuf where two readers could see two things in the same bytes: a field asked
 * for with {@link #once} that stands there twice is refused (protobuf merges or takes the last), so
 * is a field of the wrong wire type (protobuf takes it for an unknown one), so are groups.
 *
 * <p>Not safe for threads.
 */
final class ProtobufReader {
  /** How deep messages may nest; protobuf's own readers stop here too. */
  static final int DEEPEST = 100;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH = 2;
  private static final int FIXED32 = 5;

  private static final int BUFFER = 32 * 1024;
  private static final char REPLACED = '\ufffd';

  private final String name;
  private final @Nullable SeekableByteChannel file;
  private final long size;

  // the part of the file that is in memory: [start, start + filled)
  private final byte[] buffer;
  private long start;
  private int filled;

  // the messages entered; level 0 is the file
  private final long[] starts = new long[DEEPEST + 1];
  private final long[] ends = new long[DEEPEST + 1];
  private final long[] seen = new long[DEEPEST + 1];
  private int level;

  private long position;

  // the field that next() stopped at; its payload is [position, position + length) while unread
  private long fieldAt;
  private int field;
  private int wire;
  private long length;
  private boolean unread;

  /** Reads a file of the given size; the channel stays the caller's. */
  ProtobufReader(String name, SeekableByteChannel file, long size) {
    this(name, file, size, BUFFER);
  }

  /** The same with a buffer of so many bytes, at least 8. */
  ProtobufReader(String name, SeekableByteChannel file, long size, int buffer) {
    this.name = name;
    this.file = file;
    this.size = size;
    this.buffer = new byte[(int) Math.min(buffer, size)];
    ends[0] = size;
  }

  /** Reads bytes in memory. */
  ProtobufReader(String name, byte[] bytes) {
    this.name = name;
    this.file = null;
    this.size = bytes.length;
    this.buffer = bytes;
    this.filled = bytes.length;
    ends[0] = size;
  }

  /** Moves to the next field of the message; false at its end. An unread field is passed over. */
  boolean next() throws IOException {
    if (unread) {
      skip();
    }
    if (position == ends[level]) {
      return false;
    }
    fieldAt = position;
    long tag = readVarint();
    if (tag >>> 3 == 0 || tag >>> 32 != 0) {
      throw corrupt(fieldAt, "a field tag of " + Long.toUnsignedString(tag) + " is not valid");
    }
    field = (int) (tag >>> 3);
    wire = (int) (tag & 7);
    switch (wire) {
      case VARINT -> length = 0;
      case FIXED64 -> length = need(8);
      case FIXED32 -> length = need(4);
      case LENGTH -> length = need(readVarint());
      default ->
          throw corrupt(
              fieldAt, "field " + field + " has wire type " + wire + ", which no ONNX file uses");
    }
    unread = true;
    return true;
  }

  /** The number of the field. */
  int field() {
    return field;
  }

  /** Where the field begins, for messages. */
  long fieldAt() {
    return fieldAt;
  }

  /** Bytes of the field's payload; 0 for a lone number, whose bytes are not known before. */
  long length() {
    return length;
  }

  /** Where the cursor is. */
  long position() {
    return position;
  }

  /** Asserts that the field stands in its message once; for fields numbered 1 to 63. */
  ProtobufReader once() {
    long bit = 1L << field;
    if ((seen[level] & bit) != 0) {
      throw corrupt(fieldAt, "field " + field + " stands twice where it may stand once");
    }
    seen[level] |= bit;
    return this;
  }

  /** The field as a number. */
  long number() throws IOException {
    want(VARINT, "a number");
    unread = false;
    return readVarint();
  }

  /** The field as numbers, whether one of them stands here or several packed together. */
  void numbers(LongConsumer each) throws IOException {
    if (wire == VARINT) {
      each.accept(number());
      while (again()) {
        each.accept(readVarint());
      }
      return;
    }
    enter();
    while (position < ends[level]) {
      each.accept(readVarint());
    }
    leave();
  }

  /** The field as a number of 32 bits, whatever they mean. */
  int bits32() throws IOException {
    want(FIXED32, "a number of 32 bits");
    unread = false;
    return (int) readFixed(4);
  }

  /** The field as numbers of 32 bits, whether one of them stands here or several together. */
  void bits32(LongConsumer each) throws IOException {
    if (wire == FIXED32) {
      each.accept(bits32() & 0xFFFF_FFFFL);
      while (again()) {
        each.accept(readFixed(4));
      }
      return;
    }
    enter();
    while (position < ends[level]) {
      each.accept(readFixed(4));
    }
    leave();
  }

  /** The field as numbers of 64 bits, whether one of them stands here or several together. */
  void bits64(LongConsumer each) throws IOException {
    if (wire == FIXED64) {
      unread = false;
      each.accept(readFixed(8));
      return;
    }
    enter();
    while (position < ends[level]) {
      each.accept(readFixed(8));
    }
    leave();
  }

  /** The field as it stands; the caller has looked at its {@link #length}. */
  byte[] bytes() throws IOException {
    want(LENGTH, "bytes");
    byte[] bytes = readBytes(Math.toIntExact(length));
    unread = false;
    return bytes;
  }

  /** The field as UTF-8 text of at most that many bytes. */
  String text(int longest) throws IOException {
    want(LENGTH, "text");
    if (length > longest) {
      throw corrupt(
          fieldAt,
          "field "
              + field
              + " is a text of "
              + length
              + " bytes, more than the "
              + longest
              + " allowed");
    }
    byte[] bytes = readBytes((int) length);
    unread = false;
    String text = new String(bytes, StandardCharsets.UTF_8);
    // what is no UTF-8 was replaced, and does not come back as it was
    if (text.indexOf(REPLACED) >= 0
        && !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes)) {
      throw corrupt(fieldAt, "field " + field + " should be text but is not UTF-8");
    }
    return text;
  }

  /** Enters the message that the field is; {@link #next} then walks through it. */
  void enter() {
    want(LENGTH, "a message");
    if (level == DEEPEST) {
      throw corrupt(fieldAt, "messages nest deeper than the " + DEEPEST + " levels allowed");
    }
    level++;
    starts[level] = position;
    ends[level] = position + length;
    seen[level] = 0;
    unread = false;
  }

  /** Leaves the message entered last, whatever of it was read. */
  void leave() {
    position = ends[level];
    level--;
    unread = false;
  }

  /** Goes back to the beginning of the message entered last, to walk through it again. */
  void rewind() {
    position = starts[level];
    seen[level] = 0;
    unread = false;
  }

  /** The first bytes of the file; to be asked before the first field. */
  byte[] head(int longest) throws IOException {
    byte[] head = readBytes((int) Math.min(longest, size));
    position = 0;
    return head;
  }

  /** The failure to throw for what stands at a byte of the file. */
  PackageCorruptException corrupt(long at, String seenThere) {
    return new PackageCorruptException(
        name
            + " is not a readable ONNX model: at byte "
            + at
            + " "
            + seenThere
            + ". Copy or export the file again.");
  }

  private void want(int wanted, String what) {
    if (wire != wanted) {
      throw corrupt(
          fieldAt, "field " + field + " should be " + what + " but has wire type " + wire);
    }
  }

  private void skip() throws IOException {
    unread = false;
    if (wire == VARINT) {
      readVarint();
    } else {
      position += length;
    }
  }

  /**
   * Passes over the field and, as far as the buffer shows, over its like that stand right behind
   * it: lone numbers of the same field, numbered 1 to 15.
   */
  void skipAll() throws IOException {
    do {
      skip();
    } while (again());
  }

  /**
   * Whether a lone number of the field read last stands here as well, and the cursor is at its
   * payload now. Lists of numbers that are not packed are long, and {@link #next} is slow for each.
   */
  private boolean again() {
    long at = position - start;
    if (wire == LENGTH
        || field > 15 // whose tag is longer than a byte
        || position >= ends[level]
        || at < 0
        || at >= filled
        || buffer[(int) at] != (field << 3 | wire)) {
      return false;
    }
    fieldAt = position++;
    need(length);
    return true;
  }

  /** Checks that so many bytes are left in the message. */
  private long need(long bytes) {
    long left = ends[level] - position;
    if (bytes < 0 || bytes > left) {
      throw corrupt(
          fieldAt,
          "field "
              + field
              + " says it has "
              + Long.toUnsignedString(bytes)
              + " bytes, but "
              + (ends[level] == size
                  ? "the file ends after " + left + ": it is cut short or damaged"
                  : "only " + left + " are left in the message around it"));
    }
    return bytes;
  }

  private long readVarint() throws IOException {
    long first = position - start;
    if (position < ends[level] && first >= 0 && first < filled && buffer[(int) first] >= 0) {
      position++;
      return buffer[(int) first]; // most are that short
    }
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position == ends[level]) {
        throw corrupt(
            position,
            position == size
                ? "the file ends inside a number: it is cut short"
                : "a message ends inside a number");
      }
      byte next = readByte();
      value |= (next & 0x7FL) << shift;
      if (next >= 0) {
        if (shift == 63 && next > 1) {
          break;
        }
        return value;
      }
    }
    throw corrupt(position, "a number is longer than 64 bits");
  }

  /** Little-endian, as all of protobuf is. */
  private long readFixed(int bytes) throws IOException {
    if (ends[level] - position < bytes) {
      throw corrupt(position, "a message ends inside a number");
    }
    long value = 0;
    long at = position - start;
    if (at >= 0 && at + bytes <= filled) {
      for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | (buffer[(int) at + i] & 0xFF);
      }
      position += bytes;
      return value;
    }
    for (int i = 0; i < bytes; i++) {
      value |= (readByte() & 0xFFL) << (8 * i);
    }
    return value;
  }

  private byte[] readBytes(int count) throws IOException {
    byte[] bytes = new byte[count];
    int read = 0;
    while (read < count) {
      long at = position - start;
      if (at < 0 || at >= filled) {
        fill();
        at = 0;
      }
      int part = Math.min(count - read, filled - (int) at);
      System.arraycopy(buffer, (int) at, bytes, read, part);
      position += part;
      read += part;
    }
    return bytes;
  }

  private byte readByte() throws IOException {
    long at = position - start;
    if (at < 0 || at >= filled) {
      fill();
      at = 0;
    }
    position++;
    return buffer[(int) at];
  }

  private void fill() throws IOException {
    start = position;
    filled = 0;
    if (file != null) {
      file.position(position);
      filled = file.read(ByteBuffer.wrap(buffer));
    }
    if (filled <= 0) {
      filled = 0;
      throw corrupt(
          position, "the file ended while it was read, although it had " + size + " bytes");
    }
  }
}
