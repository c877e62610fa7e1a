package dev.mlops.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is to become a version: files, parts and facts, gathered but not yet published. Files are
 * read when a store publishes the package, not before, so they must stay as they are until then.
 */
public final class ModelPackage {
  /**
   * A file to be copied into the package.
   *
   * @param path where it goes in the package, with {@code /} between folders
   * @param role what it is for: {@code model}, {@code golden}, or a word of the publisher's
   * @param file where it is now
   */
  public record Source(String path, String role, Path file) {}

  private static final Pattern WORD = Pattern.compile("[a-z0-9][a-z0-9-]*");
  private static final Pattern NAME = Pattern.compile("[^/\\\\:\\p{Cntrl}]+");
  private static final String MANIFEST = "manifest.json";

  /** The role of the model's own files. */
  public static final String MODEL_ROLE = "model";

  /** The role of the golden records. */
  public static final String GOLDEN_ROLE = "golden";

  private final String model;
  private final String number;
  private final ModelSchema schema;
  private final String format;
  private final String entry;
  private final List<Source> files;
  private final List<PackagePart> parts;
  private final OptionalDouble goldenTolerance;
  private final Consumer<Lineage> lineage;
  private final @Nullable Instant createdAt;

  private ModelPackage(Builder builder, String format, String entry) {
    this.model = builder.model;
    this.number = builder.number;
    this.schema = builder.schema;
    this.format = format;
    this.entry = entry;
    this.files = List.copyOf(builder.files);
    this.parts = List.copyOf(builder.parts);
    this.goldenTolerance = builder.goldenTolerance;
    this.lineage = builder.lineage;
    this.createdAt = builder.createdAt;
  }

  /**
   * Starts a package.
   *
   * @param model the model's name; see {@link Version}
   * @param number the version's number; see {@link Version}
   */
  public static Builder of(String model, String number, ModelSchema schema) {
    return new Builder(model, number, schema);
  }

  /** The model's name. */
  public String model() {
    return model;
  }

  /** The version's number. */
  public String number() {
    return number;
  }

  /** The columns in and out. */
  public ModelSchema schema() {
    return schema;
  }

  /** The model's format, such as {@code onnx}: what an engine is chosen by. */
  public String format() {
    return format;
  }

  /** The path in the package of the model's file, or of its folder where it is several files. */
  public String entry() {
    return entry;
  }

  /** The files to copy, the model's first. */
  public List<Source> files() {
    return files;
  }

  /** The files to make. */
  public List<PackagePart> parts() {
    return parts;
  }

  /**
   * How far a golden record's numbers may be off, relative to the larger of 1 and the number; empty
   * without golden records.
   */
  public OptionalDouble goldenTolerance() {
    return goldenTolerance;
  }

  /** Tells the facts of lineage to whoever writes them down. */
  public void lineage(Lineage writer) {
    lineage.accept(writer);
  }

  /** When the version was made, if its maker says so: to the second. */
  public Optional<Instant> createdAt() {
    return Optional.ofNullable(createdAt);
  }

  /**
   * Collects a package; nothing is checked before {@link #build()}, which tells every problem at
   * once.
   */
  public static final class Builder {
    private final String model;
    private final String number;
    private final ModelSchema schema;
    private final List<Source> files = new ArrayList<>();
    private final List<PackagePart> parts = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private Consumer<Lineage> lineage = facts -> {};
    private OptionalDouble goldenTolerance = OptionalDouble.empty();
    private @Nullable String format;
    private @Nullable String entry;
    private @Nullable Instant createdAt;

    private Builder(String model, String number, ModelSchema schema) {
      this.model = model;
      this.number = number;
      this.schema = schema;
    }

    /**
     * The model itself. A file goes into the package under its own name, a folder with all that is
     * in it under {@code model/}; a link to a file is read as the file, one to a folder is refused.
     *
     * @param format such as {@code onnx}
     * @param fileOrFolder the model's file, or a folder where it is several
     */
    public Builder model(String format, Path fileOrFolder) {
      if (this.format != null) {
        problems.add("the model was given twice; a package holds one");
      }
      this.format = format;
      if (Files.isDirectory(fileOrFolder)) {
        entry = "model";
        addFolder(fileOrFolder);
      } else {
        entry = fileName(fileOrFolder);
        files.add(new Source(entry, MODEL_ROLE, fileOrFolder));
      }
      return this;
    }

    /**
     * One more file, under its own name: weights beside the model, a tokenizer, a licence.
     *
     * @param role what it is for, in one lower-case word; several files may share one, and {@link
     *     #golden} has its own
     */
    public Builder file(Path file, String role) {
      if (role.equals(GOLDEN_ROLE)) {
        problems.add("file " + file + " has role golden; give golden records by golden(…)");
      }
      files.add(new Source(fileName(file), role, file));
      return this;
    }

