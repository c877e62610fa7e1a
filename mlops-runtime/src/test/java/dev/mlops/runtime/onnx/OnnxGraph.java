package dev.mlops.runtime.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes small ONNX models for tests: IR 8, opset 15, ai.onnx.ml 3 unless told otherwise. It checks
 * nothing, so a test can write nonsense too. {@link OnnxSamples} has whole models made with it.
 *
 * <pre>{@code
 * byte[] model = OnnxGraph.named("sum")
 *     .input("x", OnnxGraph.FLOAT, "batch", 2)
 *     .output("y", OnnxGraph.FLOAT, "batch", 1)
 *     .initializer(OnnxGraph.floats("w", new long[] {2, 1}, 1, 1))
 *     .node("MatMul", List.of("x", "w"), List.of("y"))
 *     .toBytes();
 * }</pre>
 */
public final class OnnxGraph {
  public static final int FLOAT = 1;
  public static final int UINT8 = 2;
  public static final int INT8 = 3;
  public static final int UINT16 = 4;
  public static final int INT16 = 5;
  public static final int INT32 = 6;
  public static final int INT64 = 7;
  public static final int STRING = 8;
  public static final int BOOL = 9;
  public static final int FLOAT16 = 10;
  public static final int DOUBLE = 11;
  public static final int UINT32 = 12;
  public static final int UINT64 = 13;
  public static final int COMPLEX64 = 14;
  public static final int BFLOAT16 = 16;

  private final ProtoBytes graph = new ProtoBytes();
  private final ProtoBytes extras = new ProtoBytes();
  private final ProtoBytes opsets = new ProtoBytes();
  private long ir = 8;
  private boolean ownOpsets;

  private OnnxGraph(String name) {
    graph.text(2, name);
  }

  /** An empty graph. */
  public static OnnxGraph named(String name) {
    return new OnnxGraph(name);
  }

  /** The IR version instead of 8. */
  public OnnxGraph ir(long version) {
    ir = version;
    return this;
  }

  /** An opset import; the first call replaces the default ones. */
  public OnnxGraph opset(String domain, long version) {
    ownOpsets = true;
    opsets.message(8, new ProtoBytes().text(1, domain).number(2, version));
    return this;
  }

  /**
   * A graph input.
   *
   * @param dims a number is a fixed dimension, text a symbolic one, null an unknown one
   */
  public OnnxGraph input(String name, int elementType, @Nullable Object... dims) {
    graph.message(11, value(name, tensorType(elementType, dims)));
    return this;
  }

  /** A graph output; dimensions as for an input. */
  public OnnxGraph output(String name, int elementType, @Nullable Object... dims) {
    graph.message(12, value(name, tensorType(elementType, dims)));
    return this;
  }

  /** A graph output as ZipMap makes it: a sequence of maps from the key type to float. */
  public OnnxGraph outputOfMaps(String name, int keyType) {
    ProtoBytes map = new ProtoBytes().number(1, keyType).message(2, tensorType(FLOAT));
    ProtoBytes sequence = new ProtoBytes().message(1, new ProtoBytes().message(5, map));
    graph.message(12, value(name, new ProtoBytes().message(4, sequence)));
    return this;
  }

  /** A constant; see {@link #floats}, {@link #longs}, {@link #doubles} and {@link #texts}. */
  public OnnxGraph initializer(Tensor tensor) {
    graph.bytes(5, tensor.bytes);
    return this;
  }

  /** A node of the standard operators. */
  public OnnxGraph node(
      String op, List<String> inputs, List<String> outputs, Attribute... attributes) {
    return node("", op, inputs, outputs, attributes);
  }

  /** A node of another domain, for instance {@code ai.onnx.ml}. */
  public OnnxGraph node(
      String domain,
      String op,
      List<String> inputs,
      List<String> outputs,
      Attribute... attributes) {
    graph.message(1, nodeBytes(domain, op, inputs, outputs, attributes));
    return this;
  }

