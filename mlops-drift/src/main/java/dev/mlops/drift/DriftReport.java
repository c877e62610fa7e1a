package dev.mlops.drift;

import dev.mlops.drift.compare.Measure;
import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.report.Evidence;
import dev.mlops.model.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What one window says about one version on one route: a verdict for each column, and all the
 * counts behind it. Immutable; safe for all threads.
 *
 * <p>Each column is tested by itself, by two measures, each of which is wrongly DRIFT in at most
 * alpha of the windows. So among many columns whose change is just below delta some are to be
 * expected; without any change there are next to none.
 */
public final class DriftReport {
  private final Evidence evidence;
  private final List<Verdict> verdicts;

  DriftReport(Evidence evidence) {
    this.evidence = evidence;
    this.verdicts =
        evidence.columns().stream().map(column -> verdict(column, evidence.rule())).toList();
  }

  /** The route, such as {@code storms@champion}. */
  public String route() {
    return evidence.route();
  }

  /** The version that answered. */
  public Version version() {
    return evidence.version();
  }

  /**
   * The digest of the baseline's bytes, {@code sha256:…}; empty if the version has none that could
   * be read.
   */
  public Optional<String> baseline() {
    return evidence.baseline();
  }

  /** When the window began. */
  public Instant from() {
    return evidence.from();
  }

  /** When it ended, or when it was looked at. */
  public Instant to() {
    return evidence.to();
  }

  /** The predictions in it. */
  public long rows() {
    return evidence.rows();
  }

  /**
   * Whether the window ended as it was meant to: by its rows, by its time or by {@link
   * DriftMonitor#rotate}. Not so where it was only looked at, where its version or the monitor was
   * closed before its end, where it began in the middle (the version began to serve, or the window
   * before was ended by hand), or where the look at its end came so late that it holds more than
   * one window's time.
   */
  public boolean complete() {
    return evidence.complete();
  }

  /**
   * The score's first, where the schema names one, then in the schema's order those of the inputs
   * that are one value a row: vectors and images are not watched.
   */
  public List<Verdict> verdicts() {
    return verdicts;
  }

  /**
   * The verdict on one column.
   *
   * @throws IllegalArgumentException if there is no such column
   */
  public Verdict verdict(String column) {
    return verdicts.stream()
        .filter(verdict -> verdict.column().equals(column))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no column '"
                        + column
                        + "'; there are "
                        + verdicts.stream().map(Verdict::column).toList()));
  }

  /** DRIFT if any column is, STABLE if all are, else INSUFFICIENT. */
  public Verdict.Level level() {
    return level(evidence.level());
  }

  /**
   * The report as JSON: the counts of both sides, alpha, delta, each statistic, bound and verdict,
   * and the formulas by name, so that every number can be computed again.
   */
  public String toJson() {
    return evidence.toJson();
  }

  /**
   * Writes the report as one HTML page that needs no network and no script. An older file is
   * replaced whole, or left as it was.
   *
   * @throws UncheckedIOException if the folder is not there or cannot be written
   */
  public void writeHtml(Path file) {
    try {
      Path target = Files.exists(file) ? file.toRealPath() : file; // a link is written through
      if (Files.isDirectory(target)) {
        throw new FileAlreadyExistsException(target + " is a folder");
      }
      Path part = target.resolveSibling(".drift-" + UUID.randomUUID() + ".part");
      try {
        Files.writeString(part, evidence.toHtml(), StandardOpenOption.CREATE_NEW);
        Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the page cannot be written to "
              + file
              + ": "
              + e
              + ". Name a file in a folder that is there and writable",
          e);
    }
  }

  /** The report in one sentence. */
  @Override
  public String toString() {
    return evidence.sentence();
  }

  Evidence evidence() {
    return evidence;
  }

  private static Verdict verdict(Evidence.Column column, Rule rule) {
    Optional<Measure> measure = column.deciding();
    Optional<Evidence.Compared> compared = column.compared();
    return new Verdict(
        column.name(),
        level(column.level()),
        measure.map(Measure::effect).orElse(Double.NaN),
        measure.map(Measure::lower).orElse(Double.NaN),
        measure.map(Measure::upper).orElse(Double.NaN),
        rule.delta(),
        measure.map(Measure::pValue).orElse(Double.NaN),
        measure.map(Measure::name).orElse("none"),
        measure.map(Measure::rows).or(() -> compared.map(Evidence.Compared::rows)).orElse(0L),
        measure
            .map(Measure::baselineRows)
            .or(() -> compared.map(both -> both.baseline().rows()))
            .orElse(0L),
        column.reason());
  }

  private static Verdict.Level level(dev.mlops.drift.compare.Level level) {
    return Verdict.Level.valueOf(level.name());
  }
}
