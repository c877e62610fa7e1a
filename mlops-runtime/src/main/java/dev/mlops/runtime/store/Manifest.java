package dev.mlops.runtime.store;

import dev.mlops.model.ModelPackage;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.Version;
import dev.mlops.store.PackageCorruptException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What {@code manifest.json} says of a version.
 *
 * @param name the model's name
 * @param number the version's number
 * @param createdAt when it was made, if its maker said so
 * @param format such as {@code onnx}
 * @param entry the path of the model's file, or of its folder
 * @param files every file of the package but the manifest, by path
 * @param schema the columns in and out
 * @param goldenPath the path of the golden records, if there are any
 * @param goldenTolerance how far they may be off; 0 without any
 */
record Manifest(
    String name,
    String number,
    @Nullable Instant createdAt,
    String format,
    String entry,
    List<Entry> files,
    ModelSchema schema,
    @Nullable String goldenPath,
    double goldenTolerance) {

  /**
   * One file of a package.
   *
   * @param path relative to the package's folder, with {@code /} between folders
   * @param size in bytes
   * @param sha256 64 lower-case hex digits
   * @param role what it is for
   */
  record Entry(String path, long size, String sha256, String role) implements Comparable<Entry> {
    /** By path, in the order of code points. */
    @Override
    public int compareTo(Entry other) {
      return PackagePaths.compare(path, other.path);
    }
  }

  private static final String FORM = "mlops.model/1";
  private static final int LONGEST_WORD = 64;

  Manifest {
    files = new ArrayList<>(files);
    Collections.sort(files);
    files = List.copyOf(files);
  }

  static boolean validRole(String role) {
    return isWord(role);
  }

  /** Lower-case letters, digits and {@code -}, which does not come first. */
  private static boolean isWord(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !(c == '-' && i > 0)) {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= LONGEST_WORD;
  }

  OptionalDouble tolerance() {
    return goldenPath == null ? OptionalDouble.empty() : OptionalDouble.of(goldenTolerance);
  }

  /** The files of a role, in order. */
  List<String> paths(String role) {
    List<String> paths = new ArrayList<>();
    for (Entry file : files) {
      if (file.role().equals(role)) {
        paths.add(file.path());
      }
    }
    return paths;
  }

  /**
   * The bytes of the manifest: the same facts give the same bytes.
   *
   * @throws IllegalArgumentException if a text is no valid Unicode
   */
  byte[] bytes(LineageFacts lineage) {
    JsonText json = open();
    lineage.write(json);
    json.endObject();
    return json.bytes();
  }

  /** The bytes of the manifest of a version of unknown lineage. */
  byte[] bytes() {
    JsonText json = open();
    json.endObject();
    return json.bytes();
  }

  private JsonText open() {
    JsonText json = new JsonText();
    json.beginObject();
    json.field("schema", FORM);
    json.field("name", name);
    json.field("version", number);
    if (createdAt != null) {
      json.field("createdAt", createdAt.truncatedTo(ChronoUnit.SECONDS).toString());
    }
    json.field("format", format);
    json.field("entry", entry);
    writeFiles(json);
    SchemaJson.write(schema, json);
    if (goldenPath != null) {
      json.beginObject("golden");
      json.field("path", goldenPath);
      json.field("tolerance", goldenTolerance);
      json.endObject();
    }
    return json;
  }

  private void writeFiles(JsonText json) {
    json.beginArray("files");
    for (Entry file : files) {
      json.beginObject();
      json.field("path", file.path());
      json.field("size", file.size());
      json.field("sha256", file.sha256());
      json.field("role", file.role());
      json.endObject();
    }
    json.endArray();
  }

  /**
   * Reads a manifest, whoever wrote it.
   *
   * @param document what to call it in messages
   * @throws PackageCorruptException if it is not of the form; the message names the field
   */
  static Manifest read(byte[] bytes, String document) {
    JsonFields json = JsonFields.read(bytes, document);
    if (!json.text("schema").equals(FORM)) {
      throw json.refused("schema", "\"" + FORM + "\", the one form this version reads");
    }
    String name = json.text("name");
    String number = json.text("version");
    try {
      new Version(name, number, Sha256.id(bytes));
    } catch (IllegalArgumentException e) {
      throw json.refused(String.valueOf(e.getMessage()));
    }
    String format = json.text("format");
    if (!isWord(format)) {
      throw json.refused("format", "one lower-case word such as \"onnx\"");
    }
    List<Entry> files = files(json);
    String entry = json.text("entry");
    if (files.stream().noneMatch(f -> f.path().equals(entry) || f.path().startsWith(entry + "/"))) {
      throw json.refused("entry", "the path of a listed file, or of a folder that holds some");
    }
    Manifest manifest =
        new Manifest(
            name, number, createdAt(json), format, entry, files, SchemaJson.read(json), null, 0);
    json.optionalObject("lineage");
    Manifest whole = json.optionalObject("golden").map(manifest::withGolden).orElse(manifest);
    // a check that its own writer meant must not be skipped for a role spelled otherwise
    List<String> golden = whole.paths(ModelPackage.GOLDEN_ROLE);
    if (!golden.equals(whole.goldenPath == null ? List.of() : List.of(whole.goldenPath))) {
      throw json.refused(
          "golden: its path was "
              + whole.goldenPath
              + " and the files of role golden are "
              + golden
              + ", but they must be one and the same file, or there must be neither");
    }
    return whole;
  }

  private Manifest withGolden(JsonFields golden) {
    String path = golden.text("path");
    if (files.stream().noneMatch(file -> file.path().equals(path))) {
      throw golden.refused("path", "the path of a listed file");
    }
    double tolerance = golden.number("tolerance");
    if (tolerance < 0) {
      throw golden.refused("tolerance", "a finite number of at least 0");
    }
    return new Manifest(name, number, createdAt, format, entry, files, schema, path, tolerance);
  }

  private static @Nullable Instant createdAt(JsonFields json) {
    if (!json.has("createdAt")) {
      return null;
    }
    String text = json.text("createdAt");
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw json.refused("createdAt", "a UTC time such as \"2026-11-24T00:00:00Z\"");
    }
  }

  private static List<Entry> files(JsonFields json) {
    List<Entry> files = new ArrayList<>();
    for (JsonFields file : json.objects("files")) {
      String sha256 = file.text("sha256");
      if (!Sha256.valid(sha256)) {
        throw file.refused("sha256", "64 lower-case hex digits");
      }
      String role = file.text("role");
      if (!validRole(role)) {
        throw file.refused("role", "one lower-case word such as \"model\"");
      }
      files.add(new Entry(file.text("path"), file.count("size"), sha256, role));
    }
    List<String> problems = PackagePaths.problems(files.stream().map(Entry::path).toList());
    if (!problems.isEmpty()) {
      throw json.refused("files: " + String.join("; ", problems));
    }
    return files;
  }
}
