package dev.mlops.drift.report;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Level;
import dev.mlops.drift.compare.Measure;
import dev.mlops.drift.compare.Rule;
import dev.mlops.model.ElementType;
import dev.mlops.model.Version;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * All that a report rests on, and the report as text: a sentence, JSON, a page.
 *
 * @param route such as {@code storms@champion}
 * @param baseline digest of the baseline's bytes, {@code sha256:…}; empty if the version has none
 * @param baselineRows 0 without a baseline
 * @param from when the window began
 * @param to when it ended, or when it was looked at
 * @param rows predictions in it
 * @param lost predictions that could not be counted: something unexpected was thrown on the way
 * @param complete whether the window is a whole one
 * @param columns the score first, where the schema names one, then the inputs in the schema's order
 */
public record Evidence(
    String route,
    Version version,
    Optional<String> baseline,
    long baselineRows,
    Instant from,
    Instant to,
    long rows,
    long lost,
    boolean complete,
    Rule rule,
    List<Column> columns) {
  /** DRIFT if a column has drifted; STABLE if there is one and all are; otherwise INSUFFICIENT. */
  public Level level() {
    return Summary.of(this).level();
  }

  /** The report in one or two sentences. */
  public String sentence() {
    return Summary.of(this).sentence();
  }

  /** The report as JSON, from which every number can be computed again. */
  public String toJson() {
    return EvidenceJson.of(this);
  }

  /** The report as one HTML page that needs nothing else. */
  public String toHtml() {
    return Page.of(this);
  }

  /**
   * One column's.
   *
   * @param score whether it is the score and not an input
   * @param compared what both sides hold; empty where there is nothing to compare with
   * @param problem why there is nothing to compare with, and what to do; empty otherwise
   */
  public record Column(
      String name, ElementType type, boolean score, Optional<Compared> compared, String problem) {
    /** Its verdict; one without a comparison has not enough. */
    public Level level() {
      return compared.map(both -> both.comparison().level()).orElse(Level.INSUFFICIENT);
    }

    /** The measure that its verdict rests on. */
    public Optional<Measure> deciding() {
      return compared.flatMap(both -> both.comparison().decidingMeasure());
    }

    /** The verdict's evidence in words, or why there is none. */
    public String reason() {
      return compared.map(both -> both.comparison().reason()).orElse(problem);
    }
  }

  /**
   * Both sides of a column.
   *
   * @param counts of the window, one a cell of the baseline; not to be changed
   */
  public record Compared(ColumnBaseline baseline, long[] counts, Comparison comparison) {
    /** The rows of the window: the sum of the counts. */
    public long rows() {
      return LongStream.of(counts).sum();
    }
  }
}
