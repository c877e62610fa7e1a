package dev.mlops.drift.baseline;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import dev.mlops.model.InvalidSettingsException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Training rows read from a CSV file, some at a time: RFC 4180, UTF-8, a header with names that
 * differ, each row as long as the header; empty lines are passed over. Everything else is an {@link
 * InvalidSettingsException} that names file and line. Used by one thread at a time.
 */
final class TrainingCsv implements AutoCloseable {
  /**
   * Rows that follow each other.
   *
   * @param lines where each begins in the file, counted from 1
   * @param failure what ended them before their number was full; null at the end of the file
   */
  record Batch(List<CsvRecord> rows, long[] lines, @Nullable InvalidSettingsException failure) {}

  private final String file;
  private final SeekableByteChannel channel;
  private final CsvReader<CsvRecord> reader;
  private final CloseableIterator<CsvRecord> records;
  private final Map<String, Integer> header = new LinkedHashMap<>();
  private long last = 1;

  private TrainingCsv(String file, SeekableByteChannel channel) {
    this.file = file;
    this.channel = channel;
    this.reader =
        CsvReader.builder()
            .allowUnclosedQuote(false)
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .ofCsvRecord(decoded(channel));
    this.records = reader.iterator();
  }

  /** Opens a file and reads its header. */
  static TrainingCsv open(Path file) {
    SeekableByteChannel channel;
    try {
      channel = Files.newByteChannel(file);
    } catch (IOException e) {
      throw new InvalidSettingsException("training rows " + file + " cannot be read: " + e);
    }
    TrainingCsv csv = new TrainingCsv(file.toString(), channel);
    try {
      csv.readHeader();
    } catch (InvalidSettingsException e) {
      csv.close();
      throw e;
    }
    return csv;
  }

  private void readHeader() {
    CsvRecord first = read();
    if (first == null) {
      throw new InvalidSettingsException(
          problem(1, "the file is empty; wanted a header with the columns' names"));
    }
    List<String> problems = new ArrayList<>();
    for (String name : first.getFields()) {
      if (header.putIfAbsent(name, header.size()) != null) {
        problems.add(problem(last, "column '" + name + "' stands there twice"));
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidSettingsException(problems);
    }
  }

  /** The names in the header and their places, in order. */
  Map<String, Integer> header() {
    return header;
  }

  /** The next rows; none at the end. */
  Batch next(int atMost) {
    List<CsvRecord> rows = new ArrayList<>(atMost);
    long[] lines = new long[atMost];
    try {
      while (rows.size() < atMost) {
        CsvRecord row = read();
        if (row == null) {
          break;
        }
        if (row.getFieldCount() != header.size()) {
          throw new InvalidSettingsException(
              problem(
                  last,
                  "has " + row.getFieldCount() + " cells, but the header has " + header.size()));
        }
        lines[rows.size()] = last;
        rows.add(row);
      }
    } catch (InvalidSettingsException e) {
      return new Batch(rows, lines, e);
    }
    return new Batch(rows, lines, null);
  }

  /** The share of the file that was read, from 0 to 1; empty where the file cannot say. */
  OptionalDouble progress() {
    try {
      long size = channel.size();
      return size > 0
          ? OptionalDouble.of((double) channel.position() / size)
          : OptionalDouble.empty();
    } catch (IOException e) {
      return OptionalDouble.empty(); // a pipe has no position
    }
  }

  /** What is wrong in a line. */
  String problem(long line, String what) {
    return file + " line " + line + ": " + what;
  }

  /** What is wrong with the file. */
  String problem(String what) {
    return file + ": " + what;
  }

  /** The file's name in messages. */
  String file() {
    return file;
  }

  @Override
  public void close() {
    try {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable CsvRecord read() {
    try {
      if (!records.hasNext()) {
        return null;
      }
      CsvRecord record = records.next();
      last = record.getStartingLineNumber();
      return record;
    } catch (CsvParseException | UncheckedIOException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      throw new InvalidSettingsException(
          problem(
              last, "here or below, the file cannot be read as CSV in UTF-8: " + why.getMessage()));
    }
  }

  /** Strict UTF-8 without the mark that some programs put at its start. */
  private static Reader decoded(SeekableByteChannel channel) {
    Reader reader =
        new BufferedReader(
            new InputStreamReader(
                Channels.newInputStream(channel), StandardCharsets.UTF_8.newDecoder()),
            1 << 16);
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
