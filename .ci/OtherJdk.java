import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Finds the second JDK for the tests and prints its home, or nothing if this is the only one.
 *
 * <p>It looks beside the JDK that runs it and beside each JDK that an environment variable names
 * ({@code JAVA_HOME}, {@code JAVA_HOME_25_X64}, {@code JDK_25_HOME}), so nothing has to be set up.
 * The second JDK is the newest; where the newest is the one running, it is the oldest that can run
 * our classes.
 */
final class OtherJdk {
  private static final int OLDEST = 17;

  private OtherJdk() {}

  public static void main(String[] args) throws IOException {
    Map<Runtime.Version, Path> found = new TreeMap<>();
    for (Path home : homes()) {
      version(home)
          .filter(version -> version.feature() >= OLDEST)
          .ifPresent(version -> found.putIfAbsent(version, home));
    }
    int running = Runtime.version().feature();
    List<Runtime.Version> others = new ArrayList<>(found.keySet());
    others.removeIf(version -> version.feature() == running);
    if (others.isEmpty()) {
      return;
    }
    Runtime.Version newest = others.get(others.size() - 1);
    System.out.print(found.get(newest.feature() > running ? newest : others.get(0)).toRealPath());
  }

  private static List<Path> homes() throws IOException {
    List<Path> named = new ArrayList<>();
    named.add(Path.of(System.getProperty("java.home")));
    System.getenv()
        .forEach(
            (name, value) -> {
              if (name.matches("(JAVA|JDK).*HOME.*") && !value.isBlank()) {
                named.add(Path.of(value));
              }
            });
    List<Path> homes = new ArrayList<>();
    for (Path home : named) {
      if (!Files.isDirectory(home)) {
        continue;
      }
      Path real = home.toRealPath();
      homes.add(real);
      // On macOS the folder of a JDK holds its home as Contents/Home.
      Path folder = real.endsWith(Path.of("Contents", "Home")) ? real.getParent().getParent() : real;
      try (Stream<Path> beside = Files.list(folder.getParent())) {
        for (Path other : beside.sorted().toList()) {
          homes.add(other);
          homes.add(other.resolve("Contents").resolve("Home"));
        }
      }
    }
    return homes;
  }

  /** The version that the JDK's own {@code release} file states. */
  private static Optional<Runtime.Version> version(Path home) {
    if (!Files.isExecutable(home.resolve("bin").resolve("java"))
        && !Files.isExecutable(home.resolve("bin").resolve("java.exe"))) {
      return Optional.empty();
    }
    try (Reader text = Files.newBufferedReader(home.resolve("release"))) {
      Properties release = new Properties();
      release.load(text);
      String version = release.getProperty("JAVA_VERSION", "").replace("\"", "");
      return Optional.of(Runtime.Version.parse(version));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty(); // no JDK, or one older than 9, whose versions read differently
    }
  }
}
