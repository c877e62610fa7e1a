package dev.mlops.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.runtime.engine.onnx.ChildJvm;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where containers are kept short: the library works, or says what to set. Needs root and a kernel
 * that lets it mount and limit, and is skipped where it does not.
 */
@Tag("proof")
class PoorEnvironmentTest {
  private static final String ANSWERS = "answers 128.0\n";

  @TempDir Path folder;

  private Path store;
  private Path temporary;

  @BeforeEach
  void publish() throws IOException {
    TwinModel.publish(folder);
    store = folder.resolve("store");
    temporary = Files.createDirectory(folder.resolve("tmp"));
  }

  // ---------------------------------------------------------------- the file system

  @Test
  void start_onAReadOnlyRootWithoutTemporaryFolder_saysWhatToSet() throws Exception {
    assertThat(mounted(READ_ONLY, "", temporary()))
        .startsWith("says Cannot copy ")
        .contains("to a folder of its own in " + temporary + ", which takes ")
        .contains("Read-only file system")
        .contains("set java.io.tmpdir to a folder that this process may write to");
  }

  @Test
  void start_onAReadOnlyRootWithATemporaryFolderInMemory_works() throws Exception {
    assertThat(mounted(READ_ONLY, "mount -t tmpfs tmpfs " + temporary + " && ", temporary()))
        .startsWith(ANSWERS);
  }

  @Test
  void start_withATemporaryFolderThatForbidsExecution_saysWhatToSet() throws Exception {
    assertThat(mounted("", NO_EXECUTION.formatted(temporary), temporary()))
        .startsWith("says ONNX Runtime does not start (")
        .contains("failed to map segment")
        .contains("allow execution; name another with -Djava.io.tmpdir")
        .contains("-Donnxruntime.native.path");
  }

  @Test
  void start_withNativesUnpackedBeforehand_needsNoExecutionInTheTemporaryFolder() throws Exception {
    assertThat(mounted("", NO_EXECUTION.formatted(temporary), temporary(), natives()))
        .startsWith(ANSWERS);
  }

  @Test
  void start_withoutATemporaryFolder_saysWhatToSet() throws Exception {
    Path absent = folder.resolve("absent");
    assertThat(run(Children.small(folder).options("-Djava.io.tmpdir=" + absent)))
        .startsWith("says Cannot copy ")
        .contains("NoSuchFileException: " + absent)
        .contains("set java.io.tmpdir to a folder that this process may write to");
  }

  /** The version is copied there, and ONNX Runtime makes a folder whether it needs one or not. */
  @Test
  void start_withNativesUnpackedBeforehand_stillNeedsATemporaryFolder() throws Exception {
    Path absent = folder.resolve("absent");
    assertThat(run(Children.small(folder).options("-Djava.io.tmpdir=" + absent, natives())))
        .startsWith("says Cannot copy ")
        .contains("set java.io.tmpdir to a folder that this process may write to");
  }

  private static final String READ_ONLY =
      "mount --bind %1$s %1$s && mount -o remount,bind,ro %1$s && mount -o remount,bind,ro / && ";

  private static final String NO_EXECUTION = "mount -t tmpfs -o noexec tmpfs %s && ";

  private String mounted(String first, String then, String... options) throws Exception {
    allowed("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", temporary.toString());
    String script = first.formatted(folder) + then + "exec \"$@\"";
    return run(
        Children.small(folder)
            .options(options)
            .startedBy("unshare", "--mount", "sh", "-ec", script, "sh"));
  }

  private String temporary() {
    return "-Djava.io.tmpdir=" + temporary;
  }

  /** ONNX Runtime's natives, unpacked from its jar as a build of an image would. */
  private String natives() throws IOException {
    Path natives = Files.createDirectory(folder.resolve("natives"));
    String platform = "amd64".equals(System.getProperty("os.arch")) ? "linux-x64" : "linux-aarch64";
    for (String name : List.of("libonnxruntime.so", "libonnxruntime4j_jni.so")) {
      String resource = "/ai/onnxruntime/native/" + platform + "/" + name;
      try (InputStream in = PoorEnvironmentTest.class.getResourceAsStream(resource)) {
        Files.copy(Objects.requireNonNull(in, resource), natives.resolve(name));
      }
    }
    return "-Donnxruntime.native.path=" + natives;
  }

