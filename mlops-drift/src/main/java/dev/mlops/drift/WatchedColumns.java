package dev.mlops.drift;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.baseline.Profile;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.Counts;
import dev.mlops.drift.count.Watched;
import dev.mlops.drift.report.Evidence;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a version that are watched, each with what its baseline holds or why it cannot be
 * compared: the score first, then the inputs that are one value a row. Immutable.
 */
final class WatchedColumns {
  private static final System.Logger LOG = System.getLogger(DriftMonitor.class.getName());

  private final Optional<Profile> baseline;
  private final List<Column> columns = new ArrayList<>();
  private final List<Watched> counted = new ArrayList<>();

  /**
   * One column of the schema.
   *
   * @param index among what is counted; -1 if it is not
   * @param normal its baseline, where it is counted
   * @param problem why it is not counted
   */
  private record Column(
      String name,
      ElementType type,
      boolean score,
      int index,
      @Nullable ColumnBaseline normal,
      String problem) {}

  /**
   * Reads a version's baseline and finds its columns in it; whatever is wrong becomes a problem.
   */
  WatchedColumns(StoredVersion stored) {
    List<String> problem = new ArrayList<>();
    this.baseline = read(stored, problem);
    watch(stored.schema(), problem.isEmpty() ? "" : problem.get(0));
  }

  /** What is to be counted, in the order of {@link Counts}. */
  List<Watched> counted() {
    return counted;
  }

  /** The baseline's digest; empty if there is none that can be read. */
  Optional<String> digest() {
    return baseline.map(Profile::digest);
  }

  /** The baseline's rows; 0 if there is none. */
  long baselineRows() {
    return baseline.map(Profile::rows).orElse(0L);
  }

  /** All columns, those that are counted compared with their baseline. */
  List<Evidence.Column> compare(Counts counts, Rule rule) {
    return columns.stream()
        .map(
            column ->
                new Evidence.Column(
                    column.name(),
                    column.type(),
                    column.score(),
                    compare(column, counts, rule),
                    column.problem()))
        .toList();
  }

  private static Optional<Evidence.Compared> compare(Column column, Counts counts, Rule rule) {
    ColumnBaseline normal = column.normal();
    if (normal == null) {
      return Optional.empty();
    }
    long[] seen = counts.column(column.index());
    return Optional.of(
        new Evidence.Compared(
            normal, seen, Comparison.of(normal.cells(), normal.counts(), seen, rule)));
  }

  private void watch(ModelSchema schema, String problem) {
    schema
        .score()
        .ifPresent(
            score -> {
              ModelSchema.Place place = schema.output(score).orElseThrow();
              ColumnSpec spec = schema.outputColumns().get(place.index());
              ColumnSpec named = new ColumnSpec(score, spec.type(), false, false);
              watch(
                  named,
                  Watched.SCORE,
                  baseline.flatMap(Profile::score).orElse(null),
                  !problem.isEmpty()
                      ? problem
                      : "the baseline holds no scores; make it with a handle on the model:"
                          + " Baseline.fromCsv(csv, schema, handle)");
            });
    int index = 0;
    for (TensorSpec tensor : schema.inputs()) {
      for (ColumnSpec column : tensor.columns()) {
        if (tensor.scalarColumns()) {
          watch(
              column,
              index,
              baseline.flatMap(all -> all.column(column.name())).orElse(null),
              !problem.isEmpty()
                  ? problem
                  : "the baseline does not hold this column; make it again with this schema");
        }
        index++;
      }
    }
  }

  private void watch(ColumnSpec spec, int column, @Nullable ColumnBaseline normal, String problem) {
    boolean score = column == Watched.SCORE;
    boolean category = spec.categorical() || spec.type() == ElementType.BOOL;
    if (normal != null
        && (normal.type() != spec.type()
            || (!score && category != normal.cells() instanceof CategoryCells))) {
      problem =
          "the baseline holds this column as %s%s, the schema says %s%s; make it again with this schema"
              .formatted(
                  normal.type(),
                  normal.cells() instanceof CategoryCells ? " that names things" : "",
                  spec.type(),
                  category ? " that names things" : "");
      normal = null;
    }
    columns.add(
        new Column(
            spec.name(),
            spec.type(),
            score,
            normal == null ? -1 : counted.size(),
            normal,
            normal == null ? problem : ""));
    if (normal != null) {
      counted.add(new Watched(column, normal.cells(), spec.type()));
    }
  }

  private static Optional<Profile> read(StoredVersion stored, List<String> problem) {
    try (InputStream part = stored.part("baseline").orElse(null)) {
      if (part != null) {
        return Optional.of(Profile.read(part));
      }
      problem.add(
          "this version has no baseline; publish it with part(Baseline.fromCsv(csv, schema))");
    } catch (IOException | InvalidSettingsException | IllegalArgumentException e) {
      problem.add("the version's baseline cannot be read: " + e.getMessage());
      LOG.log(Level.WARNING, "the baseline of " + stored.version() + " cannot be read", e);
    }
    return Optional.empty();
  }
}
