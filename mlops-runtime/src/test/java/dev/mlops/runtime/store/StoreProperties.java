package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.model.ElementType;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.PackagePart;
import dev.mlops.model.Shape;
import dev.mlops.model.Version;
import dev.mlops.store.AliasLog;
import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** What holds for any bytes, not only for those somebody thought of. */
final class StoreProperties {
  private static final String[] FRAGMENTS = {
    "null",
    "true",
    "-1",
    "1e999",
    "99999999999999999999",
    "0.5",
    "\"\"",
    "\"..\"",
    "\"a/../b\"",
    "[]",
    "{}",
    "[[[[]]]]",
    "{\"name\":\"x\"}",
    "\"\\ud800\"",
    "\"rows\"",
    "\"\\u0000\"",
    "NaN",
  };

  private static Path temp = Path.of("");
  private static Path folder = Path.of("");
  private static Path revision = Path.of("");
  private static byte[] manifest = new byte[0];
  private static byte[] firstRevision = new byte[0];
  private static AliasLog alias;
  private static DirectoryModelStore store;
  private static Version version;

  @BeforeContainer
  static void publish() throws IOException {
    temp = Files.createTempDirectory("store-properties");
    Path root = temp.resolve("models");
    store = DirectoryModelStore.at(root);
    version =
        store.publish(
            StormsPackage.of("1.0.0", 1)
                .golden(StormsPackage.golden(temp, 1), 1e-5)
                .part(new Baseline())
                .lineage(facts -> facts.parameter("trees", 100).metric("auc", 0.85))
                .build());
    folder = root.resolve("storms/versions/1.0.0");
    manifest = Files.readAllBytes(folder.resolve("manifest.json"));
    alias = store.alias("storms", "champion");
    alias.moveTo("1.0.0", "ci", "first");
    revision = root.resolve("storms/aliases/champion/0000000001.json");
    firstRevision = Files.readAllBytes(revision);
  }

  @AfterContainer
  static void remove() throws IOException {
    new Disk().remove(temp);
  }

  @Property(tries = 1500)
  void open_anyBitOfAnyFileFlipped_corrupt(
      @ForAll @IntRange(max = 3) int which,
      @ForAll @IntRange(max = 1_000_000) int place,
      @ForAll @IntRange(max = 7) int bit)
      throws IOException {
    String name =
        List.of("manifest.json", "model.onnx", "golden.csv", "drift/baseline.json").get(which);
    Path file = folder.resolve(name);
    byte[] good = Files.readAllBytes(file);
    byte[] bad = good.clone();
    bad[place % bad.length] ^= (byte) (1 << bit);
    StoreTree.overwrite(file, bad);
    try {
      assertThatThrownBy(() -> store.open(version)).isInstanceOf(PackageCorruptException.class);
    } finally {
      StoreTree.overwrite(file, good);
    }
  }

  @Property(tries = 3000)
  void read_changedManifest_readsOrSaysWhatIsWrong(@ForAll Random random) {
    byte[] changed = changed(manifest, random);

    try {
      Manifest read = Manifest.read(changed, "m");
      for (Manifest.Entry file : read.files()) {
        assertInside(file.path());
      }
    } catch (PackageCorruptException e) {
      assertThat(e.getMessage()).startsWith("m").hasSizeLessThan(20_000);
    }
  }

  @Property(tries = 1000)
  void read_anyBytes_refused(@ForAll @Size(max = 200) byte[] bytes) {
    assertThatThrownBy(() -> Manifest.read(bytes, "m")).isInstanceOf(PackageCorruptException.class);
  }

  @Property(tries = 1000)
  void head_changedRevision_readsOrSaysWhatIsWrong(@ForAll Random random) throws IOException {
    StoreTree.overwrite(revision, changed(firstRevision, random));
    try {
      assertThat(alias.head().orElseThrow().version().model()).isEqualTo("storms");
    } catch (PackageCorruptException e) {
      assertThat(e.getMessage()).startsWith("storms@champion revision 1");
    } finally {
      StoreTree.overwrite(revision, firstRevision);
    }
  }

  @Property
  void problems_none_stayInside(@ForAll("paths") String path) {
    if (PackagePaths.problems(List.of(path)).isEmpty()) {
      assertInside(path);
    }
  }

  @Property
  void order_ofNumbers_isTotal(
      @ForAll("numbers") String a, @ForAll("numbers") String b, @ForAll("numbers") String c) {
    VersionOrder order = VersionOrder.INSTANCE;
    assertThat(Integer.signum(order.compare(a, b))).isEqualTo(-Integer.signum(order.compare(b, a)));
    assertThat(order.compare(a, b) == 0).isEqualTo(a.equals(b));
    if (order.compare(a, b) <= 0 && order.compare(b, c) <= 0) {
      assertThat(order.compare(a, c)).isLessThanOrEqualTo(0);
    }
  }

