package dev.mlops.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.inference.DeadlineException;
import dev.mlops.inference.InvalidInputException;
import dev.mlops.inference.ModelUnavailableException;
import dev.mlops.inference.OverloadedException;
import dev.mlops.model.MlopsException.Kind;
import dev.mlops.rollout.Gate;
import dev.mlops.rollout.VersionRefusedException;
import dev.mlops.store.AliasConflictException;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.VersionExistsException;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Holds every exception, what it says, and the page about them together. */
final class ErrorsTest {
  private static final Path PAGE = Path.of("..", "docs", "errors.md");
  private static final Version STORMS = new Version("storms", "1.0.0", "sha256:" + "1".repeat(64));

  private record Case(MlopsException thrown, Kind kind, String code, String message) {
    @Override
    public String toString() {
      return thrown.getClass().getSimpleName();
    }
  }

  static final List<Case> CASES =
      List.of(
          new Case(
              new InvalidInputException("no column 'age'"),
              Kind.INPUT,
              "invalid-input",
              "no column 'age'"),
          new Case(
              new OverloadedException("no slot came free"),
              Kind.RETRY,
              "overloaded",
              "no slot came free"),
          new Case(
              new DeadlineException("20 ms are over"), Kind.RETRY, "deadline", "20 ms are over"),
          new Case(
              new ModelUnavailableException("no version serves yet", null),
              Kind.RETRY,
              "model-unavailable",
              "no version serves yet"),
          new Case(
              new StoreUnavailableException("the store is down", null),
              Kind.RETRY,
              "store-unavailable",
              "the store is down"),
          new Case(
              new ModelFailedException("the run failed", null),
              Kind.FAULT,
              "model-failed",
              "the run failed"),
          new Case(
              new VersionRefusedException(
                  STORMS,
                  List.of(
                      new Gate.Result("golden", Gate.Outcome.PASS, "10 rows"),
                      new Gate.Result("quality", Gate.Outcome.FAIL, "gain -0.3"),
                      new Gate.Result("mine", Gate.Outcome.UNDECIDED, "2 blocks")),
                  "storms:0.9.0 goes on serving",
                  null),
              Kind.FAULT,
              "version-refused",
              "storms:1.0.0 was refused: quality FAIL: gain -0.3; mine UNDECIDED: 2 blocks."
                  + " storms:0.9.0 goes on serving"),
          new Case(
              new PackageCorruptException("model.onnx changed"),
              Kind.FAULT,
              "package-corrupt",
              "model.onnx changed"),
          new Case(
              new ModelNotFoundException(ModelRef.parse("churn:2.0.0"), List.of("1.4.0", "1.5.0")),
              Kind.FAULT,
              "model-not-found",
              "No churn:2.0.0; the store holds [1.4.0, 1.5.0]. Publish it, move the alias, or ask"
                  + " for one of these"),
          new Case(
              new VersionExistsException(STORMS, "sha256:22"),
              Kind.FAULT,
              "version-exists",
              "storms:1.0.0 is there already with other content (sha256:"
                  + "1".repeat(64)
                  + ", refused sha256:22). A version never changes: publish under a new number"),
          new Case(
              new AliasConflictException(
                  "storms@champion", 3, new Revision(4, STORMS, "anna", "why not", Instant.EPOCH)),
              Kind.FAULT,
              "alias-conflict",
              "storms@champion was to move from revision 3, but revision 4 is in force:"
                  + " storms:1.0.0, moved by anna (why not). Look at it and decide again"),
          new Case(
              new InvalidSettingsException(List.of("slots was 0", "no store")),
              Kind.FAULT,
              "invalid-settings",
              "2 problems: slots was 0; no store"));

  @ParameterizedTest
  @FieldSource("CASES")
  void thrown_hasItsKindCodeAndMessage(Case expected) {
    assertThat(expected.thrown().kind()).isEqualTo(expected.kind());
    assertThat(expected.thrown().code()).isEqualTo(expected.code()).matches("[a-z]+(-[a-z]+)*");
    assertThat(expected.thrown()).hasMessage(expected.message());
  }

