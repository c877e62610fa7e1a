package dev.mlops;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/**
 * Holds the lines between the modules and their packages: who may use whom, and what is the API.
 */
@AnalyzeClasses(packages = "dev.mlops", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String RUNTIME = "dev.mlops.runtime";
  private static final String DRIFT = "dev.mlops.drift";
  private static final String SAMPLES = "dev.mlops.samples";

  /** A package of ours in a source, with the type where one is named. */
  private static final Pattern OUR_NAMES =
      Pattern.compile("\\bdev\\.mlops(?:\\.[a-z]\\w*)+(?:\\.[A-Z]\\w*)?");

  /**
   * What {@code module-info} exports is the API; the runtime has none, so its front doors follow.
   */
  private static final Set<String> API = exportsOf("dev.mlops.api");

  private static final Set<String> DRIFT_API = exportsOf(DRIFT);

  /** Packages whose types for users are those that stand for a contract of the API. */
  private static final Set<String> FRONT_DOORS =
      Set.of(
          RUNTIME + ".store",
          RUNTIME + ".rollout",
          RUNTIME + ".engine.onnx",
          RUNTIME + ".engine.tabular",
          RUNTIME + ".metrics");

  /** The packages of the runtime, and what each may use of the others. */
  private static final Map<String, Set<String>> RUNTIME_PACKAGES =
      Map.ofEntries(
          Map.entry(
              "",
              Set.of(
                  "serving",
                  "codec",
                  "rollout",
                  "store",
                  "onnx",
                  "engine.onnx",
                  "engine.tabular",
                  "jfr",
                  "memory",
                  "security")),
          Map.entry(
              "serving", Set.of("codec", "rollout", "store", "onnx", "jfr", "memory", "security")),
          Map.entry("codec", Set.of()),
          Map.entry("rollout", Set.of()),
          Map.entry("store", Set.of("onnx", "security", "memory")),
          Map.entry("onnx", Set.of()),
          Map.entry("engine", Set.of("onnx")),
          Map.entry("engine.onnx", Set.of("engine", "onnx")),
          Map.entry("engine.tabular", Set.of("engine", "onnx")),
          Map.entry("engine.djl", Set.of()),
          Map.entry("memory", Set.of()),
          Map.entry("security", Set.of()),
          Map.entry("jfr", Set.of()),
          Map.entry("metrics", Set.of("memory")));

  /** The packages of drift, and what each may use of the others; its front door uses them all. */
  private static final Map<String, Set<String>> DRIFT_PACKAGES =
      Map.of(
          "count", Set.of(),
          "baseline", Set.of("count"),
          "compare", Set.of("count"),
          "report", Set.of("baseline", "compare", "count"),
          "metrics", Set.of("report", "baseline", "compare", "count"));

  // ---- the modules ----

  @ArchTest
  static final ArchRule api_needsTheJdkAndJspecifyOnly =
      classes()
          .that(areOfTheApi())
          .should()
          .onlyDependOnClassesThat(
              areOfTheApi().or(resideInAnyPackage("java..", "org.jspecify..")));

  @ArchTest
  static final ArchRule runtime_needsItsLibrariesOnly =
      classes()
          .that()
          .resideInAPackage(RUNTIME + "..")
          .should()
          .onlyDependOnClassesThat(
              areOfTheApi()
                  .or(
                      resideInAnyPackage(
                          RUNTIME + "..",
                          "java..",
                          "javax.management..",
                          "org.jspecify..",
                          "com.fasterxml.jackson..",
                          "com.github.benmanes.caffeine..",
                          "de.siegmar.fastcsv..",
                          "org.apache.commons.statistics..",
                          "ai.onnxruntime..",
                          "ai.djl..",
                          "io.micrometer..",
                          "jdk.jfr..")))
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule drift_needsItsLibrariesOnly =
      classes()
          .that()
          .resideInAPackage(DRIFT + "..")
          .should()
          .onlyDependOnClassesThat(
              areOfTheApi()
                  .or(
                      resideInAnyPackage(
                          DRIFT + "..",
                          "java..",
                          "org.jspecify..",
                          "com.fasterxml.jackson..",
                          "de.siegmar.fastcsv..",
                          "org.apache.commons.statistics..",
                          "io.micrometer..")));

  @ArchTest
  static final ArchRule runtime_neverMeetsDrift =
      noClasses()
          .that()
          .resideInAPackage(RUNTIME + "..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(DRIFT + "..")
          .allowEmptyShould(true);

  // ---- the packages ----

  @ArchTest
  static final ArchRule packages_haveNoCycles =
      slices().matching("dev.mlops.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule packagesBelow_neverUseTheFrontDoor =
      noClasses()
          .that()
          .resideInAPackage(DRIFT + ".*..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(DRIFT)
          .allowEmptyShould(true);

  @ArchTest
  static void runtimePackages_useOnlyThoseBelow(JavaClasses all) {
    RUNTIME_PACKAGES.forEach(
        (name, used) -> {
          String[] others =
              RUNTIME_PACKAGES.keySet().stream()
                  .filter(other -> !other.equals(name) && !used.contains(other))
                  .map(ArchitectureTest::runtimePackage)
                  .toArray(String[]::new);
          noClasses()
              .that()
              .resideInAPackage(runtimePackage(name))
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(others)
              .because("of ours it may use " + new TreeSet<>(used) + " only")
              .allowEmptyShould(true)
              .check(all);
        });
  }

  @ArchTest
  static void driftPackages_useOnlyThoseBelow(JavaClasses all) {
    DRIFT_PACKAGES.forEach(
        (name, used) -> {
          String[] others =
              DRIFT_PACKAGES.keySet().stream()
                  .filter(other -> !other.equals(name) && !used.contains(other))
                  .map(other -> DRIFT + "." + other + "..")
                  .toArray(String[]::new);
          noClasses()
              .that()
              .resideInAPackage(DRIFT + "." + name + "..")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(others)
              .because("of ours it may use " + new TreeSet<>(used) + " only")
              .allowEmptyShould(true)
              .check(all);
        });
  }

  @ArchTest
  static final ArchRule runtimePackages_areThoseOfTheTree =
      classes()
          .that()
          .resideInAPackage(RUNTIME + "..")
          .should()
          .resideInAnyPackage(
              RUNTIME_PACKAGES.keySet().stream()
                  .map(ArchitectureTest::runtimePackage)
                  .toArray(String[]::new))
          .because("a new package needs its line here: what it may use, and who may use it")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule packages_areNullMarked =
      classes()
          .should(
              new ArchCondition<>("be in a package that is @NullMarked") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                  if (!type.getPackage().isAnnotatedWith(NullMarked.class)) {
                    events.add(
                        SimpleConditionEvent.violated(
                            type,
                            type.getPackageName()
                                + " has no package-info.java with @NullMarked; it holds "
                                + type.getName()));
                  }
                }
              });

  // ---- the libraries ----

  @ArchTest
  static final ArchRule onnxRuntime_isMetInItsEngineOnly =
      only(RUNTIME + ".engine.onnx", "ai.onnxruntime..");

  @ArchTest
  static final ArchRule djl_isMetInItsEngineOnly = only(RUNTIME + ".engine.djl", "ai.djl..");

  @ArchTest
  static final ArchRule micrometer_isMetInMetricsOnly =
      noClasses()
          .that(not(resideInAnyPackage(RUNTIME + ".metrics..", DRIFT + ".metrics..")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.micrometer..");

  @ArchTest
  static final ArchRule flightRecorder_isMetInItsPackageOnly = only(RUNTIME + ".jfr", "jdk.jfr..");

  @ArchTest
  static final ArchRule logging_isTheSystemLogger =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "java.util.logging..",
              "org.slf4j..",
              "org.apache.logging..",
              "org.apache.log4j..",
              "org.apache.commons.logging..",
              "org.jboss.logging..");

  @ArchTest
  static final ArchRule standardStreams_areNotOurs = NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

  // ---- what others see ----

  @ArchTest
  static final ArchRule publicSignatures_nameNoLibrary =
      classes()
          .that()
          .arePublic()
          .and(not(resideInAnyPackage(RUNTIME + ".metrics..", DRIFT + ".metrics..")))
          .should(nameOnly(resideInAnyPackage("java..", "dev.mlops..", "org.jspecify..")));

  @ArchTest
  static final ArchRule apiSignatures_nameOnlyTheApi =
      classes()
          .that()
          .arePublic()
          .and(areForUsers())
          .and(not(resideInAPackage(RUNTIME + ".metrics..")))
          .should(nameOnly(areForUsers().or(resideInAPackage("java.."))));

  @ArchTest
  static void samples_touchOnlyTheApi(JavaClasses all) throws IOException {
    Set<String> forUsers =
        all.stream()
            .filter(areForUsers())
            .map(JavaClass::getName)
            .collect(toCollection(TreeSet::new));
    List<String> problems = new ArrayList<>();
    for (Path source : sourcesOfSamples()) {
      String text = Files.readString(source);
      if (!text.contains("package " + SAMPLES + ".")
          && !text.contains("package " + SAMPLES + ";")) {
        problems.add(source + " is in no package of " + SAMPLES);
      }
      OUR_NAMES
          .matcher(text)
          .results()
          .map(MatchResult::group)
          .filter(name -> !name.startsWith(SAMPLES))
          .filter(name -> !forUsers.contains(name) && !API.contains(name) && !name.equals(RUNTIME))
          .filter(name -> !DRIFT_API.contains(name))
          .forEach(name -> problems.add(source + " touches " + name));
    }
    assertThat(problems).as("samples touch only what users are meant to touch").isEmpty();
  }

  private static ArchRule only(String owner, String library) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(owner + "..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library);
  }

  private static String runtimePackage(String name) {
    boolean holdsOthers =
        RUNTIME_PACKAGES.keySet().stream().anyMatch(p -> p.startsWith(name + "."));
    return name.isEmpty() ? RUNTIME : RUNTIME + "." + name + (holdsOthers ? "" : "..");
  }

  private static DescribedPredicate<JavaClass> areOfTheApi() {
    return resideInAPackage("dev.mlops..")
        .and(not(resideInAnyPackage(RUNTIME + "..", DRIFT + "..")))
        .as("classes of the api");
  }

  /** Public types that a user's code names. */
  private static DescribedPredicate<JavaClass> areForUsers() {
    return DescribedPredicate.describe(
        "types for users",
        type -> {
          if (!isPublic(type)) {
            return false;
          }
          String name = type.getPackageName();
          return API.contains(name)
              || DRIFT_API.contains(name)
              || name.equals(RUNTIME)
              || (FRONT_DOORS.contains(name)
                  && outermost(type).getAllRawInterfaces().stream()
                      .anyMatch(contract -> API.contains(contract.getPackageName())));
        });
  }

  private static boolean isPublic(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && type.getEnclosingClass().map(ArchitectureTest::isPublic).orElse(true);
  }

  private static JavaClass outermost(JavaClass type) {
    return type.getEnclosingClass().map(ArchitectureTest::outermost).orElse(type);
  }

  /**
   * Looks at supertypes and at public and protected members, type arguments and throws included.
   */
  private static ArchCondition<JavaClass> nameOnly(DescribedPredicate<? super JavaClass> allowed) {
    return new ArchCondition<>("name in their signatures only " + allowed.getDescription()) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        if (!isPublic(type)) {
          return;
        }
        Set<JavaType> supertypes = new LinkedHashSet<>(type.getInterfaces());
        type.getSuperclass().ifPresent(supertypes::add);
        for (JavaType supertype : supertypes) {
          report(type, type.getName(), supertype.getAllInvolvedRawTypes(), events);
        }
        for (JavaMember member : type.getMembers()) {
          Set<JavaModifier> modifiers = member.getModifiers();
          if (modifiers.contains(JavaModifier.SYNTHETIC)
              || !(modifiers.contains(JavaModifier.PUBLIC)
                  || modifiers.contains(JavaModifier.PROTECTED))) {
            continue;
          }
          report(type, member.getFullName(), member.getAllInvolvedRawTypes(), events);
          if (member instanceof JavaCodeUnit code) {
            report(type, member.getFullName(), Set.copyOf(code.getExceptionTypes()), events);
          }
        }
      }

      private void report(
          JavaClass type, String where, Set<JavaClass> named, ConditionEvents events) {
        for (JavaClass raw : named) {
          JavaClass base = raw.getBaseComponentType();
          if (!base.isPrimitive() && !allowed.test(base)) {
            events.add(SimpleConditionEvent.violated(type, where + " names " + base.getName()));
          }
        }
      }
    };
  }

  private static Set<String> exportsOf(String module) {
    try {
      for (URL file :
          Collections.list(
              ArchitectureTest.class.getClassLoader().getResources("module-info.class"))) {
        try (InputStream in = file.openStream()) {
          ModuleDescriptor descriptor = ModuleDescriptor.read(in);
          if (descriptor.name().equals(module)) {
            return descriptor.exports().stream()
                .filter(exported -> !exported.isQualified())
                .map(ModuleDescriptor.Exports::source)
                .collect(toCollection(TreeSet::new));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new IllegalStateException("the class path holds no module " + module);
  }

  private static List<Path> sourcesOfSamples() throws IOException {
    Path samples = Path.of("..", "samples");
    if (!Files.isDirectory(samples)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(samples)) {
      return files
          .filter(file -> file.toString().replace('\\', '/').matches(".*/src/main/java/.*\\.java"))
          .filter(file -> !file.endsWith("module-info.java"))
          .toList();
    }
  }
}
