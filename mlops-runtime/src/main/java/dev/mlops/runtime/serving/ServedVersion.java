package dev.mlops.runtime.serving;

import dev.mlops.inference.Call;
import dev.mlops.model.MlopsException;
import dev.mlops.model.Version;
import dev.mlops.observe.CallListener;
import dev.mlops.observe.RuntimeListener;
import dev.mlops.observe.VersionObserver;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A version on one route: its session, which other routes may share, and what is the route's own:
 * who is told of its predictions, how many there were, and who holds it.
 */
final class ServedVersion {
  /** Longs on two cache lines: slots count beside each other without meeting. */
  private static final int STRIDE = 16;

  final LoadedVersion loaded;
  final Version version;
  final Slots slots;
  final Holds holds = new Holds();
  private final String route;
  private final Recorder recorder;
  private final VersionObserver[] observers;
  private final CallListener[] listeners;
  private final long[] rows;
  private final FailureLog failures;
  private final AtomicBoolean observerFailed = new AtomicBoolean();
  private final AtomicBoolean listenerFailed = new AtomicBoolean();

  /** Takes no new calls: it has left the route, or the route is closed. */
  private volatile boolean retired;

  /** Its drain time is over: leases and batches stop here too. */
  private volatile boolean over;

  /** The longest call of each slot while another version is brought in; null at other times. */
  private volatile long @Nullable [] slowest;

  private volatile boolean timed;

  /** Made when the recorder first wants it. */
  private volatile @Nullable CallListener recording;

  private ServedVersion(
      String route,
      LoadedVersion loaded,
      Recorder recorder,
      FailureLog failures,
      List<VersionObserver> observers,
      List<CallListener> listeners) {
    this.route = route;
    this.recorder = recorder;
    this.failures = failures;
    this.loaded = loaded;
    this.version = loaded.version;
    this.slots = loaded.slots;
    this.observers = observers.toArray(new VersionObserver[0]);
    this.listeners = listeners.toArray(new CallListener[0]);
    this.rows = new long[(slots.size() + 1) * STRIDE];
    this.timed = !listeners.isEmpty();
  }

  /** A version that is about to serve on a route; whoever observes the route is asked in. */
  static ServedVersion open(
      String route,
      LoadedVersion loaded,
      Settings settings,
      Recorder recorder,
      FailureLog failures) {
    List<VersionObserver> observers = new ArrayList<>();
    for (VersionObserver.Factory factory : settings.observers()) {
      try {
        Optional<VersionObserver> opened = factory.open(route, loaded.stored, loaded.slots.size());
        if (opened.isPresent()) {
          observers.add(opened.get());
        }
      } catch (Throwable e) { // whatever it is, the version is good
        notOpened(loaded, e);
      }
    }
    List<CallListener> listeners = new ArrayList<>();
    for (RuntimeListener listener : settings.listeners()) {
      try {
        Optional<CallListener> opened = listener.calls(route, loaded.version);
        if (opened.isPresent()) {
          listeners.add(opened.get());
        }
      } catch (Throwable e) { // the same
        notOpened(loaded, e);
      }
    }
    return new ServedVersion(route, loaded, recorder, failures, observers, listeners);
  }

  private static void notOpened(LoadedVersion loaded, Throwable e) {
    log()
        .log(
            Level.WARNING,
            "an observer could not be opened for " + loaded.version + "; it is told nothing",
            e);
  }

  boolean observed() {
    return observers.length > 0;
  }

  void tell(SlotState state) {
    for (VersionObserver observer : observers) {
      try {
        observer.observed(state);
      } catch (Throwable e) { // whatever it is, the caller's answer is ready and right
        if (observerFailed.compareAndSet(false, true)) {
          failures.add("an observer of " + version, e);
        }
        listeners(CallListener::unobserved);
      }
    }
  }

  Facts capture(SlotState state, int row, long time, Call call) {
    return loaded.capture(state, row, time, call);
  }

  // --- counts and times; by the thread that holds the slot ---

  /** When a call begins, for {@link #answered}: 0 if nobody wants to know. */
  long start() {
    return timed || recorder.wanted() ? System.nanoTime() : 0;
  }

  /** A call in a slot has its answer. */
  void answered(int slot, int answers, long start) {
    rows[at(slot)] += answers;
    if (start != 0) {
      took(slot, answers, System.nanoTime() - start);
    }
  }

  private void took(int slot, int answers, long nanos) {
    long[] longest = slowest;
    if (longest != null && nanos > longest[at(slot)]) {
      longest[at(slot)] = nanos;
    }
    if (recorder.wanted()) {
      record(answers, nanos);
    }
    for (CallListener listener : listeners) { // no lambda: it would be an object a call
      try {
        listener.answered(nanos, answers);
      } catch (Throwable e) { // whatever it is, the caller's answer is ready and right
        listenerFailed(e);
      }
    }
  }

  private void record(int answers, long nanos) {
    CallListener to = recording;
    if (to == null) {
      to = recorder.calls(route, version).orElse(null);
      recording = to; // two threads make two, which are alike
    }
    if (to != null) {
      to.answered(nanos, answers);
    }
  }

  void waited(long nanos) {
    listeners(listener -> listener.waited(nanos));
  }

  void failed(Throwable e) {
    if (listeners.length > 0) {
      boolean ours = e instanceof MlopsException;
      MlopsException.Kind kind = ours ? ((MlopsException) e).kind() : MlopsException.Kind.FAULT;
      String code = ours ? ((MlopsException) e).code() : "other";
      listeners(listener -> listener.failed(kind, code));
    }
  }

  private void listeners(Consumer<CallListener> told) {
    for (CallListener listener : listeners) {
      try {
        told.accept(listener);
      } catch (Throwable e) { // it is only told
        listenerFailed(e);
      }
    }
  }

  private void listenerFailed(Throwable e) {
    if (listenerFailed.compareAndSet(false, true)) {
      failures.add("a listener of calls of " + version, e);
    }
  }

  private static int at(int slot) {
    return (slot + 1) * STRIDE;
  }

  /** How many rows it has answered here; of calls that run now, what happens to be seen. */
  long rows() {
    long sum = 0;
    for (int slot = 0; slot < slots.size(); slot++) {
      sum += rows[at(slot)];
    }
    return sum;
  }

  /** Another version is being brought in: calls are timed from now on. */
  void watchSlowest() {
    slowest = new long[rows.length];
    timed = true;
  }

  /** It serves on after all. */
  void stopWatching() {
    timed = listeners.length > 0;
    slowest = null;
  }

  /** The longest call since {@link #watchSlowest}. */
  Optional<Duration> slowest() {
    long[] longest = slowest;
    long most = 0;
    for (int i = 0; longest != null && i < longest.length; i++) {
      most = Math.max(most, longest[i]);
    }
    return most == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(most));
  }

  // --- its end ---

  /** Takes no new calls and gives no more holds. */
  void retire() {
    retired = true;
    holds.refuse();
  }

  /* Read after a claim, which is a full fence: either the caller sees this, or whoever retires it sees the claim. */
  boolean retired() {
    return retired;
  }

  /** Leases and batches end. */
  void endHolds() {
    over = true;
  }

  /** Whether what holds it must stop. */
  boolean over() {
    return over;
  }

  /** No call of this route comes any more. */
  void closeObservers() {
    for (VersionObserver observer : observers) {
      Quiet.close("observer of " + version, observer);
    }
    for (CallListener listener : listeners) {
      Quiet.close("listener of " + version, listener::close);
    }
  }

  private static System.Logger log() {
    return System.getLogger(ServedVersion.class.getName()); // the first takes a fresh JVM 20 ms
  }
}