  /** Any field of the GraphProto, as it is. */
  OnnxGraph graphField(int field, ProtoBytes message) {
    graph.message(field, message);
    return this;
  }

  /** Any field of the ModelProto, as it is. */
  OnnxGraph modelField(int field, ProtoBytes message) {
    extras.message(field, message);
    return this;
  }

  /** The GraphProto alone. */
  ProtoBytes graphBytes() {
    return new ProtoBytes().raw(graph.toBytes());
  }

  static ProtoBytes nodeBytes(
      String domain,
      String op,
      List<String> inputs,
      List<String> outputs,
      Attribute... attributes) {
    ProtoBytes node = new ProtoBytes();
    inputs.forEach(input -> node.text(1, input));
    outputs.forEach(output -> node.text(2, output));
    node.text(4, op);
    for (Attribute attribute : attributes) {
      node.bytes(5, attribute.bytes);
    }
    if (!domain.isEmpty()) {
      node.text(7, domain);
    }
    return node;
  }

  /** The whole model, the fields in the order protobuf writes them. */
  public byte[] toBytes() {
    ProtoBytes model = new ProtoBytes().number(1, ir).text(2, "dev.mlops tests");
    model.message(7, graph);
    if (ownOpsets) {
      model.raw(opsets.toBytes());
    } else {
      model.message(8, new ProtoBytes().text(1, "").number(2, 15));
      model.message(8, new ProtoBytes().text(1, "ai.onnx.ml").number(2, 3));
    }
    return model.raw(extras.toBytes()).toBytes();
  }

