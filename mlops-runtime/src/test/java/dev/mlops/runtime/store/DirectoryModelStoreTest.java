package dev.mlops.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.PackagePart;
import dev.mlops.model.Version;
import dev.mlops.runtime.onnx.OnnxModel;
import dev.mlops.runtime.onnx.OnnxSamples;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import dev.mlops.store.VersionExistsException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DirectoryModelStoreTest {
  @TempDir Path temp;
  private Path root;
  private DirectoryModelStore store;

  @BeforeEach
  void open() {
    root = temp.resolve("models");
    store = DirectoryModelStore.at(root);
  }

  // publishing

  @Test
  void publish_storms_openedWithAllItSays() throws IOException {
    Version version =
        store.publish(
            StormsPackage.of("1.0.0", 1).golden(StormsPackage.golden(temp, 1), 1e-5).build());

    assertThat(version.toString()).isEqualTo("storms:1.0.0");
    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.version()).isEqualTo(version);
      assertThat(opened.schema()).isEqualTo(StormsPackage.SCHEMA);
      assertThat(opened.format()).isEqualTo("onnx");
      assertThat(opened.folder()).isNotEqualTo(root.resolve("storms/versions/1.0.0"));
      assertThat(opened.model()).hasSameBinaryContentAs(StormsPackage.model(1));
      assertThat(opened.files()).containsExactly("golden.csv", "model.onnx");
      assertThat(opened.goldenTolerance()).hasValue(1e-5);
      assertThat(opened.partPath("golden")).hasValue("golden.csv");
      assertThat(opened.part("golden").orElseThrow().readAllBytes())
          .isEqualTo(Files.readAllBytes(temp.resolve("expected.csv")));
      assertThat(opened.part("baseline")).isEmpty();
    }
    assertThat(root.resolve(".staging")).isEmptyDirectory();
  }

  @Test
  void open_publishedFilesGoneAndChanged_servedFromTheCopyUntilClosed() throws IOException {
    Version version =
        store.publish(
            StormsPackage.of("1.0.0", 1).golden(StormsPackage.golden(temp, 1), 1e-5).build());
    StoredVersion opened = store.open(version);
    Files.delete(root.resolve("storms/versions/1.0.0/model.onnx"));
    Files.writeString(root.resolve("storms/versions/1.0.0/golden.csv"), "other");

    assertThat(opened.model()).hasSameBinaryContentAs(StormsPackage.model(1));
    assertThat(opened.part("golden").orElseThrow().readAllBytes())
        .isEqualTo(Files.readAllBytes(temp.resolve("expected.csv")));

    opened.close();
    opened.close();
    assertThat(opened.folder().getParent()).doesNotExist();
  }

  @Test
  void publish_sameFactsInAnotherOrder_returnsTheVersionThatIsThere() {
    Version first =
        store.publish(
            StormsPackage.of("1.0.0", 1)
                .lineage(facts -> facts.parameter("a", 1).parameter("b", 2))
                .build());

    Version second =
        store.publish(
            StormsPackage.of("1.0.0", 1)
                .lineage(facts -> facts.parameter("b", 2).parameter("a", 1))
                .build());

    assertThat(second).isEqualTo(first);
    assertThat(store.versions("storms")).containsExactly(first);
  }

  @Test
  void publish_otherBytesUnderTakenNumber_refusedAndTheFirstStays() {
    Version first = store.publish(StormsPackage.of("1.0.0", 1).build());

    VersionExistsException refusal =
        catchThrowableOfType(
            VersionExistsException.class,
            () -> store.publish(StormsPackage.of("1.0.0", 2).build()));

    assertThat(refusal.present()).isEqualTo(first);
    assertThat(refusal)
        .hasMessageMatching(
            "storms:1\\.0\\.0 is there already with other content \\("
                + first.id()
                + ", refused sha256:[0-9a-f]{64}\\)\\. A version never changes:"
                + " publish under a new number");
    assertThatCode(() -> store.open(first).close()).doesNotThrowAnyException();
  }

  @Test
  void publish_otherFactsUnderTakenNumber_refused() {
    store.publish(StormsPackage.of("1.0.0", 1).build());

    assertThatThrownBy(
            () ->
                store.publish(
                    StormsPackage.of("1.0.0", 1)
                        .createdAt(Instant.parse("2026-11-24T00:00:00Z"))
                        .build()))
        .isInstanceOf(VersionExistsException.class);
  }

  @Test
  void publish_partAndFiles_openedByRole() throws IOException {
    Path licence = Files.writeString(temp.resolve("LICENSE"), "use it");
    Path first = Files.writeString(temp.resolve("a.txt"), "a");
    Path second = Files.writeString(temp.resolve("b.txt"), "b");

    Version version =
        store.publish(
            StormsPackage.of("1.0.0", 1)
                .part(part("baseline", "drift/baseline.json", "{}"))
                .file(licence, "licence")
                .file(first, "tokenizer")
                .file(second, "tokenizer")
                .build());

    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.files())
          .containsExactly("LICENSE", "a.txt", "b.txt", "drift/baseline.json", "model.onnx");
      assertThat(opened.partPath("baseline")).hasValue("drift/baseline.json");
      assertThat(opened.part("baseline").orElseThrow()).hasContent("{}");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> opened.part("tokenizer"))
          .withMessage(
              "storms:1.0.0 has 2 files of role 'tokenizer', [a.txt, b.txt]; a part is one file,"
                  + " read these from folder()");
    }
  }

  @Test
  void publish_modelFolder_entryIsTheFolder() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("export"));
    Files.copy(StormsPackage.model(1), folder.resolve("net.onnx"));
    Files.createDirectories(folder.resolve("vocab"));
    Files.writeString(folder.resolve("vocab").resolve("words.txt"), "calm storm");

    Version version =
        store.publish(
            ModelPackage.of("storms", "1.0.0", StormsPackage.SCHEMA).model("onnx", folder).build());

    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.model()).isEqualTo(opened.folder().resolve("model"));
      assertThat(opened.files()).containsExactly("model/net.onnx", "model/vocab/words.txt");
    }
  }

  @Test
  void publish_modelFolderWithTwoOnnxFiles_refused() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("export"));
    Files.copy(StormsPackage.model(1), folder.resolve("a.onnx"));
    Files.copy(StormsPackage.model(1), folder.resolve("b.onnx"));

    assertRefused(
        ModelPackage.of("storms", "1.0.0", StormsPackage.SCHEMA).model("onnx", folder).build(),
        "a folder of format onnx must hold exactly one file that ends with .onnx, but it holds"
            + " [model/a.onnx, model/b.onnx]");
  }

  @Test
  void publish_weightsInASecondFile_mustBeListed() throws IOException {
    Path model = OnnxSamples.weightsBeside(Files.createDirectory(temp.resolve("export")));
    ModelPackage.Builder content =
        ModelPackage.of("beside", "1.0.0", OnnxModel.read(model).schema()).model("onnx", model);

    assertThatThrownBy(() -> store.publish(content.build()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("weights.bin")
        .hasMessageContaining("is not among the package's files; add it to the package");
    assertNothingPublished();

    Version version =
        store.publish(content.file(model.resolveSibling("weights.bin"), "weights").build());
    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.files()).containsExactly("model.onnx", "weights.bin");
    }
  }

  @Test
  void publish_schemaThatDoesNotFit_refusedWithEveryProblem() {
    ModelSchema schema =
        ModelSchema.builder()
            .input("features", ElementType.DOUBLE, "a", "b")
            .output("label", ElementType.INT64)
            .output("probability", ElementType.FLOAT, "0", "1")
            .build();

    InvalidSettingsException refusal =
        catchThrowableOfType(
            InvalidSettingsException.class,
            () ->
                store.publish(
                    ModelPackage.of("storms", "1.0.0", schema)
                        .model("onnx", StormsPackage.model(1))
                        .build()));

    assertThat(refusal.problems()).hasSizeGreaterThanOrEqualTo(2);
    assertThat(refusal).hasMessageContaining("features").hasMessageContaining("probability");
    assertNothingPublished();
  }

  @Test
  void publish_fileThatIsNoOnnxModel_refusedByItsNameInThePackage() throws IOException {
    Path text = Files.writeString(temp.resolve("model.onnx"), "I am no model at all");

    assertThatThrownBy(
            () ->
                store.publish(
                    ModelPackage.of("storms", "1.0.0", StormsPackage.SCHEMA)
                        .model("onnx", text)
                        .build()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageStartingWith("model.onnx is not an ONNX model")
        .hasMessageNotContaining(".staging");
    assertNothingPublished();
  }

  @Test
  void publish_goldenWithTypos_everyOneTold() throws IOException {
    Path golden =
        Files.writeString(
            temp.resolve("golden.csv"),
            """
            month,hour,latitude,long,wind,pressure,wind_change_6h,pressure_change_6h,expected.lable
            1,2,3,4,5,6,7,8,0
            """);

    assertRefused(
        StormsPackage.of("1.0.0", 1).golden(golden, 1e-5).build(),
        "golden.csv: no column for the input 'lat'",
        "golden.csv: 'expected.lable' names no output; the outputs are [label, 0, 1]");
  }

  @Test
  void publish_goldenWithoutExpectation_refused() throws IOException {
    Path golden =
        Files.writeString(
            temp.resolve("golden.csv"),
            """
            month,hour,lat,long,wind,pressure,wind_change_6h,pressure_change_6h
            1,2,3,4,5,6,7,8
            """);

    assertRefused(
        StormsPackage.of("1.0.0", 1).golden(golden, 1e-5).build(),
        "golden.csv: no column expected.<output>, so nothing could be checked; the outputs are"
            + " [label, 0, 1]");
  }

  @Test
  void publish_goldenWithoutRecord_refused() throws IOException {
    Path csv =
        Files.writeString(
            temp.resolve("golden.csv"),
            "month,hour,lat,long,wind,pressure,wind_change_6h,pressure_change_6h,expected.label\n");
    Path lines = Files.writeString(temp.resolve("golden.jsonl"), "\n\n");

    assertRefused(
        StormsPackage.of("1.0.0", 1).golden(csv, 1e-5).build(),
        "golden.csv holds no record; wanted a header and at least one row");
    assertRefused(
        StormsPackage.of("1.0.0", 1).golden(lines, 1e-5).build(),
        "golden.jsonl holds no record; wanted at least one line {\"in\":{…},\"out\":{…}}");
  }

  @Test
  void publish_goldenJsonLinesWithTypos_everyOneOfTheFirstBadLineTold() throws IOException {
    String good =
        "{'in':{'month':1,'hour':1,'lat':1,'long':1,'wind':1,'pressure':1},'out':{'label':0}}";
    Path golden =
        jsonLines(
            good,
            "",
            "{'in':{'mouth':1,'hour':1,'features.lat':1,'long':1,'wind':1,'pressure':1},"
                + "'out':{'lable':0}}",
            "{'in':{'nothing':1},'out':{}}");

    assertRefused(
        StormsPackage.of("1.0.0", 1).golden(golden, 1e-5).build(),
        "golden.jsonl line 3: 'mouth' names no input; the inputs are [month, hour, lat, long, wind,"
            + " pressure, wind_change_6h, pressure_change_6h]",
        "golden.jsonl line 3: the input 'month' is missing, and is not optional",
        "golden.jsonl line 3: 'lable' names no output; the outputs are [label, 0, 1]");
  }

  @Test
  void publish_goldenJsonLinesWithoutExpectation_refused() throws IOException {
    Path golden =
        jsonLines("{'in':{'month':1,'hour':1,'lat':1,'long':1,'wind':1,'pressure':1},'out':{}}");

    assertRefused(
        StormsPackage.of("1.0.0", 1).golden(golden, 1e-5).build(),
        "golden.jsonl: no record expects an output, so nothing could be checked");
  }

  @Test
  void publish_goldenLineIsNoRecord_refused() throws IOException {
    ModelPackage content =
        StormsPackage.of("1.0.0", 1).golden(jsonLines("", "{'in':{'month':}"), 1e-5).build();
    assertThatThrownBy(() -> store.publish(content))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("golden.jsonl line 2 column 16 is not the strict JSON wanted");
  }

  private Path jsonLines(String... lines) throws IOException {
    return Files.writeString(
        temp.resolve("golden.jsonl"), String.join("\n", lines).replace('\'', '"') + "\n");
  }

  @Test
  void publish_linkAsSource_publishedAsTheFile() throws IOException {
    Path link =
        Files.createSymbolicLink(
            temp.resolve("model.onnx"), StormsPackage.model(1).toAbsolutePath());

    Version version =
        store.publish(
            ModelPackage.of("storms", "1.0.0", StormsPackage.SCHEMA).model("onnx", link).build());

    try (StoredVersion opened = store.open(version)) {
      assertThat(opened.model()).isRegularFile().hasSameBinaryContentAs(link);
    }
    Files.delete(link);
  }

  @Test
  void publish_sourceGoneSinceBuild_refused() throws IOException {
    Path file = Files.copy(StormsPackage.model(1), temp.resolve("model.onnx"));
    ModelPackage content =
        ModelPackage.of("storms", "1.0.0", StormsPackage.SCHEMA).model("onnx", file).build();
    Files.delete(file);

    assertRefused(content, "no regular file " + file + " for role model");
  }

  @Test
  void publish_foldersThatDifferInCase_refused() {
    assertRefused(
        StormsPackage.of("1.0.0", 1)
            .part(part("baseline", "drift/a.json", "{}"))
            .part(part("limits", "Drift/b.json", "{}"))
            .part(part("notes", "model.sig", "{}"))
            .build(),
        "paths 'drift' and 'Drift' would be one file where case does not count",
        "path 'model.sig' is taken by the package form itself");
  }

  @Test
  void publish_lineageThatCannotBeWritten_everyOneTold() {
    assertRefused(
        StormsPackage.of("1.0.0", 1)
            .lineage(
                facts ->
                    facts
                        .metric("auc", Double.NaN)
                        .parameter("trees", Optional.empty())
                        .parameter("depth", 3)
                        .parameter("depth", 4)
                        .code("a", false)
                        .code("b", true))
            .build(),
        "lineage: metric 'auc' was NaN but must be finite",
        "lineage: parameter 'trees' was Optional.empty (Optional) but must be a text, a finite number or a"
            + " boolean",
        "lineage: parameter 'depth' was told twice",
        "lineage: the code was told twice, a and b");
  }

  @Test
  void publish_textThatIsNoUnicode_refused() {
    assertRefused(
        StormsPackage.of("1.0.0", 1).lineage(facts -> facts.parameter("a", "\ud800")).build(),
        "a text holds half of a surrogate pair, which UTF-8 cannot say");
  }

  @Test
  void publish_partThatFails_refusedAndNothingStaysBehind() {
    PackagePart broken =
        new PackagePart() {
          @Override
          public String role() {
            return "baseline";
          }

          @Override
          public String path() {
            return "baseline.json";
          }

          @Override
          public void writeTo(OutputStream out) throws IOException {
            out.write(new byte[100_000]);
            throw new IOException("no rows");
          }
        };

    assertRefused(
        StormsPackage.of("1.0.0", 1).part(broken).build(),
        "part baseline.json of role baseline could not be made: java.io.IOException: no rows");
  }

  @ParameterizedTest
  @ValueSource(strings = {"versions", "a/versions", "aliases/b", "a/aliases/b"})
  void publish_modelNamedLikeOurFolders_refused(String model) {
    assertRefused(
        ModelPackage.of(model, "1.0.0", StormsPackage.SCHEMA)
            .model("onnx", StormsPackage.model(1))
            .build(),
        "model name '"
            + model
            + "' cannot live in a directory store: 'versions' and 'aliases' are its own folders;"
            + " choose another");
    assertThatIllegalArgumentException().isThrownBy(() -> store.alias(model, "champion"));
  }

  @Test
  void publish_leftoversOfTheDead_removedWhenADayOld() throws IOException {
    Instant now = Instant.parse("2026-11-24T12:00:00Z");
    Path old = Files.createDirectories(root.resolve(".staging/old"));
    Files.writeString(old.resolve("half"), "a model");
    Path young = Files.createDirectories(root.resolve(".staging/young"));
    Files.setLastModifiedTime(old, FileTime.from(now.minusSeconds(86_401)));
    Files.setLastModifiedTime(young, FileTime.from(now.minusSeconds(86_399)));

    new DirectoryModelStore(root, () -> now, new Disk())
        .publish(StormsPackage.of("1.0.0", 1).build());

    assertThat(old).doesNotExist();
    assertThat(young).exists();
  }

  @Test
  void publish_folderWithoutManifestInTheWay_corruptAndTold() throws IOException {
    Files.createDirectories(root.resolve("storms/versions/1.0.0"));

    assertThatThrownBy(() -> store.publish(StormsPackage.of("1.0.0", 1).build()))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageContaining("holds no manifest.json, so it is no version; remove it");
  }

  @Test
  void publish_versionFolder_readableByOthers() throws IOException {
    Assumptions.assumeTrue(
        temp.getFileSystem().supportedFileAttributeViews().contains("posix"),
        "this file system has no POSIX permissions");
    Path plain = Files.createDirectory(temp.resolve("plain"));

    store.publish(StormsPackage.of("1.0.0", 1).build());

    assertThat(Files.getPosixFilePermissions(root.resolve("storms/versions/1.0.0")))
        .isEqualTo(Files.getPosixFilePermissions(plain))
        .contains(PosixFilePermission.OWNER_READ);
  }

  // looking things up

  @Test
  void models_nested_listedByFullName() {
    publish("a", "1");
    publish("a/b", "1");
    publish("c/d/e", "1");

    assertThat(store.models()).containsExactly("a", "a/b", "c/d/e");
    assertThat(store.versions("c/d")).isEmpty();
    assertThat(store.versions("a")).extracting(Version::number).containsExactly("1");
  }

  @Test
  void versions_manyNumbers_inTheOrderPeopleCount() {
    for (String number : List.of("1.10.0", "2.0.0", "1.9.0", "1.9.0-rc1", "1.9.0-rc10")) {
      publish("storms", number);
    }

    assertThat(store.versions("storms"))
        .extracting(Version::number)
        .containsExactly("1.9.0", "1.9.0-rc1", "1.9.0-rc10", "1.10.0", "2.0.0");
  }

  @Test
  void versions_foldersThatAreNone_leftOut() throws IOException {
    Version version = publish("storms", "1.0.0");
    Files.createDirectories(root.resolve("storms/versions/2.0.0"));
    Files.createDirectories(root.resolve("storms/versions/UPPER"));
    Files.writeString(root.resolve("storms/versions/3.0.0"), "a file");

    assertThat(store.versions("storms")).containsExactly(version);
    assertThat(store.versions("unknown")).isEmpty();
    assertThat(store.versions("Not A Name")).isEmpty();
  }

  @Test
  void versions_manifestReplacedByOther_seesTheNewId() throws IOException {
    publish("storms", "1.0.0");
    Version second = publish("storms", "2.0.0");
    store.versions("storms");
    Path manifest = root.resolve("storms/versions/1.0.0/manifest.json");

    Files.writeString(manifest, "{}");

    assertThat(store.versions("storms"))
        .extracting(Version::id)
        .containsExactly(Sha256.id("{}".getBytes(StandardCharsets.UTF_8)), second.id());
  }

  @Test
  void resolve_everyKind_sameVersion() {
    Version version = publish("storms", "1.0.0");
    store.alias("storms", "champion").moveTo("1.0.0", "ci", "first");

    assertThat(store.resolve(ModelRef.parse("storms:1.0.0"))).isEqualTo(version);
    assertThat(store.resolve(ModelRef.parse("storms"))).isEqualTo(version);
    assertThat(store.resolve(ModelRef.parse("storms@champion"))).isEqualTo(version);
    assertThat(store.resolve(ModelRef.parse("storms@" + version.id()))).isEqualTo(version);
    assertThat(DirectoryModelStore.at(root).resolve(ModelRef.parse("storms@" + version.id())))
        .isEqualTo(version);
  }

  @Test
  void resolve_nothingThere_saysWhatIs() {
    publish("storms", "1.0.0");
    publish("storms", "2.0.0");
    store.alias("storms", "stable").moveTo("1.0.0", "ci", "first");

    assertNotFound(
        "storms:3.0.0",
        "No storms:3.0.0; the store holds [1.0.0, 2.0.0]. Publish it, move the alias, or ask for"
            + " one of these");
    assertNotFound(
        "storms@champion",
        "No storms@champion; the store holds [@stable, 1.0.0, 2.0.0]. Publish it, move the alias,"
            + " or ask for one of these");
    assertNotFound(
        "rain:1.0.0",
        "No rain:1.0.0; the store holds [storms]. Publish it, move the alias, or ask for one of"
            + " these");
    assertNotFound(
        "storms@sha256:" + "0".repeat(64),
        "No storms@sha256:"
            + "0".repeat(64)
            + "; the store holds [1.0.0, 2.0.0]. Publish it, move the alias, or ask for one of"
            + " these");
    assertNotFound(
        "a/versions:1",
        "No a/versions:1; the store holds [storms]. Publish it, move"
            + " the alias, or ask for one of these");
  }

  @Test
  void resolve_thirtyVersions_messageNamesTheNewest() {
    for (int i = 1; i <= 30; i++) {
      publish("storms", "1." + i);
    }

    assertThatThrownBy(() -> store.resolve(ModelRef.parse("storms:2")))
        .hasMessageStartingWith("No storms:2; the store holds [… 10 more, 1.11, 1.12")
        .hasMessageContaining("1.30]");
  }

  @Test
  void resolve_aliasOfAVersionThatIsGone_corrupt() throws IOException {
    publish("storms", "1.0.0");
    store.alias("storms", "champion").moveTo("1.0.0", "ci", "first");
    new Disk().remove(root.resolve("storms/versions/1.0.0"));

    assertThatThrownBy(() -> store.resolve(ModelRef.parse("storms")))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage(
            "storms@champion names storms:1.0.0 since revision 1, but "
                + root
                + " no longer holds it; restore it or move the alias");
  }

  @Test
  void read_noFolder_unavailableAndToldWhatToDo() {
    String wanted =
        "Store folder "
            + root
            + " is not there. Publish a version to make it, mount it, or check the path";

    assertThatThrownBy(() -> store.models())
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessage(wanted);
    assertThatThrownBy(() -> store.resolve(ModelRef.parse("storms")))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessage(wanted);
    assertThat(root).doesNotExist();
  }

  // opening

  @Test
  void open_versionThatIsNotThere_notFound() {
    Version version = publish("storms", "1.0.0");

    assertThatThrownBy(() -> store.open(new Version("storms", "2.0.0", version.id())))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageStartingWith("No storms:2.0.0; the store holds [1.0.0]");
  }

  @Test
  void open_manifestOfAnotherVersion_corrupt() throws IOException {
    publish("storms", "1.0.0");
    Version second = publish("storms", "2.0.0");
    Path folder = root.resolve("storms/versions");
    Files.write(
        folder.resolve("1.0.0/manifest.json"),
        Files.readAllBytes(folder.resolve("2.0.0/manifest.json")));

    assertThatThrownBy(() -> store.open(new Version("storms", "1.0.0", second.id())))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessage(
            "the manifest in "
                + folder.resolve("1.0.0")
                + " is that of storms:2.0.0, not of storms:1.0.0");
  }

  @Test
  void open_manifestWithOtherBytes_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Path manifest = root.resolve("storms/versions/1.0.0/manifest.json");
    Files.writeString(manifest, " ", StandardOpenOption.APPEND);

    assertThatThrownBy(() -> store.open(version))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageMatching(
            "storms:1\\.0\\.0 is asked for as "
                + version.id()
                + ", but the manifest in .* is sha256:[0-9a-f]{64}: its bytes changed");
  }

  @Test
  void open_noManifest_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Files.delete(root.resolve("storms/versions/1.0.0/manifest.json"));

    assertCorrupt(version, "holds no manifest.json, so it is no version");
  }

  @Test
  void open_missingFile_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Files.delete(file("model.onnx"));

    assertCorrupt(version, "file model.onnx is listed in the manifest but missing");
  }

  @Test
  void open_shortenedFile_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Files.write(file("model.onnx"), new byte[10]);

    assertCorrupt(version, "file model.onnx has 10 bytes, but the manifest says 836");
  }

  @Test
  void open_changedFile_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Files.write(file("model.onnx"), new byte[836]);

    assertCorrupt(
        version,
        "file model.onnx has SHA-256 "
            + Sha256.of(new byte[836])
            + ", but the manifest says"
            + " 21590f7954d75c6811291dccd4b379bdea730504903483192c652ea7de39fd52; publish it again"
            + " from its source");
  }

  @Test
  void open_extraFile_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Files.writeString(file("notes.txt"), "mine");

    assertCorrupt(version, "file notes.txt is not listed in the manifest");
  }

  @Test
  void open_extraFolder_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Files.createDirectory(file("empty"));

    assertCorrupt(version, "folder empty holds no listed file");
  }

  @Test
  void open_signatureBeside_allowed() throws IOException {
    Version version = publish("storms", "1.0.0");
    Files.writeString(file("model.sig"), "{}");

    assertThatCode(() -> store.open(version).close()).doesNotThrowAnyException();
  }

  @Test
  void open_linkInsteadOfFile_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Path elsewhere = Files.move(file("model.onnx"), temp.resolve("model.onnx"));
    Files.createSymbolicLink(file("model.onnx"), elsewhere);

    assertCorrupt(version, "model.onnx is a link; a package holds regular files only");
  }

  @Test
  void open_linkInsteadOfManifest_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Path elsewhere = Files.move(file("manifest.json"), temp.resolve("manifest.json"));
    Files.createSymbolicLink(file("manifest.json"), elsewhere);

    assertCorrupt(version, "manifest.json is a link; a package holds regular files only");
  }

  @Test
  void open_linkInsteadOfFolderInside_corrupt() throws IOException {
    Version version =
        store.publish(
            StormsPackage.of("1.0.0", 1).part(part("baseline", "drift/b.json", "{}")).build());
    Path elsewhere = Files.move(file("drift"), temp.resolve("drift"));
    Files.createSymbolicLink(file("drift"), elsewhere);

    assertCorrupt(version, "drift is a link; a package holds regular files only");
  }

  @ParameterizedTest
  @ValueSource(strings = {"storms", "storms/versions", "storms/versions/1.0.0"})
  void open_linkInsteadOfFolderAbove_corrupt(String folder) throws IOException {
    Version version = publish("storms", "1.0.0");
    Path elsewhere = Files.move(root.resolve(folder), temp.resolve("elsewhere"));
    Files.createSymbolicLink(root.resolve(folder), elsewhere);

    assertCorrupt(
        version, "is no folder of its own but a link or a file; the store holds no links");
  }

  @Test
  void open_storeReachedThroughLink_allowed() throws IOException {
    Version version = publish("storms", "1.0.0");
    Path link = Files.createSymbolicLink(temp.resolve("current"), root);

    assertThatCode(() -> DirectoryModelStore.at(link).open(version).close())
        .doesNotThrowAnyException();
  }

  @Test
  void open_hardLinkedFile_corrupt() throws IOException {
    Version version = publish("storms", "1.0.0");
    Files.createLink(temp.resolve("second-name"), file("model.onnx"));

    assertCorrupt(
        version,
        "file model.onnx has a second name somewhere (a hard link), through which it could change;"
            + " copy it instead");
  }

  @Test
  @Timeout(60) // opening a pipe would wait for a writer for ever
  void open_pipeInsteadOfFile_corrupt() throws Exception {
    Version version = publish("storms", "1.0.0");
    Files.delete(file("model.onnx"));
    makePipe(file("model.onnx"));

    assertCorrupt(version, "model.onnx is no regular file; a package holds regular files only");
  }

  @Test
  @Timeout(60)
  void open_pipeInsteadOfManifest_corrupt() throws Exception {
    Version version = publish("storms", "1.0.0");
    Files.delete(file("manifest.json"));
    makePipe(file("manifest.json"));

    assertCorrupt(version, "manifest.json is no regular file; a package holds regular files only");
    assertThat(store.versions("storms")).isEmpty();
  }

  @Test
  void open_hugeManifest_corruptWithoutReadingIt() throws IOException {
    Version version = publish("storms", "1.0.0");
    try (var channel = Files.newByteChannel(file("manifest.json"), StandardOpenOption.WRITE)) {
      channel.position(1L << 40); // a hole: takes no room on the disk
      channel.write(java.nio.ByteBuffer.wrap(new byte[1]));
    }

    assertCorrupt(version, "has 1099511627777 bytes; at most 8388608 are read");
  }

  private static void makePipe(Path path) throws Exception {
    Process mkfifo;
    try {
      mkfifo = new ProcessBuilder("mkfifo", path.toString()).start();
    } catch (IOException e) {
      Assumptions.abort("this system has no mkfifo: " + e);
      return;
    }
    assertThat(mkfifo.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(mkfifo.exitValue()).isZero();
  }

  private Path file(String path) {
    return root.resolve("storms/versions/1.0.0").resolve(path);
  }

  private Version publish(String model, String number) {
    return store.publish(
        ModelPackage.of(model, number, StormsPackage.SCHEMA)
            .model("onnx", StormsPackage.model(1))
            .build());
  }

  private void assertCorrupt(Version version, String end) {
    assertThatThrownBy(() -> store.open(version))
        .isInstanceOf(PackageCorruptException.class)
        .hasMessageEndingWith(end);
  }

  private void assertNotFound(String ref, String message) {
    assertThatThrownBy(() -> store.resolve(ModelRef.parse(ref)))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessage(message);
  }

  private void assertRefused(ModelPackage content, String... problems) {
    InvalidSettingsException refusal =
        catchThrowableOfType(InvalidSettingsException.class, () -> store.publish(content));
    assertThat(refusal.problems()).containsExactly(problems);
    assertNothingPublished();
  }

  private void assertNothingPublished() {
    if (Files.exists(root)) {
      assertThat(store.models()).isEmpty();
      assertThat(root.resolve(".staging")).isEmptyDirectory();
    }
  }

  private static PackagePart part(String role, String path, String content) {
    return new PackagePart() {
      @Override
      public String role() {
        return role;
      }

      @Override
      public String path() {
        return path;
      }

      @Override
      public void writeTo(OutputStream out) throws IOException {
        out.write(content.getBytes(StandardCharsets.UTF_8));
      }
    };
  }
}
