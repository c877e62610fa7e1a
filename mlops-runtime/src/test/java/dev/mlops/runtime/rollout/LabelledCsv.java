package dev.mlops.runtime.rollout;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import de.siegmar.fastcsv.writer.CsvWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Joins what was served with the labels that came later to the file a quality gate reads: the
 * served columns, {@code truth}, and {@code block} where rows belong together by more than a day.
 * For tests of all packages.
 */
public final class LabelledCsv {
  private LabelledCsv() {}

  /** A window of storms, {@code later_years} or {@code nodrift}, a block a storm and year. */
  public static Path storms(Path folder, String window) {
    Path data = Fixtures.path("datasets/storms");
    return join(
        data.resolve("serving_" + window + ".csv"),
        data.resolve("labels_" + window + ".csv"),
        row -> row.getField("name") + " " + row.getField("event_time").substring(0, 4),
        folder.resolve("labelled_" + window + ".csv"));
  }

  /**
   * Joins by {@code row_id}; rows without a label are left out. {@code event_time} or {@code
   * event_date} becomes {@code time}.
   *
   * @param block of a served row; null writes no column of that name
   */
  public static Path join(
      Path serving, Path labels, Function<NamedCsvRecord, String> block, Path to) {
    Map<String, String> truth = new HashMap<>();
    for (NamedCsvRecord label : read(labels)) {
      truth.put(label.getField("row_id"), label.getField("label"));
    }
    try (CsvWriter writer = CsvWriter.builder().build(to)) {
      boolean header = false;
      for (NamedCsvRecord row : read(serving)) {
        List<String> cells = new ArrayList<>(row.getFields());
        if (!header) {
          List<String> names = new ArrayList<>(row.getHeader());
          names.replaceAll(name -> name.matches("event_(time|date)") ? "time" : name);
          names.add("truth");
          if (block != null) {
            names.add("block");
          }
          writer.writeRecord(names);
          header = true;
        }
        String known = truth.get(row.getField("row_id"));
        if (known != null) {
          cells.add(known);
          if (block != null) {
            cells.add(block.apply(row));
          }
          writer.writeRecord(cells);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return to;
  }

  /** All rows of a file with a header. */
  public static List<NamedCsvRecord> read(Path file) {
    try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(file)) {
      return reader.stream().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
