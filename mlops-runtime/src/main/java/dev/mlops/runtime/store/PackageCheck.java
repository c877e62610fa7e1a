package dev.mlops.runtime.store;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.PackagePart;
import dev.mlops.model.TensorSpec;
import dev.mlops.runtime.onnx.OnnxModel;
import dev.mlops.store.PackageCorruptException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What is looked at before a package becomes a version. Every method tells all it finds. */
final class PackageCheck {
  private static final String EXPECTED = "expected.";

  private PackageCheck() {}

  /** Whether the files are such as may go into a package, and their paths and roles too. */
  static void sources(ModelPackage content, List<String> problems) {
    List<String> paths = new ArrayList<>();
    for (ModelPackage.Source source : content.files()) {
      paths.add(source.path());
      role(source.role(), source.path(), problems);
      if (!Files.isRegularFile(source.file())) { // a pipe would be waited for
        problems.add("no regular file " + source.file() + " for role " + source.role());
      }
    }
    for (PackagePart part : content.parts()) {
      paths.add(part.path());
      role(part.role(), part.path(), problems);
    }
    problems.addAll(PackagePaths.problems(paths));
  }

  private static void role(String role, String path, List<String> problems) {
    if (!Manifest.validRole(role)) {
      problems.add(
          "role '"
              + role
              + "' of "
              + path
              + " is not valid: use one lower-case word such as"
              + " tokenizer");
    }
  }

  /** Whether a format we can read fits the schema, and names no file outside the package. */
  static void model(Path folder, Manifest manifest, List<String> problems) {
    if (!manifest.format().equals("onnx")) {
      return;
    }
    try {
      OnnxModel model = OnnxModel.read(PackageFolder.resolve(folder, onnxPath(manifest)));
      Set<String> listed = new HashSet<>();
      manifest.files().forEach(file -> listed.add(file.path()));
      problems.addAll(model.check(manifest.schema()));
      problems.addAll(model.checkExternalData(folder, listed));
    } catch (PackageCorruptException e) {
      problems.add(inPackage(folder, e));
    } catch (InvalidSettingsException e) {
      problems.addAll(e.problems());
    } catch (UncheckedIOException e) {
      problems.add(inPackage(folder, e));
    }
  }

  private static String onnxPath(Manifest manifest) {
    List<String> paths = new ArrayList<>();
    for (Manifest.Entry file : manifest.files()) {
      if (file.path().equals(manifest.entry())) {
        return file.path();
      }
      String below = manifest.entry() + "/";
      if (file.path().startsWith(below)
          && file.path().indexOf('/', below.length()) < 0
          && file.path().endsWith(".onnx")) {
        paths.add(file.path());
      }
    }
    if (paths.size() != 1) {
      throw new InvalidSettingsException(
          "a folder of format onnx must hold exactly one file that ends with .onnx, but it holds "
              + paths);
    }
    return paths.get(0);
  }

  /** What went wrong with a staged file, without the staging folder's name. */
  private static String inPackage(Path folder, Exception e) {
    return String.valueOf(e.getMessage())
        .replace(folder + folder.getFileSystem().getSeparator(), "");
  }

