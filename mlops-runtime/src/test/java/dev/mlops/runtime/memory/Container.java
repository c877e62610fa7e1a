package dev.mlops.runtime.memory;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A container of runc's with a memory limit and no swap. It sees this machine's files, read only,
 * but for one folder.
 */
final class Container {
  /** How a command in it went; the exit status is 137 if the kernel killed it. */
  record Result(int exit, String output) {}

  /** What is the container's own. */
  private static final Set<String> OWN = Set.of("proc", "sys", "dev", "run", "lost+found");

  /** What runc says where it is not let make groups or mounts. */
  private static final Pattern FORBIDDEN =
      Pattern.compile(
          "(?i)operation not permitted|permission denied|read-only file system|cgroup.*not|rootless");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final long limit;

  private Container(Path folder, long limit) {
    this.folder = folder;
    this.limit = limit;
  }

  /**
   * A container, once it has shown that its limit holds. Where it cannot be had the test is left
   * out; with CI=true only if the kernel or its owner forbids it.
   *
   * @param folder of this machine, writable in the container at the same place
   */
  static Container limitedTo(long bytes, Path folder) throws Exception {
    boolean installed;
    try {
      installed = run(List.of("runc", "--version"), folder).exit == 0;
    } catch (IOException e) {
      installed = false;
    }
    boolean ci = "true".equals(System.getenv("CI"));
    if (!installed) {
      String message = "no runc here; apt-get install runc makes this test run";
      return ci ? fail(message) : abort(message);
    }
    Container container = new Container(folder, bytes);
    String fill = "x=$(head -c " + 2 * bytes + " /dev/zero | tr '\\0' x); echo ${#x}";
    Result probe = container.run(List.of("/bin/sh", "-c", fill));
    if (probe.exit != 137) {
      String message =
          "a container whose limit was passed ended with "
              + probe.exit
              + " and not with 137: "
              + probe.output;
      return ci && !FORBIDDEN.matcher(probe.output).find() ? fail(message) : abort(message);
    }
    return container;
  }

  /** Runs a command to its end, or ends it after two minutes. */
  Result run(List<String> command) throws Exception {
    Path bundle = Files.createTempDirectory(folder, "bundle");
    Files.createDirectory(bundle.resolve("rootfs"));
    String name = "mlops-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    Result spec = run(List.of("runc", "spec"), bundle);
    if (spec.exit != 0) {
      return spec;
    }
    describe(bundle.resolve("config.json"), name, command);
    List<String> runc = List.of("runc", "--root", folder.resolve("runc").toString());
    try {
      return run(with(runc, "run", "--bundle", bundle.toString(), name), bundle);
    } finally {
      run(with(runc, "delete", "--force", name), bundle);
    }
  }

  private static List<String> with(List<String> command, String... arguments) {
    return Stream.concat(command.stream(), Stream.of(arguments)).toList();
  }

  private void describe(Path config, String name, List<String> command) throws IOException {
    ObjectNode spec = (ObjectNode) JSON.readTree(config.toFile());
    ObjectNode process = (ObjectNode) spec.get("process");
    process.put("terminal", false);
    process.set("args", JSON.valueToTree(command));
    process.put("cwd", folder.toString());
    ((ObjectNode) spec.get("root")).put("readonly", false);
    ArrayNode mounts = (ArrayNode) spec.get("mounts");
    try (Stream<Path> top = Files.list(Path.of("/"))) {
      top.filter(Files::isDirectory)
          .filter(dir -> !OWN.contains(dir.getFileName().toString()))
          .sorted()
          .forEach(dir -> mounts.add(bind(dir, "ro")));
    }
    mounts.add(bind(folder, "rw"));
    ObjectNode linux = (ObjectNode) spec.get("linux");
    linux.put("cgroupsPath", "/" + name);
    ObjectNode memory = ((ObjectNode) linux.get("resources")).putObject("memory");
    memory.put("limit", limit).put("swap", limit);
    JSON.writeValue(config.toFile(), spec);
  }

  private static ObjectNode bind(Path dir, String access) {
    ObjectNode mount = JSON.createObjectNode();
    mount.put("destination", dir.toString()).put("type", "bind").put("source", dir.toString());
    mount.putArray("options").add("rbind").add(access);
    return mount;
  }

  private static Result run(List<String> command, Path folder) throws IOException {
    Path output = Files.createTempFile(folder, "output", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new AssertionError(
            command + " did not end: " + Files.readString(output, StandardCharsets.ISO_8859_1));
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new AssertionError(command + " was interrupted", e);
    }
    return new Result(
        process.exitValue(), Files.readString(output, StandardCharsets.ISO_8859_1).strip());
  }
}
