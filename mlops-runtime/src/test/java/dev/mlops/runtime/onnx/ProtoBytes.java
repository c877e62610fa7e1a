package dev.mlops.runtime.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes protobuf fields by hand, so that tests can also write what no protobuf library would. */
final class ProtoBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  ProtoBytes varint(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.write((int) (rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  ProtoBytes tag(int field, int wireType) {
    return varint(((long) field << 3) | wireType);
  }

  ProtoBytes number(int field, long value) {
    return tag(field, 0).varint(value);
  }

  ProtoBytes fixed32(int field, int value) {
    tag(field, 5);
    for (int shift = 0; shift < 32; shift += 8) {
      out.write(value >>> shift);
    }
    return this;
  }

  ProtoBytes text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  ProtoBytes message(int field, ProtoBytes message) {
    return bytes(field, message.toBytes());
  }

  ProtoBytes bytes(int field, byte[] value) {
    return tag(field, 2).varint(value.length).raw(value);
  }

  ProtoBytes raw(byte... value) {
    out.writeBytes(value);
    return this;
  }

  int size() {
    return out.size();
  }

  byte[] toBytes() {
    return out.toByteArray();
  }
}
