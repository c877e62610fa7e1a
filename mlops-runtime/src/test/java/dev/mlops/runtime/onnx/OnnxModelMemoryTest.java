package dev.mlops.runtime.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory stays bounded: weights are not read, and what is kept of a hostile file has a limit. */
final class OnnxModelMemoryTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path folder;

  @Test
  void read_twoGigabytesOfWeights_takesNextToNoMemory() throws IOException {
    long weights = (1L << 31) - 1_000;
    byte[] tensor =
        new ProtoBytes()
            .number(1, weights / 4)
            .number(2, 1)
            .text(8, "w")
            .tag(9, 2)
            .varint(weights)
            .toBytes();
    byte[] rest =
        new ProtoBytes()
            .raw(
                OnnxGraph.named("g")
                    .input("x", OnnxGraph.FLOAT, "n", 3)
                    .input("w", OnnxGraph.FLOAT, weights / 4)
                    .output("y", OnnxGraph.FLOAT, "n", 1)
                    .graphBytes()
                    .toBytes())
            .toBytes();
    long initializer = tensor.length + weights;
    long graph =
        new ProtoBytes().tag(5, 2).varint(initializer).toBytes().length + initializer + rest.length;
    ProtoBytes head =
        new ProtoBytes()
            .number(1, 8)
            .message(8, new ProtoBytes().number(2, 15))
            .tag(7, 2)
            .varint(graph)
            .tag(5, 2)
            .varint(initializer)
            .raw(tensor);
    Path file = folder.resolve("large.onnx");
    // the weights are a hole in the file: it takes no space on the disk
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(head.toBytes()));
      channel.write(ByteBuffer.wrap(rest), head.toBytes().length + weights);
    }
    assertThat(Files.size(file)).isGreaterThan(Integer.MAX_VALUE - 1_000L);
    OnnxModel.read(file); // classes loaded
    long before = THREADS.getCurrentThreadAllocatedBytes();
    OnnxModel model = OnnxModel.read(file);
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertThat(model.inputs()).extracting(GraphValue::name).containsExactly("x");
    assertThat(allocated).isLessThan(1 << 20);
  }

  @Test
  void read_hostileFiles_fitIntoASmallHeap() throws Exception {
    for (Hostile hostile : Hostile.values()) {
      hostile.writeTo(folder.resolve(hostile + ".onnx"));
    }
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-Xss256k",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                ReadAll.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out.txt").toFile())
            .start();
    boolean ended = process.waitFor(120, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertThat(ended).isTrue();
    assertThat(Files.readAllLines(folder.resolve("out.txt")))
        .hasSize(Hostile.values().length)
        .allMatch(line -> line.endsWith("refused"));
  }

  /** Files that would fill the memory of a reader that keeps what it is given. */
  @SuppressWarnings("ImmutableEnumChecker") // the functions keep no state
  private enum Hostile {
    INITIALIZERS(7, i -> new ProtoBytes().message(5, new ProtoBytes().text(8, name(i)))),
    IDENTITIES(
        7,
        i ->
            new ProtoBytes()
                .message(
                    1, OnnxGraph.nodeBytes("", "Identity", List.of(name(i)), List.of(name(-i))))),
    OPERATORS(
        7,
        i -> new ProtoBytes().message(1, OnnxGraph.nodeBytes(name(i), "O", List.of(), List.of()))),
    EXTERNALS(7, i -> new ProtoBytes().message(5, new ProtoBytes().number(14, 1))),
    KEYS(7, i -> new ProtoBytes().message(5, new ProtoBytes().raw(sixteenKeys(name(i))))),
    SHAPES(
        7,
        i -> {
          ProtoBytes shape = new ProtoBytes();
          for (int axis = 0; axis < 64; axis++) {
            shape.message(1, new ProtoBytes().number(1, i));
          }
          ProtoBytes type = new ProtoBytes().message(1, new ProtoBytes().message(2, shape));
          return new ProtoBytes().message(12, new ProtoBytes().text(1, name(i)).message(2, type));
        }),
    LABELS(
        7,
        i ->
            new ProtoBytes()
                .message(
                    1,
                    OnnxGraph.nodeBytes(
                        "ai.onnx.ml",
                        "ZipMap",
                        List.of("x"),
                        List.of(name(i)),
                        OnnxGraph.packedInts("classlabels_int64s", new long[1_000])))),
    FUNCTIONS(25, i -> new ProtoBytes().text(1, name(i))),
    OPSETS(8, i -> new ProtoBytes().text(1, name(i)));

    private final int field;
    private final IntFunction<ProtoBytes> part;

    Hostile(int field, IntFunction<ProtoBytes> part) {
      this.field = field;
      this.part = part;
    }

    void writeTo(Path file) {
      ProtoBytes all = new ProtoBytes();
      for (int i = 1; i <= 400_000 && all.size() < 40_000_000; i++) {
        if (field == 7) {
          all.raw(part.apply(i).toBytes());
        } else {
          all.message(field, part.apply(i));
        }
      }
      try (OutputStream out = Files.newOutputStream(file)) {
        out.write(new ProtoBytes().number(1, 8).toBytes());
        byte[] bytes = all.toBytes();
        if (field == 7) {
          out.write(new ProtoBytes().tag(7, 2).varint(bytes.length).toBytes());
        }
        out.write(bytes);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static String name(int i) {
      return Integer.toString(i, 36);
    }

    private static byte[] sixteenKeys(String name) {
      ProtoBytes keys = new ProtoBytes();
      for (int k = 0; k < 16; k++) {
        keys.message(13, new ProtoBytes().text(1, name).text(2, name));
      }
      return keys.toBytes();
    }
  }

  /** Reads every model of a folder, in a machine with little memory. */
  static final class ReadAll {
    private ReadAll() {}

    public static void main(String[] args) throws IOException {
      try (var files = Files.newDirectoryStream(Path.of(args[0]), "*.onnx")) {
        for (Path file : files) {
          String result = "answered";
          try {
            OnnxModel.read(file);
          } catch (PackageCorruptException e) {
            result = "refused";
          } catch (OutOfMemoryError e) {
            result = "ran out of memory";
          }
          System.out.println(file.getFileName() + " " + result);
        }
      }
    }
  }
}
