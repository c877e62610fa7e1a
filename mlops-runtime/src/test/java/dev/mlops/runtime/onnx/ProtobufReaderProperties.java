package dev.mlops.runtime.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What was written is what is read, whatever of it the buffer holds at a time. */
class ProtobufReaderProperties {
  private static final int FIXED64 = 1;
  private static final int LENGTH = 2;
  private static final int FIXED32 = 5;

  private static final int[] WIRES = {0, 0, FIXED64, FIXED32};

  /** The last is one whose number and wire type are a negative byte as an int. */
  private static final int[] NUMBERS = {1, 2, 7, 8, 15, 16, 31, 1_000, (1 << 29) - 16};

  /** A field of numbers: one, or several that are packed. */
  private record Field(int number, int wire, boolean packed, long... values) {
    void write(ProtoBytes to) {
      if (!packed) {
        value(to.tag(number, wire), values[0]);
        return;
      }
      ProtoBytes all = new ProtoBytes();
      for (long value : values) {
        value(all, value);
      }
      to.bytes(number, all.toBytes());
    }

    private void value(ProtoBytes to, long value) {
      int bytes = wire == FIXED32 ? 4 : wire == FIXED64 ? 8 : 0;
      if (bytes == 0) {
        to.varint(value);
      }
      for (int i = 0; i < bytes; i++) {
        to.raw((byte) (value >>> (8 * i)));
      }
    }

    boolean like(Field other) {
      return !packed && !other.packed && number == other.number && wire == other.wire;
    }
  }

  private final List<Field> fields = new ArrayList<>();
  private final List<Long> starts = new ArrayList<>();

  /** A message of them, with one behind it that is like the last. */
  private byte[] file(SplittableRandom random) {
    fields.clear();
    starts.clear();
    for (int runs = random.nextInt(8); runs >= 0; runs--) {
      int number = NUMBERS[random.nextInt(NUMBERS.length)];
      int wire = WIRES[random.nextInt(WIRES.length)];
      for (int i = random.nextInt(9); i >= 0; i--) {
        boolean packed = random.nextInt(6) == 0;
        long[] values = new long[packed ? random.nextInt(1, 20) : 1];
        for (int v = 0; v < values.length; v++) {
          long value = random.nextLong() >>> random.nextInt(64);
          values[v] = wire == FIXED32 ? value & 0xFFFF_FFFFL : value;
        }
        fields.add(new Field(number, wire, packed, values));
      }
    }
    ProtoBytes message = new ProtoBytes();
    for (Field field : fields) {
      starts.add((long) message.size());
      field.write(message);
    }
    long before = new ProtoBytes().tag(3, LENGTH).varint(message.size()).size();
    starts.replaceAll(start -> start + before);
    ProtoBytes file = new ProtoBytes().message(3, message);
    Field last = fields.get(fields.size() - 1);
    new Field(last.number, last.wire, false, 77).write(file);
    return file.toBytes();
  }

  @Property(tries = 3_000, seed = "1304")
  void read_inPieces_isWhatWasWritten(@ForAll long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] file = file(random);
    ProtobufReader in = reader(file, random);
    assertThat(in.next()).isTrue();
    in.enter();
    int at = 0; // the field that is next if none of its like is passed over
    while (in.next()) {
      int field = starts.indexOf(in.fieldAt());
      assertThat(field).isGreaterThanOrEqualTo(at);
      for (int passed = at; passed < field; passed++) {
        assertThat(fields.get(passed).like(fields.get(at - 1))).isTrue();
      }
      assertThat(in.field()).isEqualTo(fields.get(field).number);
      at = field + 1;
      switch (random.nextInt(5)) {
        case 0 -> {} // left unread
        case 1 -> in.skipAll();
        default -> at = read(in, field);
      }
    }
    for (int passed = at; passed < fields.size(); passed++) {
      assertThat(fields.get(passed).like(fields.get(at - 1))).isTrue();
    }
    in.leave();
    assertThat(in.next()).isTrue();
    assertThat(in.field()).isEqualTo(fields.get(fields.size() - 1).number);
    assertThat(in.next()).isFalse();
  }

  /** Reads one or more fields and says which comes then. */
  private int read(ProtobufReader in, int field) throws IOException {
    List<Long> seen = new ArrayList<>();
    switch (fields.get(field).wire) {
      case FIXED32 -> in.bits32(seen::add);
      case FIXED64 -> in.bits64(seen::add);
      default -> in.numbers(seen::add);
    }
    List<Long> wanted = new ArrayList<>();
    int next = field;
    do {
      for (long value : fields.get(next).values) {
        wanted.add(value);
      }
      next++;
    } while (wanted.size() < seen.size());
    assertThat(seen).isEqualTo(wanted);
    return next;
  }

  /** A message that says it is shorter than its last number is. */
  @Property(tries = 2_000, seed = "1305")
  void read_messageEndsInsideANumber_isRefused(@ForAll long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    boolean fixed = random.nextBoolean();
    ProtoBytes message = new ProtoBytes();
    for (int i = random.nextInt(4); i >= 0; i--) {
      if (fixed) {
        message.fixed32(7, random.nextInt());
      } else {
        message.number(7, random.nextLong() >>> random.nextInt(64));
      }
    }
    int less = fixed ? random.nextInt(1, 4) : 1;
    byte[] file =
        new ProtoBytes()
            .tag(3, LENGTH)
            .varint(message.size() - less)
            .raw(message.toBytes())
            .number(7, 1)
            .number(7, 1)
            .toBytes();
    ProtobufReader in = reader(file, random);
    assertThat(in.next()).isTrue();
    in.enter();
    boolean skips = random.nextBoolean();
    assertThatThrownBy(
            () -> {
              while (in.next()) {
                if (skips) {
                  in.skipAll();
                } else if (fixed) {
                  in.bits32(value -> {});
                } else {
                  in.numbers(value -> {});
                }
              }
            })
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageMatching(
            "(?s).*(a message ends inside a number|are left in the message around it).*");
  }

  private static ProtobufReader reader(byte[] file, SplittableRandom random) {
    return new ProtobufReader("file", new Pieces(file, random), file.length, random.nextInt(8, 40));
  }

  /** A file that gives a few bytes at each read. */
  private static final class Pieces implements SeekableByteChannel {
    private final byte[] bytes;
    private final SplittableRandom random;
    private int position;

    Pieces(byte[] bytes, SplittableRandom random) {
      this.bytes = bytes;
      this.random = random;
    }

    @Override
    public int read(ByteBuffer into) {
      int left = Math.min(bytes.length - position, into.remaining());
      if (left <= 0) {
        return -1;
      }
      int count = random.nextInt(1, left + 1);
      into.put(bytes, position, count);
      position += count;
      return count;
    }

    @Override
    public long position() {
      return position;
    }

    @Override
    public SeekableByteChannel position(long to) {
      position = (int) to;
      return this;
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public int write(ByteBuffer from) {
      throw new AssertionError("nobody writes");
    }

    @Override
    public SeekableByteChannel truncate(long to) {
      throw new AssertionError("nobody writes");
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