    /**
     * Records with the answers the model must give before it may serve: CSV with the input columns
     * by name and each output as {@code expected.<column>}, or JSON lines {@code
     * {"in":{…},"out":{…}}}.
     *
     * @param tolerance how far a number a may be off the expected b: |a - b| at most tolerance ·
     *     max(1, |b|); text and integers must be equal
     */
    public Builder golden(Path csvOrJsonLines, double tolerance) {
      if (goldenTolerance.isPresent()) {
        problems.add("golden records were given twice; a package holds one file of them");
      }
      if (!(tolerance >= 0) || Double.isInfinite(tolerance)) {
        problems.add("golden tolerance was " + tolerance + " but must be finite and at least 0");
      }
      String name = fileName(csvOrJsonLines);
      if (!name.endsWith(".csv") && !name.endsWith(".jsonl")) {
        problems.add("golden records '" + name + "' must be a .csv or a .jsonl file");
      }
      goldenTolerance = OptionalDouble.of(tolerance);
      files.add(
          new Source(
              "golden" + name.substring(Math.max(0, name.lastIndexOf('.'))),
              GOLDEN_ROLE,
              csvOrJsonLines));
      return this;
    }

    /** A file that is made rather than copied. */
    public Builder part(PackagePart part) {
      parts.add(part);
      return this;
    }

    /** Where the version comes from; facts of several calls are all kept. */
    public Builder lineage(Consumer<Lineage> facts) {
      lineage = lineage.andThen(facts);
      return this;
    }

    /**
     * When the version was made. Left out, the package holds no time, and the same files and facts
     * are the same version.
     */
    public Builder createdAt(Instant time) {
      createdAt = time.truncatedTo(ChronoUnit.SECONDS);
      return this;
    }

    /**
     * The package.
     *
     * @throws InvalidSettingsException with every problem at once: a bad name, number or role, no
     *     model, a file that is not there, two files for one path, a path that leaves the package,
     *     two parts of one role
     */
    public ModelPackage build() {
      List<String> found = new ArrayList<>(problems);
      check(found, () -> Names.model(model));
      check(found, () -> Names.number(number));
      if (format == null || entry == null) {
        found.add("the package has no model; call model(format, file)");
      } else {
        check(found, () -> word("format", String.valueOf(format)));
      }
      Map<String, String> taken = new HashMap<>();
      Set<String> roles = new HashSet<>(Set.of(MODEL_ROLE, GOLDEN_ROLE));
      for (Source source : files) {
        if (!Files.isRegularFile(source.file())) {
          found.add("no file " + source.file() + " for role " + source.role());
        }
        check(found, () -> word("role", source.role()));
        place(source.path(), source.file().toString(), taken, found);
        roles.add(source.role());
      }
      for (PackagePart part : parts) {
        check(found, () -> word("role", part.role()));
        if (!roles.add(part.role())) {
          found.add("part role '" + part.role() + "' is taken; a part needs a role of its own");
        }
        place(part.path(), "part " + part.role(), taken, found);
      }
      for (String path : List.copyOf(taken.keySet())) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
          String other = taken.get(path.substring(0, slash));
          if (other != null) {
            found.add(other + " would become a file where the package has a folder of that name");
          }
        }
      }
      if (!found.isEmpty() || format == null || entry == null) {
        throw new InvalidSettingsException(found);
      }
      return new ModelPackage(this, format, entry);
    }

    private void addFolder(Path folder) {
      try (Stream<Path> walk = Files.walk(folder)) {
        List<Source> inside =
            walk.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                .map(path -> new Source(inModel(folder, path), MODEL_ROLE, path))
                .sorted(Comparator.comparing(Source::path))
                .toList();
        if (inside.isEmpty()) {
          problems.add("folder " + folder + " holds no file; wanted the model's own");
        }
        files.addAll(inside);
      } catch (IOException | UncheckedIOException e) {
        problems.add("folder " + folder + " cannot be read: " + e);
      }
    }

    private static void word(String what, String text) {
      if (!WORD.matcher(text).matches()) {
        throw new IllegalArgumentException(
            what + " '" + text + "' is not valid: use one lower-case word such as onnx or weights");
      }
    }

    /** Gives a path to one file only, also where folders do not tell upper from lower case. */
    private static void place(
        String path, String from, Map<String, String> taken, List<String> problems) {
      String key = Normalizer.normalize(path, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
      if (key.equals(MANIFEST)) {
        problems.add(from + " would become " + path + ", the manifest's own path; rename it");
      } else if (!Stream.of(path.split("/", -1)).allMatch(Builder::nameInPath)) {
        problems.add(
            from
                + " would become '"
                + path
                + "', which may not go into a package: wanted names joined by '/', none of them"
                + " '.' or '..', without '\\', ':' and control characters");
      }
      String other = taken.putIfAbsent(key, from);
      if (other != null) {
        problems.add(
            "both " + other + " and " + from + " would become " + path + " in the package");
      }
    }

    private static boolean nameInPath(String name) {
      return NAME.matcher(name).matches() && !name.equals(".") && !name.equals("..");
    }

    private static String inModel(Path folder, Path file) {
      StringJoiner path = new StringJoiner("/", "model/", "");
      folder.relativize(file).forEach(name -> path.add(name.toString()));
      return path.toString();
    }

    private static String fileName(Path file) {
      Path name = file.getFileName();
      return name == null ? file.toString() : name.toString();
    }

    private static void check(List<String> problems, Runnable check) {
      try {
        check.run();
      } catch (IllegalArgumentException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
  }
}
