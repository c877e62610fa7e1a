package dev.mlops.runtime.rollout;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.store.StoreUnavailableException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A CSV file read line by line: RFC 4180, UTF-8, a header with names that differ, each row as long
 * as the header. Everything else is an {@link InvalidSettingsException} that names file and line; a
 * failure to read is a {@link StoreUnavailableException}, as it says nothing about the file. Used
 * by one thread; closes what it was given.
 */
final class CsvTable implements AutoCloseable {
  /** One row: the line of the file it begins in, counted from 1, and as many cells as names. */
  record Line(long number, List<String> cells) {}

  private final String file;
  private final CsvReader<CsvRecord> reader;
  private final CloseableIterator<CsvRecord> records;
  private final Map<String, Integer> header = new LinkedHashMap<>();
  private long last = 1;

  /**
   * Reads the header.
   *
   * @param file its name in messages
   */
  CsvTable(String file, InputStream bytes) {
    this.file = file;
    this.reader =
        CsvReader.builder()
            .allowUnclosedQuote(false)
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .ofCsvRecord(decoded(bytes));
    this.records = reader.iterator();
    try {
      Line first = read();
      if (first == null) {
        throw problem(1, "the file is empty; wanted a header with the columns' names");
      }
      for (String name : first.cells()) {
        if (header.putIfAbsent(name, header.size()) != null) {
          throw problem(first.number(), "column '" + name + "' stands there twice");
        }
      }
    } catch (InvalidSettingsException | StoreUnavailableException e) {
      close();
      throw e;
    }
  }

  /** The names in the header and their places, in order. */
  Map<String, Integer> header() {
    return header;
  }

  /** The next row; null at the end. */
  @Nullable Line next() {
    Line line = read();
    if (line != null && line.cells().size() != header.size()) {
      throw problem(
          line.number(),
          "has " + line.cells().size() + " cells, but the header has " + header.size());
    }
    return line;
  }

  /** A failure that names the file and the line. */
  InvalidSettingsException problem(long line, String what) {
    return new InvalidSettingsException(file + " line " + line + ": " + what);
  }

  /** A failure that names the file. */
  InvalidSettingsException problem(List<String> all) {
    return new InvalidSettingsException(all.stream().map(what -> file + ": " + what).toList());
  }

  @Override
  public void close() {
    try {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable Line read() {
    try {
      if (!records.hasNext()) {
        return null;
      }
      CsvRecord record = records.next();
      last = record.getStartingLineNumber();
      return new Line(last, record.getFields());
    } catch (CsvParseException | UncheckedIOException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      if (why instanceof IOException && !(why instanceof CharacterCodingException)) {
        throw new StoreUnavailableException(
            file + " cannot be read beyond line " + last + ": " + why, e);
      }
      throw problem(
          last, "here or below, the file cannot be read as CSV in UTF-8: " + why.getMessage());
    }
  }

  /** Strict UTF-8 without the mark that some programs put at its start. */
  private static Reader decoded(InputStream bytes) {
    Reader reader =
        new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder()));
    try {
      reader.mark(1);
      if (reader.read() != '\uFEFF') {
        reader.reset();
      }
    } catch (IOException e) {
      return reader; // malformed at the start: met again and told by the first read
    }
    return reader;
  }
}