  /**
   * Whether golden records use the names the schema knows and leave out no input, so that a typo is
   * told now. Their values are read by the gate, when a version is loaded.
   */
  static void golden(Path folder, Manifest manifest, List<String> problems) throws IOException {
    String path = manifest.goldenPath();
    if (path == null) {
      return;
    }
    Path file = PackageFolder.resolve(folder, path);
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      if (path.endsWith(".jsonl")) {
        goldenLines(reader, path, manifest.schema(), problems);
      } else {
        goldenHeader(reader, path, manifest.schema(), problems);
      }
    } catch (java.nio.charset.CharacterCodingException e) {
      problems.add(path + " is not UTF-8");
    }
  }

  private static void goldenHeader(
      BufferedReader reader, String path, ModelSchema schema, List<String> problems)
      throws IOException {
    Set<String> names = new LinkedHashSet<>();
    reader.mark(1);
    if (reader.read() != '\uFEFF') { // the mark some programs put at the start
      reader.reset();
    }
    try (CsvReader<CsvRecord> csv = CsvReader.builder().ofCsvRecord(reader);
        CloseableIterator<CsvRecord> records = csv.iterator()) {
      if (records.hasNext()) {
        for (String name : records.next().getFields()) {
          if (!names.add(name)) {
            problems.add(path + ": column '" + name + "' stands there twice");
          }
        }
      }
      if (!records.hasNext()) {
        problems.add(path + " holds no record; wanted a header and at least one row");
        return;
      }
    } catch (CsvParseException | UncheckedIOException e) {
      problems.add(path + " cannot be read as CSV in UTF-8: " + e.getMessage());
      return;
    }
    for (TensorSpec tensor : schema.inputs()) {
      for (ColumnSpec column : tensor.columns()) {
        if (!tensor.scalarColumns()) {
          problems.add(
              path
                  + ": input '"
                  + column.name()
                  + "' is "
                  + tensor.shape()
                  + ", which a CSV cell cannot hold; use JSON lines");
        } else if (!names.contains(column.name())
            && !names.contains(tensor.name() + "." + column.name())) {
          problems.add(path + ": no column for the input '" + column.name() + "'");
        }
      }
    }
    int expected = 0;
    for (String name : names) {
      if (name.startsWith(EXPECTED) && schema.input(name).isEmpty()) {
        expected++;
        String output = name.substring(EXPECTED.length());
        schema
            .output(output)
            .ifPresentOrElse(
                place -> {
                  TensorSpec tensor = schema.outputs().get(place.tensor());
                  if (!tensor.scalarColumns()) {
                    problems.add(
                        path
                            + ": output '"
                            + output
                            + "' is "
                            + tensor.shape()
                            + ", which a CSV cell cannot hold; use JSON lines");
                  }
                },
                () -> problems.add(unknown(path, name, "output", names(schema.outputColumns()))));
      }
    }
    if (expected == 0) {
      problems.add(
          path
              + ": no column expected.<output>, so nothing could be checked; the outputs are "
              + names(schema.outputColumns()));
    }
  }

  /** Every line, up to the first that has a problem. */
  private static void goldenLines(
      BufferedReader reader, String path, ModelSchema schema, List<String> problems)
      throws IOException {
    int before = problems.size();
    int records = 0;
    int expected = 0;
    int number = 0;
    for (String line = reader.readLine();
        line != null && problems.size() == before;
        line = reader.readLine()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      records++;
      String where = path + " line " + number;
      try {
        JsonFields record = JsonFields.read(line.getBytes(StandardCharsets.UTF_8), where);
        goldenInputs(record.object("in").keys(), where, schema, problems);
        List<String> outputs = record.object("out").keys();
        for (String name : outputs) {
          if (schema.output(name).isEmpty()) {
            problems.add(unknown(where, name, "output", names(schema.outputColumns())));
          }
        }
        expected += outputs.size();
      } catch (PackageCorruptException e) {
        problems.add(
            String.valueOf(e.getMessage()).replace(where + " line 1 ", where + " ")); // of its text
      }
    }
    if (records == 0) {
      problems.add(path + " holds no record; wanted at least one line {\"in\":{…},\"out\":{…}}");
    } else if (expected == 0 && problems.size() == before) {
      problems.add(path + ": no record expects an output, so nothing could be checked");
    }
  }

  private static void goldenInputs(
      List<String> names, String where, ModelSchema schema, List<String> problems) {
    for (String name : names) {
      if (schema.input(name).isEmpty()) {
        problems.add(unknown(where, name, "input", names(schema.inputColumns())));
      }
    }
    for (TensorSpec tensor : schema.inputs()) {
      for (ColumnSpec column : tensor.columns()) {
        if (!column.optional()
            && !names.contains(column.name())
            && !names.contains(tensor.name() + "." + column.name())) {
          problems.add(
              where + ": the input '" + column.name() + "' is missing, and is not optional");
        }
      }
    }
  }

  private static String unknown(String path, String name, String side, List<String> names) {
    return path + ": '" + name + "' names no " + side + "; the " + side + "s are " + names;
  }

  private static List<String> names(List<ColumnSpec> columns) {
    return columns.stream().map(ColumnSpec::name).toList();
  }
}
