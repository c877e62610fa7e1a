package dev.mlops.drift.report;

import static dev.mlops.model.ElementType.FLOAT;
import static dev.mlops.model.ElementType.TEXT;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.mlops.drift.Fixtures;
import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.NumberCells;
import dev.mlops.model.ElementType;
import dev.mlops.model.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/** Evidence to draw: real windows of real data, and made-up ones for what those do not hold. */
final class SampleEvidence {
  static final Version VERSION = new Version("storms", "2.0.0", "sha256:" + "5f0c".repeat(16));
  static final String BASELINE = "sha256:" + "a17e".repeat(16);
  static final Instant FROM = Instant.parse("2026-11-25T02:00:05Z");

  private SampleEvidence() {}

  /** The storms of the class path, one of their windows. */
  static Evidence storms(String window) {
    return of(Fixtures.resource("fixtures/datasets/storms"), window, new Rule(0.01, 0.1));
  }

  /** A window of a data set against its training rows. */
  static Evidence of(Path data, String window, Rule rule) {
    return of(data, data.resolve(window), rule);
  }

  static Evidence of(Path data, Path window, Rule rule) {
    try {
      JsonNode schema = new ObjectMapper().readTree(data.resolve("schema.json").toFile());
      List<NamedCsvRecord> train = rows(data.resolve("train.csv"));
      List<NamedCsvRecord> served = rows(window);
      List<Evidence.Column> columns = new ArrayList<>();
      String first = schema.get("numeric_columns").get(0).asText();
      String second = schema.get("numeric_columns").get(2).asText();
      ToDoubleFunction<NamedCsvRecord> score =
          row -> 1 / (1 + Math.exp(1.5 - number(row, first) / 10 + number(row, second) / 40));
      columns.add(
          column(
              ColumnBaseline.ofScores("score", FLOAT, finite(train, score), 0),
              true,
              finite(served, score),
              0,
              rule));
      for (JsonNode name : schema.get("numeric_columns")) {
        columns.add(numbers(name.asText(), train, served, rule));
      }
      for (JsonNode name : schema.get("categorical_columns")) {
        columns.add(texts(name.asText(), train, served, rule));
      }
      return new Evidence(
          schema.get("dataset").asText() + "@champion",
          VERSION,
          Optional.of(BASELINE),
          train.size(),
          FROM,
          FROM.plusSeconds(3_725),
          served.size(),
          0,
          true,
          rule,
          columns);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** So many columns of made-up numbers, every third of which moves. */
  static Evidence wide(int count, int rows) {
    Random random = new Random(count);
    Rule rule = new Rule(0.01, 0.05);
    List<Evidence.Column> columns = new ArrayList<>();
    for (int c = 0; c < count; c++) {
      double moved = c % 3 == 0 ? 0.02 * c : 0;
      double[] then = new double[rows];
      double[] now = new double[rows / 4];
      for (int i = 0; i < then.length; i++) {
        then[i] = value(random, c, 0);
      }
      for (int i = 0; i < now.length; i++) {
        now[i] = value(random, c, moved);
      }
      columns.add(
          column(
              ColumnBaseline.ofNumbers("measurement_" + (c + 1), FLOAT, then, c % 7),
              false,
              now,
              c % 5,
              rule));
    }
    return evidence(rows, rows / 4, rule, columns);
  }

  private static double value(Random random, int shape, double moved) {
    double normal = random.nextGaussian() + moved;
    return switch (shape % 6) {
      case 0 -> normal;
      case 1 -> Math.exp(1.5 * normal);
      case 2 -> Math.rint(20 + 6 * normal);
      case 3 -> random.nextInt(2) == 0 ? 0 : 1_000 * Math.exp(normal);
      case 4 -> Math.floor(random.nextInt(5) + moved);
      default -> -1e-5 * Math.log(1 - random.nextDouble()) * (1 + moved);
    };
  }

  static Evidence evidence(long baselineRows, long rows, Rule rule, List<Evidence.Column> columns) {
    return new Evidence(
        "storms@champion",
        VERSION,
        Optional.of(BASELINE),
        baselineRows,
        FROM,
        FROM.plusSeconds(600),
        rows,
        0,
        true,
        rule,
        columns);
  }

  /** A number column of a baseline, and what was served since. */
  static Evidence.Column column(
      ColumnBaseline baseline, boolean score, double[] served, int missing, Rule rule) {
    NumberCells cells = (NumberCells) baseline.cells();
    long[] counts = new long[cells.size()];
    for (double value : served) {
      counts[cells.cell(baseline.type() == FLOAT ? (float) value : value)]++;
    }
    counts[cells.missing()] += missing;
    return compared(baseline, score, counts, rule);
  }

  /** A column of a baseline with these serving counts. */
  static Evidence.Column compared(
      ColumnBaseline baseline, boolean score, long[] counts, Rule rule) {
    Comparison comparison = Comparison.of(baseline.cells(), baseline.counts(), counts, rule);
    return new Evidence.Column(
        baseline.name(),
        baseline.type(),
        score,
        Optional.of(new Evidence.Compared(baseline, counts, comparison)),
        "");
  }

  /** A column of categories: how often each was there then and now. */
  static Evidence.Column categories(
      String name, ElementType type, Map<String, Long> then, Map<String, Long> now, Rule rule) {
    ColumnBaseline baseline = ColumnBaseline.ofCategories(name, type, then, 0);
    CategoryCells cells = (CategoryCells) baseline.cells();
    long[] counts = new long[cells.size()];
    now.forEach((category, count) -> counts[cells.cell(category)] += count);
    return compared(baseline, false, counts, rule);
  }

  private static Evidence.Column numbers(
      String name, List<NamedCsvRecord> train, List<NamedCsvRecord> served, Rule rule) {
    double[] then = finite(train, row -> number(row, name));
    double[] now = finite(served, row -> number(row, name));
    return column(
        ColumnBaseline.ofNumbers(name, FLOAT, then, train.size() - then.length),
        false,
        now,
        served.size() - now.length,
        rule);
  }

  private static Evidence.Column texts(
      String name, List<NamedCsvRecord> train, List<NamedCsvRecord> served, Rule rule) {
    Map<String, Long> then = new HashMap<>();
    long missing = 0;
    for (NamedCsvRecord row : train) {
      String text = row.getField(name);
      if (text.isEmpty()) {
        missing++;
      } else {
        then.merge(text, 1L, Long::sum);
      }
    }
    ColumnBaseline baseline = ColumnBaseline.ofCategories(name, TEXT, then, missing);
    CategoryCells cells = (CategoryCells) baseline.cells();
    long[] counts = new long[cells.size()];
    for (NamedCsvRecord row : served) {
      String text = row.findField(name).orElse("");
      counts[text.isEmpty() ? cells.missing() : cells.cell(text)]++;
    }
    return compared(baseline, false, counts, rule);
  }

  private static double number(NamedCsvRecord row, String name) {
    String text = row.findField(name).orElse("");
    try {
      return text.isEmpty() ? Double.NaN : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /** Without those that are missing. */
  private static double[] finite(
      List<NamedCsvRecord> rows, ToDoubleFunction<NamedCsvRecord> value) {
    return rows.stream().mapToDouble(value).filter(Double::isFinite).toArray();
  }

  private static List<NamedCsvRecord> rows(Path file) throws IOException {
    try (CsvReader<NamedCsvRecord> csv = CsvReader.builder().ofNamedCsvRecord(file)) {
      return csv.stream().toList();
    }
  }
}
