package dev.mlops.runtime.onnx;

import static dev.mlops.runtime.onnx.OnnxGraph.FLOAT;
import static dev.mlops.runtime.onnx.OnnxGraph.attribute;
import static dev.mlops.runtime.onnx.OnnxGraph.external;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.runtime.onnx.OnnxGraph.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A model may point to files of its own package and to nothing else. */
final class ExternalDataTest {
  @TempDir Path home;
  private Path folder;

  @BeforeEach
  void aPackageOfModelAndWeights() throws IOException {
    folder = Files.createDirectory(home.resolve("package"));
    Files.write(folder.resolve("w.bin"), new byte[8]);
    Files.writeString(home.resolve("secret.bin"), "12345678");
  }

  private static OnnxGraph graph() {
    return OnnxGraph.named("g").input("x", FLOAT, "n", 2).output("y", FLOAT, "n", 1);
  }

  /** Two floats, 8 bytes. */
  private static Tensor weights(String... keysAndValues) {
    return external("w", FLOAT, new long[] {2, 1}, keysAndValues);
  }

  private List<String> problems(OnnxGraph graph, String... listed) {
    return OnnxModel.read(graph.writeTo(folder.resolve("m.onnx")))
        .checkExternalData(folder, Set.of(listed));
  }

  private List<String> problems(String... keysAndValues) {
    return problems(graph().initializer(weights(keysAndValues)), "m.onnx", "w.bin");
  }

  @Test
  void check_fileOfThePackage_passes() {
    assertThat(problems("location", "w.bin")).isEmpty();
    assertThat(problems("location", "w.bin", "offset", "0", "length", "8")).isEmpty();
    assertThat(problems("location", "w.bin", "checksum", "abc", "basepath", "/x")).isEmpty();
  }

  @Test
  void check_sampleModel_passes() {
    Path model = OnnxSamples.weightsBeside(folder);
    assertThat(OnnxModel.read(model).checkExternalData(folder, Set.of("weights.bin"))).isEmpty();
  }

  @Test
  void check_modelInASubfolder_looksBesideTheModel() throws IOException {
    Path inner = Files.createDirectories(folder.resolve("model/deep"));
    Path model = OnnxSamples.weightsBeside(inner);
    Set<String> listed = Set.of("model/deep/model.onnx", "model/deep/weights.bin");
    assertThat(OnnxModel.read(model).checkExternalData(folder, listed)).isEmpty();
    assertThat(OnnxModel.read(model).checkExternalData(folder, Set.of("weights.bin")))
        .containsExactly(
            "initializer \"w\" stands in \"weights.bin\", which is not among the package's files;"
                + " add it to the package");
  }

  @Test
  void check_anotherFolder_isAMistakeOfTheCaller() {
    OnnxModel model = OnnxModel.read(graph().writeTo(folder.resolve("m.onnx")));
    assertThatThrownBy(() -> model.checkExternalData(home.resolve("other"), Set.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("which is not in the folder");
  }

  // ------------------------------------------------------------------ names

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "../secret.bin | which leads out of a folder; '..' is not allowed",
        "a/../w.bin | which leads out of a folder; '..' is not allowed",
        "w.bin/.. | which leads out of a folder; '..' is not allowed",
        "/etc/passwd | an absolute path; it must be relative to the model's folder",
        "/dev/zero | an absolute path; it must be relative to the model's folder",
        "//host/share | an absolute path; it must be relative to the model's folder",
        "..\\secret.bin | which holds '\\'; names are separated by '/' and hold neither '\\' nor ':'",
        "C:w.bin | which holds ':'; names are separated by '/' and hold neither '\\' nor ':'",
        "file:w.bin | which holds ':'; names are separated by '/' and hold neither '\\' nor ':'",
        "./w.bin | which is not written plainly; leave out '.' and empty names",
        "a//w.bin | which is not written plainly; leave out '.' and empty names",
        "w.bin/ | which is not written plainly; leave out '.' and empty names",
        "other.bin | which is not among the package's files; add it to the package",
        "*/_ORT_MEM_ADDR_/* | which is not among the package's files; add it to the package"
      })
  void check_locationThatIsNoPlainNameOfTheList_isRefused(String location, String reason) {
    assertThat(problems("location", location))
        .containsExactly("initializer \"w\" stands in \"" + location + "\", " + reason);
  }

  @Test
  void check_nulInTheLocation_isRefused() {
    assertThat(problems("location", "w.bin\0.txt"))
        .containsExactly(
            "initializer \"w\" stands in \"w.bin?.txt\", which holds a NUL; names are separated by"
                + " '/' and hold neither '\\' nor ':'");
  }

