package dev.mlops.drift;

import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.Counts;
import dev.mlops.drift.count.Recorder;
import dev.mlops.drift.report.Evidence;
import dev.mlops.model.Version;
import dev.mlops.store.StoredVersion;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * One version on one route: its open window and the reports of those before. Guarded by its own
 * monitor, which no predicting thread ever takes.
 */
final class WatchedVersion {
  /** How many reports are kept of each version. */
  static final int HISTORY = 100;

  private static final System.Logger LOG = System.getLogger(DriftMonitor.class.getName());

  private final String route;
  private final Version version;
  private final Window window;
  private final Rule rule;
  private final WatchedColumns columns;
  private final List<Recorder> recorders = new ArrayList<>();
  private final List<Recorder> retired = new ArrayList<>();
  private final Deque<DriftReport> history = new ArrayDeque<>();

  private Counts counts;
  private Instant from;

  WatchedVersion(String route, StoredVersion stored, Window window, Rule rule, Instant now) {
    this.route = route;
    this.version = stored.version();
    this.window = window;
    this.rule = rule;
    this.columns = new WatchedColumns(stored);
    this.counts = new Counts(columns.counted());
    this.from = now;
  }

  Version version() {
    return version;
  }

  /** Begins to count for a loaded copy of the version. */
  synchronized Recorder record(int slots, Runnable ask, Instant now) {
    long every = window.byRows() ? Math.max(1, window.rows() / slots) : Long.MAX_VALUE;
    Recorder recorder = new Recorder(columns.counted(), slots, every, ask);
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
    counts = new Counts(columns.counted());
    from = now;
    history.addLast(report);
    if (history.size() > HISTORY) {
      history.removeFirst();
    }
    return report;
  }

  private Evidence evidence(Instant to, boolean complete) {
    return new Evidence(
        route,
        version,
        columns.digest(),
        columns.baselineRows(),
        from,
        to.isBefore(from) ? from : to, // a clock that was set back
        counts.rows(),
        counts.lost(),
        complete,
        rule,
        columns.compare(counts, rule));
  }
}
