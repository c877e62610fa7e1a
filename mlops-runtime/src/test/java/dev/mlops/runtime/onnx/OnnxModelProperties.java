package dev.mlops.runtime.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.model.InvalidSettingsException;
import dev.mlops.store.PackageCorruptException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Whatever the bytes are, reading ends, and with the declared failure or none. An answer that was
 * given can be asked for a schema and for its problems.
 */
final class OnnxModelProperties {
  private static final Path NAME = Path.of("package/m.onnx");

  /** Every part of the format that the reader knows, in one model. */
  private static final byte[] RICH = rich();

  private static final List<byte[]> MODELS =
      List.of(
          RICH,
          OnnxSamples.applicants(),
          OnnxSamples.letters(),
          OnnxSamples.zipMap(),
          OnnxSamples.voice());

  private static final int[] FIELDS = {
    1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 13, 14, 15, 20, 22, 23, 25
  };
  private static final List<String> WORDS =
      List.of("", "x", "y", "ZipMap", "Identity", "ai.onnx.ml", "classlabels_strings");

  private static byte[] rich() {
    ProtoBytes sparse =
        new ProtoBytes()
            .message(1, new ProtoBytes().number(1, 3).number(2, 1).text(8, "s"))
            .message(2, new ProtoBytes().number(1, 3).number(2, 7));
    OnnxGraph branch =
        OnnxGraph.named("branch")
            .initializer(
                OnnxGraph.external(
                    "e", OnnxGraph.FLOAT, new long[] {2}, "location", "w", "offset", "0"))
            .node("acme", "Op", List.of("e"), List.of("o"));
    ProtoBytes function =
        new ProtoBytes()
            .text(1, "F")
            .text(10, "local")
            .message(7, OnnxGraph.nodeBytes("", "Identity", List.of("a"), List.of("b")));
    return OnnxGraph.named("rich")
        .input("x", OnnxGraph.FLOAT, "n", 3)
        .input("odd", OnnxGraph.UINT64, null, -1)
        .initializer(OnnxGraph.floats("w", new long[] {3}, 1, 2, 3))
        .graphField(15, sparse)
        .node(
            "If",
            List.of("c"),
            List.of("r"),
            OnnxGraph.attribute("then_branch", branch),
            OnnxGraph.attribute("t", OnnxGraph.longs("k", new long[] {1}, 5)))
        .node(
            "ai.onnx.ml",
            "ZipMap",
            List.of("x"),
            List.of("z"),
            OnnxGraph.packedInts("classlabels_int64s", 0, 1, 2))
        .node("Identity", List.of("z"), List.of("maps"))
        .outputOfMaps("maps", OnnxGraph.INT64)
        .output("y", OnnxGraph.FLOAT, "n", 2)
        .modelField(20, new ProtoBytes().message(1, branch.graphBytes()))
        .modelField(25, function)
        .toBytes();
  }

  private static boolean answers(byte[] bytes) {
    OnnxModel model;
    try {
      model = OnnxModel.read(NAME, bytes);
    } catch (PackageCorruptException e) {
      assertThat(e).hasMessageContaining("m.onnx is not a").hasMessageMatching("[^\\p{Cntrl}]+");
      return false;
    }
    assertThat(model.customDomains()).isNotNull();
    model.checkExternalData(Path.of("package"), Set.of("w"));
    try {
      assertThat(model.check(model.schema())).isEmpty();
    } catch (InvalidSettingsException e) {
      assertThat(e.problems()).isNotEmpty();
    }
    return true;
  }

  @Property(tries = 1)
  void read_cutAtEveryByte_answersOrRefuses() {
    for (byte[] model : MODELS) {
      int answers = 0;
      for (int length = 0; length < model.length; length++) {
        byte[] cut = new byte[length];
        System.arraycopy(model, 0, cut, 0, length);
        answers += answers(cut) ? 1 : 0;
      }
      // only what ends between two fields after the graph and the first opset is a model still
      assertThat(answers).isLessThanOrEqualTo(4);
      assertThat(answers(model)).isTrue();
    }
  }

  @Property(tries = 1)
  void read_everyBitFlipped_answersOrRefuses() {
    for (int bit = 0; bit < RICH.length * 8; bit++) {
      byte[] flipped = RICH.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      answers(flipped);
    }
  }

  @Property(tries = 20_000, seed = "1976")
  void read_bytesChanged_answersOrRefuses(
      @ForAll("models") byte[] model, @ForAll long seed, @ForAll("few") int changes) {
    Random random = new Random(seed);
    byte[] bytes = model.clone();
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] = (byte) 0xFF;
        case 2 -> bytes[at]++;
        default -> {
          // a piece of the model in another place of it: sound fields where they do not belong
          int length = Math.min(random.nextInt(64), bytes.length - at);
          System.arraycopy(model, random.nextInt(model.length - length + 1), bytes, at, length);
        }
      }
    }
    answers(bytes);
  }

  @Property(tries = 20_000, seed = "42")
  void read_garbage_answersOrRefuses(@ForAll("garbage") byte[] bytes) {
    answers(bytes);
  }

  /**
   * Wire format at random: numbers, lengths and nesting that are sound, with fields that are not.
   */
  @Property(tries = 20_000, seed = "7")
  void read_fieldsAtRandom_answersOrRefuses(@ForAll long seed) {
    byte[] message = fields(new Random(seed), 6);
    byte[] model =
        new ProtoBytes()
            .number(1, 8)
            .bytes(7, message)
            .message(8, new ProtoBytes().number(2, 15))
            .toBytes();
    answers(model);
  }

  @Provide
  Arbitrary<byte[]> models() {
    return Arbitraries.of(MODELS);
  }

  @Provide
  Arbitrary<Integer> few() {
    return Arbitraries.integers().between(1, 8);
  }

  @Provide
  Arbitrary<byte[]> garbage() {
    return Arbitraries.bytes().array(byte[].class).ofMaxSize(200);
  }

  private static byte[] fields(Random random, int depth) {
    ProtoBytes all = new ProtoBytes();
    for (int left = random.nextInt(7); left > 0; left--) {
      int field = FIELDS[random.nextInt(FIELDS.length)];
      int kind = random.nextInt(depth > 0 ? 6 : 3);
      switch (kind) {
        case 0 -> all.number(field, random.nextInt(30) - 1L);
        case 1 -> all.number(field, random.nextLong());
        case 2 -> all.text(field, WORDS.get(random.nextInt(WORDS.size())));
        default -> all.bytes(field, fields(random, depth - 1));
      }
    }
    return all.toBytes();
  }
}
