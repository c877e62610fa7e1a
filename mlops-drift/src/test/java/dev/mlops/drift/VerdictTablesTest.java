package dev.mlops.drift;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verdicts on every window and planted fault, as docs/drift.md tells them. */
class VerdictTablesTest {
  private static final Path PAGE = Path.of("..", "docs", "drift.md");

  @TempDir private Path folder;

  @Test
  void storms_asDocumented() throws IOException {
    Path data = Fixtures.committed("datasets/storms/train.csv").getParent();
    try (ServedModel model = ServedModel.storms(folder, 0.1)) {
      assertDocumented("storms", table(model, data));
    }
  }

  @Test
  void bank_asDocumented() throws IOException {
    Path data = Fixtures.shared("datasets/bank");
    try (ServedModel model =
        ServedModel.columns(
            "bank",
            folder,
            0.05,
            List.of(
                "age",
                "campaign",
                "pdays",
                "previous",
                "emp_var_rate",
                "cons_price_idx",
                "cons_conf_idx",
                "euribor3m",
                "nr_employed"),
            List.of(
                "job",
                "marital",
                "education",
                "credit_default",
                "housing",
                "loan",
                "contact",
                "month",
                "day_of_week",
                "poutcome"))) {
      assertDocumented("bank", table(model, data));
    }
  }

  @Test
  void adult_asDocumented() throws IOException {
    Path data = Fixtures.shared("datasets/adult");
    try (ServedModel model =
        ServedModel.columns(
            "adult",
            folder,
            0.05,
            List.of(
                "age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week"),
            List.of(
                "workclass",
                "education",
                "marital_status",
                "occupation",
                "relationship",
                "race",
                "sex",
                "native_country"))) {
      assertDocumented("adult", table(model, data));
    }
  }

  @Test
  void flights_asDocumented() throws IOException {
    Path data = Fixtures.shared("datasets/flights");
    try (ServedModel model = ServedModel.flights(folder, 0.05)) {
      assertDocumented("flights", table(model, data));
    }
  }

  private static String table(ServedModel model, Path data) throws IOException {
    StringBuilder table =
        new StringBuilder(
            "| window | rows | DRIFT | stable | open |\n| --- | --- | --- | --- | --- |\n");
    for (Path file : windows(data)) {
      ServedModel.Served served = model.serve(file);
      DriftReport report = served.report();
      List<String> drifted = new ArrayList<>();
      for (Verdict verdict : report.verdicts()) {
        if (verdict.level() == Verdict.Level.DRIFT) {
          drifted.add(
              String.format(
                  Locale.ROOT,
                  "%s %.2f%s",
                  verdict.column().equals("probabilities.1") ? "*score*" : verdict.column(),
                  verdict.effect(),
                  verdict.test().equals("not-finite-share") ? " missing" : ""));
        }
      }
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %,d%s | %s | %d | %d |%n",
              file.getFileName().toString().replace(".csv", ""),
              report.rows(),
              served.refused() == 0 ? "" : " (%d refused)".formatted(served.refused()),
              String.join(", ", drifted),
              count(report, Verdict.Level.STABLE),
              count(report, Verdict.Level.INSUFFICIENT)));
    }
    return table.toString();
  }

  private static long count(DriftReport report, Verdict.Level level) {
    return report.verdicts().stream().filter(verdict -> verdict.level() == level).count();
  }

  private static List<Path> windows(Path data) throws IOException {
    try (Stream<Path> files = Files.list(data)) {
      return files
          .filter(file -> file.getFileName().toString().matches("(serving|fault)_.*\\.csv"))
          .sorted(
              java.util.Comparator.comparing(
                      (Path f) -> f.getFileName().toString().startsWith("fault"))
                  .thenComparing(Path::getFileName))
          .toList();
    }
  }

  private static void assertDocumented(String dataset, String table) throws IOException {
    Path seen = Files.createDirectories(Path.of("target", "verdicts")).resolve(dataset + ".md");
    Files.writeString(seen, table);
    assertThat(Files.readString(PAGE)).as("what was seen is in %s", seen).contains(table);
  }
}
