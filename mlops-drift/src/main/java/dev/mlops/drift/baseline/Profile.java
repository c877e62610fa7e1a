package dev.mlops.drift.baseline;

import dev.mlops.inference.ModelHandle;
import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A baseline: what each watched column held in the training data, and the score if a model was
 * given. Watched are the inputs that are one value a row; vectors, images and values for a whole
 * call are not. Immutable; safe for all threads.
 */
public final class Profile {
  /** The largest form read, in bytes; none larger is made. */
  static final int LARGEST = 32 << 20;

  private final long rows;
  private final Map<String, ColumnBaseline> columns = new LinkedHashMap<>();
  private final Optional<ColumnBaseline> score;
  private final byte[] bytes;
  private final String digest;

  private Profile(
      long rows, List<ColumnBaseline> columns, Optional<ColumnBaseline> score, byte[] bytes) {
    this.rows = rows;
    columns.forEach(column -> this.columns.put(column.name(), column));
    this.score = score;
    this.bytes = bytes;
    try {
      this.digest =
          "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Makes a baseline from training rows; see {@code Baseline.fromCsv}.
   *
   * @param scorer what scores the rows; empty to leave the score out
   */
  public static Profile fromCsv(
      Path csv, ModelSchema schema, Optional<ModelHandle<Row, Row>> scorer) {
    return Training.run(csv, schema, scorer);
  }

  /**
   * Reads a baseline in form 1 from any writer.
   *
   * @param json the caller's to close
   * @throws InvalidSettingsException if it is none
   * @throws UncheckedIOException if reading fails
   */
  public static Profile read(InputStream json) {
    byte[] bytes;
    try {
      bytes = json.readNBytes(LARGEST + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    FormReader form = FormReader.read(bytes);
    return new Profile(form.rows(), form.columns(), form.score(), bytes);
  }

  /** A baseline of columns that all counted so many rows. */
  static Profile of(long rows, List<ColumnBaseline> columns, Optional<ColumnBaseline> score) {
    byte[] bytes = FormWriter.write(rows, columns, score);
    if (bytes.length > LARGEST) {
      throw new InvalidSettingsException(
          "the baseline would have "
              + bytes.length
              + " bytes, and at most "
              + LARGEST
              + " are read; most of them are the names of categories: shorten the texts, or leave"
              + " the columns that hold them out of the schema");
    }
    return new Profile(rows, columns, score, bytes);
  }

  /** The training rows: each column counted so many values, missing ones included. */
  public long rows() {
    return rows;
  }

  /** The watched input columns, in the schema's order. */
  public List<ColumnBaseline> columns() {
    return List.copyOf(columns.values());
  }

  /** The watched input column of this name. */
  public Optional<ColumnBaseline> column(String name) {
    return Optional.ofNullable(columns.get(name));
  }

  /** The score, named as the schema names it; empty if no model was given. */
  public Optional<ColumnBaseline> score() {
    return score;
  }

  /** Form 1, canonical where it was made here, as it was where it was read; a copy. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** The digest of {@link #bytes()}: {@code sha256:} and 64 hexadecimal digits. */
  public String digest() {
    return digest;
  }
}
