package dev.mlops.drift;

import dev.mlops.drift.compare.Rule;
import dev.mlops.drift.count.Recorder;
import dev.mlops.model.InvalidSettingsException;
import dev.mlops.model.ModelRef;
import dev.mlops.model.Version;
import dev.mlops.observe.Observation;
import dev.mlops.observe.VersionObserver;
import dev.mlops.store.StoredVersion;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Watches what versions are asked and what they answer, and says when it is no longer what they
 * were trained on. Given to a runtime as an observer, it counts each prediction's values into the
 * cells of the version's {@link Baseline} and compares the counts at the end of each window.
 *
 * <pre>{@code
 * DriftMonitor drift = DriftMonitor.builder().onReport(report -> alert(report)).build();
 * ModelRuntime runtime = ModelRuntime.builder().store(store).observer(drift).build();
 * }</pre>
 *
 * <p>The predicting thread only adds to counts: no lock, no allocation, nothing thrown. A thread of
 * the monitor's own, a daemon named {@code mlops-drift}, merges them, ends windows and compares;
 * another, {@code mlops-drift-listener}, calls the listener if there is one. Shadow traffic is left
 * out, and so are predictions of an {@code unrecorded} call.
 *
 * <p>A version without a baseline is watched too: its rows are counted, and its reports say what is
 * missing. Of each version on each route the last 100 reports are kept, and those of the last 10
 * that were closed.
 *
 * <p>Safe for all threads. Close it after the runtimes it observes: a version that is closed before
 * it still gets its last report.
 */
