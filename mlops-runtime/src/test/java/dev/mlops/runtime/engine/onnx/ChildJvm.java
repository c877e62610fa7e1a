package dev.mlops.runtime.engine.onnx;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A JVM of its own for what could end one. Its class path stands in an argument file, so that its
 * command line is as long as its arguments and no longer.
 */
public final class ChildJvm {
  /**
   * How it went.
   *
   * @param exit the exit status
   * @param output standard output and error, together
   */
  public record Result(int exit, String output) {
    /**
     * The number that follows a name in the output.
     *
     * @throws AssertionError if there is none
     */
    public double figure(String name) {
      Matcher matcher =
          Pattern.compile("\\b" + Pattern.quote(name) + " (-?[0-9.]+)").matcher(output);
      if (!matcher.find()) {
        throw new AssertionError("no figure '" + name + "' in: " + output);
      }
      return Double.parseDouble(matcher.group(1));
    }

    /** Whether native code ended it: by a signal, or so that the JVM could still say so. */
    public boolean crashed() {
      return exit >= 128 || output.contains("A fatal error has been detected");
    }
  }

  private final Path folder;
  private final Map<String, String> environment = new TreeMap<>();
  private final List<String> options = new ArrayList<>();
  private final List<String> startedBy = new ArrayList<>();
  private String heap = "256m";
  private Duration limit = Duration.ofMinutes(2);
  private List<String> classPath =
      List.of(System.getProperty("java.class.path").split(File.pathSeparator));

  /** A child that writes its files to a folder. */
  public ChildJvm(Path folder) {
    this.folder = folder;
  }

  /** Leaves out parts of the class path. */
  public ChildJvm without(Predicate<String> entries) {
    classPath = classPath.stream().filter(entries.negate()).toList();
    return this;
  }

  /** Puts a jar in front of the class path. */
  public ChildJvm with(Path jar) {
    List<String> longer = new ArrayList<>(List.of(jar.toString()));
    longer.addAll(classPath);
    classPath = longer;
    return this;
  }

  /** Sets its largest heap, {@code 256m} unless said. */
  public ChildJvm heap(String most) {
    heap = most;
    return this;
  }

  /**
   * Makes its heap one size from the first moment on, so that what the process grows by is not the
   * heap.
   */
  public ChildJvm fixedHeap(String size) {
    return heap(size).options("-Xms" + size, "-XX:+AlwaysPreTouch");
  }

  /** Sets how long it may take, 2 minutes unless said. */
  public ChildJvm within(Duration most) {
    limit = most;
    return this;
  }

  /** Adds options of the JVM; the last one of a kind wins. */
  public ChildJvm options(String... more) {
    options.addAll(List.of(more));
    return this;
  }

  /** Puts a command in front that starts the JVM in a world of its own, such as {@code unshare}. */
  public ChildJvm startedBy(String... command) {
    startedBy.addAll(List.of(command));
    return this;
  }

  /** Sets a variable of its environment. */
  public ChildJvm environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** Runs a main class to its end, or ends it after its time. */
  public Result run(Class<?> main, String... arguments) throws IOException, InterruptedException {
    Path file = folder.resolve("options.txt");
    Path output = folder.resolve("output.txt");
    Files.writeString(
        file,
        """
        -Xmx%s
        -XX:-CreateCoredumpOnCrash
        -XX:ErrorFile=%s
        -Djava.io.tmpdir=%s
        %s
        -cp
        %s
        %s
        """
            .formatted(
                heap,
                quoted(folder.resolve("crash.log").toString()),
                quoted(folder.toString()),
                options.stream().map(ChildJvm::quoted).collect(Collectors.joining("\n")),
                quoted(String.join(File.pathSeparator, classPath)),
                main.getName()));
    List<String> command = new ArrayList<>(startedBy);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + file);
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("ORT_DISABLE_TELEMETRY");
    builder.environment().remove("CI"); // ONNX Runtime 1.29 reports nothing where it is set
    builder.environment().remove("JDK_JAVA_OPTIONS");
    builder.environment().putAll(environment);
    Process process = builder.redirectOutput(output.toFile()).start();
    if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new AssertionError("the child did not end: " + Files.readString(output));
    }
    // bytes that a crash left half written are no reason to fail
    String text = new String(Files.readAllBytes(output), StandardCharsets.ISO_8859_1);
    return new Result(
        process.exitValue(),
        text.lines()
            // the warning of native access, on 24 and later, and the blank line after it
            .filter(line -> !line.startsWith("WARNING: ") && !line.isEmpty())
            .collect(Collectors.joining("\n")));
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\") + '"';
  }
}
