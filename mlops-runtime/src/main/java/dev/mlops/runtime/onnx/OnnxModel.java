package dev.mlops.runtime.onnx;

import dev.mlops.model.ModelSchema;
import dev.mlops.store.PackageCorruptException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What an ONNX file says about itself, read without ONNX Runtime. Weights are not read, so a file
 * of 2 GB takes no more memory than one of 2 kB; what is kept is bounded (about 32 MiB at worst)
 * and the time is linear in the file's size, whatever is in it. Nested messages may be 100 deep.
 *
 * <p>That a file passes says that its outline is sound and its inputs and outputs are known.
 * Whether its operators exist and its nodes fit together only an engine can tell.
 *
 * <p>Public for publishing and for the engines; not part of the library's API. Immutable; safe for
 * all threads.
 */
public final class OnnxModel {
  private final Path file;
  private final OnnxScan scan;
  private final GraphSchema graph;

  private OnnxModel(Path file, OnnxScan scan) {
    this.file = file;
    this.scan = scan;
    this.graph = new GraphSchema(scan.inputs, scan.outputs, scan.mapKeys);
  }

  /**
   * Reads a file. A link to it is followed.
   *
   * @throws PackageCorruptException if there is no such file or it is no ONNX model; the message
   *     says what stands at which byte
   * @throws UncheckedIOException if the file cannot be read
   */
  public static OnnxModel read(Path file) {
    try {
      // before it is opened: opening a pipe would wait for ever
      if (!Files.readAttributes(file, BasicFileAttributes.class).isRegularFile()) {
        throw new PackageCorruptException(
            file + " is not a regular file; a model is read from one, such as model.onnx");
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        return read(file, new ProtobufReader(file.toString(), channel, channel.size()));
      }
    } catch (NoSuchFileException e) {
      throw new PackageCorruptException("there is no file " + file + "; check the path", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** Reads bytes in memory; the file is only a name. */
  static OnnxModel read(Path file, byte[] bytes) {
    try {
      return read(file, new ProtobufReader(file.toString(), bytes));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  private static OnnxModel read(Path file, ProtobufReader in) throws IOException {
    byte[] head = in.head(64);
    if (new String(head, StandardCharsets.ISO_8859_1).startsWith("ORTM", 4)) {
      // one file can be both, and ONNX Runtime would load the one we have not looked at
      throw new PackageCorruptException(
          file
              + " is not an ONNX model: it is in ONNX Runtime's own format. Export the model to"
              + " ONNX.");
    }
    OnnxScan scan = new OnnxScan(in);
    try {
      scan.model();
    } catch (PackageCorruptException e) {
      String instead = looksLike(head);
      throw instead.isEmpty()
          ? e
          : new PackageCorruptException(file + " is not an ONNX model: it " + instead, e);
    }
    return new OnnxModel(file, scan);
  }

  /** What a file that is no ONNX model is instead, where its first bytes tell. */
  private static String looksLike(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    if (text.isEmpty()) {
      return "is empty (0 bytes). Copy or export the file again.";
    }
    if (text.startsWith("version https://git-lfs")) {
      return "is a Git LFS pointer to the model. Run 'git lfs pull'.";
    }
    if (text.startsWith("PK\u0003\u0004")) {
      return "is a zip archive, such as PyTorch writes. Export the model to ONNX.";
    }
    if (text.matches("(?s)\u0080[\u0002-\u0005].*")) {
      return "is a Python pickle, which can run any code when it is loaded and is never loaded"
          + " here. Export the model to ONNX.";
    }
    if (text.matches("[\\t\\n\\r\\x20-\\x7E]+")) {
      return "is text that begins with "
          + Texts.quoted(text)
          + ". Point to the file the model was exported to.";
    }
    return "";
  }

  /** The version of the file format itself; at least 1. */
  public long irVersion() {
    return scan.irVersion;
  }

  /** The operator sets it was written for, by domain; the domain of ONNX itself is empty text. */
  public SortedMap<String, Long> opsets() {
    return Collections.unmodifiableSortedMap(scan.opsets);
  }

  /** The graph's inputs in its order, without those that have a value in the file. */
  List<GraphValue> inputs() {
    return Collections.unmodifiableList(scan.inputs);
  }

  /** The graph's outputs in its order. */
  List<GraphValue> outputs() {
    return Collections.unmodifiableList(scan.outputs);
  }

  /**
   * The domains of operators that are neither ONNX's own nor defined as functions in the file. ONNX
   * Runtime knows {@code com.microsoft}; others need a library of custom operators.
   */
  public SortedSet<String> customDomains() {
    SortedSet<String> domains = new TreeSet<>();
    for (OnnxScan.Operator operator : scan.customOperators) {
      domains.add(operator.domain());
    }
    return domains;
  }

  /**
   * The kinds of nodes in the main graph, in its order: such as {@code Gemm}, and with the domain
   * where that is not ONNX's own, {@code ai.onnx.ml.Scaler}.
   */
  public List<String> operators() {
    return List.copyOf(scan.operators);
  }

  /**
   * The axes of an input as the graph states them, -1 for one whose length is not fixed.
   *
   * @return empty where the graph does not state them, and for an input it does not have
   */
  public Optional<long[]> axes(String input) {
    for (GraphValue value : scan.inputs) {
      if (value.name().equals(input) && value.dims().isPresent()) {
        List<GraphValue.Dim> dims = value.dims().get();
        long[] lengths = new long[dims.size()];
        for (int axis = 0; axis < lengths.length; axis++) {
          lengths[axis] = dims.get(axis).length();
        }
        return Optional.of(lengths);
      }
    }
    return Optional.empty();
  }

  /**
   * The keys of the maps an output is made of, in the order of the graph's own classes: the order
   * of the schema's columns, whatever these are called.
   *
   * @return empty for a tensor, and where no ZipMap node says what the keys are
   */
  public List<String> mapKeys(String output) {
    return scan.mapKeys.getOrDefault(output, List.of());
  }

  /**
   * Where parts of the model stand in other files, as the file spells it, relative to its folder.
   * Nothing says that these are sound names: ask {@link #checkExternalData} before using one.
   */
  public SortedSet<String> externalLocations() {
    SortedSet<String> locations = new TreeSet<>();
    for (ExternalTensor tensor : scan.external) {
      for (ExternalTensor.Entry entry : tensor.entries()) {
        if (entry.key().equals("location")) {
          locations.add(entry.value());
        }
      }
    }
    return locations;
  }

  /** Whether any part of the model stands in another file. */
  public boolean hasExternalData() {
    return !scan.external.isEmpty() || !scan.compiled.isEmpty();
  }

  /** What the file is made of. */
  public OnnxContents contents() {
    return scan.contents();
  }

  /**
   * The schema as the graph states it, without a score. Inputs that have a value in the file are
   * left out.
   *
   * <ul>
   *   <li>The first axis counts the rows, whether it has a name, a fixed length or neither. Where
   *       it has a fixed length and one other axis bears the name of another input's first axis, it
   *       is that one ({@code [2, batch, 128]}).
   *   <li>A matrix {@code [rows, k]} of 2 to 4,096 columns has the columns "0", "1", ...; where
   *       such a name stands for two things on one side, it is {@code tensor.0}. {@code [rows]} and
   *       {@code [rows, 1]} are one column of the tensor's name. All else is one column of its
   *       shape.
   *   <li>Maps that a ZipMap node makes are a matrix whose columns are the node's classes as text.
   *   <li>Input columns of floating type that are one number a row may be missing: the graph cannot
   *       say whether they may, and many a model is trained with missing values.
   * </ul>
   *
   * @throws dev.mlops.model.InvalidSettingsException if an input or output has a type or a shape
   *     that no schema can say, with every one of them
   */
  public ModelSchema schema() {
    return graph.derive();
  }

  /**
   * What keeps a schema from fitting the graph. A schema may leave out outputs of the graph, not
   * inputs.
   *
   * @return all problems at once, in the schema's order; empty if it fits
   */
  public List<String> check(ModelSchema schema) {
    return graph.check(schema);
  }

  /**
   * What speaks against the files that hold parts of the model: each must be named plainly, stand
   * in the folder as a regular file of its own (no link leads to it, none shares it), be listed,
   * and be long enough. To be asked before an engine opens the model, on files nobody else can
   * change.
   *
   * @param folder the package's folder, which the model's file is in
   * @param listed the package's files, relative to the folder, with {@code /} between names
   * @return all problems at once, 100 at most; empty if there is none, also if there is no external
   *     data
   * @throws IllegalArgumentException if the model was not read from the folder
   */
  public List<String> checkExternalData(Path folder, Set<String> listed) {
    return new ExternalDataCheck(file, folder, listed).check(scan.external, scan.compiled);
  }
}
