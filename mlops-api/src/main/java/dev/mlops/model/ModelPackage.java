package dev.mlops.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Consumer;
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
     * in it under {@code model/}.
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
     * @param role what it is for, in one lower-case word; several files may share one
     */
    public Builder file(Path file, String role) {
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
     * @throws InvalidSettingsException with every problem at once: a bad name or number, no model,
     *     a file that is not there, two files for one path, two parts of one role
     */
    public ModelPackage build() {
      List<String> found = new ArrayList<>(problems);
      check(found, () -> Names.model(model));
      check(found, () -> Names.number(number));
      if (format == null || entry == null) {
        found.add("the package has no model; call model(format, file)");
      } else {
        check(
            found,
            () -> {
              if (!String.valueOf(format).matches("[a-z0-9][a-z0-9-]*")) {
                throw new IllegalArgumentException(
                    "format '" + format + "' is not valid: use one lower-case word such as onnx");
              }
            });
      }
      Map<String, Path> byPath = new HashMap<>();
      for (Source source : files) {
        if (!Files.isRegularFile(source.file())) {
          found.add("no file " + source.file() + " for role " + source.role());
        }
        Path other = byPath.putIfAbsent(source.path(), source.file());
        if (other != null) {
          found.add(
              "both "
                  + other
                  + " and "
                  + source.file()
                  + " would become "
                  + source.path()
                  + " in the package");
        }
      }
      Set<String> roles = new HashSet<>();
      for (PackagePart part : parts) {
        if (!roles.add(part.role())
            || part.role().equals(MODEL_ROLE)
            || part.role().equals(GOLDEN_ROLE)) {
          found.add("part role '" + part.role() + "' is taken; a package holds one part of a role");
        }
        if (byPath.putIfAbsent(part.path(), Path.of(part.path())) != null) {
          found.add("part " + part.path() + " stands there twice");
        }
      }
      if (!found.isEmpty() || format == null || entry == null) {
        throw new InvalidSettingsException(found);
      }
      return new ModelPackage(this, format, entry);
    }

    private void addFolder(Path folder) {
      try (Stream<Path> walk = Files.walk(folder)) {
        walk.filter(Files::isRegularFile)
            .map(file -> new Source("model/" + slashed(folder.relativize(file)), MODEL_ROLE, file))
            .sorted((a, b) -> a.path().compareTo(b.path()))
            .forEach(files::add);
      } catch (IOException | UncheckedIOException e) {
        problems.add("folder " + folder + " cannot be read: " + e);
      }
    }

    private static String slashed(Path path) {
      List<String> names = new ArrayList<>();
      path.forEach(name -> names.add(name.toString()));
      return String.join("/", names);
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
