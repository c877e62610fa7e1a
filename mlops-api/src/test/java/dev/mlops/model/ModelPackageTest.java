package dev.mlops.model;

import static dev.mlops.model.ElementType.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.mlops.model.ModelPackage.Source;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ListAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelPackageTest {
  private static final ModelSchema SCHEMA =
      ModelSchema.builder().input("x", FLOAT).output("y", FLOAT).build();

  @TempDir Path folder;

  private record Part(String role, String path) implements PackagePart {
    @Override
    public void writeTo(OutputStream out) throws IOException {
      out.write(1);
    }
  }

  private Path file(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, name);
  }

  private ModelPackage.Builder storms() throws IOException {
    return ModelPackage.of("storms", "1.0.0", SCHEMA).model("onnx", file("model.onnx"));
  }

  private static ListAssert<String> assertProblems(ModelPackage.Builder builder) {
    return assertThat(
        assertThatExceptionOfType(InvalidSettingsException.class)
            .isThrownBy(builder::build)
            .actual()
            .problems());
  }

  @Test
  void build_oneFile_goesInUnderItsOwnName() throws IOException {
    ModelPackage built = storms().build();
    assertThat(built.model()).isEqualTo("storms");
    assertThat(built.number()).isEqualTo("1.0.0");
    assertThat(built.schema()).isEqualTo(SCHEMA);
    assertThat(built.format()).isEqualTo("onnx");
    assertThat(built.entry()).isEqualTo("model.onnx");
    assertThat(built.files())
        .containsExactly(new Source("model.onnx", "model", folder.resolve("model.onnx")));
    assertThat(built.parts()).isEmpty();
    assertThat(built.goldenTolerance()).isEmpty();
    assertThat(built.createdAt()).isEmpty();
  }

  @Test
  void build_aFolderAsModel_takesAllThatIsInItInOrder() throws IOException {
    file("export/b/weights.bin");
    file("export/model.onnx");
    file("export/a.txt");
    ModelPackage built =
        ModelPackage.of("storms", "1", SCHEMA).model("onnx", folder.resolve("export")).build();
    assertThat(built.entry()).isEqualTo("model");
    assertThat(built.files())
        .extracting(Source::path, Source::role)
        .containsExactly(
            tuple("model/a.txt", "model"),
            tuple("model/b/weights.bin", "model"),
            tuple("model/model.onnx", "model"));
  }

  @Test
  void build_anEmptyFolderAsModel_isRefused() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("export"));
    assertProblems(ModelPackage.of("storms", "1", SCHEMA).model("onnx", empty))
        .containsExactly("folder " + empty + " holds no file; wanted the model's own");
  }

  @Test
  void build_aLinkToAFolderInTheModel_isRefusedRatherThanLeftOut() throws IOException {
    file("export/model.onnx");
    file("elsewhere/weights.bin");
    Path link =
        Files.createSymbolicLink(folder.resolve("export/more"), folder.resolve("elsewhere"));
    assertProblems(ModelPackage.of("storms", "1", SCHEMA).model("onnx", folder.resolve("export")))
        .containsExactly("no file " + link + " for role model");
  }

  @Test
  void build_everyPart_isKept() throws IOException {
    ModelPackage built =
        storms()
            .file(file("weights.bin"), "weights")
            .file(file("LICENSE"), "doc")
            .file(file("README.md"), "doc")
            .golden(file("rows.csv"), 1e-5)
            .part(new Part("baseline", "baseline/cells.json"))
            .createdAt(Instant.parse("2026-11-24T23:15:30.9Z"))
            .build();
    assertThat(built.files())
        .extracting(Source::path, Source::role)
        .containsExactly(
            tuple("model.onnx", "model"),
            tuple("weights.bin", "weights"),
            tuple("LICENSE", "doc"),
            tuple("README.md", "doc"),
            tuple("golden.csv", "golden"));
    assertThat(built.goldenTolerance()).hasValue(1e-5);
    assertThat(built.parts()).extracting(PackagePart::role).containsExactly("baseline");
    assertThat(built.createdAt()).contains(Instant.parse("2026-11-24T23:15:30Z"));
    assertThat(storms().golden(file("rows.jsonl"), 0).build().files())
        .last()
        .extracting(Source::path)
        .isEqualTo("golden.jsonl");
  }

  @Test
  void lineage_ofSeveralCalls_isAllToldInOrder() throws IOException {
    List<String> told = new ArrayList<>();
    Lineage writer =
        new Lineage() {
          @Override
          public Lineage dataset(String name, Path data) {
            told.add(name);
            return this;
          }

          @Override
          public Lineage code(String commit, boolean dirty) {
            told.add(commit + dirty);
            return this;
          }

          @Override
          public Lineage parameter(String name, Object value) {
            told.add(name + "=" + value);
            return this;
          }

          @Override
          public Lineage metric(String name, double value) {
            told.add(name + "=" + value);
            return this;
          }

          @Override
          public Lineage parent(Version version) {
            told.add(version.toString());
            return this;
          }
        };
    storms()
        .lineage(facts -> facts.code("4f1c2e9", false).parameter("trees", 100))
        .lineage(facts -> facts.metric("auc", 0.5))
        .build()
        .lineage(writer);
    assertThat(told).containsExactly("4f1c2e9false", "trees=100", "auc=0.5");
  }

  @Test
  void build_manyProblems_tellsThemAll() throws IOException {
    Path gone = folder.resolve("gone.onnx");
    Path golden = file("golden.parquet");
    assertProblems(
            ModelPackage.of("Storms", "latest", SCHEMA)
                .model("ONNX 1", gone)
                .golden(golden, -1)
                .file(file("x.txt"), "A doc"))
        .containsExactly(
            "golden tolerance was -1.0 but must be finite and at least 0",
            "golden records 'golden.parquet' must be a .csv or a .jsonl file",
            "model name 'Storms' is not valid: use lower-case letters, digits, '.', '_' and '-',"
                + " start with a letter or digit, at most 128 characters, no '..' and no '.' at the"
                + " end",
            "version number 'latest' is refused: a number names one version for ever; move an alias"
                + " instead",
            "format 'ONNX 1' is not valid: use one lower-case word such as onnx or weights",
            "no file " + gone + " for role model",
            "role 'A doc' is not valid: use one lower-case word such as onnx or weights");
  }

  @Test
  void build_withoutAModel_asksForOne() {
    assertProblems(ModelPackage.of("storms", "1", SCHEMA))
        .containsExactly("the package has no model; call model(format, file)");
  }

  @Test
  void build_whatCanBeThereOnce_twice_isRefused() throws IOException {
    assertProblems(
            storms()
                .model("onnx", file("other.onnx"))
                .golden(file("a.csv"), 0)
                .golden(file("b.jsonl"), 0))
        .containsExactly(
            "the model was given twice; a package holds one",
            "golden records were given twice; a package holds one file of them");
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1e-9, Double.NaN, Double.POSITIVE_INFINITY})
  void golden_withABadTolerance_isRefused(double tolerance) throws IOException {
    assertProblems(storms().golden(file("a.csv"), tolerance))
        .containsExactly(
            "golden tolerance was " + tolerance + " but must be finite and at least 0");
  }

  @Test
  void build_twoFilesForOnePath_namesBoth() throws IOException {
    Path a = file("a/weights.bin");
    Path b = file("b/weights.bin");
    assertProblems(storms().file(a, "weights").file(b, "weights"))
        .containsExactly("both " + a + " and " + b + " would become weights.bin in the package");
  }

  @Test
  void build_twoPathsThatDifferInCaseOnly_areOnePath() throws IOException {
    Path a = file("a/Weights.bin");
    Path b = file("b/weights.bin");
    assertProblems(storms().file(a, "weights").file(b, "weights"))
        .containsExactly("both " + a + " and " + b + " would become weights.bin in the package");
  }

  @Test
  void build_aFileWhereTheModelsFolderGoes_isRefused() throws IOException {
    file("export/model.onnx");
    Path file = file("other/model");
    assertProblems(
            ModelPackage.of("storms", "1", SCHEMA)
                .model("onnx", folder.resolve("export"))
                .file(file, "doc"))
        .containsExactly(file + " would become a file where the package has a folder of that name");
  }

  @Test
  void build_aFileInTheManifestsPlace_isRefused() throws IOException {
    Path file = file("Manifest.JSON");
    assertProblems(storms().file(file, "doc"))
        .containsExactly(file + " would become Manifest.JSON, the manifest's own path; rename it");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "/etc/evil",
        "a/../../evil",
        "a//b",
        "a/",
        "",
        "./a",
        "a\\b",
        "C:a",
        "a\nb"
      })
  void build_aPartOutsideThePackage_isRefused(String path) throws IOException {
    assertProblems(storms().part(new Part("baseline", path)))
        .containsExactly(
            "part baseline would become '"
                + path
                + "', which may not go into a package: wanted names joined by '/', none of them '.'"
                + " or '..', without '\\', ':' and control characters");
  }

  @Test
  void build_partsOfOneRoleOrPath_areRefused() throws IOException {
    assertProblems(
            storms()
                .file(file("notes.txt"), "notes")
                .part(new Part("model", "a"))
                .part(new Part("golden", "b"))
                .part(new Part("baseline", "c"))
                .part(new Part("baseline", "d"))
                .part(new Part("notes", "e"))
                .part(new Part("more", "c"))
                .part(new Part("Big", "f")))
        .containsExactly(
            "part role 'model' is taken; a part needs a role of its own",
            "part role 'golden' is taken; a part needs a role of its own",
            "part role 'baseline' is taken; a part needs a role of its own",
            "part role 'notes' is taken; a part needs a role of its own",
            "both part baseline and part more would become c in the package",
            "role 'Big' is not valid: use one lower-case word such as onnx or weights");
  }

  @Test
  void file_withTheGoldenRole_pointsToGolden() throws IOException {
    Path rows = file("rows.csv");
    assertProblems(storms().file(rows, "golden"))
        .containsExactly("file " + rows + " has role golden; give golden records by golden(…)");
  }

  @Test
  void build_nothingIsReadBeforePublishing_soLaterBytesCount() throws IOException {
    ModelPackage built = storms().build();
    Files.writeString(folder.resolve("model.onnx"), "later");
    assertThat(built.files().get(0).file()).hasContent("later");
  }
}