  @Test
  void check_listedButRefusedName_staysRefused() {
    assertThat(problems(graph().initializer(weights("location", "../secret.bin")), "../secret.bin"))
        .containsExactly(
            "initializer \"w\" stands in \"../secret.bin\", which leads out of a folder; '..' is"
                + " not allowed");
  }

  @Test
  void check_noLocation_isRefused() {
    String none = "initializer \"w\" does not say in which file";
    assertThat(problems()).containsExactly(none);
    assertThat(problems("offset", "0")).containsExactly(none);
    assertThat(problems("location", ""))
        .containsExactly("initializer \"w\" stands in \"\", which names no file");
  }

  @Test
  void check_keysNobodyDefined_areRefused() {
    assertThat(problems("location", "w.bin", "session.load", "evil.so"))
        .containsExactly("initializer \"w\" has the key \"session.load\", which means nothing");
    assertThat(problems("location", "w.bin", "location", "../secret.bin"))
        .containsExactly("initializer \"w\" has the key \"location\" twice");
  }

  // ------------------------------------------------------------------ files

  private List<String> problemsOfWeights() {
    return problems("location", "w.bin");
  }

  @Test
  void check_fileThatIsNotThere_isRefused() throws IOException {
    Files.delete(folder.resolve("w.bin"));
    assertThat(problemsOfWeights())
        .containsExactly(
            "initializer \"w\" stands in \"w.bin\", which is not there; add it to the package");
  }

  @Test
  void check_symbolicLink_isRefused() throws IOException {
    Files.delete(folder.resolve("w.bin"));
    Files.createSymbolicLink(folder.resolve("w.bin"), home.resolve("secret.bin"));
    String refused =
        "initializer \"w\" stands in \"w.bin\", and \"w.bin\" is a symbolic link; put the file"
            + " itself there";
    assertThat(problemsOfWeights()).containsExactly(refused);
    Files.delete(folder.resolve("w.bin"));
    Files.createSymbolicLink(folder.resolve("w.bin"), Path.of("/dev/zero"));
    assertThat(problemsOfWeights()).containsExactly(refused);
    Files.delete(folder.resolve("w.bin"));
    Files.write(folder.resolve("real.bin"), new byte[8]);
    Files.createSymbolicLink(folder.resolve("w.bin"), Path.of("real.bin"));
    assertThat(problemsOfWeights()).containsExactly(refused);
  }

  @Test
  void check_linkOnTheWay_isRefused() throws IOException {
    Path outside = Files.createDirectory(home.resolve("outside"));
    Files.write(outside.resolve("w.bin"), new byte[8]);
    Files.createSymbolicLink(folder.resolve("sub"), outside);
    assertThat(problems(graph().initializer(weights("location", "sub/w.bin")), "sub/w.bin"))
        .containsExactly(
            "initializer \"w\" stands in \"sub/w.bin\", and \"sub\" is a symbolic link; put the"
                + " folder itself there");
  }

  @Test
  void check_linkToThePackageItself_isNoMatter() throws IOException {
    Path link = Files.createSymbolicLink(home.resolve("current"), folder);
    graph().initializer(weights("location", "w.bin")).writeTo(folder.resolve("m.onnx"));
    OnnxModel model = OnnxModel.read(link.resolve("m.onnx"));
    assertThat(model.checkExternalData(link, Set.of("w.bin"))).isEmpty();
  }

