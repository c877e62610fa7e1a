package dev.mlops.runtime.store;

import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelRef;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.runtime.onnx.OnnxModel;
import dev.mlops.store.AliasLog;
import dev.mlops.store.ModelNotFoundException;
import dev.mlops.store.ModelStore;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.Revision;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A bare model file as a store of one version: for a first look, a test or a notebook. It is read
 * once, when the store is made, and must stay as it is until it is opened; {@link #open} sees to
 * that, and serves from a copy below {@code java.io.tmpdir} that is removed when it is closed.
 *
 * <p>The model is named after the file, without its extension, in lower case and with {@code -} for
 * what a name may not hold: {@code Churn v2.onnx} is {@code churn-v2}. Its number is the first 12
 * digits of the file's SHA-256 (of several files: of the lines {@code sha256sum} prints for them),
 * its id that of the manifest it would have as a package. Any number and any alias of the model
 * name this version, a digest only if it is its own. Nothing can be published or moved. Safe for
 * all threads.
 */
public final class ModelFile implements ModelStore {
  private static final int NUMBER_DIGITS = 12;
  private static final int LONGEST_NAME = 100;

  private final Path folder;
  private final Manifest manifest;
  private final Version version;
  private final Instant modified;

  private ModelFile(Path folder, Manifest manifest, Version version, Instant modified) {
    this.folder = folder;
    this.manifest = manifest;
    this.version = version;
    this.modified = modified;
  }

  /**
   * A model that says by itself what goes in and comes out: an ONNX file, or a folder with exactly
   * one. Matrices have the columns "0", "1", …, as the graph does not know their names; {@link
   * ModelSchema#named} gives them to {@link #at(Path, ModelSchema)}.
   *
   * @throws StoreUnavailableException if there is no such file
   * @throws PackageCorruptException if it is no ONNX model, or names weights it may not
   * @throws InvalidSettingsException if it is of another format, or no schema can say what its
   *     inputs and outputs are
   */
  public static ModelFile at(Path file) {
    return read(file, null);
  }

  /**
   * A model whose columns are named by a schema.
   *
   * @param file of any format; its extension in lower case is the format
   * @throws StoreUnavailableException if there is no such file
   * @throws PackageCorruptException if it is called {@code .onnx} and is no ONNX model, or names
   *     weights it may not
   * @throws InvalidSettingsException if the schema does not fit the file, with every problem
   */
  public static ModelFile at(Path file, ModelSchema schema) {
    return read(file, schema);
  }

  private static ModelFile read(Path given, @Nullable ModelSchema schema) {
    try {
      String name = fileName(given.toAbsolutePath().normalize());
      Path file = given;
      if (Files.isDirectory(given)) {
        file = onlyModel(given);
      } else if (name.contains(".")) {
        name = name.substring(0, name.lastIndexOf('.'));
      }
      String fileName = fileName(file);
      String format = fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
      Path real = file.toRealPath(); // a link to the model is the caller's own doing
      return read(modelName(name), real, format, schema);
    } catch (IOException | UncheckedIOException e) {
      throw new StoreUnavailableException(
          "Cannot read the model file " + given.toAbsolutePath() + ": " + e + ". Check the path",
          e);
    }
  }

  private static ModelFile read(String name, Path file, String format, @Nullable ModelSchema given)
      throws IOException {
    Path folder = file.getParent();
    if (folder == null) {
      throw new IOException(file + " is not a file");
    }
    String entry = fileName(file);
    List<Manifest.Entry> files = new ArrayList<>();
    files.add(measure(folder, entry));
    ModelSchema schema = given;
    if (format.equals("onnx")) {
      OnnxModel model = OnnxModel.read(file);
      for (String location : sound(model, folder, entry)) {
        files.add(measure(folder, location));
      }
      if (schema == null) {
        schema = model.schema();
      } else {
        List<String> problems = model.check(schema);
        if (!problems.isEmpty()) {
          throw new InvalidSettingsException(problems);
        }
      }
    }
    if (schema == null) {
      throw new InvalidSettingsException(
          "a model of format '"
              + format
              + "' does not say what goes in and comes out; only .onnx"
              + " does. Use ModelFile.at(file, schema)");
    }
    Manifest manifest =
        new Manifest(name, number(files), null, format, entry, files, schema, null, 0);
    byte[] bytes = manifest.bytes();
    Version version = new Version(name, manifest.number(), Sha256.id(bytes));
    return new ModelFile(folder, manifest, version, Files.getLastModifiedTime(file).toInstant());
  }

  private static Set<String> sound(OnnxModel model, Path folder, String entry) {
    Set<String> locations = model.externalLocations();
    Set<String> listed = new HashSet<>(locations);
    listed.add(entry);
    List<String> problems = model.checkExternalData(folder, listed);
    if (!problems.isEmpty()) {
      throw new PackageCorruptException(entry + ": " + String.join("; ", problems));
    }
    return locations;
  }

  private static Manifest.Entry measure(Path folder, String path) throws IOException {
    return Staging.measure(
        new ModelPackage.Source(
            path, ModelPackage.MODEL_ROLE, PackageFolder.resolve(folder, path)));
  }

  private static Path onlyModel(Path folder) throws IOException {
    List<Path> models = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.onnx")) {
      for (Path model : found) {
        models.add(model);
      }
    }
    if (models.size() != 1) {
      throw new InvalidSettingsException(
          "the folder "
              + folder
              + " must hold exactly one file that ends with .onnx, but it holds "
              + models.stream().map(ModelFile::fileName).sorted().toList());
    }
    return models.get(0);
  }

  private static String number(List<Manifest.Entry> files) {
    if (files.size() == 1) {
      return files.get(0).sha256().substring(0, NUMBER_DIGITS);
    }
    List<Manifest.Entry> sorted = new ArrayList<>(files);
    Collections.sort(sorted);
    StringBuilder lines = new StringBuilder();
    for (Manifest.Entry file : sorted) {
      lines.append(file.sha256()).append("  ").append(file.path()).append('\n');
    }
    return Sha256.of(lines.toString().getBytes(StandardCharsets.UTF_8)).substring(0, NUMBER_DIGITS);
  }

  /** The file's name made into a model's. */
  static String modelName(String fileName) {
    StringBuilder kept = new StringBuilder();
    char last = 'a';
    for (char c : fileName.toLowerCase(Locale.ROOT).toCharArray()) {
      char now = letterOrDigit(c) || "._-".indexOf(c) >= 0 ? c : ' ';
      boolean again = now == last && (now == '.' || now == ' ');
      boolean leading = kept.isEmpty() && !letterOrDigit(c);
      if (!again && !leading) {
        kept.append(now == ' ' ? '-' : now);
      }
      last = now;
    }
    int end = Math.min(kept.length(), LONGEST_NAME);
    while (end > 0 && !letterOrDigit(kept.charAt(end - 1))) {
      end--;
    }
    String name = kept.substring(0, end);
    if (name.isEmpty()) {
      return "model";
    }
    return PackagePaths.isDevice(name) ? "model-" + name : name;
  }

  private static boolean letterOrDigit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }

  private static String fileName(Path file) {
    Path name = file.getFileName();
    return name == null ? "" : name.toString();
  }

  @Override
  public List<String> models() {
    return List.of(version.model());
  }

  @Override
  public List<Version> versions(String model) {
    return model.equals(version.model()) ? List.of(version) : List.of();
  }

  /**
   * Refuses.
   *
   * @throws InvalidSettingsException always
   */
  @Override
  public Version publish(ModelPackage content) {
    throw fixed();
  }

  @Override
  public Version resolve(ModelRef ref) {
    if (!ref.model().equals(version.model())) {
      throw new ModelNotFoundException(ref, models());
    }
    if (ref.kind() == ModelRef.Kind.DIGEST && !ref.selector().equals(version.id())) {
      throw new ModelNotFoundException(ref, List.of(version.id()));
    }
    return version;
  }

  @Override
  public StoredVersion open(Version asked) {
    if (!asked.equals(version)) {
      throw new ModelNotFoundException(
          new ModelRef(asked.model(), ModelRef.Kind.DIGEST, asked.id()),
          List.of(version.model() + "@" + version.id()));
    }
    try {
      return new OpenedVersion(
          version, manifest, PrivateCopy.of(version, folder, manifest, new Disk()));
    } catch (PrivateCopy.ChangedException e) {
      throw changed(e.file());
    } catch (IOException e) {
      throw new StoreUnavailableException("Cannot read " + version + ": " + e, e);
    }
  }

  private PackageCorruptException changed(Manifest.Entry file) {
    return new PackageCorruptException(
        folder.resolve(file.path())
            + " changed since it was first read: it had SHA-256 "
            + file.sha256()
            + " and has another; make a new ModelFile for it");
  }

  /** A log whose one revision is this file; it cannot move. */
  @Override
  public AliasLog alias(String model, String alias) {
    new ModelRef(model, ModelRef.Kind.ALIAS, alias);
    Optional<Revision> head =
        model.equals(version.model())
            ? Optional.of(new Revision(1, version, "file", "the one version there is", modified))
            : Optional.empty();
    return new AliasLog() {
      @Override
      public Optional<Revision> head() {
        return head;
      }

      @Override
      public List<Revision> history() {
        return head.stream().toList();
      }

      @Override
      public Revision moveTo(String number, String actor, String reason) {
        throw fixed();
      }

      @Override
      public Revision moveTo(long seen, String number, String actor, String reason) {
        throw fixed();
      }
    };
  }

  private InvalidSettingsException fixed() {
    return new InvalidSettingsException(
        "the store is the one file "
            + folder.resolve(manifest.entry())
            + "; nothing can be published or moved in it. Use DirectoryModelStore.at(folder)");
  }
}