  // ---------------------------------------------------------------- who runs it

  @Test
  void start_withAnEmptyEnvironment_works() throws Exception {
    assertThat(run(Children.small(folder).startedBy("env", "-i"))).startsWith(ANSWERS);
  }

  @Test
  void start_asAUserWithoutAnEntryInPasswd_works() throws Exception {
    String[] user = {"setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"};
    List<String> probe = new ArrayList<>(Arrays.asList(user));
    probe.add("true");
    allowed(probe.toArray(String[]::new));
    ChildJvm child =
        Children.small(folder).startedBy("env", "-i").startedBy(user).options(temporary());
    Path classes = Files.createDirectory(folder.resolve("classes"));
    List<String> entries = List.of(System.getProperty("java.class.path").split(File.pathSeparator));
    child.without(entry -> true); // they may lie in a home that others cannot enter
    for (int i = entries.size() - 1; i >= 0; i--) {
      child.with(copy(Path.of(entries.get(i)), classes.resolve(String.valueOf(i))));
    }
    open(folder);
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(run(child)).startsWith(ANSWERS).contains("home ?");
  }

  private static Path copy(Path entry, Path to) throws IOException {
    if (!Files.isDirectory(entry)) {
      return Files.copy(entry, Path.of(to + ".jar"));
    }
    Files.walkFileTree(
        entry,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes a)
              throws IOException {
            Files.createDirectories(to.resolve(entry.relativize(dir)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes a) throws IOException {
            Files.copy(file, to.resolve(entry.relativize(file)));
            return FileVisitResult.CONTINUE;
          }
        });
    return to;
  }

  private static void open(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  // ---------------------------------------------------------------- a quota

  @Test
  void start_onHalfACore_works() throws Exception {
    String name = "mlops-half-a-core-" + ProcessHandle.current().pid();
    Path first = Path.of("/sys/fs/cgroup/cpu");
    Path group = (Files.isDirectory(first) ? first : Path.of("/sys/fs/cgroup")).resolve(name);
    String quota =
        Files.isDirectory(first)
            ? "echo 100000 > %1$s/cpu.cfs_period_us && echo 50000 > %1$s/cpu.cfs_quota_us"
            : "echo '50000 100000' > %1$s/cpu.max";
    allowed("sh", "-ec", ("mkdir %1$s && " + quota).formatted(group));
    try {
      String enter = "echo $$ > " + group + "/cgroup.procs && exec \"$@\"";
      long start = System.nanoTime();
      String output = run(Children.small(folder).startedBy("sh", "-ec", enter, "sh"));
      System.out.printf(
          "on half a core: from the start of the JVM to its end %d ms%n",
          (System.nanoTime() - start) / 1_000_000);
      assertThat(output).startsWith(ANSWERS).contains("processors 1");
    } finally {
      Files.deleteIfExists(group);
    }
  }

  // ----------------------------------------------------------------

  private String run(ChildJvm child) throws Exception {
    ChildJvm.Result result = child.run(PredictTwin.class, store.toString());
    System.out.println("poor environment: " + result.output().lines().findFirst().orElse(""));
    assertThat(result.exit()).as(result.output()).isZero();
    return result.output();
  }

  /**
   * Skips the test where the kernel does not allow what it needs; a tool that is absent fails it in
   * CI.
   */
  private static void allowed(String... command) throws Exception {
    String said;
    int exit;
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      exit = process.waitFor();
    } catch (IOException e) {
      assumeTrue(System.getenv("CI") != null, "skipped: " + e.getMessage());
      throw e;
    }
    assumeTrue(exit == 0, "skipped: not allowed here: " + String.join(" ", command) + ": " + said);
  }
}