  @Test
  void codes_areDistinct() {
    assertThat(CASES).extracting(Case::code).doesNotHaveDuplicates();
  }

  @Test
  void cases_areAllTheExceptionsThereAre() throws Exception {
    assertThat(CASES.stream().map(c -> c.thrown().getClass()).collect(Collectors.toSet()))
        .isEqualTo(exceptions());
  }

  @Test
  void page_itsTable_isWhatTheClassesSay() throws IOException {
    Map<String, String> page = new TreeMap<>();
    Pattern.compile("\\| `(\\w+)` \\| (\\w+) \\| `([a-z-]+)` \\| (\\d+) \\| (.+) \\|")
        .matcher(Files.readString(PAGE))
        .results()
        .forEach(
            row -> page.put(row.group(1), row.group(2) + " " + row.group(3) + " " + row.group(4)));
    Map<String, String> classes =
        CASES.stream()
            .collect(
                Collectors.toMap(
                    Case::toString,
                    c -> c.thrown().kind() + " " + c.thrown().code() + " " + status(c.kind())));
    assertThat(page).isEqualTo(classes);
  }

  private static int status(Kind kind) {
    return switch (kind) {
      case INPUT -> 400;
      case RETRY -> 503;
      case FAULT -> 500;
    };
  }

  /** Every concrete exception among the classes of this module, whatever its name. */
  private static Set<Class<?>> exceptions() throws IOException, URISyntaxException {
    URI classes = MlopsException.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    Path root = Path.of(classes);
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .map(file -> root.relativize(file).toString())
          .filter(name -> name.endsWith(".class") && !name.contains("-info"))
          .map(name -> name.replace('/', '.').replace('\\', '.').replaceAll("\\.class$", ""))
          .<Class<?>>map(ErrorsTest::named)
          .filter(MlopsException.class::isAssignableFrom)
          .filter(type -> !Modifier.isAbstract(type.getModifiers()))
          .collect(Collectors.toSet());
    }
  }

  private static Class<?> named(String name) {
    try {
      return Class.forName(name, false, MlopsException.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void causes_areKept() {
    Exception cause = new IOException("disk");
    assertThat(new StoreUnavailableException("down", cause)).hasCause(cause);
    assertThat(new ModelUnavailableException("none yet", cause)).hasCause(cause);
    assertThat(new OverloadedException("closed", cause)).hasCause(cause);
    assertThat(new DeadlineException("ended", cause)).hasCause(cause);
    assertThat(new ModelFailedException("failed", cause)).hasCause(cause);
    assertThat(new PackageCorruptException("changed", cause)).hasCause(cause);
    assertThat(new VersionRefusedException(STORMS, List.of(), "", cause)).hasCause(cause);
  }

  @Test
  void facts_areFields() {
    assertThat(new InvalidInputException(List.of("a", "b")).problems()).containsExactly("a", "b");
    assertThat(new InvalidInputException(List.of("a", "b"))).hasMessage("2 problems: a; b");
    assertThat(new InvalidSettingsException("a").problems()).containsExactly("a");
    assertThat(new ModelNotFoundException(ModelRef.parse("x:1"), List.of()).ref())
        .isEqualTo(ModelRef.parse("x:1"));
    assertThat(new VersionExistsException(STORMS, "sha256:22").present()).isEqualTo(STORMS);
    Gate.Result result = new Gate.Result("schema", Gate.Outcome.FAIL, "one input more");
    VersionRefusedException refused =
        new VersionRefusedException(STORMS, List.of(result), "Nothing serves", null);
    assertThat(refused.version()).isEqualTo(STORMS);
    assertThat(refused.results()).containsExactly(result);
    Revision head = new Revision(1, STORMS, "ci", "first", Instant.EPOCH);
    assertThat(new AliasConflictException("x@y", 0, head).head()).contains(head);
    assertThat(new AliasConflictException("x@y", 2, null).head()).isEmpty();
    assertThat(new AliasConflictException("x@y", 2, null))
        .hasMessage(
            "x@y was to move from revision 2, but it has no revision. Look at it and decide again");
  }
}
