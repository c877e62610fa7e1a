package dev.mlops.runtime.onnx;

import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's main graph with its weights in memory, for an engine that runs it itself. What the
 * graph takes and gives, {@link OnnxModel} tells.
 *
 * <p>Public for the engines; not part of the library's API. Read by one thread, then safe for all:
 * nothing is changed.
 */
public final class OnnxProgram {
  private static final int LONGEST_NAME = OnnxScan.LONGEST_NAME;

  private final List<OnnxNode> nodes = new ArrayList<>();
  private final Map<String, OnnxConstant> constants = new LinkedHashMap<>();
  private final Map<String, String> interned = new LinkedHashMap<>();
  private final ProtobufReader in;

  private OnnxProgram(ProtobufReader in) {
    this.in = in;
  }

  /**
   * Reads a file that {@link OnnxModel#read} found sound. It takes memory by the file's size, which
   * the caller has looked at.
   *
   * @throws PackageCorruptException if it is no ONNX model
   * @throws UncheckedIOException if the file cannot be read
   */
  public static OnnxProgram read(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      OnnxProgram program =
          new OnnxProgram(new ProtobufReader(file.toString(), channel, channel.size()));
      program.model();
      return program;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** The nodes in the file's order, in which each stands behind those whose outputs it takes. */
  public List<OnnxNode> nodes() {
    return Collections.unmodifiableList(nodes);
  }

  /** The values that stand in the file, by name. */
  public Map<String, OnnxConstant> constants() {
    return Collections.unmodifiableMap(constants);
  }

  private void model() throws IOException {
    while (in.next()) {
      if (in.field() == 7) {
        in.once();
        graph();
      }
    }
  }

  private void graph() throws IOException {
    in.enter();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> nodes.add(node());
        case 5 -> {
          Named tensor = tensor();
          constants.put(tensor.name(), tensor.constant());
        }
        case 15 ->
            throw in.corrupt(in.fieldAt(), "there is a sparse initializer, which is not read here");
        default -> {}
      }
    }
    in.leave();
  }

  private OnnxNode node() throws IOException {
    in.enter();
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    Map<String, Object> attributes = new LinkedHashMap<>();
    String name = "";
    String domain = "";
    String operator = "";
    while (in.next()) {
      switch (in.field()) {
        case 1 -> inputs.add(in.text(LONGEST_NAME));
        case 2 -> outputs.add(in.text(LONGEST_NAME));
        case 3 -> name = in.once().text(LONGEST_NAME);
        case 4 -> operator = in.once().text(LONGEST_NAME);
        case 5 -> attribute(attributes);
        case 7 -> domain = in.once().text(LONGEST_NAME);
        default -> {}
      }
    }
    in.leave();
    return new OnnxNode(
        name,
        domain.equals("ai.onnx") ? "" : domain,
        operator,
        List.copyOf(inputs),
        List.copyOf(outputs),
        attributes);
  }

  private void attribute(Map<String, Object> into) throws IOException {
    in.enter();
    String name = "";
    int type = 0;
    Float number = 0f; // a default value need not stand in the file
    Long integer = 0L;
    String text = "";
    Named tensor = null;
    Numbers floats = new Numbers();
    Numbers longs = new Numbers();
    List<String> texts = new ArrayList<>();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> name = in.once().text(LONGEST_NAME);
        case 2 -> number = Float.intBitsToFloat(in.once().bits32());
        case 3 -> integer = in.once().number();
        case 4 -> text = in.once().text(Integer.MAX_VALUE);
        case 5 -> tensor = tensor();
        case 7 -> in.bits32(floats);
        case 8 -> in.numbers(longs);
        case 9 -> texts.add(intern(in.text(Integer.MAX_VALUE)));
        case 20 -> type = (int) in.once().number();
        default -> {}
      }
    }
    in.leave();
    Object value =
        switch (type) {
          case 1 -> number;
          case 2 -> integer;
          case 3 -> text;
          case 4 -> tensor == null ? OnnxNode.UNREAD : tensor.constant();
          case 6 -> floats.floats();
          case 7 -> longs.toArray();
          case 8 -> texts.toArray(new String[0]);
          default -> OnnxNode.UNREAD;
        };
    into.put(name, value);
  }

  /** The modes of a forest's nodes are a few texts, a hundred thousand times. */
  private String intern(String text) {
    String first = interned.putIfAbsent(text, text);
    return first == null ? text : first;
  }

  private record Named(String name, OnnxConstant constant) {}

  private Named tensor() throws IOException {
    in.enter();
    long at = in.fieldAt();
    Numbers dims = new Numbers();
    Numbers floats = new Numbers();
    Numbers doubles = new Numbers();
    Numbers longs = new Numbers();
    List<String> texts = new ArrayList<>();
    byte[] raw = null;
    boolean outside = false;
    String name = "";
    int type = 0;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> in.numbers(dims);
        case 2 -> type = (int) in.once().number();
        case 4 -> in.bits32(floats);
        case 5, 7 -> in.numbers(longs);
        case 6 -> texts.add(intern(in.text(Integer.MAX_VALUE)));
        case 8 -> name = in.once().text(LONGEST_NAME);
        case 9 -> raw = in.once().bytes();
        case 10 -> in.bits64(doubles);
        case 13, 14 -> outside = true;
        default -> {}
      }
    }
    in.leave();
    Object values =
        outside
            ? null
            : switch (type) {
              case OnnxConstant.FLOAT -> raw == null ? floats.floats() : rawFloats(raw);
              case OnnxConstant.DOUBLE -> raw == null ? doubles.doubles() : rawDoubles(raw);
              case OnnxConstant.INT64 -> raw == null ? longs.toArray() : rawLongs(raw);
              case OnnxConstant.INT32 -> raw == null ? longs.toArray() : rawInts(raw);
              case OnnxConstant.UINT8 -> raw == null ? longs.toArray() : rawBytes(raw);
              case OnnxConstant.BOOL -> truths(raw == null ? longs.toArray() : rawBytes(raw));
              case OnnxConstant.STRING -> texts.toArray(new String[0]);
              default -> null;
            };
    OnnxConstant constant = new OnnxConstant(type, dims.toArray(), values);
    if (values != null && Array.getLength(values) != constant.elements()) {
      throw in.corrupt(
          at,
          "tensor "
              + Texts.quoted(name)
              + " has the axes "
              + Arrays.toString(constant.dims())
              + " but "
              + Array.getLength(values)
              + " values");
    }
    return new Named(name, constant);
  }

  private static long[] truths(long[] numbers) {
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = numbers[i] == 0 ? 0 : 1;
    }
    return numbers;
  }

  private static ByteBuffer little(byte[] raw) {
    return ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static float[] rawFloats(byte[] raw) {
    float[] values = new float[raw.length / Float.BYTES];
    little(raw).asFloatBuffer().get(values);
    return values;
  }

  private static double[] rawDoubles(byte[] raw) {
    double[] values = new double[raw.length / Double.BYTES];
    little(raw).asDoubleBuffer().get(values);
    return values;
  }

  private static long[] rawLongs(byte[] raw) {
    long[] values = new long[raw.length / Long.BYTES];
    little(raw).asLongBuffer().get(values);
    return values;
  }

  private static long[] rawInts(byte[] raw) {
    ByteBuffer in = little(raw);
    long[] values = new long[raw.length / Integer.BYTES];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.getInt();
    }
    return values;
  }

  private static long[] rawBytes(byte[] raw) {
    long[] values = new long[raw.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Byte.toUnsignedInt(raw[i]);
    }
    return values;
  }
}