  @Property(tries = 500)
  void schema_any_readBackFromItsManifest(@ForAll("schemas") ModelSchema schema) {
    Manifest written =
        new Manifest(
            "m",
            "1",
            null,
            "onnx",
            "a",
            List.of(new Manifest.Entry("a", 1, "0".repeat(64), "model")),
            schema,
            null,
            0);

    assertThat(Manifest.read(written.bytes(), "m")).isEqualTo(written);
  }

  @Provide
  Arbitrary<String> paths() {
    return Arbitraries.of(
            "a", "..", ".", "/", "\\", ":", "C:", "con", " ", "\u0000", "ä", "\ud800", "b.", "x")
        .list()
        .ofMaxSize(8)
        .map(parts -> String.join("", parts));
  }

  @Provide
  Arbitrary<String> numbers() {
    return Arbitraries.strings().withChars("019a.-").ofMinLength(1).ofMaxLength(8);
  }

  @Provide
  Arbitrary<ModelSchema> schemas() {
    return Arbitraries.randomValue(StoreProperties::schema);
  }

  private static ModelSchema schema(Random random) {
    ModelSchema.Builder builder = ModelSchema.builder();
    ElementType[] types = ElementType.values();
    int inputs = 1 + random.nextInt(4);
    for (int t = 0; t < inputs; t++) {
      ElementType type = types[random.nextInt(types.length)];
      String tensor = name(random) + " in" + t;
      switch (random.nextInt(3)) {
        case 0 -> {
          String[] columns = new String[1 + random.nextInt(5)];
          for (int c = 0; c < columns.length; c++) {
            columns[c] = name(random) + t + "[" + c + "]";
            if (random.nextBoolean() && (type.floating() || type == ElementType.TEXT)) {
              builder.optional(columns[c]);
            }
            if (random.nextBoolean()) {
              builder.categorical(columns[c]);
            }
          }
          builder.input(tensor, type, columns);
        }
        case 1 -> builder.input(tensor, type);
        default -> builder.input(tensor, type, shape(random));
      }
    }
    builder.output("scores", ElementType.FLOAT, "0", "1").output("state", types[1], shape(random));
    return random.nextBoolean()
        ? builder.score("scores.1").build()
        : builder.build().named("state", name(random) + "state");
  }

  private static Shape shape(Random random) {
    List<Long> dims = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      dims.add(random.nextInt(3) == 0 ? Shape.ANY : random.nextInt(100));
    }
    if (random.nextBoolean()) {
      dims.add(random.nextInt(dims.size() + 1), Shape.ROWS);
    }
    return new Shape(dims);
  }

  private static String name(Random random) {
    String[] parts = {"a", ".", " ", "[0]", "ä", "\ud83d\ude00", "\"", "\\", "\n", "/", "x y"};
    StringBuilder name = new StringBuilder("n");
    for (int i = random.nextInt(4); i > 0; i--) {
      name.append(parts[random.nextInt(parts.length)]);
    }
    return name.toString();
  }

  private static void assertInside(String path) {
    Path base = Path.of("/base/folder");
    assertThat(PackageFolder.resolve(base, path).normalize())
        .startsWithRaw(base)
        .isNotEqualTo(base)
        .isEqualTo(PackageFolder.resolve(base, path));
  }

  /** A document with some of its bytes, keys or values changed, cut, doubled or swapped. */
  private static byte[] changed(byte[] document, Random random) {
    StringBuilder text = new StringBuilder(new String(document, StandardCharsets.UTF_8));
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      int from = random.nextInt(text.length());
      int to = Math.min(text.length(), from + 1 + random.nextInt(30));
      switch (random.nextInt(6)) {
        case 0 -> text.setCharAt(from, (char) random.nextInt(0x250));
        case 1 -> text.delete(from, to);
        case 2 -> text.insert(to, text.substring(from, to));
        case 3 -> text.replace(from, to, FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
        default -> {
          int colon = text.indexOf(": ", from);
          int end = colon < 0 ? -1 : text.indexOf(",", colon);
          if (end > 0) {
            text.replace(colon + 2, end, FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
          }
        }
      }
      if (text.isEmpty()) {
        text.append('{');
      }
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    if (random.nextInt(4) == 0) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }

  private static final class Baseline implements PackagePart {
    @Override
    public String role() {
      return "baseline";
    }

    @Override
    public String path() {
      return "drift/baseline.json";
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
      out.write("{\"cells\":[1,2,3]}".getBytes(StandardCharsets.UTF_8));
    }
  }
}