public final class DriftMonitor implements VersionObserver.Factory, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DriftMonitor.class.getName());
  private static final int CLOSED_KEPT = 10;
  private static final int UNTOLD_KEPT = 1_000;
  private static final long LONGEST_PARK = Duration.ofSeconds(1).toNanos();
  private static final Duration CLOSING = Duration.ofSeconds(10);

  private final Window window;
  private final Rule rule;
  private final @Nullable Consumer<DriftReport> listener;
  private final InstantSource clock;
  private final Thread thread;
  private final Thread teller;

  /* Guarded by itself; in the order in which versions were opened or closed last. */
  private final Map<Key, WatchedVersion> watched = new LinkedHashMap<>();

  /* What the listener is to be told; empty for its end. */
  private final BlockingQueue<Optional<DriftReport>> untold = new LinkedBlockingQueue<>();
  private volatile Instant lastKnown = Instant.EPOCH;
  private volatile boolean closed;
  /* Beside the thread's permit, which a park inside a look may use up. */
  private volatile boolean asked;

  private record Key(String route, Version version) {}

  private DriftMonitor(Builder builder) {
    this.window = builder.window;
    this.rule = new Rule(builder.alpha, builder.delta);
    this.listener = builder.listener;
    this.clock = builder.clock;
    this.thread = new Thread(this::run, "mlops-drift");
    this.teller = new Thread(this::listen, "mlops-drift-listener");
    thread.setDaemon(true);
    teller.setDaemon(true);
  }

  /** Starts a monitor. */
  public static Builder builder() {
    return new Builder();
  }

  /** Called by a runtime when it loads a version; reads the version's baseline. */
  @Override
  public Optional<VersionObserver> open(String route, StoredVersion version, int slots) {
    Instant now = now();
    Key key = new Key(route, version.version());
    synchronized (watched) {
      if (closed) {
        return Optional.empty();
      }
      WatchedVersion one = watched.remove(key);
      if (one == null) {
        one = new WatchedVersion(route, version, window, rule, now);
      }
      watched.put(key, one);
      Recorder recorder = one.record(slots, this::ask, now);
      forget();
      ask();
      return Optional.of(new Watching(one, recorder));
    }
  }

  /**
   * The window so far, which goes on; a partial report. Works on the calling thread for some
   * milliseconds, without holding up a prediction.
   *
   * @param route such as {@code storms@champion}
   * @throws IllegalArgumentException if the version has not been served on the route
   */
  public DriftReport report(String route, Version version) {
    return watched(route, version).report(now());
  }

  /**
   * The reports of the windows that ended, the oldest first; at most the last 100.
   *
   * @throws IllegalArgumentException if the version has not been served on the route
   */
  public List<DriftReport> history(String route, Version version) {
    return watched(route, version).history();
  }

  /**
   * Ends the window now, whatever its length: at the end of a batch job, before a change. The next
   * one begins; where windows end by time it is a partial one. The report is kept, and told to the
   * listener too, unless it is the listener that asks.
   *
   * @throws IllegalArgumentException if the version has not been served on the route
   */
  public DriftReport rotate(String route, Version version) {
    DriftReport report = watched(route, version).rotate(now());
    if (!closed && Thread.currentThread() != teller) {
      tell(report);
    }
    return report;
  }

  /**
   * Ends all windows as far as they came, tells the listener, and stops; from then on observing
   * does nothing. Waits for the listener for 10 seconds at most, then interrupts it. Once however
   * often asked.
   */
  @Override
  public void close() {
    synchronized (watched) {
      if (closed) {
        return;
      }
      closed = true;
    }
    ask();
    try {
      thread.join();
      if (Thread.currentThread() == teller) {
        return; // asked by the listener: its thread ends when it returns
      }
      teller.join(CLOSING.toMillis());
      if (teller.isAlive()) {
        teller.interrupt();
        LOG.log(
            Level.WARNING, "the listener has not returned for {0}; it was interrupted", CLOSING);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * One look at all versions.
   *
   * @param last whether all windows end with it
   * @return how many nanoseconds the next look may wait
   */
  long look(boolean last) {
    Instant now = now();
    long wait = Long.MAX_VALUE;
    for (Map.Entry<Key, WatchedVersion> entry : all().entrySet()) {
      WatchedVersion one = entry.getValue();
      boolean open = one.open();
      try {
        (last ? one.close(now) : one.look(now)).ifPresent(this::tell);
        Optional<Instant> due = one.due();
        if (due.isPresent()) {
          // an injected or a corrected clock may run faster than the wait
          wait = Math.min(wait, LONGEST_PARK);
          wait = Math.min(wait, Math.max(1, Duration.between(now, due.get()).toNanos()));
        }
      } catch (RuntimeException | Error e) { // whatever it is, the other versions are looked at
        wait = Math.min(wait, LONGEST_PARK);
        LOG.log(Level.WARNING, "a look at " + one.version() + " failed; it is tried again", e);
      }
      if (open && !one.open()) {
        synchronized (watched) { // those closed last are kept longest
          if (watched.remove(entry.getKey(), one)) {
            watched.put(entry.getKey(), one);
          }
        }
      }
    }
    return wait;
  }

  /** Tells the listener what it is to be told so far. */
  void tellAll() {
    for (Optional<DriftReport> one = untold.poll(); one != null; one = untold.poll()) {
      one.ifPresent(this::listener);
    }
  }

  private void tell(DriftReport report) {
    if (listener == null) {
      return;
    }
    untold.add(Optional.of(report));
    if (untold.size() > UNTOLD_KEPT && untold.poll() != null) {
      LOG.log(
          Level.WARNING,
          "the listener is {0} reports behind; it will not be told of the oldest",
          UNTOLD_KEPT);
    }
  }

  private void listener(DriftReport report) {
    try {
      Objects.requireNonNull(listener).accept(report);
    } catch (Throwable e) { // whatever it is, the next window is to be told
      LOG.log(Level.WARNING, "the listener failed on a report of " + report.version(), e);
    }
  }

  private void listen() {
    while (true) {
      try {
        Optional<DriftReport> next = untold.take();
        if (next.isEmpty()) {
          return;
        }
        listener(next.get());
      } catch (InterruptedException e) {
        // by the listener itself, or by a close that has waited long enough: what is left is told
      }
    }
  }

  private void run() {
    boolean last;
    do {
      asked = false;
      last = closed;
      long wait = look(last);
      if (!last && !asked) {
        LockSupport.parkNanos(this, wait);
      }
      if (Thread.interrupted() && !closed) {
        LOG.log(Level.WARNING, "the monitor's thread was interrupted; it goes on until closed");
      }
    } while (!last);
    untold.add(Optional.empty());
  }

  /** The clock's time; where it fails, the last one it told, since counting and loading go on. */
  private Instant now() {
    try {
      lastKnown = clock.instant();
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "the clock failed; " + lastKnown + " is taken instead", e);
    }
    return lastKnown;
  }

  private void ask() {
    asked = true;
    LockSupport.unpark(thread);
  }

  private Map<Key, WatchedVersion> all() {
    synchronized (watched) {
      return new LinkedHashMap<>(watched);
    }
  }

  private WatchedVersion watched(String route, Version version) {
    String name = ModelRef.parse(route).toString();
    synchronized (watched) {
      WatchedVersion one = watched.get(new Key(name, version));
      if (one == null) {
        throw new IllegalArgumentException(
            "%s is not watched on %s, or was closed too long ago to be kept; watched are %s"
                .formatted(
                    version,
                    name,
                    watched.keySet().stream()
                        .map(key -> key.version() + " on " + key.route())
                        .toList()));
      }
      return one;
    }
  }

  /** Keeps the reports of only the last few versions that are closed. */
  private void forget() {
    int surplus = -CLOSED_KEPT;
    for (WatchedVersion one : watched.values()) {
      surplus += one.open() ? 0 : 1;
    }
    Iterator<WatchedVersion> eldest = watched.values().iterator();
    while (surplus > 0) {
      if (!eldest.next().open()) {
        eldest.remove();
        surplus--;
      }
    }
  }

  /** Counts for one loaded copy of a version. */
  private final class Watching implements VersionObserver {
    private final WatchedVersion one;
    private final Recorder recorder;

    Watching(WatchedVersion one, Recorder recorder) {
      this.one = one;
      this.recorder = recorder;
    }

    @Override
    public void observed(Observation seen) {
      recorder.record(seen);
    }

    @Override
    public void close() {
      recorder.close();
      one.retire(recorder);
      ask();
    }
  }

  /** Collects the settings; nothing is checked before {@link #build()}. */
  public static final class Builder {
    private Window window = Window.rows(5_000);
    private double delta = 0.05;
    private double alpha = 0.01;
    private @Nullable Consumer<DriftReport> listener;
    private InstantSource clock = InstantSource.system();

    private Builder() {}

    /** When a window ends; after at least 5,000 rows unless said. */
    public Builder window(Window window) {
      this.window = Objects.requireNonNull(window, "window");
      return this;
    }

    /**
     * The change that matters, as a share from 0 to 1: how far the distribution of a number, or the
     * share of one category, may move before it is called DRIFT; 0.05 unless said. What can be
     * decided depends on the rows of both sides: for 0.05 about 6,000 rows of training data, for
     * 0.1 about 1,500.
     */
    public Builder delta(double effect) {
      this.delta = effect;
      return this;
    }

    /**
     * The chance of a wrong DRIFT, and of a wrong STABLE, of each of a column's two measures in one
     * window; 0.01 unless said.
     */
    public Builder alpha(double alpha) {
      this.alpha = alpha;
      return this;
    }

    /**
     * Is told of each window that ends, one after the other, on a thread of the monitor's own. It
     * may take its time: windows go on ending, and their reports wait for it, at most the last
     * 1,000. What it throws is logged.
     */
    public Builder onReport(Consumer<DriftReport> listener) {
      this.listener = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /** What windows are dated and ended by; the system's clock unless said. */
    public Builder clock(InstantSource clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /**
     * The monitor.
     *
     * @throws InvalidSettingsException with every problem at once
     */
    public DriftMonitor build() {
      DriftMonitor monitor = unstarted();
      monitor.thread.start();
      if (listener != null) {
        monitor.teller.start();
      }
      return monitor;
    }

    /** A monitor whose looks are the caller's to call. */
    DriftMonitor unstarted() {
      List<String> problems = new ArrayList<>();
      check(problems, () -> new Rule(alpha, 0.5));
      check(problems, () -> new Rule(0.01, delta));
      if (!problems.isEmpty()) {
        throw new InvalidSettingsException(problems);
      }
      return new DriftMonitor(this);
    }

    private static void check(List<String> problems, Runnable setting) {
      try {
        setting.run();
      } catch (IllegalArgumentException e) {
        problems.add(e.getMessage());
      }
    }
  }
}
