package dev.mlops.runtime.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Rewrites an ONNX model so that the first axis of each input and output is declared free, as an
 * export with a dynamic batch has it. Nodes, weights and all other axes stay as they are.
 */
public final class FreeRows {
  /**
   * Field numbers from the model down to a dimension: graph, in or out, type, tensor, shape, dim.
   */
  private static final List<Set<Integer>> PATH =
      List.of(Set.of(7), Set.of(11, 12), Set.of(2), Set.of(1), Set.of(2), Set.of(1));

  private FreeRows() {}

  /** Writes the model with free rows to another file and returns it. */
  public static Path of(Path model, Path to) {
    try {
      return Files.write(to, rewritten(ByteBuffer.wrap(Files.readAllBytes(model)), 0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] rewritten(ByteBuffer message, int depth) {
    message.order(ByteOrder.LITTLE_ENDIAN);
    ProtoBytes out = new ProtoBytes();
    boolean first = true;
    while (message.hasRemaining()) {
      long key = varint(message);
      int field = (int) (key >>> 3);
      switch ((int) key & 7) {
        case 0 -> out.number(field, varint(message));
        case 5 -> out.fixed32(field, message.getInt());
        case 2 -> {
          int length = (int) varint(message);
          ByteBuffer part = message.slice(message.position(), length);
          message.position(message.position() + length);
          byte[] bytes = new byte[length];
          part.get(0, bytes);
          if (!PATH.get(depth).contains(field)) {
            out.bytes(field, bytes);
          } else if (depth < PATH.size() - 1) {
            out.bytes(field, rewritten(part, depth + 1));
          } else {
            out.bytes(field, first ? new ProtoBytes().text(2, "rows").toBytes() : bytes);
            first = false;
          }
        }
        default -> throw new IllegalArgumentException("wire type of key " + key);
      }
    }
    return out.toBytes();
  }

  private static long varint(ByteBuffer from) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = from.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }
}
