package dev.mlops.runtime.engine;

import dev.mlops.engine.ModelFailedException;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.runtime.onnx.OnnxContents;
import dev.mlops.runtime.onnx.OnnxModel;
import dev.mlops.store.PackageCorruptException;
import dev.mlops.store.StoreUnavailableException;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files of a version's model, read by our own reader before an engine opens them.
 *
 * <p>ONNX Runtime reads them again by their paths. What was checked is what it reads because a
 * version's files lie where nobody else writes from the moment its store has checked them.
 */
public final class ModelFiles {
  private final StoredVersion version;
  private final Path file;
  private final OnnxModel model;

  private ModelFiles(StoredVersion version, Path file, OnnxModel model) {
    this.version = version;
    this.file = file;
    this.model = model;
  }

  /**
   * Reads the model's outline.
   *
   * @throws ModelFailedException if it is no ONNX model
   * @throws StoreUnavailableException if its file cannot be read just now
   */
  public static ModelFiles of(StoredVersion version) {
    try {
      Path file = modelFile(version);
      return new ModelFiles(version, file, OnnxModel.read(file));
    } catch (PackageCorruptException e) {
      throw new ModelFailedException(
          version.version() + ": " + inPackage(version, String.valueOf(e.getMessage())), e);
    } catch (UncheckedIOException e) { // an interrupt, for instance: no fault of the model's
      throw new StoreUnavailableException(
          version.version() + ": " + e.getMessage() + ": " + e.getCause(), e);
    }
  }

  /** Why an engine for ONNX does not take a version of another format; empty for this one. */
  public static Optional<String> otherFormat(StoredVersion version) {
    return version.format().equals("onnx")
        ? Optional.empty()
        : Optional.of(
            version.version() + " is of the format '" + version.format() + "'; wanted 'onnx'");
  }

  private static Path modelFile(StoredVersion version) {
    Path model = version.model();
    if (!Files.isDirectory(model)) {
      return model;
    }
    try (Stream<Path> entries = Files.list(model)) {
      List<Path> found =
          entries.filter(entry -> entry.toString().endsWith(".onnx")).sorted().toList();
      if (found.size() == 1) {
        return found.get(0);
      }
      throw new ModelFailedException(
          version.version()
              + ": the model's folder holds "
              + found.size()
              + " files that end with .onnx "
              + found.stream().map(path -> path.getFileName().toString()).toList()
              + "; wanted exactly 1",
          null);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list " + model, e);
    }
  }

  /** A message without the version's own folder, which is gone by the time it is read. */
  public String inPackage(String message) {
    return inPackage(version, message);
  }

  private static String inPackage(StoredVersion version, String message) {
    Path folder = version.folder();
    return message.replace(folder + folder.getFileSystem().getSeparator(), "");
  }

  /** The schema as the graph states it. */
  public ModelSchema describe() {
    try {
      return model.schema();
    } catch (InvalidSettingsException e) {
      throw new ModelFailedException(version.version() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Sees that the model reads no other files than the version's own and fits the version's schema.
   *
   * @throws ModelFailedException with every problem at once
   */
  public void check() {
    List<String> problems =
        new ArrayList<>(model.checkExternalData(version.folder(), version.files()));
    problems.addAll(model.check(version.schema()));
    if (!problems.isEmpty()) {
      throw new ModelFailedException(
          version.version() + " cannot be served: " + String.join("; ", problems), null);
    }
  }

  /** The model's own file. */
  public Path file() {
    return file;
  }

  /** The version's schema. */
  public ModelSchema schema() {
    return version.schema();
  }

  /** What messages call the version. */
  public String label() {
    return version.version().toString();
  }

  /** What the model needs of an engine, for the message of one that does not load it. */
  public String writtenFor() {
    String custom =
        model.customDomains().isEmpty()
            ? ""
            : ", with operators of "
                + model.customDomains()
                + " that are neither ONNX's own nor defined in the file";
    return "The model is of IR version "
        + model.irVersion()
        + " and opsets "
        + model.opsets()
        + custom;
  }

  /** What the file says of itself. */
  public OnnxModel outline() {
    return model;
  }

  /** See {@link OnnxModel#mapKeys}. */
  public List<String> mapKeys(String output) {
    return model.mapKeys(output);
  }

  /** See {@link OnnxModel#contents}. */
  public OnnxContents contents() {
    return model.contents();
  }

  /** The size of the model's own file. */
  public long fileBytes() {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new ModelFailedException(label() + ": cannot read the size of " + file, e);
    }
  }

  /**
   * The size of the model with its weights. Weights in other files stand beside the model or below,
   * so every file there counts, which is too much at times and never too little.
   */
  public long bytes() {
    try {
      if (!model.hasExternalData()) {
        return fileBytes();
      }
      Path beside = file.toAbsolutePath().getParent();
      long sum = 0;
      for (String name : version.files()) {
        Path listed = version.folder().resolve(name).toAbsolutePath();
        if (beside == null || listed.startsWith(beside)) {
          sum += Files.size(listed);
        }
      }
      return sum;
    } catch (IOException e) {
      throw new StoreUnavailableException(
          label() + ": cannot read the size of the model's files: " + e, e);
    }
  }
}