  @Test
  void check_folderGivenInARoundaboutWay_isTheSameFolder() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path link = Files.createSymbolicLink(home.resolve("link"), inner);
    graph().initializer(weights("location", "w.bin")).writeTo(folder.resolve("m.onnx"));
    Path roundabout = link.resolve("..");
    OnnxModel model = OnnxModel.read(roundabout.resolve("m.onnx"));
    assertThat(model.checkExternalData(roundabout, Set.of("w.bin"))).isEmpty();
  }

  @Test
  void check_hardLink_isRefused() throws IOException {
    Files.delete(folder.resolve("w.bin"));
    Files.createLink(folder.resolve("w.bin"), home.resolve("secret.bin"));
    assumeTrue(
        folder.getFileSystem().supportedFileAttributeViews().contains("unix"),
        "this file system does not count links");
    assertThat(problemsOfWeights())
        .containsExactly(
            "initializer \"w\" stands in \"w.bin\", a file with 2 hard links, so it can be changed"
                + " or be read under another name; copy it");
  }

  @Test
  void check_folderInPlaceOfTheFile_isRefused() throws IOException {
    Files.delete(folder.resolve("w.bin"));
    Files.createDirectory(folder.resolve("w.bin"));
    assertThat(problemsOfWeights())
        .containsExactly(
            "initializer \"w\" stands in \"w.bin\", and \"w.bin\" is not a regular file");
  }

  @Test
  void check_fileInPlaceOfAFolder_isRefused() {
    assertThat(problems(graph().initializer(weights("location", "w.bin/v.bin")), "w.bin/v.bin"))
        .containsExactly(
            "initializer \"w\" stands in \"w.bin/v.bin\", and \"w.bin\" is not a folder");
  }

  @Test
  void check_pipe_isRefusedWithoutWaiting() throws Exception {
    Files.delete(folder.resolve("w.bin"));
    makePipe(folder.resolve("w.bin"));
    assertThat(problemsOfWeights())
        .containsExactly(
            "initializer \"w\" stands in \"w.bin\", and \"w.bin\" is not a regular file");
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void read_pipe_isRefusedWithoutWaiting() throws Exception {
    Path pipe = folder.resolve("pipe.onnx");
    makePipe(pipe);
    assertThatThrownBy(() -> OnnxModel.read(pipe)).hasMessageContaining("is not a regular file");
  }

  private static void makePipe(Path path) throws InterruptedException {
    boolean made;
    try {
      Process process = new ProcessBuilder("mkfifo", path.toString()).start();
      made = process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      made = false;
    }
    assumeTrue(made, "this machine has no mkfifo");
  }

  // ------------------------------------------------------------------ ranges

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-1 | 8 | has the offset \"-1\"; wanted a whole number of bytes, at least 0",
        "0 | -8 | has the length \"-8\"; wanted a whole number of bytes, at least 0",
        "+0 | 8 | has the offset \"+0\"; wanted a whole number of bytes, at least 0",
        "0x0 | 8 | has the offset \"0x0\"; wanted a whole number of bytes, at least 0",
        "1e3 | 8 | has the offset \"1e3\"; wanted a whole number of bytes, at least 0",
        "9223372036854775807 | 8 | has the offset \"9223372036854775807\"; wanted a whole number"
            + " of bytes, at least 0",
        "1 | 8 | stands in \"w.bin\" at bytes 1 to 9, but the file has 8",
        "999999999999999999 | 8 | stands in \"w.bin\" at bytes 999999999999999999 to"
            + " 1000000000000000007, but the file has 8",
        "0 | 4 | says it has 4 bytes in \"w.bin\", but its type and dimensions need 8",
        "0 | 16 | says it has 16 bytes in \"w.bin\", but its type and dimensions need 8"
      })
  void check_rangeThatCannotBe_isRefused(String offset, String length, String reason) {
    assertThat(problems("location", "w.bin", "offset", offset, "length", length))
        .containsExactly("initializer \"w\" " + reason);
  }

  @Test
  void check_noLength_takesWhatTheDimensionsNeed() {
    assertThat(problems("location", "w.bin", "offset", "4"))
        .containsExactly(
            "initializer \"w\" stands in \"w.bin\" at bytes 4 to 12, but the file has 8");
  }

  @Test
  void check_dimensionsThatCannotBe_leaveTheLengthToItself() {
    for (long[] dims : new long[][] {{-1}, {Long.MAX_VALUE, 3}, {1L << 61, 1}, {1L << 62, 8}}) {
      Tensor tensor = external("w", FLOAT, dims, "location", "w.bin", "offset", "4", "length", "9");
      assertThat(problems(graph().initializer(tensor), "w.bin"))
          .containsExactly(
              "initializer \"w\" stands in \"w.bin\" at bytes 4 to 13, but the file has 8");
    }
  }

  // ------------------------------------------------------------------ places

  private static final ProtoBytes TENSOR =
      new ProtoBytes()
          .text(8, "hidden")
          .message(13, new ProtoBytes().text(1, "location").text(2, "../secret.bin"))
          .number(14, 1);

  private static ProtoBytes attributeWith(int field, ProtoBytes message) {
    return new ProtoBytes().text(1, "value").message(field, message);
  }

  private static OnnxGraph nodeWith(int field, ProtoBytes message) {
    return graph().node("Op", List.of(), List.of("o"), attribute(attributeWith(field, message)));
  }

  private static ProtoBytes graphWith(ProtoBytes message) {
    return new ProtoBytes().message(5, message);
  }

  private static ProtoBytes functionWith(ProtoBytes attribute) {
    return new ProtoBytes().text(1, "F").message(7, new ProtoBytes().message(5, attribute));
  }

  static List<OnnxGraph> everyPlace() {
    ProtoBytes values = new ProtoBytes().message(1, TENSOR);
    ProtoBytes indices = new ProtoBytes().message(2, TENSOR);
    ProtoBytes inner =
        new ProtoBytes()
            .message(1, new ProtoBytes().message(5, attributeWith(6, graphWith(TENSOR))));
    return List.of(
        graph().graphField(5, TENSOR),
        graph().graphField(15, values),
        graph().graphField(15, indices),
        nodeWith(5, TENSOR),
        nodeWith(10, TENSOR),
        nodeWith(22, values),
        nodeWith(22, indices),
        nodeWith(23, values),
        nodeWith(23, indices),
        nodeWith(6, graphWith(TENSOR)),
        nodeWith(11, graphWith(TENSOR)),
        nodeWith(6, inner),
        nodeWith(6, new ProtoBytes().message(15, values)),
        graph().modelField(25, functionWith(attributeWith(5, TENSOR))),
        graph().modelField(25, functionWith(attributeWith(6, graphWith(TENSOR)))),
        graph().modelField(25, new ProtoBytes().text(1, "F").message(11, attributeWith(5, TENSOR))),
        graph().modelField(20, new ProtoBytes().message(1, graphWith(TENSOR))),
        graph().modelField(20, new ProtoBytes().message(2, graphWith(TENSOR))));
  }

  @ParameterizedTest
  @MethodSource("everyPlace")
  void check_tensorAnywhere_isFound(OnnxGraph graph) {
    assertThat(problems(graph, "m.onnx"))
        .singleElement()
        .asString()
        .endsWith(
            "\"hidden\" stands in \"../secret.bin\", which leads out of a folder; '..' is not"
                + " allowed");
  }

  @Test
  void check_tensorThatIsExternalOnlyByHalf_isFound() {
    ProtoBytes keysOnly =
        new ProtoBytes()
            .text(8, "hidden")
            .message(13, new ProtoBytes().text(1, "location").text(2, "/etc/passwd"));
    assertThat(problems(graph().graphField(5, keysOnly)))
        .containsExactly(
            "initializer \"hidden\" stands in \"/etc/passwd\", an absolute path; it must be"
                + " relative to the model's folder");
    ProtoBytes flagOnly = new ProtoBytes().text(8, "hidden").number(14, 1);
    assertThat(problems(graph().graphField(5, flagOnly)))
        .containsExactly("initializer \"hidden\" does not say in which file");
  }

  @Test
  void check_nodeThatLoadsACompiledGraph_isRefused() {
    OnnxGraph graph =
        graph()
            .node(
                "com.microsoft",
                "EPContext",
                List.of("x"),
                List.of("y"),
                attribute("embed_mode", 0),
                attribute("ep_cache_context", "/etc/passwd"));
    assertThat(problems(graph))
        .containsExactly(
            "the EPContext node of \"y\" loads a compiled graph from a file of its own, which"
                + " cannot be checked; export the model without it");
  }

  // ------------------------------------------------------------------ many

  @Test
  void check_everyProblem_isToldAtOnce() {
    OnnxGraph graph =
        graph()
            .initializer(external("a", FLOAT, new long[] {1}, "location", "../a"))
            .initializer(external("b", FLOAT, new long[] {1}, "location", "b.bin"))
            .initializer(external("c", FLOAT, new long[] {9}, "location", "w.bin"))
            .initializer(external("d", FLOAT, new long[] {1}, "location", "w.bin"));
    assertThat(problems(graph, "w.bin"))
        .containsExactly(
            "initializer \"a\" stands in \"../a\", which leads out of a folder; '..' is not"
                + " allowed",
            "initializer \"b\" stands in \"b.bin\", which is not among the package's files; add it"
                + " to the package",
            "initializer \"c\" stands in \"w.bin\" at bytes 0 to 36, but the file has 8");
  }

  @Test
  void check_endlessProblems_areCutShort() {
    OnnxGraph graph = graph();
    for (int i = 0; i < 150; i++) {
      graph.initializer(external("t" + i, FLOAT, new long[] {1}, "location", "../" + i));
    }
    assertThat(problems(graph))
        .hasSize(101)
        .last()
        .isEqualTo("there may be more; only the first 100 are told");
  }
}
