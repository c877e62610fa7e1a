package dev.mlops.drift;

import dev.mlops.drift.baseline.ColumnBaseline;
import dev.mlops.drift.baseline.Profile;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.CategoryCells;
import dev.mlops.drift.count.Counts;
import dev.mlops.drift.count.Recorder;
import dev.mlops.drift.count.Watched;
import dev.mlops.drift.report.Evidence;
import dev.mlops.model.ColumnSpec;
import dev.mlops.model.ElementType;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelSchema;
import dev.mlops.model.TensorSpec;
import dev.mlops.model.Version;
import dev.mlops.store.StoredVersion;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One version on one route: its baseline, its open window and the reports of those before. Guarded
 * by its own monitor, which no predicting thread ever takes.
 */
final class WatchedVersion {
  /** How many reports are kept of each version. */
  static final int HISTORY = 100;

  private static final System.Logger LOG = System.getLogger(DriftMonitor.class.getName());

  private final String route;
  private final Version version;
  private final Window window;
  private final Rule rule;
  private final Optional<Profile> baseline;
  private final List<Column> columns;
  private final List<Watched> counted;
  private final List<Recorder> recorders = new ArrayList<>();
  private final List<Recorder> retired = new ArrayList<>();
  private final Deque<DriftReport> history = new ArrayDeque<>();

  private Counts counts;
  private Instant from;

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

  WatchedVersion(String route, StoredVersion stored, Window window, Rule rule, Instant now) {
    this.route = route;
    this.version = stored.version();
    this.window = window;
    this.rule = rule;
    List<String> problem = new ArrayList<>();
    this.baseline = read(stored, problem);
    this.columns = new ArrayList<>();
    this.counted = new ArrayList<>();
    watch(stored.schema(), problem.isEmpty() ? "" : problem.get(0));
    this.counts = new Counts(counted);
    this.from = now;
  }

  Version version() {
    return version;
  }

  /** Begins to count for a loaded copy of the version. */
  synchronized Recorder record(int slots, Runnable ask, Instant now) {
    long every = window.byRows() ? Math.max(1, window.rows() / slots) : Long.MAX_VALUE;
    Recorder recorder = new Recorder(counted, slots, every, ask);
    if (recorders.isEmpty()) {
      from = now; // nothing was counted since the last copy was closed
    }
    recorders.add(recorder);
    return recorder;
  }

  /** Whether a copy of it is loaded. */
  synchronized boolean open() {
    return !recorders.isEmpty();
  }

  /**
   * Takes what was counted, and ends the window if it is due, or if the last copy of the version
   * was closed.
   */
  synchronized Optional<DriftReport> look(Instant now) {
    drain();
    if (!window.byRows() && now.isBefore(from)) {
      from = now; // the clock was ahead and has been put right
    }
    if (!retired.isEmpty()) {
      recorders.removeAll(retired);
      retired.clear();
      if (recorders.isEmpty()) {
        return last(now);
      }
    }
    if (!ended(now)) {
      return Optional.empty();
    }
    if (held() == 0) {
      from = window.begin(now); // hours without a prediction say nothing
      return Optional.empty();
    }
    if (window.byRows()) {
      return Optional.of(end(now, true));
    }
    Instant due = window.end(from);
    boolean late = !now.isBefore(window.end(due)); // what came in the next window is in it as well
    return Optional.of(end(late ? window.begin(now) : due, whole() && !late));
  }

  private boolean ended(Instant now) {
    return window.byRows() ? held() >= window.rows() : !now.isBefore(window.end(from));
  }

  /** Whether a window by time was begun at its beginning. */
  private boolean whole() {
    return from.equals(window.begin(from));
  }

  /** Lost predictions fill a window too, or it would never tell of them. */
  private long held() {
    return counts.rows() + counts.lost();
  }

  /** The report of a window that is cut off, which it may just have been due. */
  private Optional<DriftReport> last(Instant now) {
    return held() == 0
        ? Optional.empty()
        : Optional.of(end(now, ended(now) && (window.byRows() || whole())));
  }

  /** When a look is due; empty if only rows can say. */
  synchronized Optional<Instant> due() {
    return window.byRows() || recorders.isEmpty()
        ? Optional.empty()
        : Optional.of(window.end(from));
  }

  /** Ends the window now. */
  synchronized DriftReport rotate(Instant now) {
    drain();
    return end(now, true);
  }

  /** The window so far. */
  synchronized DriftReport report(Instant now) {
    drain();
    return new DriftReport(evidence(now, false));
  }

  /** The reports of the windows that ended, the oldest first. */
  synchronized List<DriftReport> history() {
    return List.copyOf(history);
  }

  /** A copy of it was closed: the next look takes its last counts. */
  synchronized void retire(Recorder recorder) {
    retired.add(recorder);
  }

  /** Ends all counting, and the window as far as it came. */
  synchronized Optional<DriftReport> close(Instant now) {
    recorders.forEach(Recorder::close);
    drain();
    recorders.clear();
    return last(now);
  }

  private void drain() {
    for (Recorder recorder : recorders) {
      recorder.drain(counts);
    }
  }

  private DriftReport end(Instant now, boolean complete) {
    DriftReport report = new DriftReport(evidence(now, complete));
    if (counts.lost() > 0) {
      LOG.log(
          Level.WARNING,
          "{0} of {1} on {2}: {3} predictions of the window could not be counted",
          version,
          route,
          counts.lost());
    }
    counts = new Counts(counted);
    from = now;
    history.addLast(report);
    if (history.size() > HISTORY) {
      history.removeFirst();
    }
    return report;
  }

  private Evidence evidence(Instant to, boolean complete) {
    List<Evidence.Column> compared = new ArrayList<>();
    for (Column column : columns) {
      compared.add(
          new Evidence.Column(
              column.name(), column.type(), column.score(), compare(column), column.problem()));
    }
    return new Evidence(
        route,
        version,
        baseline.map(Profile::digest),
        baseline.map(Profile::rows).orElse(0L),
        from,
        to.isBefore(from) ? from : to, // a clock that was set back
        counts.rows(),
        counts.lost(),
        complete,
        rule,
        compared);
  }

  private Optional<Evidence.Compared> compare(Column column) {
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
        watch(
            column,
            index++,
            baseline.flatMap(all -> all.column(column.name())).orElse(null),
            !problem.isEmpty()
                ? problem
                : tensor.scalarColumns()
                    ? "the baseline does not hold this column; make it again with this schema"
                    : "a value is "
                        + tensor.shape()
                        + " and not one number or text, so it is not watched");
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
