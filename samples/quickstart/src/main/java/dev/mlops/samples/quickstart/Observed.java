package dev.mlops.samples.quickstart;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A row of the stream.
 *
 * @param id of the row
 * @param key the storm and its year: rows of one storm are not independent
 * @param time when it was recorded
 * @param storm what the model sees
 * @param truth whether the wind did grow; empty where no record came six hours later
 * @param known when that was known
 */
record Observed(
    long id, String key, Instant time, Storm storm, Optional<Boolean> truth, Instant known) {

  int year() {
    return time.atOffset(ZoneOffset.UTC).getYear();
  }

  /** All rows of a file, in time order. */
  static List<Observed> read(Path csv) throws IOException {
    try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(csv);
        Stream<NamedCsvRecord> rows = reader.stream()) {
      return rows.map(Observed::of).toList();
    }
  }

  private static Observed of(NamedCsvRecord row) {
    Instant time = time(row.getField("event_time"));
    Storm storm =
        new Storm(
            Float.parseFloat(row.getField("month")),
            Float.parseFloat(row.getField("hour")),
            Float.parseFloat(row.getField("lat")),
            Float.parseFloat(row.getField("long")),
            Float.parseFloat(row.getField("wind")),
            Float.parseFloat(row.getField("pressure")),
            maybe(row.getField("wind_change_6h")),
            maybe(row.getField("pressure_change_6h")));
    String label = row.findField("intensifies").orElse("");
    boolean labelled = !label.isEmpty();
    return new Observed(
        Long.parseLong(row.getField("row_id")),
        row.getField("name") + " " + row.getField("event_time").substring(0, 4),
        time,
        storm,
        labelled ? Optional.of(label.equals("1")) : Optional.empty(),
        labelled ? time(row.getField("label_time")) : Instant.MAX);
  }

  private static Instant time(String text) {
    return LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
  }

  private static @Nullable Float maybe(String text) {
    return text.isEmpty() ? null : Float.valueOf(text);
  }
}
