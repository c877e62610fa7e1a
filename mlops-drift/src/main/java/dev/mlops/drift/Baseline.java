package dev.mlops.drift;

import dev.mlops.drift.baseline.Profile;
import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.PackagePart;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What normal was when a model was trained: for each input column, and for the score, cells and how
 * many training rows fell into each. It travels in the model's package, where the drift monitor
 * finds it when the version is opened. It holds no rows; of texts and of numbers that name things
 * it holds those that occurred, and the 100 most frequent ones where a column has more than 10,100.
 *
 * <p>Columns are those of the schema that are one value a row; vectors, images and values for a
 * whole call are left out. A number that measures something is counted in about 64 cells of equal
 * mass, cut in the type the model reads; what is TEXT, BOOL or declared categorical by its value.
 *
 * <p>The same rows and schema give the same bytes on every machine, with a scorer as far as its
 * scores are the same; the form is documented in {@code docs/formats/baseline.md}. Immutable; safe
 * for all threads.
 */
public final class Baseline implements PackagePart {
  private static final String ROLE = "baseline";
  private static final String PATH = "baseline.json";

  private final Profile profile;

  private Baseline(Profile profile) {
    this.profile = profile;
  }

  /**
   * A baseline of training rows, without a score; see {@link #fromCsv(Path, ModelSchema,
   * ModelHandle)}.
   */
  public static Baseline fromCsv(Path csv, ModelSchema schema) {
    return new Baseline(Profile.fromCsv(csv, schema, Optional.empty()));
  }

  /**
   * A baseline of training rows and of what the model answers to them.
   *
   * <p>The file is CSV (RFC 4180, UTF-8) with a header. It holds each watched input by its name or
   * as {@code tensor.column}, and with a scorer also the inputs that are not watched; columns
   * beyond those, such as labels and keys, are passed over, and so are empty lines (in a file of
   * one column a missing value is therefore written {@code ""}). An empty cell is missing where the
   * column is optional, empty text in a TEXT column that is not, and refused elsewhere. Numbers
   * that are not finite are taken in optional columns only.
   *
   * <p>It is read once, and until its end all values of columns that measure something are kept: 4
   * bytes each for FLOAT and FLOAT16 and 8 for other types, in arrays up to half as long again. Of
   * other columns each distinct value is kept once, in about 100 bytes and its text. So ten million
   * rows of 30 FLOAT columns take 1.2 to 1.8 GB. Columns are read and sorted in parallel, on the
   * threads of the fork-join pool that the caller is in, else of the common one. Progress is logged
   * each million rows.
   *
   * @param scorer scores the rows in batches of 1,024, on the same threads, unrecorded; each waits
   *     for a slot as long as an hour
   * @throws InvalidSettingsException if the file cannot be read, lacks a column, has a cell that
   *     does not fit, named by line and column, or has no rows; or if there is a scorer, but the
   *     schema names no score or has an input that a cell cannot hold. What the scorer throws is
   *     passed on
   */
  public static Baseline fromCsv(Path csv, ModelSchema schema, ModelHandle<Row, Row> scorer) {
    return new Baseline(Profile.fromCsv(csv, schema, Optional.of(scorer)));
  }

  /**
   * Reads a baseline that this class or another program wrote.
   *
   * @param in read to its end, 32 MiB at most; the caller's to close
   * @throws InvalidSettingsException if it is no baseline; the message says what is wrong and where
   * @throws UncheckedIOException if reading fails
   */
  public static Baseline read(InputStream in) {
    return new Baseline(Profile.read(in));
  }

  /** How many training rows it counts. */
  public long rows() {
    return profile.rows();
  }

  /**
   * The SHA-256 of the bytes written by {@link #writeTo}, which are those that were read where it
   * was read: {@code sha256:} and 64 hexadecimal digits. Each drift report names it.
   */
  public String digest() {
    return profile.digest();
  }

  @Override
  public String role() {
    return ROLE;
  }

  @Override
  public String path() {
    return PATH;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    out.write(profile.bytes());
  }

  Profile profile() {
    return profile;
  }
}