  /** Writes the model to a file and returns the file. */
  public Path writeTo(Path file) {
    try {
      return Files.write(file, toBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProtoBytes value(String name, ProtoBytes type) {
    return new ProtoBytes().text(1, name).message(2, type);
  }

  static ProtoBytes tensorType(int elementType, @Nullable Object... dims) {
    ProtoBytes shape = new ProtoBytes();
    for (@Nullable Object dim : dims) {
      ProtoBytes message = new ProtoBytes();
      if (dim instanceof Number number) {
        message.number(1, number.longValue());
      } else if (dim instanceof String symbol) {
        message.text(2, symbol);
      }
      shape.message(1, message);
    }
    return new ProtoBytes().message(1, new ProtoBytes().number(1, elementType).message(2, shape));
  }

  /** A constant tensor. */
  public static final class Tensor {
    final byte[] bytes;

    private Tensor(ProtoBytes bytes) {
      this.bytes = bytes.toBytes();
    }
  }

  private static ProtoBytes tensorHead(String name, int elementType, long[] dims) {
    ProtoBytes tensor = new ProtoBytes();
    for (long dim : dims) {
      tensor.number(1, dim);
    }
    return tensor.number(2, elementType).text(8, name);
  }

  private static ByteBuffer littleEndian(byte[] raw) {
    return ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The bytes of float32 values as they stand in raw data and in files of external data. */
  public static byte[] rawFloats(float... values) {
    byte[] raw = new byte[values.length * 4];
    littleEndian(raw).asFloatBuffer().put(values);
    return raw;
  }

  /** A float32 constant. */
  public static Tensor floats(String name, long[] dims, float... values) {
    return new Tensor(tensorHead(name, FLOAT, dims).bytes(9, rawFloats(values)));
  }

  /** A float64 constant. */
  public static Tensor doubles(String name, long[] dims, double... values) {
    byte[] raw = new byte[values.length * 8];
    littleEndian(raw).asDoubleBuffer().put(values);
    return new Tensor(tensorHead(name, DOUBLE, dims).bytes(9, raw));
  }

  /** An int64 constant. */
  public static Tensor longs(String name, long[] dims, long... values) {
    byte[] raw = new byte[values.length * 8];
    littleEndian(raw).asLongBuffer().put(values);
    return new Tensor(tensorHead(name, INT64, dims).bytes(9, raw));
  }

  /** A uint8 constant. */
  public static Tensor bytes(String name, long[] dims, byte... values) {
    return new Tensor(tensorHead(name, UINT8, dims).bytes(9, values.clone()));
  }

  /** An int32 constant. */
  public static Tensor ints(String name, long[] dims, int... values) {
    ProtoBytes tensor = tensorHead(name, INT32, dims);
    for (int value : values) {
      tensor.number(5, value);
    }
    return new Tensor(tensor);
  }

  /** A constant of truth values. */
  public static Tensor truths(String name, long[] dims, boolean... values) {
    ProtoBytes tensor = tensorHead(name, BOOL, dims);
    for (boolean value : values) {
      tensor.number(5, value ? 1 : 0);
    }
    return new Tensor(tensor);
  }

  /** A text constant. */
  public static Tensor texts(String name, long[] dims, String... values) {
    ProtoBytes tensor = tensorHead(name, STRING, dims);
    for (String value : values) {
      tensor.text(6, value);
    }
    return new Tensor(tensor);
  }

  /**
   * A constant whose data stand in another file.
   *
   * @param keysAndValues pairs, for instance {@code "location", "w.bin", "offset", "0"}
   */
  public static Tensor external(
      String name, int elementType, long[] dims, String... keysAndValues) {
    ProtoBytes tensor = tensorHead(name, elementType, dims);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      tensor.message(13, new ProtoBytes().text(1, keysAndValues[i]).text(2, keysAndValues[i + 1]));
    }
    return new Tensor(tensor.number(14, 1));
  }

  /** An attribute of a node. */
  public static final class Attribute {
    final byte[] bytes;

    private Attribute(ProtoBytes bytes) {
      this.bytes = bytes.toBytes();
    }
  }

  // the numbers of AttributeProto.AttributeType, field 20

  /** An int attribute. */
  public static Attribute attribute(String name, long value) {
    return new Attribute(new ProtoBytes().text(1, name).number(3, value).number(20, 2));
  }

  /** A float attribute. */
  public static Attribute attribute(String name, float value) {
    return new Attribute(
        new ProtoBytes().text(1, name).fixed32(2, Float.floatToRawIntBits(value)).number(20, 1));
  }

  /** A text attribute. */
  public static Attribute attribute(String name, String value) {
    return new Attribute(new ProtoBytes().text(1, name).text(4, value).number(20, 3));
  }

  /** A tensor attribute. */
  public static Attribute attribute(String name, Tensor value) {
    return new Attribute(new ProtoBytes().text(1, name).bytes(5, value.bytes).number(20, 4));
  }

  /** A subgraph attribute. */
  public static Attribute attribute(String name, OnnxGraph value) {
    return new Attribute(
        new ProtoBytes().text(1, name).message(6, value.graphBytes()).number(20, 5));
  }

  /** An attribute of several ints. */
  public static Attribute ints(String name, long... values) {
    ProtoBytes attribute = new ProtoBytes().text(1, name);
    Arrays.stream(values).forEach(value -> attribute.number(8, value));
    return new Attribute(attribute.number(20, 7));
  }

  /** An attribute of several ints in packed form, as newer writers have it. */
  static Attribute packedInts(String name, long... values) {
    ProtoBytes packed = new ProtoBytes();
    Arrays.stream(values).forEach(packed::varint);
    return new Attribute(new ProtoBytes().text(1, name).message(8, packed).number(20, 7));
  }

  /** An attribute of several floats. */
  public static Attribute floats(String name, float... values) {
    ProtoBytes attribute = new ProtoBytes().text(1, name);
    for (float value : values) {
      attribute.fixed32(7, Float.floatToRawIntBits(value));
    }
    return new Attribute(attribute.number(20, 6));
  }

  /** An attribute of several texts. */
  public static Attribute texts(String name, String... values) {
    ProtoBytes attribute = new ProtoBytes().text(1, name);
    for (String value : values) {
      attribute.bytes(9, value.getBytes(StandardCharsets.UTF_8));
    }
    return new Attribute(attribute.number(20, 8));
  }

  /** An attribute as it is. */
  static Attribute attribute(ProtoBytes bytes) {
    return new Attribute(bytes);
  }
}
