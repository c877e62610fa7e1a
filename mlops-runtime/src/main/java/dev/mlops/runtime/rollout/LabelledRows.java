package dev.mlops.runtime.rollout;

import dev.mlops.inference.Row;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The operator's labelled rows, read some at a time. What is wrong with the file is an {@link
 * InvalidSettingsException} that names file, line and column. Used by one thread.
 */
final class LabelledRows implements AutoCloseable {
  /**
   * One row whose truth is known.
   *
   * @param line of the file, counted from 1
   * @param block which rows it belongs together with
   */
  record Labelled(long line, Row in, String truth, String block) {}

  private final CsvTable table;
  private final CsvInputs inputs;
  private final int truth;
  private final Optional<Integer> block;
  private final Optional<Integer> time;
  private long unlabelled;

  private LabelledRows(CsvTable table, ModelSchema schema) {
    this.table = table;
    this.inputs = CsvInputs.bind(table, schema);
    this.truth =
        place("truth")
            .orElseThrow(
                () ->
                    table.problem(
                        List.of(
                            "no column 'truth': add what each row turned out to be, empty where"
                                + " nobody knows yet")));
    this.block = place("block");
    this.time = place("time");
  }

  /** Opens a file and binds it to a schema's inputs. */
  static LabelledRows open(Path file, ModelSchema schema) {
    CsvTable table;
    try {
      table = new CsvTable(file.toString(), Files.newInputStream(file));
    } catch (IOException e) {
      throw new InvalidSettingsException("labelled rows " + file + " cannot be read: " + e);
    }
    try {
      return new LabelledRows(table, schema);
    } catch (InvalidSettingsException e) {
      table.close();
      throw e;
    }
  }

  /** Whether rows say what they belong together with. */
  boolean blocked() {
    return block.isPresent() || time.isPresent();
  }

  /** The next rows whose truth is known. */
  List<Labelled> next(int atMost) {
    List<Labelled> rows = new ArrayList<>();
    while (rows.size() < atMost) {
      CsvTable.Line line = table.next();
      if (line == null) {
        break;
      }
      String known = line.cells().get(truth);
      if (known.isEmpty()) {
        unlabelled++;
      } else {
        rows.add(new Labelled(line.number(), inputs.read(line), known, block(line)));
      }
    }
    return rows;
  }

  /** How many rows without a truth were passed over so far. */
  long unlabelled() {
    return unlabelled;
  }

  InvalidSettingsException problem(long line, String what) {
    return table.problem(line, what);
  }

  @Override
  public void close() {
    table.close();
  }

  /** A column of ours, unless the model has an input of that name. */
  private Optional<Integer> place(String name) {
    return inputs.names().contains(name)
        ? Optional.empty()
        : Optional.ofNullable(table.header().get(name));
  }

  private String block(CsvTable.Line line) {
    String text = line.cells().get(block.or(() -> time).orElseThrow());
    if (text.isEmpty()) {
      throw table.problem(
          line.number(), "column '" + (block.isPresent() ? "block" : "time") + "' is empty");
    }
    if (block.isPresent()) {
      return text;
    }
    try {
      return day(text).toString();
    } catch (DateTimeException e) {
      throw table.problem(
          line.number(),
          "column 'time' is no time; wanted 2026-01-31, 2026-01-31T18:00:00 (UTC) or the same with"
              + " Z or an offset");
    }
  }

  private static LocalDate day(String text) {
    if (text.length() == 10) {
      return LocalDate.parse(text);
    }
    TemporalAccessor time =
        DateTimeFormatter.ISO_DATE_TIME.parseBest(
            text.replace(' ', 'T'), OffsetDateTime::from, LocalDateTime::from);
    return time instanceof OffsetDateTime offset
        ? offset.withOffsetSameInstant(ZoneOffset.UTC).toLocalDate()
        : ((LocalDateTime) time).toLocalDate();
  }
}
